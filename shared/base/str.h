/*
 * str.h: text that grows up to a cap and fails once.  Append as often as you
 * like, then ask str_ok(): nothing is cut silently.
 *
 *	struct str msg = STR(arena, TELEGRAM_TEXT_MAX);
 *	str_add(&msg, "<b>");
 *	str_addf(&msg, "%d", n);
 *	if (!str_ok(&msg))
 *		return ERR_TOO_LONG;
 */
#ifndef KARTKA_STR_H
#define KARTKA_STR_H

#include "shared/base/arena.h"

struct str {
	struct arena *arena;
	char *data; /* always ends in NUL */
	size_t len;
	size_t size; /* bytes held */
	size_t cap;  /* len never passes this */
	bool failed;
};

#define STR(a, max) ((struct str){ .arena = (a), .cap = (max) })

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const char *text, size_t len);
void str_add_char(struct str *s, char c); /* str_addc() where there is no room yet */
void str_add_int(struct str *s, int64_t n);
void str_addf(struct str *s, const char *fmt, ...) PRINTF(2, 3);

/* Append with & < > " ' as entities: fit for HTML text, attributes, and Telegram's HTML. */
void str_add_html(struct str *s, const char *text);

/* Shorten to len bytes; longer than it is changes nothing. */
void str_cut(struct str *s, size_t len);

static inline void str_addc(struct str *s, char c)
{
	if (s->failed || s->len >= s->cap || s->len + 1 >= s->size) {
		str_add_char(s, c);
		return;
	}
	s->data[s->len++] = c;
	s->data[s->len] = '\0';
}

static inline bool str_ok(const struct str *s)
{
	return !s->failed;
}

/* The text so far, "" when nothing was appended.  Lives as long as the arena. */
static inline const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

#endif
