#include "shared/base/utf8.h"

#include "shared/base/str.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/*
 * Decode one character.  Returns the bytes it took, 0 when they are not UTF-8.
 */
static inline size_t decode(const unsigned char *p, size_t len, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t need;
	uint32_t c;

	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF) {
		/* Cyrillic, by itself: most of what is not ASCII here is that. */
		if (len < 2 || (p[1] & 0xC0) != 0x80)
			return 0;
		*ret = (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
		return 2;
	}
	if (p[0] >= 0xE0 && p[0] <= 0xEF)
		need = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		need = 4;
	else
		return 0;
	if (len < need)
		return 0;
	c = p[0] & (0xFFu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < least[need] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*ret = c;
	return need;
}

/* Eight bytes at once, none of them NUL or beyond ASCII: most of what comes is that. */
static bool is_plain8(const unsigned char *p)
{
	uint64_t const ones = UINT64_C(0x0101010101010101);
	uint64_t const highs = ones << 7;
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return !((word | (word - ones)) & highs);
}

size_t utf8_valid_prefix(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t done = 0;
	uint32_t c;

	while (done < len) {
		size_t took;

		if (len - done >= 8 && is_plain8(p + done)) {
			done += 8;
			continue;
		}
		took = decode(p + done, len - done, &c);
		if (!took || !c)
			break;
		done += took;
	}
	return done;
}

bool utf8_valid(const char *text, size_t len)
{
	return utf8_valid_prefix(text, len) == len;
}

size_t utf8_len(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

size_t utf8_utf16_len(const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		unsigned char const c = (unsigned char)*text;

		n += (c & 0xC0) != 0x80;
		n += c >= 0xF0;
	}
	return n;
}

size_t utf8_prefix_utf16(const char *text, size_t units)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len = strlen(text);
	size_t done = 0;
	uint32_t c;

	while (done < len) {
		size_t const took = decode(p + done, len - done, &c);
		size_t const cost = took == 4 ? 2 : 1;

		if (!took || cost > units)
			break;
		units -= cost;
		done += took;
	}
	return done;
}

static inline bool is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x0B || c == 0x0C ||
	       c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Latin and Cyrillic letters, digits and signs: none of them is blank or hidden. */
static inline bool is_ordinary(uint32_t c)
{
	return (c > ' ' && c < 0x7F) || (c > 0x9F && c < 0x200E);
}

static inline bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0xFEFF;
}

static char *put(char *to, const char *from, size_t len)
{
	while (len--)
		*to++ = *from++;
	return to;
}

char *utf8_clean_line(struct arena *a, const char *text, size_t len, size_t max_points)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t const longest = len < max_points ? len : max_points;
	/* A point has up to 4 bytes, and so has each byte's replacement; then "…" and NUL. */
	char *const line = arena_alloc(a, longest * 4 + sizeof("…"));
	char *to = line;
	size_t points = 0;
	bool blank = false;

	while (len) {
		const char *from = (const char *)p;
		uint32_t c = '?';
		size_t const took = decode(p, len, &c);

		p += took ? took : 1;
		len -= took ? took : 1;
		if (!is_ordinary(c) && is_space(c)) {
			blank = to > line;
			continue;
		}
		if (!is_ordinary(c) && is_hidden(c))
			continue;
		if (points + blank + 1 > max_points) {
			put(to, "…", strlen("…"));
			break;
		}
		points += blank + 1u;
		if (blank)
			*to++ = ' ';
		blank = false;
		to = took ? put(to, from, took) : put(to, REPLACEMENT, strlen(REPLACEMENT));
	}
	return line;
}

char *utf8_clean_text(struct arena *a, const char *text, size_t len, size_t max_points)
{
	const char *end = text + len;
	struct str s = STR(a, max_points * 4);
	size_t points = 0;

	/* Each line has a line end before it, and perhaps "…" behind it. */
	while (text && text < end && points + 2 < max_points) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *line = utf8_clean_line(a, text, (size_t)((eol ? eol : end) - text),
						   max_points - points - 2);

		if (s.len)
			str_addc(&s, '\n');
		points += utf8_len(line) + (s.len > 0);
		str_add(&s, line);
		text = eol ? eol + 1 : end;
	}
	return arena_strdup(a, str_text(&s));
}
