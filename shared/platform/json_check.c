#include "shared/base/utf8.h"
#include "shared/platform/json_private.h"

static bool is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

static const char *digits_skip(const char *p, const char *end)
{
	while (is_digit(p, end))
		p++;
	return p;
}

/* Past a number as RFC 8259 writes it; NULL for anything else. */
static const char *number_skip(const char *p, const char *end, bool *ret_integer)
{
	const char *const start = p += *p == '-';

	*ret_integer = true;
	p = digits_skip(p, end);
	if (p == start || (*start == '0' && p - start > 1))
		return NULL;
	if (p < end && *p == '.') {
		*ret_integer = false;
		if (!is_digit(++p, end))
			return NULL;
		p = digits_skip(p, end);
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		*ret_integer = false;
		p++;
		p += p < end && (*p == '+' || *p == '-');
		if (!is_digit(p, end))
			return NULL;
		p = digits_skip(p, end);
	}
	return p;
}

/* Does the integer from p to end (no leading zeros) need more than int64? */
static bool is_long(const char *p, const char *end)
{
	bool const negative = *p == '-';
	const char *const most = negative ? "9223372036854775808" : "9223372036854775807";
	size_t const len = (size_t)(end - p) - negative;

	if (len != strlen(most))
		return len > strlen(most);
	return memcmp(p + negative, most, len) > 0;
}

/* Past the string that begins after p's quotation mark; NULL: unclosed, or a control in it. */
static const char *string_skip(const char *p, const char *end, bool *ret_nul)
{
	*ret_nul = false;
	for (; p < end; p++) {
		unsigned char const c = (unsigned char)*p;

		if (c == '"')
			return p + 1;
		if (c < 0x20)
			return NULL;
		if (c != '\\')
			continue;
		if (end - p > 5 && !memcmp(p, "\\u0000", 6))
			*ret_nul = true;
		p++; /* what is escaped is json-c's to judge; here a quotation mark counts */
	}
	return NULL;
}

static bool is_name(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r\n", *p))
		p++;
	return p < end && *p == ':';
}

/* What may stand outside strings and numbers: NaN and 'single' quotes may not. */
static const bool between[256] = {
	['{'] = true, ['}'] = true, ['['] = true,  [']'] = true,  [':'] = true,
	[','] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true,
	['t'] = true, ['r'] = true, ['u'] = true,  ['e'] = true,  ['f'] = true,
	['a'] = true, ['l'] = true, ['s'] = true,  ['n'] = true,
};

int json_check(struct bytes text, int depth, size_t *ret_long)
{
	const char *p = text.data;
	const char *const end = p + text.len;
	size_t count = 0;
	int level = 0;

	if (!text.len || !utf8_valid(p, text.len))
		return ERR_INVALID;
	while (p < end) {
		const char *const start = p;
		bool flag;

		if (*p == '"') {
			p = string_skip(p + 1, end, &flag);
			if (!p || (flag && is_name(p, end)))
				return ERR_INVALID;
		} else if (*p == '-' || is_digit(p, end)) {
			p = number_skip(p, end, &flag);
			if (!p)
				return ERR_INVALID;
			count += flag && is_long(start, p);
		} else {
			level += *p == '[' || *p == '{';
			level -= *p == ']' || *p == '}';
			if (level > depth || !between[(unsigned char)*p++])
				return ERR_INVALID;
		}
	}
	*ret_long = count;
	return OK;
}

char *json_mark_long(struct bytes text, size_t count, size_t *ret_len)
{
	const char *p = text.data;
	const char *const end = p + text.len;
	char *copy = malloc(text.len + count * strlen(JSON_LONG_MARK) + 1);
	char *to = copy;

	while (copy && p && p < end) {
		const char *const start = p;
		bool flag = false;
		bool number = false;

		if (*p == '"') {
			p = string_skip(p + 1, end, &flag);
		} else if (*p == '-' || is_digit(p, end)) {
			number = true;
			p = number_skip(p, end, &flag);
		} else {
			p++;
		}
		if (!p)
			break;
		memcpy(to, start, (size_t)(p - start));
		to += p - start;
		if (number && flag && is_long(start, p)) {
			memcpy(to, JSON_LONG_MARK, strlen(JSON_LONG_MARK));
			to += strlen(JSON_LONG_MARK);
		}
	}
	if (copy)
		*ret_len = (size_t)(to - copy);
	return copy;
}
