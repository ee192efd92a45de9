#include "shared/base/str.h"

#include <stdarg.h>

enum { FIRST_SIZE = 256 };

static bool str_room(struct str *s, size_t more)
{
	size_t size = s->size ? s->size : FIRST_SIZE;

	if (s->failed || more > s->cap - s->len) {
		s->failed = true;
		return false;
	}
	while (size < s->len + more + 1)
		size *= 2;
	if (size != s->size) {
		s->data = arena_grow(s->arena, s->data, s->size, size);
		s->size = size;
	}
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

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0 || !str_room(s, (size_t)len)) {
		s->failed = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(s->data + s->len, (size_t)len + 1, fmt, args);
	va_end(args);
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
