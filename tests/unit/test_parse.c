/* shared/base: numbers, sums, instants, files under the inputs that hurt. */
#include "shared/base/clock.h"
#include "shared/base/file.h"
#include "shared/base/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
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

/* ---- parsing ---- */

static void test_parse_int(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t number;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "007", true, 7 },
		{ "-15", true, -15 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "99999999999999999999999999", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1\n", false, 0 },
		{ "1e9", false, 0 },
		{ "1.0", false, 0 },
		{ "0x10", false, 0 },
		{ "1_000", false, 0 },
		{ "١٠", false, 0 },
		{ "１０", false, 0 },
		{ "1\u00A0000", false, 0 },
	};
	int64_t n;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		n = 77;
		assert_int_equal(parse_int(cases[i].text, INT64_MIN, INT64_MAX, &n),
				 cases[i].good ? OK : ERR_INVALID);
		assert_int_equal(n, cases[i].good ? cases[i].number : 77);
	}
	assert_int_equal(parse_int("50", 1, 50, &n), OK);
	assert_int_equal(parse_int("51", 1, 50, &n), ERR_INVALID);
	assert_int_equal(parse_int("0", 1, 50, &n), ERR_INVALID);
	assert_int_equal(n, 50);
}

/* Scenario 14. */
static void test_parse_money(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t kop;
	} cases[] = {
		{ "249,90", true, 24990 },
		{ "249.90", true, 24990 },
		{ "249.9", true, 24990 },
		{ "250", true, 25000 },
		{ "10,50", true, 1050 },
		{ "0.01", true, 1 },
		{ "0", true, 0 },
		{ "00.10", true, 10 },
		{ "999999999999.99", true, INT64_C(99999999999999) },
		{ "9999999999999", false, 0 },
		{ "", false, 0 },
		{ ".", false, 0 },
		{ ".5", false, 0 },
		{ "5.", false, 0 },
		{ "5,", false, 0 },
		{ "1.234", false, 0 },
		{ "1,2,3", false, 0 },
		{ "1.2.3", false, 0 },
		{ "1,000.00", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ "1e9", false, 0 },
		{ "1 000", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1₴", false, 0 },
		{ "١٠", false, 0 },
		{ "NaN", false, 0 },
	};
	struct money m;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		m = MONEY(77);
		assert_int_equal(parse_money(cases[i].text, &m),
				 cases[i].good ? OK : ERR_INVALID);
		assert_int_equal(m.kop, cases[i].good ? cases[i].kop : 77);
	}
	assert_int_equal(parse_money_signed("-249.90", &m), OK);
	assert_int_equal(m.kop, -24990);
	assert_int_equal(parse_money_signed("249.90", &m), OK);
	assert_int_equal(m.kop, 24990);
	assert_int_equal(parse_money_signed("--1", &m), ERR_INVALID);
	assert_int_equal(parse_money_signed("-", &m), ERR_INVALID);
}

static void test_parse_words(void **state)
{
	char slug[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz";
	unsigned char key[3] = { 0 };
	bool flag = false;

	UNUSED(state);
	assert_int_equal(parse_hex("00aBfF", key, 3), OK);
	assert_memory_equal(key, "\x00\xAB\xFF", 3);
	assert_int_equal(parse_hex("00aBf", key, 3), ERR_INVALID);
	assert_int_equal(parse_hex("00aBf ", key, 3), ERR_INVALID);
	assert_int_equal(parse_hex("00aBfg", key, 3), ERR_INVALID);
	assert_int_equal(parse_hex("", key, 0), OK);
	assert_memory_equal(key, "\x00\xAB\xFF", 3);
	assert_false(parse_is_slug(slug)); /* 63 */
	assert_true(parse_is_slug(slug + 1));
	assert_true(parse_is_slug("steam-100_b"));
	assert_false(parse_is_slug(""));
	assert_true(parse_is_ascii(""));
	assert_true(parse_is_ascii("steam-100 ~"));
	assert_false(parse_is_ascii("steam-100\xd0\xb0"));
	assert_false(parse_is_slug("Steam"));
	assert_false(parse_is_slug("стім"));
	assert_false(parse_is_slug("a b"));
	assert_int_equal(parse_bool("on", &flag), OK);
	assert_true(flag);
	assert_int_equal(parse_bool("0", &flag), OK);
	assert_false(flag);
	assert_int_equal(parse_bool("YES", &flag), ERR_INVALID);
	assert_int_equal(parse_bool("", &flag), ERR_INVALID);
}

/* ---- money ---- */

static void test_money(void **state)
{
	static const struct {
		int64_t kop;
		const char *plain;
		const char *uk;
		const char *en;
	} cases[] = {
		{ 0, "0.00", "0\u00A0₴", "₴0" },
		{ 1, "0.01", "0,01\u00A0₴", "₴0.01" },
		{ 10000, "100.00", "100\u00A0₴", "₴100" },
		{ 24990, "249.90", "249,90\u00A0₴", "₴249.90" },
		{ 999999, "9999.99", "9999,99\u00A0₴", "₴9999.99" },
		{ 1000000, "10000.00", "10\u00A0000\u00A0₴", "₴10,000" },
		{ 99999999, "999999.99", "999\u00A0999,99\u00A0₴", "₴999,999.99" },
		{ 123456700, "1234567.00", "1\u00A0234\u00A0567\u00A0₴", "₴1,234,567" },
		{ -5, "-0.05", "−0,05\u00A0₴", "−₴0.05" },
		{ -24990, "-249.90", "−249,90\u00A0₴", "−₴249.90" },
		{ INT64_MAX, "92233720368547758.07",
		  "92\u00A0233\u00A0720\u00A0368\u00A0547\u00A0758,07\u00A0₴",
		  "₴92,233,720,368,547,758.07" },
		{ INT64_MIN, "-92233720368547758.08",
		  "−92\u00A0233\u00A0720\u00A0368\u00A0547\u00A0758,08\u00A0₴",
		  "−₴92,233,720,368,547,758.08" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct money const m = MONEY(cases[i].kop);

		assert_string_equal(money_plain(&arena, m), cases[i].plain);
		assert_string_equal(money_show(&arena, m, false), cases[i].uk);
		assert_string_equal(money_show(&arena, m, true), cases[i].en);
	}
}

/* Scenario 14. */
static void test_money_times(void **state)
{
	struct money m = MONEY(77);

	UNUSED(state);
	assert_int_equal(money_times(MONEY(INT64_MAX), 2, &m), ERR_INVALID);
	assert_int_equal(money_times(MONEY(-1), 2, &m), ERR_INVALID);
	assert_int_equal(money_times(MONEY(1), -2, &m), ERR_INVALID);
	assert_int_equal(m.kop, 77);
	assert_int_equal(money_times(MONEY(24990), 50, &m), OK);
	assert_int_equal(m.kop, 1249500);
	assert_int_equal(money_times(MONEY(INT64_MAX), 1, &m), OK);
	assert_int_equal(money_times(MONEY(INT64_MAX), 0, &m), OK);
	assert_int_equal(m.kop, 0);
}

/* ---- clock ---- */

static void test_clock(void **state)
{
	int64_t const winter = INT64_C(1798720559123456); /* 2026-12-31 12:35:59.123456 UTC */
	int64_t const summer = INT64_C(1782864000000000); /* 2026-07-01 00:00:00 UTC */
	int64_t const before = clock_monotonic_ms();

	UNUSED(state);
	assert_int_equal(clock_set_zone("Europe/Kyiv"), OK);
	assert_string_equal(clock_hhmm(&arena, winter), "14:35");
	assert_string_equal(clock_date(&arena, winter), "31.12.2026");
	assert_string_equal(clock_date_hhmm(&arena, summer), "01.07.2026 03:00");
	assert_string_equal(clock_iso(&arena, winter), "2026-12-31T12:35:59.123456Z");
	assert_string_equal(clock_iso(&arena, 0), "1970-01-01T00:00:00.000000Z");
	assert_int_equal(clock_set_zone("UTC"), OK);
	assert_string_equal(clock_hhmm(&arena, winter), "12:35");
	assert_int_equal(clock_set_zone("Europe/Nowhere"), ERR_INVALID);
	assert_int_equal(clock_set_zone(""), ERR_INVALID);
	assert_int_equal(clock_set_zone("../../../etc/passwd"), ERR_INVALID);
	assert_string_equal(clock_hhmm(&arena, winter), "12:35");
	assert_true(clock_monotonic_ms() >= before);
	assert_true(clock_now() > winter - INT64_C(366) * 86400 * CLOCK_SECOND * 3);
}

/* ---- files, names of errors ---- */

static void test_file(void **state)
{
	char path[] = "/tmp/kartka-file-XXXXXX";
	int const fd = mkstemp(path);
	struct bytes text = { NULL, 0 };

	UNUSED(state);
	assert_true(fd >= 0);
	assert_int_equal(file_read(&arena, path, 10, &text), OK);
	assert_int_equal(text.len, 0);
	assert_int_equal(write(fd,
			       "1234\0"
			       "5678",
			       9),
			 9);
	close(fd);
	assert_int_equal(file_read(&arena, path, 9, &text), OK);
	assert_int_equal(text.len, 9);
	assert_memory_equal(text.data,
			    "1234\0"
			    "5678",
			    10);
	assert_int_equal(file_read(&arena, path, 8, &text), ERR_TOO_LONG);
	unlink(path);
	assert_int_equal(file_read(&arena, path, 10, &text), ERR_NOT_FOUND);
	assert_int_equal(file_read(&arena, "/tmp", 10, &text), ERR_FAILED);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(file_read(&arena, path, 10, &text), ERR_FAILED); /* and at once */
	unlink(path);
	assert_string_equal(err_name(ERR_NOT_FOUND), "not_found");
	assert_string_equal(err_name(1), "unknown");
	assert_string_equal(err_name(-99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_int),   cmocka_unit_test(test_parse_money),
		cmocka_unit_test(test_parse_words), cmocka_unit_test(test_money),
		cmocka_unit_test(test_money_times), cmocka_unit_test(test_clock),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
