#include "shared/base/parse.h"

#include "shared/base/limits.h"

int parse_int(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool const negative = text[0] == '-';
	const char *p = text + negative;
	int64_t n = 0;

	if (!*p)
		return ERR_INVALID;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return ERR_INVALID;
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, *p - '0', &n))
			return ERR_INVALID;
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, n, &n))
		return ERR_INVALID;
	if (n < min || n > max)
		return ERR_INVALID;
	*ret = n;
	return OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_hex(const char *text, unsigned char *ret, size_t size)
{
	if (strlen(text) != size * 2)
		return ERR_INVALID;
	for (size_t i = 0; i < size * 2; i++)
		if (hex_digit(text[i]) < 0)
			return ERR_INVALID;
	for (size_t i = 0; i < size; i++)
		ret[i] = (unsigned char)(hex_digit(text[2 * i]) * 16 +
					 hex_digit(text[2 * i + 1]));
	return OK;
}

int parse_money(const char *text, struct money *ret)
{
	size_t const whole = strspn(text, "0123456789");
	const char *rest = text + whole;
	int64_t kop = 0;
	int digits = 0;

	if (whole < 1 || whole > 12)
		return ERR_INVALID;
	for (size_t i = 0; i < whole; i++)
		kop = kop * 10 + (text[i] - '0');
	if (*rest == '.' || *rest == ',') {
		for (rest++; *rest >= '0' && *rest <= '9' && digits < 2; rest++, digits++)
			kop = kop * 10 + (*rest - '0');
		if (!digits)
			return ERR_INVALID;
	}
	if (*rest)
		return ERR_INVALID;
	for (; digits < 2; digits++)
		kop *= 10;
	ret->kop = kop;
	return OK;
}

int parse_money_signed(const char *text, struct money *ret)
{
	struct money sum;
	int const rc = parse_money(text + (text[0] == '-'), &sum);

	if (rc)
		return rc;
	ret->kop = text[0] == '-' ? -sum.kop : sum.kop;
	return OK;
}

bool parse_is_slug(const char *text)
{
	size_t const len = strlen(text);

	return len >= 1 && len <= SLUG_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

bool parse_is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const words[][2] = {
		{ "no", "yes" }, { "off", "on" }, { "false", "true" }, { "0", "1" }
	};

	for (size_t i = 0; i < COUNT(words); i++)
		for (int value = 0; value < 2; value++)
			if (!strcmp(text, words[i][value])) {
				*ret = value;
				return OK;
			}
	return ERR_INVALID;
}
