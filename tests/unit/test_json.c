/* Reading JSON from outside, writing it, and that the one reads what the other wrote. */
#include "shared/platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { DEPTH = 8 };

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static void expect(struct bytes text, int want)
{
	struct json_doc doc = { 0 };
	int const rc = json_parse(text, DEPTH, &doc);

	if (rc != want)
		fail_msg("“%.*s”: %s", (int)text.len, (const char *)text.data, err_name(rc));
	if (rc)
		assert_null(doc.root);
	json_doc_free(&doc);
}

static void test_accepted(void **state)
{
	static const struct bytes texts[] = {
		TEXT("{}"),
		TEXT("[]"),
		TEXT("null"),
		TEXT("true"),
		TEXT("0"),
		TEXT("-0"),
		TEXT("\"\""),
		TEXT(" \t\r\n[ 1 , 2 ] \n"),
		TEXT("1.5e+10"),
		TEXT("1E-5"),
		TEXT("1e400"),
		TEXT("-1e400"),
		TEXT("99999999999999999999999999"),
		TEXT("\"\\u0000\""),
		TEXT("\"\\ud800\""),
		TEXT("\"\\udc00x\""),
		TEXT("\"\\ud83d\\ud83d\\ude00\""),
		TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
		TEXT("\"NaN Infinity 01 5. \xF0\x9F\x8E\xB2\""),
		TEXT("{\"\":{\"\":[]}}"),
		TEXT("[[[[[[[[]]]]]]]]"),
		TEXT("[[[[[[[[1]]]]]]]]"),
		TEXT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[1]}]}]}]}"),
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(texts); i++)
		expect(texts[i], OK);
}

static void test_refused(void **state)
{
	static const struct bytes texts[] = {
		TEXT(""),
		TEXT("  "),
		TEXT("{"),
		TEXT("[1"),
		TEXT("[1}"),
		TEXT("\"abc"),
		TEXT("\"abc\\"),
		TEXT("\"abc\\\""),
		TEXT("nul"),
		TEXT("nullx"),
		TEXT("TRUE"),
		TEXT("1 2"),
		TEXT("{} x"),
		TEXT("{}{}"),
		TEXT("[1,]"),
		TEXT("[,1]"),
		TEXT("[1,,2]"),
		TEXT("[1 2]"),
		TEXT("{\"a\":1,}"),
		TEXT("{\"a\" 1}"),
		TEXT("{\"a\"}"),
		TEXT("{a:1}"),
		TEXT("{1:1}"),
		TEXT("'a'"),
		TEXT("{'a':1}"),
		TEXT("['a']"),
		TEXT("[Null]"),
		TEXT("/*x*/1"),
		TEXT("//x\n1"),
		/* numbers as json-c takes them, but JSON does not write them */
		TEXT("NaN"),
		TEXT("[NaN]"),
		TEXT("Infinity"),
		TEXT("-Infinity"),
		TEXT("01"),
		TEXT("-01"),
		TEXT("[00.5]"),
		TEXT("[5.]"),
		TEXT("[5.e1]"),
		TEXT(".5"),
		TEXT("[-.5]"),
		TEXT("+1"),
		TEXT("-"),
		TEXT("1e"),
		TEXT("1e+"),
		TEXT("1.5.5"),
		TEXT("--1"),
		TEXT("1-2"),
		TEXT("0x10"),
		/* strings */
		TEXT("\"a\nb\""),
		TEXT("\"a\x01\""),
		TEXT("\"\\x\""),
		TEXT("\"\\'\""),
		TEXT("\"\\u12\""),
		TEXT("\"\\u123g\""),
		/* a NUL: in the text, after it, in a name */
		TEXT("\0"),
		TEXT("1\0"),
		TEXT("[1]\0"),
		TEXT("{\"a\0b\":1}"),
		TEXT("\"a\0b\""),
		TEXT("{\"a\\u0000b\":1}"),
		TEXT("{\"a\\u0000\" \n:1}"),
		/* not UTF-8: overlong, a surrogate, beyond U+10FFFF, cut, a mark, other blanks
		 */
		TEXT("\"\xC0\x80\""),
		TEXT("\"\xED\xA0\x80\""),
		TEXT("\"\xF4\x90\x80\x80\""),
		TEXT("\"\xFF\""),
		TEXT("\"\xD0\""),
		TEXT("\xEF\xBB\xBF{}"),
		TEXT("\v1"),
		TEXT("[\xC2\xA0"
		     "1]"),
		/* too deep */
		TEXT("[[[[[[[[[]]]]]]]]]"),
		TEXT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[[]]}]}]}]}"),
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(texts); i++)
		expect(texts[i], ERR_INVALID);
}

/* A million brackets must neither take the stack nor much time. */
static void test_deep(void **state)
{
	size_t const len = 1000000;
	char *text = malloc(len);

	UNUSED(state);
	memset(text, '[', len);
	expect((struct bytes){ text, len }, ERR_INVALID);
	memset(text, '"', len);
	expect((struct bytes){ text, len }, ERR_INVALID);
	free(text);
}

/* The text ends where its length says, not at a NUL. */
static void test_length(void **state)
{
	UNUSED(state);
	expect((struct bytes){ "12x", 2 }, OK);
	expect((struct bytes){ "{}}", 2 }, OK);
	expect((struct bytes){ "true", 3 }, ERR_INVALID);
}

static void test_access(void **state)
{
	static const char text[] =
		"{\"n\":null,\"t\":true,\"i\":-7,\"d\":1.50,\"s\":\"так\",\"a\":[1,null,\"x\"],"
		"\"o\":{\"i\":1},\"twice\":1,\"twice\":2,\"z\":\"a\\u0000b\"}";
	static const struct {
		const char *name;
		enum json_type type;
		int64_t number;
		bool flag;
		const char *text;
		const char *scalar;
	} cases[] = {
		{ "missing", JSON_NONE, 5, true, "-", "-" },
		{ "n", JSON_NULL, 5, true, "-", "-" },
		{ "t", JSON_BOOL, 5, true, "-", "-" },
		{ "i", JSON_INT, -7, true, "-", "-7" },
		{ "d", JSON_DOUBLE, 5, true, "-", "1.50" },
		{ "s", JSON_TEXT, 5, true, "так", "так" },
		{ "a", JSON_ARRAY, 5, true, "-", "-" },
		{ "o", JSON_OBJECT, 5, true, "-", "-" },
		{ "twice", JSON_INT, 2, true, "-", "2" },
		{ "z", JSON_TEXT, 5, true, "a", "a" },
	};
	struct bytes with_nul;
	struct json_doc doc;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	assert_int_equal(json_parse((struct bytes){ text, strlen(text) }, DEPTH, &doc), OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct json *v = json_get(doc.root, cases[i].name);

		assert_int_equal(json_type(v), cases[i].type);
		assert_int_equal(json_int(v, 5), cases[i].number);
		assert_int_equal(json_bool(v, true), cases[i].flag);
		assert_string_equal(json_text(v, "-"), cases[i].text);
		assert_string_equal(json_scalar(&a, v, "-"), cases[i].scalar);
	}
	assert_false(json_bool(json_get(doc.root, "n"), false));
	assert_int_equal(json_count(json_get(doc.root, "a")), 3);
	assert_int_equal(json_type(json_at(json_get(doc.root, "a"), 1)), JSON_NULL);
	assert_null(json_at(json_get(doc.root, "a"), 3));
	assert_null(json_at(json_get(doc.root, "o"), 0));
	assert_int_equal(json_count(doc.root), 0);
	assert_null(json_get(json_get(doc.root, "s"), "x"));
	assert_null(json_get(NULL, "x"));
	with_nul = json_bytes(json_get(doc.root, "z"));
	assert_int_equal(with_nul.len, 3);
	assert_memory_equal(with_nul.data, "a\0b", 4);
	assert_null(json_bytes(json_get(doc.root, "i")).data);
	json_doc_free(&doc);
	json_doc_free(&doc); /* a second time does nothing */
	arena_release(&a);
}

/* Exact, or not at all: json-c would clamp. */
static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t number;
		const char *scalar; /* NULL: as text */
	} cases[] = {
		{ "9007199254740993", INT64_C(9007199254740993), NULL },
		{ "9223372036854775807", INT64_MAX, NULL },
		{ "9223372036854775808", 5, NULL },
		{ "18446744073709551615", 5, NULL },
		{ "18446744073709551616", 5, NULL },
		{ "-9223372036854775808", INT64_MIN, NULL },
		{ "-9223372036854775809", 5, NULL },
		{ "123456789012345678901234567890", 5, NULL },
		{ "1.0", 5, NULL },
		{ "1e2", 5, NULL },
		{ "1e0", 5, NULL },
		{ "\"9223372036854775808\"", 5, "9223372036854775808" },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *text = arena_printf(
			&a, "[\"99999999999999999999\",-99999999999999999999,%s]",
			cases[i].text);
		const char *scalar;
		struct json_doc doc;

		assert_int_equal(json_parse((struct bytes){ text, strlen(text) }, DEPTH, &doc),
				 OK);
		assert_int_equal(json_int(json_at(doc.root, 2), 5), cases[i].number);
		scalar = json_scalar(&a, json_at(doc.root, 2), "-");
		assert_string_equal(scalar, cases[i].scalar ? cases[i].scalar : cases[i].text);
		assert_string_equal(json_text(json_at(doc.root, 0), ""),
				    "99999999999999999999");
		json_doc_free(&doc);
	}
	arena_release(&a);
}

static int name_add(const char *name, const struct json *v, void *data)
{
	str_addf(data, "%s=%lld ", name, (long long)json_int(v, 0));
	return strcmp(name, "stop") ? 0 : 42;
}

static void test_each(void **state)
{
	static const char text[] = "{\"z\":1,\"a\":2,\"stop\":3,\"b\":4}";
	struct json_doc doc;
	struct arena a;
	struct str s;

	UNUSED(state);
	arena_init(&a);
	s = STR(&a, 100);
	assert_int_equal(json_parse((struct bytes){ text, strlen(text) }, DEPTH, &doc), OK);
	assert_int_equal(json_each(doc.root, name_add, &s), 42);
	assert_string_equal(str_text(&s), "z=1 a=2 stop=3 ");
	assert_int_equal(json_each(NULL, name_add, &s), 0);
	assert_int_equal(json_each(json_get(doc.root, "z"), name_add, &s), 0);
	json_doc_free(&doc);
	arena_release(&a);
}

/* ---- writing ---- */

static void test_out(void **state)
{
	struct json_out j;
	struct arena a;
	struct str s;

	UNUSED(state);
	arena_init(&a);
	s = STR(&a, 4096);
	j = JSON_OUT(&s);
	json_open(&j, '{');
	json_add_int(&j, "min", INT64_MIN);
	json_add_bool(&j, "yes", true);
	json_add_text(&j, "none", NULL);
	json_key(&j, "rows");
	json_open(&j, '[');
	for (int i = 0; i < 2; i++) {
		json_open(&j, '[');
		json_put_int(&j, i);
		json_put_null(&j);
		json_put_raw(&j, "{\"raw\":1}");
		json_close(&j, ']');
	}
	json_open(&j, '{');
	json_close(&j, '}');
	json_put_bool(&j, false);
	json_close(&j, ']');
	json_add_text(&j, "q\"", "x");
	json_close(&j, '}');
	assert_string_equal(str_text(&s),
			    "{\"min\":-9223372036854775808,\"yes\":true,\"none\":null,"
			    "\"rows\":[[0,null,{\"raw\":1}],[1,null,{\"raw\":1}],{},false],"
			    "\"q\\\"\":\"x\"}");
	arena_release(&a);
}

static void test_out_text(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "", "\"\"" },
		{ "<b>&'/", "\"<b>&'/\"" },
		{ "\"\\\n\r\t\x01\x1F\x7F", "\"\\\"\\\\\\n\\u000d\\u0009\\u0001\\u001f\x7F\"" },
		{ "так 🎲 \u202E", "\"так 🎲 \u202E\"" },
		{ "\xFF", "\"\uFFFD\"" },
		{ "a\xC0\x80z", "\"a\uFFFD\uFFFDz\"" },
		{ "\xED\xA0\x80", "\"\uFFFD\uFFFD\uFFFD\"" },
		{ "я\xD1", "\"я\uFFFD\"" },
		{ "\xD1я\"", "\"\uFFFDя\\\"\"" },
		{ "\xF0\x9F\x8E", "\"\uFFFD\uFFFD\uFFFD\"" },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str s = STR(&a, 4096);
		struct json_out j = JSON_OUT(&s);
		struct json_doc doc;

		json_put_text(&j, cases[i].text);
		assert_string_equal(str_text(&s), cases[i].want);
		assert_int_equal(json_parse((struct bytes){ s.data, s.len }, DEPTH, &doc), OK);
		assert_int_equal(json_type(doc.root), JSON_TEXT);
		json_doc_free(&doc);
	}
	arena_release(&a);
}

/* Every byte, in a place of its own, comes back as it was or as U+FFFD. */
static void test_round_trip(void **state)
{
	char text[256];
	struct json_doc doc;
	struct json_out j;
	struct arena a;
	struct str s;

	UNUSED(state);
	arena_init(&a);
	for (int c = 1; c < 256; c++)
		text[c - 1] = (char)c;
	text[255] = '\0';
	s = STR(&a, 4096);
	j = JSON_OUT(&s);
	json_put_text(&j, text);
	assert_int_equal(json_parse((struct bytes){ s.data, s.len }, DEPTH, &doc), OK);
	assert_memory_equal(json_text(doc.root, ""), text, 127);
	assert_string_equal(json_text(doc.root, "") + 127 + 127 * 3, "\uFFFD");
	json_doc_free(&doc);
	s = STR(&a, 10);
	j = JSON_OUT(&s);
	json_put_text(&j, text);
	assert_false(str_ok(&s));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_deep),	 cmocka_unit_test(test_length),
		cmocka_unit_test(test_access),	 cmocka_unit_test(test_integers),
		cmocka_unit_test(test_each),	 cmocka_unit_test(test_out),
		cmocka_unit_test(test_out_text), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
