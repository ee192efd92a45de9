/* The webhook against a real database: statuses, the three taps, and who is shown what. */
#include "tests/db/bot_test.h"

#include "shared/base/clock.h"
#include "shared/domain/order_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- statuses ---- */

static void test_secret(void **state)
{
	static const char *const wrong[] = { NULL, "", "righ", "rightt", "wrong", "RIGHT" };
	struct shop s;

	bot_test_open(&s, *state);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct reply const r = bot_test_post(&s, wrong[i], "{\"update_id\":1}");

		assert_int_equal(r.status, 401);
		assert_string_equal(r.body, "");
		/* Not even looked at. */
		assert_int_equal(bot_test_post(&s, wrong[i], "{").status, 401);
	}
	assert_int_equal(metric_get(s.program.shm, METRIC_UPDATES), 0);
	assert_int_equal(metric_get(s.program.shm, METRIC_UPDATES_REFUSED), 12);
	bot_test_close(&s);
}

static void test_statuses(void **state)
{
	static const struct {
		const char *body;
		int status;
	} cases[] = {
		{ "", 400 },
		{ "{", 400 },
		{ "[1", 400 },
		{ "{}", 200 },
		{ "[]", 200 },
		{ "{\"update_id\":1}", 200 },
		{ "{\"update_id\":1,\"poll\":{}}", 200 },
		{ "{\"update_id\":1,\"message\":7}", 200 },
		{ "{\"update_id\":1,\"message\":{\"message_id\":1,\"date\":1,\"from\":{\"id\":"
		  "5,"
		  "\"first_name\":\"a\"},\"chat\":{\"id\":-5,\"type\":\"group\"},"
		  "\"text\":\"/start\"}}",
		  200 },
		{ "{\"update_id\":1,\"edited_message\":{\"message_id\":1,\"date\":1,\"from\":"
		  "{\"id\":5,\"first_name\":\"a\"},\"chat\":{\"id\":5,\"type\":\"private\"},"
		  "\"text\":\"/start\"}}",
		  200 },
	};
	struct shop s;

	bot_test_open(&s, *state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply const r = bot_test_post(&s, "right", cases[i].body);

		if (r.status != cases[i].status || *r.body)
			fail_msg("%s: %d %s", cases[i].body, r.status, r.body);
	}
	bot_test_close(&s);
}

/* Without the database everything is refused at once, and comes again. */
static void test_database_down(void **state)
{
	struct shop s;
	struct reply r;

	bot_test_open(&s, *state);
	for (int i = 0; i < 3; i++) {
		gate_report(s.program.shm, GATE_DB, false, clock_monotonic_ms());
		r = say(&s, "/start");
		assert_int_equal(r.status, 503);
		assert_string_equal(r.body, "");
		assert_non_null(strstr(r.headers, "Retry-After: 2"));
	}
	gate_report(s.program.shm, GATE_DB, true, clock_monotonic_ms());
	assert_int_equal(say(&s, "/start").status, 200);
	bot_test_close(&s);
}

/* ---- from /start to the payment button ---- */

static const char *pay_token(struct shop *s, struct reply r)
{
	const char *at = strstr(r.markup, "/pay/");

	if (!at) {
		fail_msg("no payment button: %s", r.body);
		abort();
	}
	at += strlen("/pay/");
	return arena_strndup(s->a, at, strcspn(at, "\""));
}

static void test_three_taps(void **state)
{
	struct order_offer offer;
	struct reply r;
	SHOP(s);

	r = say(&s, "/start");
	assert_string_equal(r.method, "sendMessage");
	assert_true(holds(r, "Оксано") || holds(r, "Оксана"));
	assert_non_null(strstr(r.markup, "🛒 Купити"));
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM users"), 1);
	r = say(&s, "🛒 Купити");
	assert_non_null(strstr(r.markup, "\"c:1\""));
	r = tap(&s, "c:1");
	assert_string_equal(r.method, "editMessageText");
	assert_int_equal(r.edited, MESSAGE);
	assert_non_null(strstr(r.markup, "<b>100</b> · 100\u00A0₴ · 5"));
	assert_non_null(strstr(r.markup, "Двісті · немає 🔔"));
	r = tap(&s, "v:1:2");
	assert_non_null(strstr(r.html, "<b>Лайфсел, &lt;b&gt;100&lt;/b&gt;</b>"));
	assert_int_equal(
		order_token_read(s.a, s.program.config.data_key, pay_token(&s, r), &offer), OK);
	assert_int_equal(offer.user_id, BUYER);
	assert_int_equal(offer.chat_id, BUYER);
	assert_int_equal(offer.message_id, MESSAGE);
	assert_int_equal(offer.value_id, 1);
	assert_int_equal(offer.quantity, 2);
	assert_int_equal(offer.unit_price.kop, 10000);
	/* A tap only reads. */
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM orders"), 0);
	bot_test_close(&s);
}

static void test_deep_link(void **state)
{
	struct order_offer offer;
	struct reply r;
	SHOP(s);

	r = say(&s, "/start v_life-100");
	assert_string_equal(r.method, "sendMessage");
	assert_int_equal(
		order_token_read(s.a, s.program.config.data_key, pay_token(&s, r), &offer), OK);
	assert_int_equal(offer.message_id, 0); /* nobody knows it yet */
	assert_true(says(say(&s, "/start v_none"), "bot.gone"));
	assert_non_null(strstr(say(&s, "/start x").markup, "🛒 Купити"));
	bot_test_close(&s);
}

/* The same update again: the same answer, payment button and all. */
static void test_repeated_update(void **state)
{
	struct reply first;
	struct reply again;
	SHOP(s);

	first = say_as(&s, BUYER, 77, "/start v_life-100");
	again = say_as(&s, BUYER, 77, "/start v_life-100");
	assert_string_equal(first.body, again.body);
	assert_string_not_equal(first.body, say_as(&s, BUYER, 78, "/start v_life-100").body);
	bot_test_close(&s);
}

static void test_old_message(void **state)
{
	SHOP(s);

	assert_int_equal(tap_as(&s, BUYER, 46 * 3600, "c").edited, MESSAGE);
	assert_int_equal(tap_as(&s, BUYER, 48 * 3600, "c").edited, 0);
	assert_int_equal(tap_as(&s, BUYER, clock_now() / CLOCK_SECOND, "c").edited, 0);
	bot_test_close(&s);
}

static void test_bounds(void **state)
{
	struct order_offer offer;
	struct reply r;
	SHOP(s);

	r = tap(&s, "v:1:9");
	assert_int_equal(
		order_token_read(s.a, s.program.config.data_key, pay_token(&s, r), &offer), OK);
	assert_int_equal(offer.quantity, 5);
	assert_non_null(strstr(r.html, "не більше ніж 5 кодів"));
	r = tap(&s, "v:2:1");
	assert_null(strstr(r.markup, "/pay/"));
	assert_non_null(strstr(r.markup, "\"w:2\""));
	assert_true(says(tap(&s, "v:99:1"), "bot.gone"));
	(void)tap(&s, "w:2");
	(void)tap(&s, "w:2");
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM restock_waiters"), 1);
	bot_test_close(&s);
}

static void test_hidden(void **state)
{
	SHOP(s);

	db_test_exec(*state,
		     "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6) WHERE id = 1");
	db_test_exec(*state, "DELETE FROM value_gateways WHERE value_id = 2");
	assert_null(strstr(tap(&s, "c:1").markup, "\"v:"));
	assert_true(says(tap(&s, "v:1:1"), "bot.gone"));
	assert_true(says(tap(&s, "v:2:1"), "bot.gone"));
	assert_true(says(say(&s, "/start v_life-100"), "bot.gone"));
	bot_test_close(&s);
}

static void test_paused(void **state)
{
	struct reply r;
	SHOP(s);

	db_test_exec(*state, "INSERT INTO settings (name, value, changed_at) "
			     "VALUES ('sales', 'paused', UTC_TIMESTAMP(6))");
	r = tap(&s, "v:1:1");
	assert_null(strstr(r.markup, "/pay/"));
	assert_non_null(strstr(r.html, i18n_text(LANG_UK, "bot.paused")));
	assert_non_null(
		strstr(say(&s, "🛒 Купити").html, i18n_text(LANG_UK, "bot.paused")));
	db_test_exec(*state, "DELETE FROM settings WHERE name = 'sales'");
	bot_test_close(&s);
}

/* ---- the open question ---- */

static void test_quantity(void **state)
{
	struct order_offer offer;
	struct reply r;
	SHOP(s);

	assert_non_null(strstr(tap(&s, "q:1").html, "від 1 до 5"));
	assert_non_null(strstr(say(&s, "багато").html, "лише цифри"));
	assert_non_null(strstr(say(&s, "1 000").html, "лише цифри"));
	r = say_as(&s, BUYER, 500, " 3 шт");
	assert_int_equal(
		order_token_read(s.a, s.program.config.data_key, pay_token(&s, r), &offer), OK);
	assert_int_equal(offer.quantity, 3);
	assert_string_equal(say_as(&s, BUYER, 500, " 3 шт").body, r.body);
	assert_true(says(say(&s, "4"), "bot.unknown"));
	bot_test_close(&s);
}

static void test_question_left(void **state)
{
	SHOP(s);

	(void)tap(&s, "q:1");
	(void)tap(&s, "m");
	assert_true(says(say(&s, "3"), "bot.unknown"));
	(void)tap(&s, "q:1");
	(void)say(&s, "/help");
	assert_true(says(say(&s, "3"), "bot.unknown"));
	(void)tap(&s, "q:1");
	db_test_exec(*state, "UPDATE user_states SET expires_at = UTC_TIMESTAMP(6)");
	assert_true(says(say(&s, "3"), "bot.unknown"));
	bot_test_close(&s);
}

/* ---- people ---- */

static void test_language(void **state)
{
	struct reply r;
	SHOP(s);

	r = tap(&s, "l:en");
	assert_string_equal(r.method, "sendMessage");
	assert_non_null(strstr(r.markup, "🛒 Buy"));
	assert_non_null(strstr(say(&s, "/start").markup, "🛒 Buy"));
	(void)tap(&s, "l:xx");
	assert_string_equal(db_test_text(*state, "SELECT lang FROM users"), "en");
	bot_test_close(&s);
}

static void test_erase(void **state)
{
	SHOP(s);

	(void)tap(&s, "e");
	assert_string_equal(db_test_text(*state, "SELECT first_name FROM users"), "Оксана");
	assert_non_null(strstr(tap(&s, "e:yes").markup, "remove_keyboard"));
	assert_string_equal(db_test_text(*state, "SELECT first_name FROM users"), "");
	bot_test_close(&s);
}

static void test_banned(void **state)
{
	SHOP(s);

	(void)say(&s, "/start");
	db_test_exec(*state, "UPDATE users SET banned_at = UTC_TIMESTAMP(6)");
	assert_true(says(say(&s, "/start"), "bot.banned"));
	for (int i = 0; i < 3; i++) {
		struct reply const r = i == 1 ? tap(&s, "v:1:1") : say(&s, "/start");

		assert_int_equal(r.status, 200);
		assert_string_equal(r.body, "");
	}
	bot_test_close(&s);
}

static void test_throttled(void **state)
{
	SHOP(s);

	s.program.config.throttle_rate = 1;
	s.program.config.throttle_burst = 2;
	(void)say(&s, "/start");
	(void)say(&s, "/start");
	assert_true(says(say(&s, "/start"), "bot.throttled"));
	assert_string_equal(say(&s, "/start").body, "");
	assert_string_equal(tap(&s, "m").body, "");
	/* Nobody else pays for it. */
	assert_true(*say_as(&s, OTHER, bot_test_update(), "/start").body);
	bot_test_close(&s);
}

static void test_blocked(void **state)
{
	static const char *const statuses[] = { "kicked", "member" };
	SHOP(s);

	(void)say(&s, "/start");
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct reply const r = bot_test_post(
			&s, "right",
			arena_printf(
				s.a,
				"{\"update_id\":9,\"my_chat_member\":{\"from\":%s,\"chat\":"
				"{\"id\":%d,\"type\":\"private\"},\"date\":1,"
				"\"new_chat_member\":{\"status\":\"%s\"}}}",
				bot_test_person(&s, BUYER), BUYER, statuses[i]));

		assert_int_equal(r.status, 200);
		assert_string_equal(r.body, "");
		assert_int_equal(
			db_test_number(*state, "SELECT blocked_at IS NOT NULL FROM users"),
			i == 0);
	}
	bot_test_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_secret),	     DB_TEST(test_statuses),
		DB_TEST(test_database_down), DB_TEST(test_three_taps),
		DB_TEST(test_deep_link),     DB_TEST(test_repeated_update),
		DB_TEST(test_old_message),   DB_TEST(test_bounds),
		DB_TEST(test_hidden),	     DB_TEST(test_paused),
		DB_TEST(test_quantity),	     DB_TEST(test_question_left),
		DB_TEST(test_language),	     DB_TEST(test_erase),
		DB_TEST(test_banned),	     DB_TEST(test_throttled),
		DB_TEST(test_blocked),
	};

	return cmocka_run_group_tests(tests, bot_test_start, bot_test_stop);
}
