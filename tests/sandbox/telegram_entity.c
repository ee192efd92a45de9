/* The other way round: entities as HTML for the page, and those Telegram finds by itself. */
#include <ctype.h>

#include "tests/sandbox/telegram_html.h"

enum { OPEN_MAX = 128 };

static const struct {
	const char *type;
	const char *open;
	const char *close;
} marks[] = {
	{ "bold", "<b>", "</b>" },
	{ "italic", "<i>", "</i>" },
	{ "underline", "<u>", "</u>" },
	{ "strikethrough", "<s>", "</s>" },
	{ "spoiler", "<span class=\"spoiler\">", "</span>" },
	{ "code", "<code>", "</code>" },
	{ "pre", "<pre>", "</pre>" },
	{ "blockquote", "<blockquote>", "</blockquote>" },
	{ "expandable_blockquote", "<blockquote>", "</blockquote>" },
	{ "bot_command", "<span class=\"command\">", "</span>" },
};

static void mark_open(struct text *out, struct json_object *entity, const char *covered)
{
	const char *type = json_string(entity, "type");
	bool const link = text_is(type, "text_link");

	if (link || text_is(type, "url")) {
		text_add(out, "<a rel=\"noreferrer noopener\" target=\"_blank\" href=\"");
		text_add_escaped(out, link ? json_string(entity, "url") : covered);
		text_add(out, "\">");
		return;
	}
	for (size_t i = 0; i < COUNT(marks); i++) {
		if (text_is(type, marks[i].type))
			text_add(out, marks[i].open);
	}
}

static void mark_close(struct text *out, struct json_object *entity)
{
	const char *type = json_string(entity, "type");

	if (text_is(type, "text_link") || text_is(type, "url"))
		text_add(out, "</a>");
	for (size_t i = 0; i < COUNT(marks); i++) {
		if (text_is(type, marks[i].type))
			text_add(out, marks[i].close);
	}
}

static int64_t entity_end(struct json_object *entity)
{
	return json_int(entity, "offset", 0) + json_int(entity, "length", 0);
}

/* What an entity covers, as a text of its own. */
static void covered_text(struct text *out, const char *at, int64_t units)
{
	while (*at && units > 0) {
		size_t const len = utf8_len((unsigned char)*at);

		text_addn(out, at, len);
		units -= len == 4 ? 2 : 1;
		at += len;
	}
}

/* Close those that end here; what was opened above one of them is closed and opened again. */
static void marks_close(struct text *out, struct json_object **open, size_t *depth, int64_t at)
{
	size_t keep = 0;
	size_t kept;

	while (keep < *depth && entity_end(open[keep]) > at)
		keep++;
	for (size_t i = *depth; i > keep; i--)
		mark_close(out, open[i - 1]);
	kept = keep;
	for (size_t i = keep; i < *depth; i++) {
		if (entity_end(open[i]) <= at)
			continue;
		open[kept++] = open[i];
		mark_open(out, open[i], "");
	}
	*depth = kept;
}

void html_write(struct text *out, const char *text, struct json_object *entities)
{
	struct json_object *open[OPEN_MAX];
	size_t depth = 0;
	int64_t units = 0;
	size_t const count = entities ? json_object_array_length(entities) : 0;

	for (;;) {
		char c[8] = { 0 };
		size_t len;

		marks_close(out, open, &depth, units);
		if (!*text)
			return;
		for (size_t i = 0; i < count; i++) {
			struct json_object *entity = json_object_array_get_idx(entities, i);
			AUTO_TEXT covered = { 0 };

			if (json_int(entity, "offset", 0) != units || depth == OPEN_MAX)
				continue;
			covered_text(&covered, text, json_int(entity, "length", 0));
			mark_open(out, entity, text_of(&covered));
			open[depth++] = entity;
		}
		len = utf8_len((unsigned char)*text);
		memcpy(c, text, len);
		text_add_escaped(out, c);
		units += len == 4 ? 2 : 1;
		text += len;
	}
}

static void found(struct json_object *entities, const char *type, int64_t offset,
		  const char *text, size_t len)
{
	struct json_object *entity = json_object_new_object();
	AUTO_FREE char *covered = text_copy(text);

	covered[len] = '\0';
	json_put_string(entity, "type", type);
	json_put_int(entity, "offset", offset);
	json_put_int(entity, "length", (int64_t)utf16_len(covered));
	json_object_array_add(entities, entity);
}

static bool inside(struct json_object *entities, size_t count, int64_t at)
{
	for (size_t i = 0; i < count; i++) {
		struct json_object *entity = json_object_array_get_idx(entities, i);
		const char *type = json_string(entity, "type");

		if (at >= json_int(entity, "offset", 0) && at < entity_end(entity) &&
		    (text_is(type, "code") || text_is(type, "pre") ||
		     text_is(type, "text_link")))
			return true;
	}
	return false;
}

static size_t command_len(const char *s)
{
	size_t len = 1;

	while (isalnum((unsigned char)s[len]) || s[len] == '_')
		len++;
	return len > 1 && len <= 33 &&
			       (!s[len] || isspace((unsigned char)s[len]) ||
				ispunct((unsigned char)s[len]))
		       ? len
		       : 0;
}

static size_t address_len(const char *s)
{
	size_t const scheme = text_begins(s, "https://")  ? 8
			      : text_begins(s, "http://") ? 7
							  : 0;
	size_t len = scheme;

	if (!scheme)
		return 0;
	while (s[len] && !isspace((unsigned char)s[len]) && !strchr("<>\"'", s[len]))
		len++;
	while (len > scheme && strchr(".,!?;:)", s[len - 1]))
		len--;
	return len > scheme ? len : 0;
}

void html_detect(const char *text, struct json_object *entities)
{
	size_t const given = json_object_array_length(entities);
	bool fresh = true; /* the character before was no part of a word */
	int64_t units = 0;

	while (*text) {
		size_t len = 0;
		const char *type = *text == '/' ? "bot_command" : "url";

		if (fresh && !inside(entities, given, units))
			len = *text == '/' ? command_len(text) : address_len(text);
		if (len)
			found(entities, type, units, text, len);
		else
			len = utf8_len((unsigned char)*text);
		fresh = isspace((unsigned char)text[len - 1]) || text[len - 1] == '(';
		for (size_t i = 0; i < len; i++)
			units += (((unsigned char)text[i] & 0xc0) != 0x80) +
				 ((unsigned char)text[i] >= 0xf0);
		text += len;
	}
}
