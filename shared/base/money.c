#include "shared/base/money.h"

#include "shared/base/str.h"

#define NO_BREAK_SPACE "\xC2\xA0"

int money_times(struct money unit, int64_t count, struct money *ret)
{
	int64_t product;

	if (unit.kop < 0 || count < 0 || __builtin_mul_overflow(unit.kop, count, &product))
		return ERR_INVALID;
	ret->kop = product;
	return OK;
}

const char *money_plain(struct arena *a, struct money m)
{
	struct str s = STR(a, 32);
	int64_t const part = m.kop % 100 < 0 ? -(m.kop % 100) : m.kop % 100;

	if (m.kop < 0 && m.kop > -100)
		str_addc(&s, '-');
	str_add_int(&s, m.kop / 100);
	str_addc(&s, '.');
	str_addc(&s, (char)('0' + part / 10));
	str_addc(&s, (char)('0' + part % 10));
	return str_text(&s);
}

/* Digits in groups of three from the right, from the fifth digit on: 9999, 10 000. */
static void add_grouped(struct str *s, const char *digits, size_t len, const char *gap)
{
	for (size_t i = 0; i < len; i++) {
		if (i && len > 4 && (len - i) % 3 == 0)
			str_add(s, gap);
		str_addc(s, digits[i]);
	}
}

const char *money_show(struct arena *a, struct money m, bool sign_first)
{
	struct str s = STR(a, 64);
	const char *plain = money_plain(a, m) + (m.kop < 0);
	size_t const whole = strcspn(plain, ".");

	if (m.kop < 0)
		str_add(&s, "−");
	if (sign_first)
		str_add(&s, "₴");
	add_grouped(&s, plain, whole, sign_first ? "," : NO_BREAK_SPACE);
	if (m.kop % 100) {
		str_addc(&s, sign_first ? '.' : ',');
		str_add(&s, plain + whole + 1);
	}
	if (!sign_first)
		str_add(&s, NO_BREAK_SPACE "₴");
	return str_text(&s);
}
