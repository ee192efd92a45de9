/* What the screens draw: within Telegram's limits whatever the titles and names hold. */
#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

#include "shared/base/utf8.h"
#include "shared/domain/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LONG = 64 * 1024, MANY = 300 };

static struct arena arena;
static char endless[LONG + 1];

/* Titles as a file or a person may bring them; the last is 64 KiB long. */
static const char *const nasty[] = {
	"Поповнення 100",
	"<b>&\"'</b>",
	"<a href=\"javascript:1\">",
	"&amp;&lt;",
	"👩‍👩‍👧‍👦👩‍👩‍👧‍👦",
	"\xE2\x80\xAE"
	"abc\xE2\x80\xAC",    /* turned round */
	"\xED\xA0\x80 alone", /* half of a surrogate pair */
	"\xFF\xFE\x80",
	"\t\n\r ",
	"",
	"{{total}} %s %n",
	endless,
};

static struct program program;
static struct bot bot = { .program = &program };

static struct turn turn_of(enum lang lang, const struct user *user)
{
	return (struct turn){ .a = &arena, .lang = lang, .user = user, .bot = &bot };
}

/* Every text of the shop's own is this one, repeated as often as its field allows. */
static void own_words(const char *piece)
{
	struct policy_edit edit = { .sales = "" };

	for (int i = 0; i < POLICY_TEXT__COUNT; i++) {
		const struct policy_text_about *about = policy_text_about((enum policy_text)i);
		struct str s = STR(&arena, 8 * about->max);

		for (size_t n = 0; piece && n < about->max / utf8_utf16_len(piece); n++)
			str_add(&s, piece);
		for (int lang = 0; lang < CATALOG_LANGS; lang++)
			edit.texts[i][lang] = str_text(&s);
	}
	policy_hold(bot.policy, &edit);
}

/* As the webhook's answer it is accepted, new and as an edit. */
static void assert_fit(struct message *m, const char *what)
{
	struct bytes json;
	int rc;

	m->chat_id = 7;
	for (int edit = 0; edit < 2; edit++) {
		if (edit && (m->menu.count || m->menu_remove))
			break;
		m->edit_id = edit ? 42 : 0;
		rc = message_write(&arena, m, true, &json);
		if (rc)
			fail_msg("%s: %s", err_name(rc), what);
		assert_true(utf8_valid(json.data, json.len));
	}
	assert_true(message_text_len(m->html) <= TELEGRAM_TEXT_MAX);
	for (size_t i = 0; i < m->buttons.count; i++) {
		assert_true(m->buttons.rows[i].count > 0);
		for (size_t n = 0; n < m->buttons.rows[i].count; n++)
			assert_true(utf8_len(m->buttons.rows[i].buttons[n].text) <= 128);
	}
}

static struct card_value value_of(const char *title)
{
	return (struct card_value){ .id = TELEGRAM_ID_MAX,
				    .title = { title, title, title },
				    .instruction = { title, title, title },
				    .price = MONEY(PRICE_MAX_KOP),
				    .max_per_order = QUANTITY_MAX,
				    .picture_url = "",
				    .by_portmone = true };
}

static struct category category_of(const char *title)
{
	return (struct category){ .id = TELEGRAM_ID_MAX, .title = { title, title, title } };
}

/* Each title in each language. */
enum { CASES = COUNT(nasty) * LANG__COUNT };

static enum lang case_lang(size_t n)
{
	return (enum lang)(n / COUNT(nasty));
}

static const char *case_title(size_t n)
{
	return nasty[n % COUNT(nasty)];
}

static void test_lists(void **state)
{
	UNUSED(state);
	for (size_t n = 0; n < CASES; n++) {
		const char *title = case_title(n);
		struct turn const t = turn_of(case_lang(n), NULL);
		struct category *categories = arena_array(&arena, MANY, sizeof(*categories));
		struct view_shelf rows[PAGE_SIZE];
		struct card_value const value = value_of(title);

		for (size_t i = 0; i < MANY; i++)
			categories[i] = category_of(title);
		for (int i = 0; i < PAGE_SIZE; i++)
			rows[i] = (struct view_shelf){ &value, i * 50 };
		for (int64_t page = 0; page < 60; page += 7) {
			struct message all = { 0 };
			struct message one = { 0 };

			view_categories(&t, categories, MANY, page, &all);
			assert_fit(&all, title);
			view_values(&t, categories, rows, view_page(MANY, page), &one);
			assert_fit(&one, title);
			assert_true(one.buttons.count <= PAGE_SIZE + 2);
		}
	}
}

static void test_empty_lists(void **state)
{
	UNUSED(state);
	for (int lang = 0; lang < LANG__COUNT; lang++) {
		struct turn const t = turn_of((enum lang)lang, NULL);
		struct category const category = category_of("Steam");
		struct message none = { 0 };
		struct message empty = { 0 };
		struct message bought = { 0 };

		view_categories(&t, NULL, 0, 0, &none);
		assert_fit(&none, "no categories");
		view_values(&t, &category, NULL, view_page(0, 0), &empty);
		assert_fit(&empty, "no values");
		view_purchases(&t, NULL, 0, 0, &bought);
		assert_fit(&bought, "no purchases");
	}
}

static void test_offer(void **state)
{
	UNUSED(state);
	for (size_t n = 0; n < CASES; n++) {
		const char *title = case_title(n);
		struct turn const t = turn_of(case_lang(n), NULL);
		struct category const category = category_of(title);
		struct card_value const value = value_of(title);
		struct view_offer offer = { .category = &category,
					    .value = &value,
					    .quantity = QUANTITY_MAX,
					    .max = QUANTITY_MAX,
					    .limited = true,
					    .total = MONEY(PRICE_MAX_KOP * INT64_C(50)),
					    .pay_url = "https://shop.example/pay/x",
					    .back = "c:1" };
		struct message open = { 0 };
		struct message paused = { 0 };
		struct message sold_out = { 0 };

		view_offer(&t, &offer, &open);
		assert_fit(&open, title);
		offer.pay_url = NULL;
		view_offer(&t, &offer, &paused);
		assert_fit(&paused, title);
		assert_int_equal(paused.buttons.count, 1); /* nothing to pay with */
		view_sold_out(&t, &offer, &sold_out);
		assert_fit(&sold_out, title);
	}
}

/* Every person's name ends in the greeting. */
static void test_greeting(void **state)
{
	UNUSED(state);
	for (size_t n = 0; n < CASES; n++) {
		const char *title = case_title(n);
		struct user const user = {
			.id = 7,
			.first_name = utf8_clean_line(&arena, title, strlen(title),
						      NAME_POINTS_MAX),
		};
		struct turn t = turn_of(case_lang(n), &user);
		struct message m = { 0 };

		assert_int_equal(screen_menu(&t, &m), OK);
		assert_fit(&m, title);
	}
}

static void test_pages_of_text(void **state)
{
	static screen *const screens[] = {
		screen_menu,	 screen_home,	    screen_help,      screen_terms,
		screen_privacy,	 screen_paysupport, screen_unknown,   screen_button_unknown,
		screen_language, screen_erase,	    screen_throttled, screen_gone,
	};
	struct user const user = { .id = 7, .first_name = "" };

	UNUSED(state);
	for (int lang = 0; lang < LANG__COUNT; lang++)
		for (size_t i = 0; i < COUNT(screens); i++) {
			struct turn t = turn_of((enum lang)lang, &user);
			struct message m = { 0 };

			assert_int_equal(screens[i](&t, &m), OK);
			assert_fit(&m, m.html);
		}
}

/* Words of the shop's own as long as they may be, of characters that take the most room. */
static void test_own_words_fit(void **state)
{
	static const char *const pieces[] = { "\"", "<", "ї", "🎮", "a\n" };

	for (size_t i = 0; i < COUNT(pieces); i++) {
		own_words(pieces[i]);
		test_pages_of_text(state);
		test_greeting(state);
	}
	own_words(NULL);
}

/* The first of several lines is bold; markup in them is none. */
static void test_own_words(void **state)
{
	struct turn t = turn_of(LANG_RU, &(struct user){ .id = 7, .first_name = "" });
	struct policy_edit edit = { .sales = "" };
	struct message m = { 0 };

	UNUSED(state);
	for (int i = 0; i < POLICY_TEXT__COUNT; i++)
		for (int lang = 0; lang < CATALOG_LANGS; lang++)
			edit.texts[i][lang] = "";
	edit.texts[POLICY_TERMS][0] = "Наші <b>умови\nдруге & третє";
	edit.texts[POLICY_CONTACT][2] = "@shop";
	policy_hold(bot.policy, &edit);
	assert_int_equal(screen_terms(&t, &m), OK);
	assert_string_equal(m.html, "<b>Наші &lt;b&gt;умови</b>\nдруге &amp; третє");
	assert_int_equal(screen_paysupport(&t, &m), OK);
	assert_non_null(strstr(m.html, i18n_text(LANG_RU, "bot.paysupport")));
	assert_non_null(strstr(m.html, "@shop"));
	own_words(NULL);
}

static void test_nothing_says_nothing(void **state)
{
	struct turn t = turn_of(LANG_UK, NULL);
	struct message m = { 0 };

	UNUSED(state);
	assert_int_equal(screen_nothing(&t, &m), OK);
	assert_null(m.html);
}

static void test_pages(void **state)
{
	static const struct {
		size_t rows;
		int64_t wanted;
		size_t first;
		size_t count;
		int at;
		int pages;
	} cases[] = {
		{ 0, 0, 0, 0, 0, 1 },	      { 1, 0, 0, 1, 0, 1 },	   { 6, 0, 0, 6, 0, 1 },
		{ 6, 1, 0, 6, 0, 1 },	      { 7, 0, 0, 6, 0, 2 },	   { 7, 1, 6, 1, 1, 2 },
		{ 7, INT64_MAX, 6, 1, 1, 2 }, { 300, 49, 294, 6, 49, 50 },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view_page const page = view_page(cases[i].rows, cases[i].wanted);

		assert_int_equal(page.first, cases[i].first);
		assert_int_equal(page.count, cases[i].count);
		assert_int_equal(page.at, cases[i].at);
		assert_int_equal(page.pages, cases[i].pages);
	}
}

/* As UI says it, each language in its own way. */
static void test_wording(void **state)
{
	static const struct {
		enum lang lang;
		const char *label;
		const char *label_many;
		const char *label_none;
		const char *pay;
	} cases[] = {
		{ LANG_UK, "Поповнення 250 · 249,90\u00A0₴ · 5",
		  "Поповнення 250 · 249,90\u00A0₴ · >100", "Поповнення 250 · немає 🔔",
		  "Сплатити 499,80\u00A0₴" },
		{ LANG_EN, "Поповнення 250 · ₴249.90 · 5", "Поповнення 250 · ₴249.90 · >100",
		  "Поповнення 250 · sold out 🔔", "Pay ₴499.80" },
		{ LANG_RU, "Поповнення 250 · 249,90\u00A0₴ · 5",
		  "Поповнення 250 · 249,90\u00A0₴ · >100", "Поповнення 250 · нет 🔔",
		  "Оплатить 499,80\u00A0₴" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct turn const t = turn_of(cases[i].lang, NULL);
		struct category const category = category_of("Лайфсел");
		struct card_value value = value_of("Поповнення 250");
		struct view_shelf const rows[] = { { &value, 5 },
						   { &value, 101 },
						   { &value, 0 } };
		struct view_offer const offer = { .category = &category,
						  .value = &value,
						  .quantity = 2,
						  .max = 5,
						  .total = MONEY(49980),
						  .pay_url = "u",
						  .back = "c:1" };
		struct message list = { 0 };
		struct message one = { 0 };

		value.price = MONEY(24990);
		view_values(&t, &category, rows, view_page(3, 0), &list);
		assert_string_equal(list.buttons.rows[0].buttons[0].text, cases[i].label);
		assert_string_equal(list.buttons.rows[1].buttons[0].text, cases[i].label_many);
		assert_string_equal(list.buttons.rows[2].buttons[0].text, cases[i].label_none);
		view_offer(&t, &offer, &one);
		assert_string_equal(one.buttons.rows[0].buttons[0].text, cases[i].pay);
		assert_non_null(strstr(one.html, "<b>Лайфсел, Поповнення 250</b>\n2 × "));
	}
}

static int load(void **state)
{
	struct str problem = STR(&arena, 1024);

	UNUSED(state);
	arena_init(&arena);
	memset(endless, 'x', LONG);
	if (i18n_load("templates/i18n", &problem))
		fail_msg("%s", str_text(&problem));
	bot.policy = policy_new();
	own_words(NULL);
	return 0;
}

static int end(void **state)
{
	UNUSED(state);
	policy_free(bot.policy);
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_empty_lists),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_pages_of_text),
		cmocka_unit_test(test_own_words_fit),
		cmocka_unit_test(test_own_words),
		cmocka_unit_test(test_nothing_says_nothing),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_wording),
	};

	return cmocka_run_group_tests(tests, load, end);
}
