#include "shared/base/str.h"

#include <stdarg.h>

enum { FIRST_SIZE = 96 }; /* a button's label; what is longer grows in place, mostly */

static bool str_room(struct str *s, size_t more)
{
	size_t size = s->size;

	if (s->failed || more > s->cap - s->len) {
		s->failed = true;
		return false;
	}
	if (s->len + more < size)
		return true;
	if (!size)
		size = s->cap < FIRST_SIZE ? s->cap + 1 : FIRST_SIZE;
	while (size < s->len + more + 1)
		size *= 2;
	s->data = arena_grow(s->arena, s->data, s->size, size);
	s->size = size;
	return true;
}

void str_addn(struct str *s, const char *text, size_t len)
{
	if (!str_room(s, len))
		return;
	if (len)
		memcpy(s->data + s->len, text, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_add_char(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_add_int(struct str *s, int64_t n)
{
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (n < 0)
		str_addc(s, '-');
	str_addn(s, digits + at, sizeof(digits) - at);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list args;
	size_t const room = s->size - s->len;
	int len;

	va_start(args, fmt);
	len = vsnprintf(room ? s->data + s->len : NULL, room, fmt, args);
	va_end(args);
	/* Formatted once where there was room for it; what did not fit is as before. */
	if (len < 0 || !str_room(s, (size_t)len)) {
		if (s->data)
			s->data[s->len] = '\0';
		s->failed = true;
		return;
	}
	if ((size_t)len >= room) {
		va_start(args, fmt);
		vsnprintf(s->data + s->len, (size_t)len + 1, fmt, args);
		va_end(args);
	}
	s->len += (size_t)len;
}

/* Of one of & < > " ' */
static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return "&#39;";
	}
}

void str_add_html(struct str *s, const char *text)
{
	while (*text) {
		size_t const plain = strcspn(text, "&<>\"'");

		str_addn(s, text, plain);
		text += plain;
		if (*text)
			str_add(s, entity(*text++));
	}
}

void str_cut(struct str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->data[len] = '\0';
}
