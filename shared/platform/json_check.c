/* json_check.c: the grammar of RFC 8259, token by token, and the copy that json-c gets. */
#include "shared/base/utf8.h"
#include "shared/platform/json_private.h"

/* Where the reading stands.  `to` is NULL while what is read is left out. */
struct scan {
	const char *p;
	const char *end;
	char *to;
	int depth;
	const struct json_want *want; /* of the object being read; NULL: everything */
};

static void keep(struct scan *s, const char *from, size_t len)
{
	if (!s->to)
		return;
	memcpy(s->to, from, len);
	s->to += len;
}

static bool is_digit(const struct scan *s)
{
	return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static void blanks_skip(struct scan *s)
{
	while (s->p < s->end &&
	       (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
		s->p++;
}

/* Past this character, and blanks before it; false: another stands there. */
static bool mark_skip(struct scan *s, char mark)
{
	blanks_skip(s);
	if (s->p == s->end || *s->p != mark)
		return false;
	s->p++;
	return true;
}

static bool mark_read(struct scan *s, char mark)
{
	if (!mark_skip(s, mark))
		return false;
	keep(s, &mark, 1);
	return true;
}

/* ---- numbers ---- */

static bool digits_skip(struct scan *s)
{
	if (!is_digit(s))
		return false;
	while (is_digit(s))
		s->p++;
	return true;
}

static bool number_skip(struct scan *s, bool *ret_integer)
{
	const char *const start = s->p += *s->p == '-';

	*ret_integer = true;
	if (!digits_skip(s) || (*start == '0' && s->p - start > 1))
		return false;
	if (s->p < s->end && *s->p == '.') {
		*ret_integer = false;
		s->p++;
		if (!digits_skip(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		*ret_integer = false;
		s->p++;
		s->p += s->p < s->end && (*s->p == '+' || *s->p == '-');
		if (!digits_skip(s))
			return false;
	}
	return true;
}

/* Does the integer from p to end (no leading zeros) need more than int64? */
static bool is_long(const char *p, const char *end)
{
	bool const negative = *p == '-';
	const char *const most = negative ? "9223372036854775808" : "9223372036854775807";
	size_t const len = (size_t)(end - p) - negative;

	if (len != JSON_LONG_DIGITS)
		return len > JSON_LONG_DIGITS;
	return memcmp(p + negative, most, len) > 0;
}

/* json-c clamps what needs more than 64 bits; a number with an exponent it keeps as written. */
static bool number_read(struct scan *s)
{
	const char *const from = s->p;
	bool integer;

	if (!number_skip(s, &integer))
		return false;
	keep(s, from, (size_t)(s->p - from));
	if (integer && is_long(from, s->p))
		keep(s, JSON_LONG_MARK, strlen(JSON_LONG_MARK));
	return true;
}

/* ---- strings ---- */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Past what follows a backslash. */
static bool escape_skip(struct scan *s, bool *nul)
{
	if (s->p == s->end)
		return false;
	if (*s->p != 'u')
		return memchr("\"\\/bfnrt", *s->p++, 8) != NULL;
	if (s->end - s->p < 5)
		return false;
	for (int i = 1; i < 5; i++)
		if (!is_hex(s->p[i]))
			return false;
	*nul = *nul || !memcmp(s->p, "u0000", 5);
	s->p += 5;
	return true;
}

/* Past a string.  *nul is set when there is a NUL in it, *escaped when there is any escape. */
static bool string_skip(struct scan *s, bool *nul, bool *escaped)
{
	*nul = *escaped = false;
	for (s->p++; s->p < s->end; s->p++) {
		unsigned char const c = (unsigned char)*s->p;

		if (c > '\\' || (c >= ' ' && c != '"' && c != '\\'))
			continue;
		if (c == '"') {
			s->p++;
			return true;
		}
		if (c != '\\')
			return false;
		*escaped = true;
		s->p++;
		if (!escape_skip(s, nul))
			return false;
		s->p--;
	}
	return false;
}

static bool string_read(struct scan *s)
{
	const char *const from = s->p;
	bool nul;
	bool escaped;

	if (!string_skip(s, &nul, &escaped))
		return false;
	keep(s, from, (size_t)(s->p - from));
	return true;
}

/* ---- values ---- */

static bool value_read(struct scan *s, int level);

static bool word_read(struct scan *s)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < COUNT(words); i++) {
		size_t const len = strlen(words[i]);

		if ((size_t)(s->end - s->p) >= len && !memcmp(s->p, words[i], len)) {
			keep(s, s->p, len);
			s->p += len;
			return true;
		}
	}
	return false;
}

static bool array_read(struct scan *s, int level)
{
	if (!mark_read(s, '['))
		return false;
	if (mark_read(s, ']'))
		return true;
	do {
		if (!value_read(s, level))
			return false;
	} while (mark_read(s, ','));
	return mark_read(s, ']');
}

/* The row of the member's name, NULL without. */
static const struct json_want *want_find(const struct json_want *list, const char *name,
					 size_t len)
{
	for (; list->name; list++) {
		size_t same = 0;

		while (same < len && list->name[same] == name[same])
			same++;
		if (same == len && !list->name[len])
			return list;
	}
	return NULL;
}

static bool name_skip(struct scan *s, struct bytes *ret, bool *ret_escaped)
{
	const char *from;
	bool nul;

	blanks_skip(s);
	from = s->p;
	if (s->p == s->end || *s->p != '"' || !string_skip(s, &nul, ret_escaped) || nul)
		return false;
	*ret = (struct bytes){ from, (size_t)(s->p - from) };
	return true;
}

/*
 * With a comma before it, if there are some.  A name that is written with an escape is
 * json-c's to read, and all that it names is copied.
 */
static bool member_read(struct scan *s, int level, bool *some)
{
	const struct json_want *const want = s->want;
	const struct json_want *found = NULL;
	char *const to = s->to;
	struct bytes name;
	bool escaped;
	bool wanted;
	bool good;

	if (!name_skip(s, &name, &escaped))
		return false;
	if (want && !escaped)
		found = want_find(want, (const char *)name.data + 1, name.len - 2);
	wanted = !want || escaped || found;
	if (!wanted)
		s->to = NULL;
	if (*some)
		keep(s, ",", 1);
	keep(s, name.data, name.len);
	s->want = found ? found->members : NULL;
	good = mark_read(s, ':') && value_read(s, level);
	s->want = want;
	if (!wanted)
		s->to = to;
	*some = *some || wanted;
	return good;
}

static bool object_read(struct scan *s, int level)
{
	bool some = false;

	if (!mark_read(s, '{'))
		return false;
	if (mark_read(s, '}'))
		return true;
	do {
		if (!member_read(s, level, &some))
			return false;
	} while (mark_skip(s, ','));
	return mark_read(s, '}');
}

static bool value_read(struct scan *s, int level)
{
	blanks_skip(s);
	if (s->p == s->end)
		return false;
	switch (*s->p) {
	case '{':
		return level < s->depth && object_read(s, level + 1);
	case '[':
		return level < s->depth && array_read(s, level + 1);
	case '"':
		return string_read(s);
	case 't':
	case 'f':
	case 'n':
		return word_read(s);
	default:
		return number_read(s);
	}
}

char *json_reduce(struct bytes text, int depth, const struct json_want *want, size_t *ret_len)
{
	size_t const marks = text.len / JSON_LONG_DIGITS * strlen(JSON_LONG_MARK);
	struct scan s = { .p = text.data, .depth = depth, .want = want };
	char *copy;

	if (!text.len || !utf8_valid(text.data, text.len))
		return NULL;
	s.end = s.p + text.len;
	copy = s.to = malloc(text.len + marks);
	if (!copy)
		die("out of memory");
	if (!value_read(&s, 0) || (blanks_skip(&s), s.p != s.end)) {
		free(copy);
		return NULL;
	}
	*ret_len = (size_t)(s.to - copy);
	return copy;
}
