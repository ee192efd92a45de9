/* The worker's parts that need neither network nor database. */
#include "fcgi/worker/backoff.h"
#include "fcgi/worker/chat_pace.h"
#include "fcgi/worker/notices.h"
#include "fcgi/worker/poll_feed.h"
#include "shared/base/clock.h"
#include "shared/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
	struct str problem = STR(&arena, 4096);
	const char *folder = access("templates/i18n/uk.json", R_OK) ? NULL : "templates/i18n";

	UNUSED(state);
	if (!folder)
		folder = arena_printf(&arena, "%s/i18n",
				      config_share_path(&arena, "templates"));
	if (clock_set_zone("Europe/Kyiv") || i18n_load(folder, &problem))
		die("%s", str_text(&problem));
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

/* ---- waiting ---- */

static void test_backoff(void **state)
{
	UNUSED(state);
	assert_int_equal(backoff_ms(1, 0), 500);
	assert_int_equal(backoff_ms(1, 500), 1000);
	assert_int_equal(backoff_ms(2, 0), 1000);
	assert_int_equal(backoff_ms(5, 0), 8000);
	assert_int_equal(backoff_ms(0, 0), 500);
	assert_int_equal(backoff_ms(10, 0), 150000);
	assert_int_equal(backoff_ms(INT32_MAX, 150000), 300000);
	for (int attempts = 0; attempts < 40; attempts++) {
		int64_t const ms = backoff_next_ms(attempts);

		assert_true(ms >= 500 && ms <= 300000);
	}
}

static void test_pace(void **state)
{
	static struct chat_pace pace;
	int64_t now = 1000000;

	UNUSED(state);
	for (int i = 0; i < 5; i++) { /* a burst */
		assert_int_equal(pace_wait(&pace, 7, now), 0);
		pace_sent(&pace, 7, now);
	}
	assert_int_equal(pace_wait(&pace, 7, now), 1000);
	assert_int_equal(pace_wait(&pace, 8, now), 0);
	assert_int_equal(pace_wait(&pace, 7, now + 1000), 0);
	/* A minute of it: one a second and the burst. */
	for (int sent = 0, ms = 0; ms < 60000; ms += 100, now += 100) {
		if (!pace_wait(&pace, 7, now)) {
			pace_sent(&pace, 7, now);
			sent++;
		}
		assert_true(sent <= ms / 1000 + 1);
	}
}

static void test_pace_book(void **state)
{
	static struct chat_pace pace;
	int64_t const now = 5000;

	UNUSED(state);
	/* Rows that are put off come back one after the other … */
	for (int i = 1; i <= 100; i++)
		assert_int_equal(pace_book(&pace, 7, now), i * 1000);
	/* … and may then be sent. */
	assert_int_equal(pace_wait(&pace, 7, now + 1000), 0);
	for (int i = 0; i < 2000; i++)
		assert_true(pace_book(&pace, 7, now) <= 601000);
}

static void test_flood(void **state)
{
	static struct chat_pace pace;

	UNUSED(state);
	for (int i = 0; i < 20; i++) /* one chat, however often */
		assert_false(pace_flood(&pace, 7, 1000 + i));
	assert_false(pace_flood(&pace, 8, 1100));
	assert_true(pace_flood(&pace, 9, 1200));
	assert_false(pace_flood(&pace, 10, 9000)); /* the others are long past */
}

/* ---- words ---- */

static const char nasty_title[] =
	"<b>&\"'</b> \xF0\x9F\x8E\xAE \xE2\x80\x8F {{total}} %s &amp; </code> \xD0\x87";

/* 200 of the widest characters: what a column holds. */
static const char *long_title(void)
{
	struct str s = STR(&arena, 4096);

	for (int i = 0; i < 200; i++)
		str_add(&s, "\xF0\x9F\x8E\xAE");
	return str_text(&s);
}

/* Only tags that Telegram knows, each closed in order. */
static void assert_html(const char *html)
{
	static const char *const tags[] = { "b", "code", "a href=\"", "i" };
	const char *open[8];
	size_t depth = 0;

	assert_true(utf8_valid(html, strlen(html)));
	for (const char *p = strchr(html, '<'); p; p = strchr(p + 1, '<')) {
		bool known = false;

		for (size_t i = 0; i < COUNT(tags) && !known; i++) {
			size_t const name = strcspn(tags[i], " ");

			if (p[1] == '/' && depth && !strncmp(p + 2, tags[i], name) &&
			    p[2 + name] == '>') {
				assert_ptr_equal(open[depth - 1], tags[i]);
				depth--;
				known = true;
			} else if (!strncmp(p + 1, tags[i], strlen(tags[i])) &&
				   (p[1 + name] == '>' || p[1 + name] == ' ')) {
				assert_true(depth < COUNT(open));
				open[depth++] = tags[i];
				known = true;
			}
		}
		if (!known)
			fail_msg("not Telegram's HTML: %s", html);
	}
	assert_int_equal(depth, 0);
	assert_null(strstr(html, "{{order}}"));
}

static const enum order_state states[OUTBOX__COUNT] = {
	[OUTBOX_OPENED] = ORDER_PENDING,      [OUTBOX_DELIVERED] = ORDER_DELIVERED,
	[OUTBOX_PAID_NOTE] = ORDER_DELIVERED, [OUTBOX_WAITING] = ORDER_PAID,
	[OUTBOX_EXPIRED] = ORDER_EXPIRED,     [OUTBOX_CANCELLED] = ORDER_CANCELLED,
	[OUTBOX_REVIEW] = ORDER_PENDING,      [OUTBOX_RESTOCK] = ORDER_PENDING,
	[OUTBOX_REFUNDED] = ORDER_REFUNDED,   [OUTBOX_REFUND_LATE] = ORDER_PAID,
	[OUTBOX_RECEIPT] = ORDER_DELIVERED,   [OUTBOX_REPLACED] = ORDER_DELIVERED,
	[OUTBOX_ANSWER] = ORDER_DELIVERED,    [OUTBOX_ALERT] = ORDER_PENDING,
};

static void draw(enum outbox_kind kind, enum lang lang, const char *title, const char *json,
		 struct message *ret)
{
	static const unsigned char data_key[CRYPTO_KEY];
	struct card_value const value = { .id = INT64_MAX, .price = MONEY(PRICE_MAX_KOP) };
	struct order const order = {
		.id = INT64_MAX,
		.number = "K7F3-9QXA",
		.user_id = TELEGRAM_ID_MAX,
		.chat_id = TELEGRAM_ID_MAX,
		.message_id = 77,
		.value_id = INT64_MAX,
		.quantity = QUANTITY_MAX,
		.unit_price = MONEY(PRICE_MAX_KOP),
		.total = MONEY(INT64_C(4999999950)),
		.state = states[kind],
		.expires_at = INT64_C(1798724100) * CLOCK_SECOND,
		.seconds_left = 900,
	};
	AUTO_JSON data = { 0 };
	struct notice n = {
		.a = &arena,
		.lang = lang,
		.order = &order,
		.value = &value,
		.title = title,
		.public_url = "https://shop.example",
		.data_key = data_key,
		.text = nasty_title,
	};

	assert_int_equal(json_parse((struct bytes){ json, strlen(json) }, 4, &data), OK);
	n.data = data.root;
	assert_int_equal(notice_draw(kind, &n, ret), OK);
	ret->chat_id = 1;
}

static void test_words(void **state)
{
	const char *const titles[] = { "Київстар, Поповнення 100", nasty_title, long_title() };

	UNUSED(state);
	for (int kind = 0; kind < OUTBOX__COUNT; kind++)
		for (int lang = 0; lang < LANG__COUNT; lang++)
			for (size_t i = 0; i < COUNT(titles); i++) {
				struct message m;
				struct bytes json;

				if (kind == OUTBOX_DELIVERED || kind == OUTBOX_REPLACED)
					continue; /* tests/db/test_delivery.c */
				draw((enum outbox_kind)kind, (enum lang)lang, titles[i],
				     "{\"what\":\"waiting\"}", &m);
				assert_html(m.html);
				assert_int_equal(message_write(&arena, &m, false, &json), OK);
				if (i == 1 && kind != OUTBOX_RESTOCK && kind != OUTBOX_WORDS)
					assert_non_null(strstr(m.html, "K7F3-9QXA"));
			}
}

static void test_words_uk(void **state)
{
	struct message m;

	UNUSED(state);
	draw(OUTBOX_OPENED, LANG_UK, "A & B", "{}", &m);
	assert_int_equal(m.edit_id, 77);
	assert_non_null(strstr(m.html, "<b>A &amp; B</b>\n50 × "));
	assert_non_null(strstr(m.html, "⏳ Зарезервовано до <b>"));
	assert_int_equal(m.buttons.count, 2);
	assert_true(
		!strncmp(m.buttons.rows[0].buttons[0].value, "https://shop.example/pay/", 25));
	draw(OUTBOX_WAITING, LANG_UK, "A", "{}", &m);
	assert_int_equal(m.edit_id, 0);
	assert_string_equal(m.buttons.rows[0].buttons[0].value, "r:9223372036854775807");
	draw(OUTBOX_EXPIRED, LANG_UK, "A", "{}", &m);
	assert_string_equal(m.buttons.rows[0].buttons[0].value, "v:9223372036854775807:50");
	draw(OUTBOX_REFUNDED, LANG_UK, "A", "{\"kop\":24990,\"whole\":true}", &m);
	assert_non_null(strstr(m.html, "Гроші повернуто: 249,90"));
	draw(OUTBOX_REFUNDED, LANG_UK, "A", "{\"kop\":100,\"whole\":false}", &m);
	assert_non_null(strstr(m.html, "Частину грошей повернуто: 1"));
	draw(OUTBOX_ANSWER, LANG_UK, "A", "{}", &m);
	assert_non_null(strstr(m.html, "&lt;b&gt;&amp;"));
	assert_string_equal(m.buttons.rows[0].buttons[0].value, "s:9223372036854775807");
}

/* What the order has left behind is not told any more. */
static void test_obsolete(void **state)
{
	struct order order = { .number = "K7F3-9QXA", .message_id = 77, .seconds_left = 5 };
	struct notice const n = { .a = &arena, .order = &order, .title = "A" };
	struct message m;

	UNUSED(state);
	for (int kind = 0; kind <= OUTBOX_REVIEW; kind++)
		for (int s = 0; s < ORDER__COUNT; s++) {
			order.state = (enum order_state)s;
			if (kind != OUTBOX_DELIVERED && kind != OUTBOX_OPENED &&
			    states[kind] != order.state && kind != OUTBOX_REVIEW)
				assert_int_equal(notice_draw((enum outbox_kind)kind, &n, &m),
						 ERR_NOT_FOUND);
		}
	order.state = ORDER_PENDING;
	order.seconds_left = 0;
	assert_int_equal(notice_draw(OUTBOX_OPENED, &n, &m), ERR_NOT_FOUND);
	/* No message to edit: only the end of the time is worth a new one. */
	order.message_id = 0;
	order.state = ORDER_DELIVERED;
	assert_int_equal(notice_draw(OUTBOX_PAID_NOTE, &n, &m), ERR_NOT_FOUND);
	order.state = ORDER_EXPIRED;
	assert_int_equal(notice_draw(OUTBOX_EXPIRED, &n, &m), OK);
	assert_int_equal(m.edit_id, 0);
}

static void test_alerts(void **state)
{
	struct message m;

	UNUSED(state);
	draw(OUTBOX_ALERT, LANG_EN, "A",
	     "{\"what\":\"dead\",\"outbox\":5,\"kind\":\"<i>\",\"error\":\"a < b\"}", &m);
	assert_string_equal(
		m.html,
		"⚠️ <b>A message could not be sent.</b>\nRow 5 (&lt;i&gt;): a &lt; b");
	draw(OUTBOX_ALERT, LANG_EN, "A & B",
	     "{\"what\":\"low_stock\",\"value\":3,\"left\":4,\"limit\":5}", &m);
	assert_string_equal(m.html,
			    "⚠️ <b>Codes are running out: A &amp; B.</b>\n4 left, and "
			    "there should be at least 5. Upload more.");
	draw(OUTBOX_ALERT, LANG_UK, "A", "{\"what\":\"sold_out\",\"value\":3}", &m);
	assert_non_null(strstr(m.html, "Коди скінчилися: A"));
	/* A word that this version does not know. */
	draw(OUTBOX_ALERT, LANG_EN, "A", "{\"what\":\"<new>\",\"x\":1}", &m);
	assert_html(m.html);
	assert_non_null(strstr(m.html, "&lt;new&gt;"));
	draw(OUTBOX_ALERT, LANG_EN, "A", "{}", &m);
	assert_html(m.html);
	draw(OUTBOX_ALERT, LANG_EN, "A", "{\"what\":7,\"a\":[1],\"b\":null}", &m);
	assert_html(m.html);
}

static void test_untagged(void **state)
{
	UNUSED(state);
	assert_string_equal(notice_untagged(&arena, "<b>a</b> &lt;c&gt; <code>d</code>"),
			    "a &lt;c&gt; d");
	assert_string_equal(notice_untagged(&arena, "1 > 2 < 3"), "1 &gt; 2 &lt; 3");
	assert_string_equal(notice_untagged(&arena, ""), "");
	assert_string_equal(notice_untagged(&arena, "<<<<"), "&lt;&lt;&lt;&lt;");
}

/* ---- polling ---- */

static int read_call(const char *body, const char **method, const char **json)
{
	struct bytes parameters = { 0 };
	int const rc = feed_call_read(&arena, (struct bytes){ body, strlen(body) }, method,
				      &parameters);

	*json = parameters.data;
	return rc;
}

static void test_feed_call(void **state)
{
	static const char *const none[] = {
		"",
		"ok",
		"{}",
		"[]",
		"{\"method\":7}",
		"{\"method\":\"\"}",
		"{\"method\":\"getMe\"}",
		"{\"method\":\"GetUpdates\"}",
		"{\"method\":\"setWebhook\",\"url\":\"x\"}",
		"{\"method\":\"logout\"}",
		"{\"method\":\"../sendMessage\"}",
		"{\"method\":\"sendMessage\"",
	};
	const char *method;
	const char *json;

	UNUSED(state);
	assert_int_equal(read_call("{\"method\":\"sendMessage\",\"chat_id\":4503599627370495,"
				   "\"text\":\"\\u0456<b>\",\"reply_markup\":{\"a\":[1,null,"
				   "true]}}",
				   &method, &json),
			 OK);
	assert_string_equal(method, "sendMessage");
	assert_string_equal(json, "{\"chat_id\":4503599627370495,\"text\":\"і<b>\","
				  "\"reply_markup\":{\"a\":[1,null,true]}}");
	assert_int_equal(read_call("{\"method\":\"close\"}", &method, &json), ERR_NOT_FOUND);
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(read_call(none[i], &method, &json), ERR_NOT_FOUND);
}

static void test_feed_url(void **state)
{
	UNUSED(state);
	assert_string_equal(feed_url(&arena, "127.0.0.1:8080"),
			    "http://127.0.0.1:8080/telegram/webhook");
	assert_string_equal(feed_url(&arena, "0.0.0.0:80"),
			    "http://127.0.0.1:80/telegram/webhook");
	assert_string_equal(feed_url(&arena, "[::]:80"), "http://[::1]:80/telegram/webhook");
	assert_string_equal(feed_url(&arena, "[::1]:80"), "http://[::1]:80/telegram/webhook");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff),	  cmocka_unit_test(test_pace),
		cmocka_unit_test(test_pace_book), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_words),	  cmocka_unit_test(test_words_uk),
		cmocka_unit_test(test_obsolete),  cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_untagged),  cmocka_unit_test(test_feed_call),
		cmocka_unit_test(test_feed_url),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
