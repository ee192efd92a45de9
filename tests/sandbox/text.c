#include "tests/sandbox/text.h"

#include <errno.h>
#include <stdarg.h>

static void text_room(struct text *t, size_t more)
{
	size_t size = t->size ? t->size : 128;

	while (size < t->len + more + 1)
		size *= 2;
	if (size != t->size) {
		t->data = memory_grow(t->data, size);
		t->size = size;
	}
}

void text_addn(struct text *t, const char *s, size_t len)
{
	text_room(t, len);
	if (len)
		memcpy(t->data + t->len, s, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
	text_addn(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	text_room(t, (size_t)len);
	va_start(args, fmt);
	vsnprintf(t->data + t->len, (size_t)len + 1, fmt, args);
	va_end(args);
	t->len += (size_t)len;
}

void text_add_code_point(struct text *t, uint32_t c)
{
	if (c < 0x80) {
		text_addc(t, (char)c);
		return;
	}
	if (c < 0x800) {
		text_addc(t, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			text_addc(t, (char)(0xe0 | c >> 12));
		} else {
			text_addc(t, (char)(0xf0 | c >> 18));
			text_addc(t, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		text_addc(t, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	text_addc(t, (char)(0x80 | (c & 0x3f)));
}

void text_add_escaped(struct text *t, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			text_add(t, "&amp;");
			break;
		case '<':
			text_add(t, "&lt;");
			break;
		case '>':
			text_add(t, "&gt;");
			break;
		case '"':
			text_add(t, "&quot;");
			break;
		default:
			text_addc(t, *s);
		}
	}
}

static bool plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       strchr("-._*", c);
}

void text_add_encoded(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (plain(*s))
			text_addc(t, *s);
		else
			text_addf(t, "%%%02X", (unsigned char)*s);
	}
}

void text_release(struct text *t)
{
	free(t->data);
	*t = (struct text){ 0 };
}

char *text_copy(const char *s)
{
	size_t const size = strlen(s) + 1;

	return memcpy(memory_new(size), s, size);
}

char *text_take(struct text *t)
{
	char *s = t->data ? t->data : text_copy("");

	*t = (struct text){ 0 };
	return s;
}

size_t utf8_len(unsigned char first)
{
	if (first >= 0xf0)
		return 4;
	if (first >= 0xe0)
		return 3;
	return first >= 0xc0 ? 2 : 1;
}

/* The smallest code point that needs so many bytes. */
static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };

bool utf8_valid(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t i = 0;

	while (i < len) {
		size_t const n = utf8_len(p[i]);
		uint32_t c = p[i];

		if (n == 1) {
			if (p[i++] >= 0x80)
				return false;
			continue;
		}
		if (i + n > len)
			return false;
		c &= 0x7fu >> n;
		for (size_t k = 1; k < n; k++) {
			if ((p[i + k] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (p[i + k] & 0x3f);
		}
		if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
		i += n;
	}
	return true;
}

size_t utf16_len(const char *s)
{
	size_t units = 0;

	for (; *s; s++) {
		unsigned char const c = (unsigned char)*s;

		units += ((c & 0xc0) != 0x80) + (c >= 0xf0);
	}
	return units;
}

size_t utf8_count(const char *s)
{
	size_t count = 0;

	for (; *s; s++)
		count += ((unsigned char)*s & 0xc0) != 0x80;
	return count;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

void percent_decode(char *s, bool plus)
{
	char *out = s;

	for (; *s; s++) {
		int high;
		int low;

		if (*s == '%' && (high = hex_digit(s[1])) >= 0 &&
		    (low = hex_digit(s[2])) >= 0) {
			*out++ = (char)(high << 4 | low);
			s += 2;
		} else {
			*out++ = *s;
			if (plus && *s == '+')
				out[-1] = ' ';
		}
	}
	*out = '\0';
}

bool number_read(const char *s, int64_t *ret)
{
	char *end;
	long long value;

	if (!(*s >= '0' && *s <= '9') && !(*s == '-' && s[1] >= '0' && s[1] <= '9'))
		return false;
	errno = 0;
	value = strtoll(s, &end, 10);
	if (errno || *end)
		return false;
	*ret = value;
	return true;
}
