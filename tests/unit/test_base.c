/* shared/base: memory, text, UTF-8 under the inputs that hurt. */
#include "shared/base/str.h"
#include "shared/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

/* ---- arena ---- */

static void test_arena(void **state)
{
	static const size_t sizes[] = { 0,	1, 15, 16, 17, 1000, 32 * 1024, 32 * 1024 + 1,
					1 << 20 };
	unsigned char *kept[COUNT(sizes)];
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			kept[i] = arena_alloc(&a, sizes[i]);
			assert_int_equal((uintptr_t)kept[i] % _Alignof(max_align_t), 0);
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(kept[i][b], 0); /* also what was used before */
			memset(kept[i], (int)i + 1, sizes[i]);
		}
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(kept[i][b], i + 1);
		arena_reset(&a);
	}
	arena_release(&a);
	arena_release(&a);
	arena_reset(&a);
	assert_null(a.head);
}

static void test_arena_grow(void **state)
{
	char *first = arena_grow(&arena, NULL, 0, 10);
	char *same;
	char *moved;

	UNUSED(state);
	memcpy(first, "123456789", 10);
	assert_ptr_equal(arena_grow(&arena, first, 10, 5), first);
	same = arena_grow(&arena, first, 10, 500);
	assert_ptr_equal(same, first); /* the newest grows where it is */
	assert_string_equal(same, "123456789");
	assert_int_equal(same[499], 0);
	(void)arena_alloc(&arena, 1);
	moved = arena_grow(&arena, same, 500, 1000);
	assert_ptr_not_equal(moved, same);
	assert_string_equal(moved, "123456789");
	moved = arena_grow(&arena, moved, 1000, 1 << 20);
	assert_string_equal(moved, "123456789");
	assert_int_equal(moved[(1 << 20) - 1], 0);
}

static void test_arena_text(void **state)
{
	char *cut = arena_strndup(&arena, "abcdef", 3);

	UNUSED(state);
	assert_string_equal(cut, "abc");
	assert_string_equal(arena_strndup(&arena, NULL, 0), "");
	assert_string_equal(arena_strdup(&arena, ""), "");
	assert_string_equal(arena_printf(&arena, "%s-%d", "так", -1), "так--1");
	assert_int_equal(strlen(arena_printf(&arena, "%70000d", 1)), 70000);
}

/* ---- str ---- */

static void test_str(void **state)
{
	struct str s = STR(&arena, 10);

	UNUSED(state);
	assert_string_equal(str_text(&s), "");
	str_add(&s, "12345");
	str_addf(&s, "%d", 678);
	str_addn(&s, "9\0", 2);
	assert_true(str_ok(&s));
	assert_int_equal(s.len, 10);
	assert_memory_equal(s.data, "123456789\0", 11);
	str_add(&s, "");
	assert_true(str_ok(&s));
	str_addc(&s, 'x');
	assert_false(str_ok(&s));
	assert_memory_equal(s.data, "123456789\0", 11); /* nothing is cut, nothing half added */
	str_cut(&s, 3);
	str_add(&s, "z");
	assert_false(str_ok(&s)); /* fails once, and for good */
	assert_string_equal(str_text(&s), "123");
}

static void test_str_whole(void **state)
{
	struct str s = STR(&arena, 5);

	UNUSED(state);
	str_add(&s, "123456");
	assert_false(str_ok(&s));
	assert_string_equal(str_text(&s), "");
	s = STR(&arena, 5);
	str_addf(&s, "%s", "123456");
	assert_false(str_ok(&s));
	s = STR(&arena, 0);
	str_add(&s, "");
	assert_true(str_ok(&s));
	str_addc(&s, 'x');
	assert_false(str_ok(&s));
	s = STR(&arena, 100000);
	for (int i = 0; i < 100000; i++)
		str_addc(&s, 'x');
	assert_true(str_ok(&s));
	assert_int_equal(strlen(str_text(&s)), 100000);
	str_cut(&s, 200000);
	assert_int_equal(s.len, 100000);
}

static void test_str_html(void **state)
{
	struct str s = STR(&arena, 1 << 20);

	UNUSED(state);
	str_add_html(&s, "");
	str_add_html(&s, "<b a='1' c=\"2\">&amp;так\xFF\u202E</b>");
	assert_string_equal(str_text(&s), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;"
					  "так\xFF\u202E&lt;/b&gt;");
	s = STR(&arena, 3);
	str_add_html(&s, "<"); /* never half an entity */
	assert_false(str_ok(&s));
	assert_string_equal(str_text(&s), "");
}

/* ---- UTF-8 ---- */

#define TEXT(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static void test_utf8_valid(void **state)
{
	static const struct {
		struct bytes text;
		size_t prefix;
	} cases[] = {
		{ TEXT(""), 0 },
		{ TEXT("ascii, longer than eight bytes"), 30 },
		{ TEXT("так"), 6 },
		{ TEXT("₴\u00A0🎲\U0010FFFF"), 13 },
		{ TEXT("\x01\x7F\xC2\x80"), 4 },
		{ TEXT("\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"), 9 },
		/* NUL, alone and where eight bytes are looked at together */
		{ TEXT("\0"), 0 },
		{ TEXT("1234567\0abcdefgh"), 7 },
		{ TEXT("12345678\0"), 8 },
		{ TEXT("\0\x01\x01\x01\x01\x01\x01\x01"), 0 },
		{ TEXT("1234567\xFF"), 7 },
		/* overlong */
		{ TEXT("a\xC0\x80"), 1 },
		{ TEXT("a\xC1\xBF"), 1 },
		{ TEXT("a\xE0\x80\xAF"), 1 },
		{ TEXT("a\xE0\x9F\xBF"), 1 },
		{ TEXT("a\xF0\x80\x80\xAF"), 1 },
		{ TEXT("a\xF0\x8F\xBF\xBF"), 1 },
		/* surrogates, beyond the end, not even close */
		{ TEXT("a\xED\xA0\x80"), 1 },
		{ TEXT("a\xED\xBF\xBF"), 1 },
		{ TEXT("a\xF4\x90\x80\x80"), 1 },
		{ TEXT("a\xF5\x80\x80\x80"), 1 },
		{ TEXT("a\xF8\x88\x80\x80\x80"), 1 },
		{ TEXT("a\xFE"), 1 },
		/* cut, or a continuation with nothing before it */
		{ TEXT("a\xD1"), 1 },
		{ TEXT("a\xE2\x82"), 1 },
		{ TEXT("a\xF0\x9F\x8E"), 1 },
		{ TEXT("a\x80"), 1 },
		{ TEXT("a\xD1\xD1\x82"), 1 },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(utf8_valid_prefix(cases[i].text.data, cases[i].text.len),
				 cases[i].prefix);
		assert_int_equal(utf8_valid(cases[i].text.data, cases[i].text.len),
				 cases[i].prefix == cases[i].text.len);
	}
}

static void test_utf8_lengths(void **state)
{
	UNUSED(state);
	assert_int_equal(utf8_len(""), 0);
	assert_int_equal(utf8_len("aї₴🎲"), 4);
	assert_int_equal(utf8_utf16_len("aї₴🎲"), 5);
	assert_int_equal(utf8_prefix_utf16("aї₴🎲", 5), 10);
	assert_int_equal(utf8_prefix_utf16("aї₴🎲", 4), 6); /* no half of a pair */
	assert_int_equal(utf8_prefix_utf16("aї₴🎲", 2), 3);
	assert_int_equal(utf8_prefix_utf16("aї₴🎲", 0), 0);
	assert_int_equal(utf8_prefix_utf16("aї₴🎲", SIZE_MAX), 10);
	assert_int_equal(utf8_prefix_utf16("a\xFFz", 9), 1);
}

static void test_utf8_clean(void **state)
{
	static const struct {
		struct bytes text;
		size_t points;
		const char *want;
	} cases[] = {
		{ TEXT(""), 10, "" },
		{ TEXT("  \t\r\n "), 10, "" },
		{ TEXT("  Оксана \n\t Петрівна  "), 64, "Оксана Петрівна" },
		{ TEXT("<b>&\"'"), 64, "<b>&\"'" },
		{ TEXT("a\0b\x01\x1B[31m\x7F\xC2\x85z"), 64, "ab[31m z" },
		{ TEXT("a\u202Eb\u2066c\u200Fd\uFEFFe"), 64, "abcde" },
		{ TEXT("👨\u200D👩"), 64, "👨\u200D👩" },
		{ TEXT("a\u2028b\u2029c"), 64, "a b c" },
		{ TEXT("\xFF\xED\xA0\x80\xC0z"), 64, "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDz" },
		{ TEXT("abcdef"), 6, "abcdef" },
		{ TEXT("abcdef"), 5, "abcde…" },
		{ TEXT("🎲🎲🎲🎲"), 2, "🎲🎲…" },
		{ TEXT("ab cd"), 3, "ab…" },
		{ TEXT("abc   "), 3, "abc" },
		{ TEXT("abc"), 0, "…" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(utf8_clean_line(&arena, cases[i].text.data,
						    cases[i].text.len, cases[i].points),
				    cases[i].want);
}

static void test_utf8_clean_text(void **state)
{
	static const struct {
		struct bytes text;
		size_t points;
		const char *want;
	} cases[] = {
		{ TEXT(""), 10, "" },
		{ TEXT(" a \r\n\n b\0c "), 10, "a\n\nbc" },
		{ TEXT("\n\na"), 10, "a" },
		{ TEXT("abcdefgh"), 10, "abcdefgh" },
		{ TEXT("abcdefghi"), 10, "abcdefgh…" },
		{ TEXT("abcdefghijklmnopqrst"), 10, "abcdefgh…" },
		{ TEXT("abc\ndefghijklmn"), 10, "abc\ndefgh…" },
		{ TEXT("abc\nde\nfg\nhi"), 10, "abc\nde\nfg" },
		{ TEXT("🎲🎲🎲🎲🎲🎲🎲🎲🎲🎲"), 10, "🎲🎲🎲🎲🎲🎲🎲🎲…" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *have = utf8_clean_text(&arena, cases[i].text.data,
						   cases[i].text.len, cases[i].points);

		assert_string_equal(have, cases[i].want);
		assert_true(utf8_len(have) <= cases[i].points);
	}
}

static void test_utf8_huge(void **state)
{
	size_t const len = 64 * 1024;
	char *text = arena_alloc(&arena, len + 1);
	char *clean;

	UNUSED(state);
	memset(text, '\xD1', len);
	clean = utf8_clean_line(&arena, text, len, 64);
	assert_int_equal(utf8_len(clean), 65);
	assert_true(utf8_valid(clean, strlen(clean)));
	memset(text, ' ', len);
	assert_string_equal(utf8_clean_line(&arena, text, len, 64), "");
}

/* ---- secrets ---- */

/* In a child: the test itself may leave a core file. */
static void expect_kept(bool dumpable)
{
	struct rlimit core;
	int status;
	pid_t const child = fork();

	if (!child) {
		secrets_keep();
		_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != dumpable ||
		      getrlimit(RLIMIT_CORE, &core) || core.rlim_max);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_secrets_keep(void **state)
{
	UNUSED(state);
	unsetenv(SUPERVISED_MARK);
	expect_kept(false);
	setenv(SUPERVISED_MARK, "1", 1);
	expect_kept(true);
	unsetenv(SUPERVISED_MARK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_clean_text),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_grow),
		cmocka_unit_test(test_arena_text),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_str_whole),
		cmocka_unit_test(test_str_html),
		cmocka_unit_test(test_utf8_valid),
		cmocka_unit_test(test_utf8_lengths),
		cmocka_unit_test(test_utf8_clean),
		cmocka_unit_test(test_utf8_huge),
		cmocka_unit_test(test_secrets_keep),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
