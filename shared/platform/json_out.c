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

/* Letters of other scripts go out as they are as well, if they are good UTF-8. */
static bool is_escaped(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static size_t unescaped_len(const char *text)
{
	size_t len = 0;

	while (!is_escaped((unsigned char)text[len]))
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
	/* Names, numbers, most labels: one piece. */
	for (;;) {
		size_t const len = unescaped_len(text);
		size_t const good = utf8_valid_prefix(text, len);

		str_addn(s, text, good);
		text += good;
		if (good < len)
			str_add(s, "\xEF\xBF\xBD"); /* U+FFFD for each byte that is broken */
		else if (*text)
			add_escaped(s, *text);
		else
			break;
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
	str_add_int(j->s, n);
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
