/* Which screen answers: every button has a row, and nothing else gets through. */
#include "fcgi/telegram/dispatch.h"

#include "fcgi/telegram/screen.h"
#include "shared/service/button.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct user person = { .id = 7, .first_name = "Оксана", .lang = "uk" };

struct met {
	screen *draw;
	int64_t args[TURN_ARGS];
	const char *text;
	bool fresh;
};

static struct met meet(struct arena *a, const struct update *u)
{
	struct turn t = { .a = a, .update = u, .user = &person };
	const struct dispatch_row *row = dispatch(&t);
	struct met met = { .draw = row->draw, .text = t.text, .fresh = row->fresh };

	memcpy(met.args, t.args, sizeof(met.args));
	return met;
}

static struct met tap(struct arena *a, const char *data)
{
	struct update const u = { .kind = UPDATE_CALLBACK, .data = data, .text = "" };

	return meet(a, &u);
}

static struct met say(struct arena *a, const char *text)
{
	struct update const u = { .kind = UPDATE_MESSAGE, .data = "", .text = text };

	return meet(a, &u);
}

static void test_buttons(void **state)
{
	static const struct {
		const char *data;
		screen *draw;
		int64_t first;
		int64_t second;
		const char *text;
	} cases[] = {
		{ BUTTON_HOME, screen_home, 0, 0, "" },
		{ BUTTON_CATEGORIES, screen_categories, 0, 0, "" },
		{ "cp:3", screen_categories, 3, 0, "" },
		{ "c:12", screen_category, 12, 0, "" },
		{ "c:12:2", screen_category, 12, 2, "" },
		{ "v:4503599627370495:50", screen_value, 4503599627370495, 50, "" },
		{ "b:9", screen_value_fresh, 9, 0, "" },
		{ "q:9", screen_quantity, 9, 0, "" },
		{ "w:9", screen_restock, 9, 0, "" },
		{ "x:1", screen_cancel, 1, 0, "" },
		{ "p:0", screen_purchases, 0, 0, "" },
		{ "o:999999999999999999", screen_order, 999999999999999999, 0, "" },
		{ "s:1", screen_problem, 1, 0, "" },
		{ "s:1:0", screen_problem_code, 1, 0, "" },
		{ "t:1:50", screen_problem_send, 1, 50, "" },
		{ "r:1", screen_refund_wish, 1, 0, "" },
		{ BUTTON_LANGUAGE, screen_language, 0, 0, "" },
		{ "l:en", screen_language_set, 0, 0, "en" },
		{ BUTTON_ERASE, screen_erase, 0, 0, "" },
		{ BUTTON_ERASE_YES, screen_erase_yes, 0, 0, "" },
		{ BUTTON_NOTHING, screen_nothing, 0, 0, "" },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct met const met = tap(&a, cases[i].data);

		if (met.draw != cases[i].draw || met.args[0] != cases[i].first ||
		    met.args[1] != cases[i].second || strcmp(met.text, cases[i].text) != 0)
			fail_msg("%s: %lld %lld \"%s\"", cases[i].data, (long long)met.args[0],
				 (long long)met.args[1], met.text);
	}
	arena_release(&a);
}

/* A format written in button.h as a button would carry it. */
static const char *example(struct arena *a, const char *format)
{
	struct str s = STR(a, TELEGRAM_CALLBACK_MAX);

	while (*format) {
		if (!strncmp(format, "%lld", 4)) {
			str_add(&s, "17");
			format += 4;
		} else if (!strncmp(format, "%d", 2)) {
			str_add(&s, "2");
			format += 2;
		} else if (!strncmp(format, "%s", 2)) {
			str_add(&s, "ru");
			format += 2;
		} else {
			str_addc(&s, *format++);
		}
	}
	assert_true(str_ok(&s));
	return str_text(&s);
}

/* Read from the header itself, so that a new button without a row is noticed. */
static void test_every_button_has_a_row(void **state)
{
	FILE *f = fopen("shared/service/button.h", "r");
	char text[16 * 1024];
	const char *p = text;
	size_t found = 0;
	struct arena a;

	UNUSED(state);
	if (!f)
		skip(); /* not run from the project's folder */
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	arena_init(&a);
	while ((p = strstr(p, "#define BUTTON_"))) {
		const char *open = strchr(p, '"');
		const char *format = arena_strndup(&a, open + 1, strcspn(open + 1, "\""));
		const char *data = example(&a, format);

		if (tap(&a, data).draw == screen_button_unknown)
			fail_msg("nothing answers %s (%s)", format, data);
		p = open;
		found++;
	}
	assert_true(found >= 19);
	arena_release(&a);
}

static void test_other_data(void **state)
{
	static const char *const cases[] = {
		"",	   "M",
		"m ",	   "mm",
		"c:",	   "c:1:",
		"c:1:2:3", "c:-1",
		"c:+1",	   "c:01",
		"c: 1",	   "c:1 ",
		"c:0x1",   "v:1",
		"v:1:2:3", "v:9999999999999999999:1",
		"l:",	   "l:EN",
		"l:en ",   "l:e1",
		"e:",	   "e:no",
		"x:1e3",   "--",
		"🛒",	   "q:１",
		"p:",	   "v:1:99999999999999999999999999999999999999999999999999999999999",
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct met const met = tap(&a, cases[i]);

		/* A word that is no language is refused by the screen. */
		if (met.draw != screen_button_unknown && met.draw != screen_erase_yes)
			fail_msg("\"%s\" is taken for a button", cases[i]);
		assert_true(met.draw != screen_erase_yes);
		assert_true(met.fresh);
	}
	arena_release(&a);
}

static void test_commands(void **state)
{
	static const struct {
		const char *text;
		screen *draw;
		const char *param;
	} cases[] = {
		{ "/start", screen_start, "" },
		{ "/start v_steam-5", screen_start, "v_steam-5" },
		{ "/start@OurBot v_steam-5", screen_start, "v_steam-5" },
		{ "/START", screen_start, "" },
		{ "/start   v_x", screen_start, "v_x" },
		{ "/menu", screen_menu, "" },
		{ "/help", screen_help, "" },
		{ "/help@OurBot", screen_help, "" },
		{ "/terms", screen_terms, "" },
		{ "/privacy", screen_privacy, "" },
		{ "/paysupport", screen_paysupport, "" },
		{ "/language", screen_language, "" },
		{ "/starts", screen_unknown, "" },
		{ "/star", screen_unknown, "" },
		{ "/", screen_unknown, "" },
		{ "start", screen_unknown, "" },
		{ " /start", screen_unknown, "" },
		{ "", screen_unknown, "" }, /* a sticker */
		{ "3", screen_unknown, "" },
		{ "🛒", screen_unknown, "" },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct met const met = say(&a, cases[i].text);

		if (met.draw != cases[i].draw || strcmp(met.text, cases[i].param) != 0)
			fail_msg("\"%s\": parameter \"%s\"", cases[i].text, met.text);
	}
	arena_release(&a);
}

static void test_menu_in_every_language(void **state)
{
	static const struct {
		const char *key;
		screen *draw;
	} cases[] = {
		{ "bot.buy", screen_categories },
		{ "bot.purchases", screen_purchases },
		{ "bot.language", screen_language },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (int lang = 0; lang < LANG__COUNT; lang++)
		for (size_t i = 0; i < COUNT(cases); i++) {
			const char *text = i18n_text((enum lang)lang, cases[i].key);

			assert_true(say(&a, text).draw == cases[i].draw);
		}
	arena_release(&a);
}

/* An open question takes texts, but neither commands nor the menu's keys. */
static void test_dialog(void **state)
{
	struct dispatch_row const question = { "", screen_quantity, false };
	struct dispatch_row const reply = { "", dialog_quantity, true };
	struct dispatch_row const other = { "", screen_value, false };
	struct met met;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	person.dialog_step = "quantity";
	met = say(&a, "12");
	assert_true(met.draw == dialog_quantity);
	assert_string_equal(met.text, "12");
	assert_true(say(&a, "").draw == dialog_quantity);
	assert_true(say(&a, "/help").draw == screen_help);
	assert_true(say(&a, i18n_text(LANG_RU, "bot.buy")).draw == screen_categories);
	assert_true(tap(&a, "m").draw == screen_home);
	person.dialog_step = "problem";
	assert_true(say(&a, "12").draw == dialog_problem);
	person.dialog_step = "of another release";
	assert_true(say(&a, "12").draw == screen_unknown);
	person.dialog_step = NULL;
	assert_true(dispatch_keeps_dialog(&question));
	assert_true(dispatch_keeps_dialog(&reply));
	assert_false(dispatch_keeps_dialog(&other));
	arena_release(&a);
}

static int load(void **state)
{
	struct arena a;
	struct str problem = STR(&a, 1024);

	UNUSED(state);
	arena_init(&a);
	if (i18n_load("templates/i18n", &problem))
		fail_msg("%s", str_text(&problem));
	arena_release(&a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buttons),
		cmocka_unit_test(test_every_button_has_a_row),
		cmocka_unit_test(test_other_data),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_menu_in_every_language),
		cmocka_unit_test(test_dialog),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
