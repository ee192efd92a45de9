/*
 * utf8.h: text from outside made fit to keep and to show.
 */
#ifndef KARTKA_UTF8_H
#define KARTKA_UTF8_H

#include "shared/base/arena.h"

/* Strict UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) without NUL. */
bool utf8_valid(const char *text, size_t len);

/* How many bytes at the beginning are that. */
size_t utf8_valid_prefix(const char *text, size_t len);

/* How many UTF-16 units the text takes: the stricter of Telegram's two ways to count. */
size_t utf8_utf16_len(const char *text);

/* How many code points. */
size_t utf8_len(const char *text);

/*
 * A copy that is valid and fit for one line of a message: broken bytes become U+FFFD;
 * control characters and the bidirectional overrides (U+202A–202E, U+2066–2069, which
 * would turn round the text that follows) are left out; white space is one blank;
 * ends trimmed; cut at max_points code points with "…".
 */
char *utf8_clean_line(struct arena *a, const char *text, size_t len, size_t max_points);

/*
 * The same for a text of several lines: each cleaned, line ends kept, at most max_points in
 * all; the line for which there is too little room is cut with "…", what follows is left out.
 */
char *utf8_clean_text(struct arena *a, const char *text, size_t len, size_t max_points);

/* The byte length of the longest whole-character prefix with at most units UTF-16 units. */
size_t utf8_prefix_utf16(const char *text, size_t units);

#endif
