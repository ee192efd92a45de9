/* Forms and query strings. */
#include "shared/platform/form.h"

#include "shared/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static void test_parse(void **state)
{
	static const struct {
		struct bytes text;
		const char *want; /* name=value| in order */
	} cases[] = {
		{ { NULL, 0 }, "" },
		{ TEXT(""), "" },
		{ TEXT("a=1"), "a=1|" },
		{ TEXT("a=1&b=2"), "a=1|b=2|" },
		{ TEXT("&&a=1&&b=2&"), "a=1|b=2|" },
		{ TEXT("a"), "a=|" },
		{ TEXT("a="), "a=|" },
		{ TEXT("=1"), "=1|" },
		{ TEXT("a=b=c"), "a=b=c|" },
		{ TEXT("a+b=c+d"), "a b=c d|" },
		{ TEXT("a%3Db=%26%2b%25"), "a=b=&+%|" },
		{ TEXT("a=%D1%82%D0%B0%D0%BA"), "a=так|" },
		{ TEXT("a=\xD1\x82\xD0%B0"), "a=та|" },
		{ TEXT("a=1&A=2"), "a=1|A=2|" },
		{ TEXT("a=%0D%0A"), "a=\r\n|" },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str s = STR(&a, 4096);
		struct form form;

		assert_int_equal(form_parse(&a, cases[i].text, &form), OK);
		for (size_t f = 0; f < form.count; f++)
			str_addf(&s, "%s=%s|", form.names[f], form.values[f]);
		assert_string_equal(str_text(&s), cases[i].want);
	}
	arena_release(&a);
}

static void test_refused(void **state)
{
	static const struct bytes texts[] = {
		TEXT("a=%"),	    TEXT("a=%4"),	 TEXT("a=%4g"),
		TEXT("a=%G4"),	    TEXT("%=1"),	 TEXT("a=% 1"),
		TEXT("a=%00"),	    TEXT("a=1\0&b=2"),	 TEXT("a%00b=1"),
		TEXT("a=%FF"),	    TEXT("a=%C0%80"),	 TEXT("a=%ED%A0%80"),
		TEXT("a=%D1"),	    TEXT("a=%D1&b=%82"), TEXT("a=1&a=2"),
		TEXT("a=1&b&%61="), TEXT("a=1&=2&=3"),	 TEXT("a=%F4%90%80%80"),
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct form form;

		if (form_parse(&a, texts[i], &form) != ERR_INVALID)
			fail_msg("“%s” was taken", (const char *)texts[i].data);
		assert_int_equal(form.count, 0);
	}
	arena_release(&a);
}

static const char *fields(struct arena *a, int count)
{
	struct str s = STR(a, 64 * 1024);

	for (int i = 0; i < count; i++)
		str_addf(&s, "%sname%d=%d", i ? "&" : "", i, i);
	return str_text(&s);
}

static void test_count(void **state)
{
	struct form form;
	const char *text;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	text = fields(&a, FORM_FIELDS_MAX);
	assert_int_equal(form_parse(&a, (struct bytes){ text, strlen(text) }, &form), OK);
	assert_string_equal(form_get(&form, "name127"), "127");
	assert_null(form_get(&form, "name128"));
	text = fields(&a, FORM_FIELDS_MAX + 1);
	assert_int_equal(form_parse(&a, (struct bytes){ text, strlen(text) }, &form),
			 ERR_TOO_LONG);
	assert_null(form_get(&form, "name0"));
	arena_release(&a);
}

static void test_encode(void **state)
{
	static const char text[] = "a b+c&d=e/ї?\"<>%~-._\x01";
	struct arena a;
	struct form form;
	const char *encoded;

	UNUSED(state);
	arena_init(&a);
	encoded = form_encode(&a, text);
	assert_string_equal(encoded, "a%20b%2Bc%26d%3De%2F%D1%97%3F%22%3C%3E%25~-._%01");
	assert_string_equal(form_encode(&a, ""), "");
	encoded = arena_printf(&a, "x=%s", encoded);
	assert_int_equal(form_parse(&a, (struct bytes){ encoded, strlen(encoded) }, &form), OK);
	assert_string_equal(form_get(&form, "x"), text);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_encode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
