/* One-time passwords by RFC 6238's own numbers, and a QR code that can be read back. */
#include "shared/platform/qr.h"
#include "shared/platform/totp.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const unsigned char seed[TOTP_SEED + 1] = "12345678901234567890";

/* Appendix B, the last six of its eight digits. */
static void test_rfc_vectors(void **state)
{
	static const struct {
		int64_t at;
		const char *code;
	} vectors[] = {
		{ 59, "287082" },	  { 1111111109, "081804" },
		{ 1111111111, "050471" }, { 1234567890, "005924" },
		{ 2000000000, "279037" }, { INT64_C(20000000000), "353130" },
	};
	char code[TOTP_DIGITS + 1];
	int64_t step;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		totp_at(seed, vectors[i].at / TOTP_PERIOD_S, code);
		assert_string_equal(code, vectors[i].code);
		assert_int_equal(totp_check(seed, vectors[i].code, vectors[i].at, 0, &step),
				 OK);
		assert_int_equal(step, vectors[i].at / TOTP_PERIOD_S);
	}
}

/* Scenario 28: A step early and a step late, not two. */
static void test_window(void **state)
{
	int64_t const now = 1234567890;
	char code[TOTP_DIGITS + 1];
	int64_t step;

	UNUSED(state);
	for (int64_t off = -3; off <= 3; off++) {
		totp_at(seed, now / TOTP_PERIOD_S + off, code);
		assert_int_equal(totp_check(seed, code, now, 0, &step),
				 off >= -1 && off <= 1 ? OK : ERR_DENIED);
	}
}

static void test_used_steps(void **state)
{
	int64_t const now = 1234567890;
	char code[TOTP_DIGITS + 1];
	int64_t step;

	UNUSED(state);
	totp_at(seed, now / TOTP_PERIOD_S, code);
	assert_int_equal(totp_check(seed, code, now, now / TOTP_PERIOD_S - 1, &step), OK);
	assert_int_equal(totp_check(seed, code, now, now / TOTP_PERIOD_S, &step), ERR_DENIED);
	assert_int_equal(totp_check(seed, code, now, now / TOTP_PERIOD_S + 1, &step),
			 ERR_DENIED);
}

static void test_as_typed(void **state)
{
	static const char *const bad[] = { "",	     "00592",	"0059244",  "00592a",
					   "-05924", "005924x", "005\t924", "+05924" };
	int64_t step;

	UNUSED(state);
	assert_int_equal(totp_check(seed, " 005 924 ", 1234567890, 0, &step), OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(totp_check(seed, bad[i], 1234567890, 0, &step), ERR_DENIED);
}

static void test_as_told(void **state)
{
	AUTO_ARENA(a);

	UNUSED(state);
	assert_string_equal(totp_secret(&a, seed), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
	assert_string_equal(totp_uri(&a, "Kartka", "olena", seed),
			    "otpauth://totp/Kartka:olena"
			    "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kartka");
}

/* The three corners of every QR code, and nothing outside the square. */
static void test_qr(void **state)
{
	AUTO_ARENA(a);
	const char *path;
	int size;

	UNUSED(state);
	assert_int_equal(qr_path(&a, totp_uri(&a, "Kartka", "olena", seed), &path, &size), OK);
	assert_true(size >= 21 && size % 4 == 1);
	assert_true(!strncmp(path, "M0 0h7v1h-7z", 12));
	assert_non_null(strstr(path, arena_printf(&a, "M%d 0h7v1h-7z", size - 7)));
	assert_non_null(strstr(path, arena_printf(&a, "M0 %dh7v1h-7z", size - 1)));
	assert_int_equal(strspn(path, "Mhvz- 0123456789"), strlen(path));
	for (const char *p = path; (p = strchr(p, 'M')); p++) {
		int const x = (int)strtol(p + 1, NULL, 10);
		const char *h = strchr(p, 'h');

		assert_true(x + strtol(h + 1, NULL, 10) <= size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_vectors), cmocka_unit_test(test_window),
		cmocka_unit_test(test_used_steps),  cmocka_unit_test(test_as_typed),
		cmocka_unit_test(test_as_told),	    cmocka_unit_test(test_qr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
