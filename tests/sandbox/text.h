/* text.h: text that grows, and the encodings the two protocols need. */
#ifndef SANDBOX_TEXT_H
#define SANDBOX_TEXT_H

#include "tests/sandbox/base.h"

struct text {
	char *data; /* ends in NUL as soon as anything was added */
	size_t len;
	size_t size;
};

void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t len);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) PRINTF(2, 3);
void text_add_code_point(struct text *t, uint32_t c);
/* & < > " as entities: HTML and XML. */
void text_add_escaped(struct text *t, const char *s);
/* Percent-encoded, for a form. */
void text_add_encoded(struct text *t, const char *s);
void text_release(struct text *t);
#define AUTO_TEXT __attribute__((cleanup(text_release))) struct text

static inline const char *text_of(const struct text *t)
{
	return t->data ? t->data : "";
}

/* The text as a heap string of its own. */
char *text_take(struct text *t);
char *text_copy(const char *s);

/* Valid UTF-8 as the standard has it: no surrogates, nothing overlong. */
bool utf8_valid(const char *s, size_t len);
/* Bytes of the character that begins here (1 for what is none). */
size_t utf8_len(unsigned char first);
/* UTF-16 units of a text, as Telegram counts. */
size_t utf16_len(const char *s);
/* The code points of a text. */
size_t utf8_count(const char *s);

/* Percent-decoding in place, '+' as a space too. */
void percent_decode(char *s, bool plus);

/* A whole number and nothing else; false: it is none, or does not fit. */
bool number_read(const char *s, int64_t *ret);

#endif
