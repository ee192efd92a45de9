/* Phrases: how they are loaded and filled, and the shop's own: complete, and all in use. */
#include "shared/platform/i18n.h"

#include "shared/base/file.h"
#include "shared/platform/config.h"
#include "shared/platform/json.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena arena;

static char dir[] = "/tmp/kartka-i18n-XXXXXX";

static int setup(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return mkdtemp(dir) ? 0 : 1;
}

static int teardown(void **state)
{
	UNUSED(state);
	for (int i = 0; i < LANG__COUNT; i++)
		(void)unlink(arena_printf(&arena, "%s/%s.json", dir, lang_code((enum lang)i)));
	arena_release(&arena);
	return rmdir(dir);
}

/* ---- languages ---- */

static void test_lang(void **state)
{
	static const struct {
		const char *code;
		enum lang lang;
		bool known;
	} cases[] = {
		{ "uk", LANG_UK, true },	 { "en", LANG_EN, true },
		{ "ru", LANG_RU, true },	 { "en-GB", LANG_EN, true },
		{ "EN", LANG_EN, true },	 { "ru_RU", LANG_RU, true },
		{ "uk-Cyrl-UA", LANG_UK, true }, { "de", LANG_UK, false },
		{ "", LANG_UK, false },		 { NULL, LANG_UK, false },
		{ "e", LANG_UK, false },	 { "eng", LANG_UK, false },
		{ "-en", LANG_UK, false },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(lang_from_code(cases[i].code), cases[i].lang);
		assert_int_equal(lang_is_known(cases[i].code), cases[i].known);
	}
	assert_string_equal(lang_code(LANG_UK), "uk");
	assert_string_equal(lang_code(LANG_EN), "en");
	assert_string_equal(lang_code(LANG_RU), "ru");
}

/* ---- phrases of a folder of our own ---- */

static void file_write(enum lang lang, const char *text)
{
	FILE *f = fopen(arena_printf(&arena, "%s/%s.json", dir, lang_code(lang)), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int load(const char *uk, const char *en, const char *ru, struct str *problem)
{
	file_write(LANG_UK, uk);
	file_write(LANG_EN, en);
	file_write(LANG_RU, ru);
	return i18n_load(dir, problem);
}

static void load_phrases(void)
{
	struct str problem = STR(&arena, 512);

	if (load("{\"hi\":\"<b>Вітаємо, {{name}}!</b>\",\"two\":\"{{b}} {{a}} "
		 "{{b}}\",\"t\":\"Так\","
		 "\"n\":{\"one\":\"{{n}} код\",\"few\":\"{{n}} коди\",\"many\":\"{{n}} "
		 "кодів\"}}",
		 "{\"hi\":\"<b>Hello, {{name}}!</b>\",\"two\":\"{{a}}{{b}}\",\"t\":\"Yes\","
		 "\"n\":{\"one\":\"{{n}} code\",\"many\":\"{{n}} codes\"}}",
		 "{\"hi\":\"<b>Здравствуйте, "
		 "{{name}}!</b>\",\"two\":\"{{a}}{{b}}\",\"t\":\"Да\","
		 "\"n\":{\"one\":\"{{n}} код\",\"few\":\"{{n}} кода\",\"many\":\"{{n}} "
		 "кодов\"}}",
		 &problem))
		fail_msg("%s", str_text(&problem));
}

static void test_plurals(void **state)
{
	static const struct {
		int64_t n;
		const char *text[LANG__COUNT];
	} cases[] = {
		{ 0, { "0 кодів", "0 codes", "0 кодов" } },
		{ 1, { "1 код", "1 code", "1 код" } },
		{ 2, { "2 коди", "2 codes", "2 кода" } },
		{ 4, { "4 коди", "4 codes", "4 кода" } },
		{ 5, { "5 кодів", "5 codes", "5 кодов" } },
		{ 10, { "10 кодів", "10 codes", "10 кодов" } },
		{ 11, { "11 кодів", "11 codes", "11 кодов" } },
		{ 12, { "12 кодів", "12 codes", "12 кодов" } },
		{ 14, { "14 кодів", "14 codes", "14 кодов" } },
		{ 20, { "20 кодів", "20 codes", "20 кодов" } },
		{ 21, { "21 код", "21 codes", "21 код" } },
		{ 22, { "22 коди", "22 codes", "22 кода" } },
		{ 25, { "25 кодів", "25 codes", "25 кодов" } },
		{ 101, { "101 код", "101 codes", "101 код" } },
		{ 111, { "111 кодів", "111 codes", "111 кодов" } },
		{ 112, { "112 кодів", "112 codes", "112 кодов" } },
		{ 122, { "122 коди", "122 codes", "122 кода" } },
		{ -1, { "-1 код", "-1 code", "-1 код" } },
		{ INT64_MAX,
		  { "9223372036854775807 кодів", "9223372036854775807 codes",
		    "9223372036854775807 кодов" } },
		{ INT64_MIN,
		  { "-9223372036854775808 кодів", "-9223372036854775808 codes",
		    "-9223372036854775808 кодов" } },
	};

	UNUSED(state);
	load_phrases();
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int l = 0; l < LANG__COUNT; l++)
			assert_string_equal(TR(&arena, (enum lang)l, "n", N("n", cases[i].n)),
					    cases[i].text[l]);
}

static void test_places(void **state)
{
	static const char rough[] = "<b>&\"'{{name}}\u202E";

	UNUSED(state);
	load_phrases();
	assert_string_equal(TR(&arena, LANG_UK, "hi", A("name", rough)),
			    "<b>Вітаємо, &lt;b&gt;&amp;&quot;&#39;{{name}}\u202E!</b>");
	assert_string_equal(i18n_plain(&arena, LANG_EN, "hi", I18N_ARGS(A("name", "<&>"))),
			    "<b>Hello, <&>!</b>");
	assert_string_equal(TR(&arena, LANG_UK, "two", A("a", "1"), N("b", 2), A("c", "3")),
			    "2 1 2");
	/* what nobody filled in is seen, not guessed */
	assert_string_equal(TR(&arena, LANG_EN, "two", A("a", "1")), "1{{b}}");
	assert_string_equal(i18n_html(&arena, LANG_EN, "two", NULL), "{{a}}{{b}}");
	assert_string_equal(TR0(LANG_RU, "t"), "Да");
	assert_string_equal(i18n_plain(&arena, LANG_UK, "t", NULL), "Так");
	assert_string_equal(TR0(LANG_UK, "no.such.key"), "no.such.key");
	assert_string_equal(TR(&arena, LANG_UK, "no.such.key", N("n", 1)), "no.such.key");
	/* the first number chooses the form; without one it is that of many */
	assert_string_equal(TR(&arena, LANG_UK, "n", A("n", "x"), N("m", 1), N("k", 5)),
			    "x код");
	assert_string_equal(TR(&arena, LANG_UK, "n", A("n", "x")), "x кодів");
}

static void test_long_place(void **state)
{
	size_t const len = 64 * 1024;
	char *text = arena_alloc(&arena, len + 1);

	UNUSED(state);
	load_phrases();
	memset(text, '<', len);
	assert_int_equal(strlen(TR(&arena, LANG_EN, "hi", A("name", text))),
			 strlen("<b>Hello, !</b>") + 4 * len);
}

static void test_money(void **state)
{
	UNUSED(state);
	assert_string_equal(i18n_money(&arena, LANG_UK, 24990), "249,90\u00A0₴");
	assert_string_equal(i18n_money(&arena, LANG_RU, 10000), "100\u00A0₴");
	assert_string_equal(i18n_money(&arena, LANG_EN, 24990), "₴249.90");
}

#define PLURAL_UK "{\"one\":\"a\",\"few\":\"b\",\"many\":\"c\"}"

static void test_refused(void **state)
{
	static const struct {
		const char *text[LANG__COUNT];
		const char *problem; /* behind the folder */
	} cases[] = {
		{ { "{\"a\":\"1\"}", "{}", "{\"a\":\"1\"}" }, "en.json: a: is missing" },
		{ { "{\"a\":\"1\"}", "{\"a\":\"1\"}", "{}" }, "ru.json: a: is missing" },
		{ { "{\"a\":\"1\"}", "{\"a\":\"1\",\"b\":\"1\"}", "{}" },
		  "en.json: b: another language does not have it" },
		{ { "{\"a\":\"{{x}}\"}", "{\"a\":\"1\"}", "{}" },
		  "en.json: a: has other {{places}} than another language" },
		{ { "{\"a\":\"1\"}", "{\"a\":\"{{x}}\"}", "{}" },
		  "en.json: a: has other {{places}} than another language" },
		{ { "{\"a\":\"{{x}} {{y}}\"}", "{\"a\":\"{{x}} {{x}}\"}", "{}" },
		  "en.json: a: has other {{places}} than another language" },
		{ { "{\"a\":\"\"}", "{}", "{}" },
		  "uk.json: a: is empty, or a {{place}} in it is malformed" },
		{ { "{\"a\":\"{{x}\"}", "{}", "{}" },
		  "uk.json: a: is empty, or a {{place}} in it is malformed" },
		{ { "{\"a\":\"{{}}\"}", "{}", "{}" },
		  "uk.json: a: is empty, or a {{place}} in it is malformed" },
		{ { "{\"a\":\"{{ x }}\"}", "{}", "{}" },
		  "uk.json: a: is empty, or a {{place}} in it is malformed" },
		{ { "{\"a\":7}", "{}", "{}" },
		  "uk.json: a: is neither a text nor an object of plural forms" },
		{ { "{\"a\":null}", "{}", "{}" },
		  "uk.json: a: is neither a text nor an object of plural forms" },
		{ { "{\"a\":{\"one\":1,\"few\":\"b\",\"many\":\"c\"}}", "{}", "{}" },
		  "uk.json: a: is neither a text nor an object of plural forms" },
		{ { "{\"a\":{\"one\":\"a\",\"other\":\"b\",\"many\":\"c\"}}", "{}", "{}" },
		  "uk.json: a: is neither a text nor an object of plural forms" },
		{ { "{\"a\":{\"one\":\"a\",\"many\":\"c\"}}", "{}", "{}" },
		  "uk.json: a: a plural form is missing" },
		{ { "{\"a\":" PLURAL_UK "}", "{\"a\":" PLURAL_UK "}", "{}" },
		  "en.json: a: is neither a text nor an object of plural forms" },
		{ { "{\"a\":{}}", "{}", "{}" }, "uk.json: a: a plural form is missing" },
		{ { "{\"a\":\"1\",}", "{}", "{}" }, "uk.json: is not an object in JSON" },
		{ { "[]", "{}", "{}" }, "uk.json: is not an object in JSON" },
		{ { "{}", "\xFF", "{}" }, "en.json: is not an object in JSON" },
	};

	UNUSED(state);
	load_phrases();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str problem = STR(&arena, 512);

		assert_int_equal(
			load(cases[i].text[0], cases[i].text[1], cases[i].text[2], &problem),
			ERR_INVALID);
		assert_string_equal(str_text(&problem),
				    arena_printf(&arena, "%s/%s", dir, cases[i].problem));
	}
	assert_string_equal(TR0(LANG_UK, "t"), "Так"); /* what was loaded stays */
}

static void test_missing_file(void **state)
{
	struct str problem = STR(&arena, 512);

	UNUSED(state);
	assert_int_equal(i18n_load("/nonexistent", &problem), ERR_FAILED);
	assert_string_equal(str_text(&problem), "/nonexistent/uk.json: is missing or too long");
}

/* ---- the shop's own phrases ---- */

/*
 * Keys that no source names whole, because an enum's word is put behind these.  A row
 * says where.
 */
static const char *const prefixes[] = {
	"bot.state.", /* order_state_name() */
	"admin.order.state.",
	"admin.message.state.",	 /* outbox.state */
	"admin.code.state.",	 /* card_codes.state */
	"admin.payment.state.",	 /* payments.state */
	"admin.payment.reason.", /* payments.reason */
	"admin.upload.fault.",	 /* import_fault_name() */
	"notice.alert.",	 /* the alert's word */
	"admin.action.",	 /* a word of the trail */
	"admin.detail.",	 /* a member of its rows */
	"admin.menu.",		 /* a row of the panel's routes, so the next */
	"admin.may.",
	"admin.month.m", /* its number */
	"admin.role.",	 /* role_name() */
	"admin.look.",	 /* a language's code */
	"admin.case.state.",
	"admin.message.kind.", /* outbox_kind_name() */
	"admin.refund.state.", /* refund_state_name() */
};

static const char *root; /* of the source tree */

static const char *const sources[] = { "fcgi", "shared", "templates" };

static bool is_source(const char *path)
{
	const char *ending = strrchr(path, '.');

	return ending &&
	       (!strcmp(ending, ".c") || !strcmp(ending, ".h") || !strcmp(ending, ".mustache"));
}

/* All that could name a key, in one text. */
static const char *sources_read(void)
{
	struct str all = STR(&arena, 64 * 1024 * 1024);

	for (size_t i = 0; i < COUNT(sources); i++) {
		char *const paths[] = { arena_printf(&arena, "%s/%s", root, sources[i]), NULL };
		FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
		const FTSENT *entry;

		assert_non_null(fts);
		while ((entry = fts_read(fts))) {
			struct bytes text;

			if (entry->fts_info != FTS_F || !is_source(entry->fts_path))
				continue;
			assert_int_equal(file_read(&arena, entry->fts_path, 1 << 20, &text),
					 OK);
			str_addn(&all, text.data, text.len);
		}
		fts_close(fts);
	}
	assert_true(str_ok(&all));
	return str_text(&all);
}

static bool has_prefix(const char *key)
{
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

struct usage {
	const char *sources;
	struct str keys; /* each behind a blank */
	struct str unused;
};

/* The panel's templates name admin.x.y as t.x.y. */
static bool in_template(const struct usage *usage, const char *key)
{
	return !strncmp(key, "admin.", 6) &&
	       strstr(usage->sources, arena_printf(&arena, "{{t.%s}}", key + 6));
}

static int key_check(const char *key, const struct json *v, void *data)
{
	struct usage *usage = data;

	UNUSED(v);
	str_addf(&usage->keys, " %s", key);
	if (!has_prefix(key) && !strstr(usage->sources, arena_printf(&arena, "\"%s\"", key)) &&
	    !in_template(usage, key))
		str_addf(&usage->unused, " %s", key);
	return 0;
}

static void keys_check(const char *folder, struct usage *usage)
{
	const char *path = arena_printf(&arena, "%s/uk.json", folder);
	struct json_doc doc;
	struct bytes text;

	assert_int_equal(file_read(&arena, path, 1 << 20, &text), OK);
	assert_int_equal(json_parse(text, 2, &doc), OK);
	(void)json_each(doc.root, key_check, usage);
	json_doc_free(&doc);
}

/* A literal that looks like a key of ours, but is none, would be shown to somebody as it is. */
static void literals_check(const struct usage *usage)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_.";

	for (const char *p = usage->sources; (p = strchr(p, '"')); p++) {
		size_t const len = strspn(p + 1, chars);
		size_t const area = strcspn(p + 1, ".");
		const char *key = arena_strndup(&arena, p + 1, len);

		if (p[len + 1] != '"' || area + 1 >= len || key[len - 1] == '.')
			continue;
		if (strstr(usage->keys.data, arena_printf(&arena, " %.*s.", (int)area, key)) &&
		    !strcmp(TR0(LANG_UK, key), key))
			fail_msg("there is no phrase %s", key);
	}
}

/* What a template names must be there, and be whole: nothing is filled into it. */
static void templates_check(const struct usage *usage)
{
	for (const char *p = usage->sources; (p = strstr(p, "{{t.")); p++) {
		const char *key = arena_printf(&arena, "admin.%.*s", (int)strcspn(p + 4, "}"),
					       p + 4);
		const char *text = TR0(LANG_UK, key);

		if (text == key)
			fail_msg("there is no phrase %s", key);
		if (strstr(text, "{{"))
			fail_msg("a template can't fill in %s", key);
	}
}

static void test_shop_phrases(void **state)
{
	const char *folder = config_share_path(&arena, "templates/i18n");
	struct usage usage = { .keys = STR(&arena, 1 << 20), .unused = STR(&arena, 1 << 20) };
	struct str problem = STR(&arena, 512);

	UNUSED(state);
	root = arena_printf(&arena, "%s/../..", folder);
	if (i18n_load(folder, &problem)) /* same keys, same places */
		fail_msg("%s", str_text(&problem));
	usage.sources = sources_read();
	keys_check(folder, &usage);
	literals_check(&usage);
	templates_check(&usage);
	for (size_t i = 0; i < COUNT(prefixes); i++)
		if (!strstr(usage.sources, arena_printf(&arena, "\"%s", prefixes[i])))
			fail_msg("no source builds keys with %s", prefixes[i]);
	if (usage.unused.len)
		fail_msg("phrases nobody uses:%s", str_text(&usage.unused));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lang),	     cmocka_unit_test(test_plurals),
		cmocka_unit_test(test_places),	     cmocka_unit_test(test_long_place),
		cmocka_unit_test(test_money),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_missing_file), cmocka_unit_test(test_shop_phrases),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
