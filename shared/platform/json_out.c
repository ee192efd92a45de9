#include "shared/base/utf8.h"
#include "shared/platform/json.h"

/* Before a value: the comma, if something stands before it. */
static void value_begin(struct json_out *j)
{
	if (j->comma)
		str_addc(j->s, ',');
	j->comma = true;
}

void json_open(struct json_out *j, char bracket)
{
	value_begin(j);
	str_addc(j->s, bracket);
	j->comma = false;
}

void json_close(struct json_out *j, char bracket)
{
	str_addc(j->s, bracket);
	j->comma = true;
}

/* Bytes that go out as they are, from the beginning of the text. */
static size_t plain_len(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return (size_t)(p - (const unsigned char *)text);
}

static size_t foreign_len(const char *text)
{
	size_t len = 0;

	while ((unsigned char)text[len] >= 0x80)
		len++;
	return len;
}

static void add_escaped(struct str *s, char c)
{
	switch (c) {
	case '"':
		str_add(s, "\\\"");
		break;
	case '\\':
		str_add(s, "\\\\");
		break;
	case '\n':
		str_add(s, "\\n");
		break;
	default:
		str_addf(s, "\\u%04x", (unsigned char)c);
	}
}

static void add_quoted(struct str *s, const char *text)
{
	str_addc(s, '"');
	while (*text) {
		size_t const plain = plain_len(text);
		size_t const foreign = foreign_len(text + plain);
		size_t const good = utf8_valid_prefix(text + plain, foreign);

		str_addn(s, text, plain + good);
		text += plain + good;
		if (good < foreign)
			str_add(s, "\xEF\xBF\xBD"); /* U+FFFD for each byte that is broken */
		else if (*text && !foreign)
			add_escaped(s, *text);
		else
			continue;
		text++;
	}
	str_addc(s, '"');
}

void json_key(struct json_out *j, const char *name)
{
	value_begin(j);
	add_quoted(j->s, name);
	str_addc(j->s, ':');
	j->comma = false;
}

void json_put_text(struct json_out *j, const char *text)
{
	if (!text) {
		json_put_null(j);
		return;
	}
	value_begin(j);
	add_quoted(j->s, text);
}

void json_put_int(struct json_out *j, int64_t n)
{
	value_begin(j);
	str_addf(j->s, "%lld", (long long)n);
}

void json_put_bool(struct json_out *j, bool b)
{
	json_put_raw(j, b ? "true" : "false");
}

void json_put_null(struct json_out *j)
{
	json_put_raw(j, "null");
}

void json_put_raw(struct json_out *j, const char *json)
{
	value_begin(j);
	str_add(j->s, json);
}

void json_add_text(struct json_out *j, const char *name, const char *text)
{
	json_key(j, name);
	json_put_text(j, text);
}

void json_add_int(struct json_out *j, const char *name, int64_t n)
{
	json_key(j, name);
	json_put_int(j, n);
}

void json_add_bool(struct json_out *j, const char *name, bool b)
{
	json_key(j, name);
	json_put_bool(j, b);
}
