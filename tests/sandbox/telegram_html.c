#include "tests/sandbox/telegram_html.h"

#include <ctype.h>

enum { NESTED_MAX = 64, REFERENCE_MAX = 10 /* bytes of &#…, as the server has it */ };

/* A tag that is open. */
struct tag {
	char name[16];
	size_t begin;		    /* byte offset of its < */
	struct json_object *entity; /* already in the list; borrowed */
	size_t text_begin;	    /* byte offset in the text */
};

struct parser {
	const char *html;
	size_t at;
	struct text *text;
	size_t units; /* UTF-16 so far */
	struct json_object *entities;
	struct tag open[NESTED_MAX];
	size_t depth;
	struct text *why;
};

static const struct {
	const char *tag;
	const char *entity;
	const char *attribute; /* NULL: it has none that matters */
} tags[] = {
	{ "b", "bold", NULL },
	{ "strong", "bold", NULL },
	{ "i", "italic", NULL },
	{ "em", "italic", NULL },
	{ "u", "underline", NULL },
	{ "ins", "underline", NULL },
	{ "s", "strikethrough", NULL },
	{ "strike", "strikethrough", NULL },
	{ "del", "strikethrough", NULL },
	{ "span", "spoiler", "class" },
	{ "tg-spoiler", "spoiler", NULL },
	{ "a", "text_link", "href" },
	{ "tg-emoji", "custom_emoji", "emoji-id" },
	{ "tg-time", "date_time", "unix" },
	{ "code", "code", "class" },
	{ "pre", "pre", NULL },
	{ "blockquote", "blockquote", "expandable" },
};

static bool space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || !c;
}

/* &lt; &gt; &amp; &quot; &#N; &#xN;: the character, moving on; 0: it is literal text. */
static uint32_t reference_read(const char *s, size_t *at)
{
	static const struct {
		const char *name;
		char c;
	} names[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' } };
	size_t i = *at + 1;
	uint32_t c = 0;

	if (s[i] == '#') {
		bool const hex = s[i + 1] == 'x';

		for (i += hex ? 2 : 1;
		     hex ? isxdigit((unsigned char)s[i]) : isdigit((unsigned char)s[i]); i++) {
			int const digit = isdigit((unsigned char)s[i]) ? s[i] - '0'
								       : (s[i] | 32) - 'a' + 10;

			c = c < 0x110000 ? c * (hex ? 16 : 10) + (uint32_t)digit : c;
		}
		if (!c || c >= 0x10ffff || i - *at >= REFERENCE_MAX ||
		    (c >= 0xd800 && c < 0xe000))
			return 0;
	} else {
		size_t const begin = i;

		while (isalpha((unsigned char)s[i]))
			i++;
		for (size_t k = 0; k < COUNT(names); k++) {
			if (i - begin == strlen(names[k].name) &&
			    memcmp(s + begin, names[k].name, i - begin) == 0)
				c = (uint32_t)names[k].c;
		}
		if (!c)
			return 0;
	}
	*at = i + (s[i] == ';');
	return c;
}

static bool fail_at(struct parser *p, size_t at, const char *what)
{
	text_addf(p->why, "%s at byte offset %zu", what, at);
	return false;
}

static void skip_spaces(struct parser *p)
{
	while (p->html[p->at] && space(p->html[p->at]))
		p->at++;
}

static bool value_read(struct parser *p, struct text *value)
{
	const char *s = p->html;
	size_t const begin = p->at;
	char const quote = s[p->at];

	if (quote != '"' && quote != '\'') {
		while (isalnum((unsigned char)s[p->at]) || s[p->at] == '.' || s[p->at] == '-')
			text_addc(value, (char)tolower((unsigned char)s[p->at++]));
		return (space(s[p->at]) || s[p->at] == '>') ||
		       fail_at(p, begin, "Unexpected end of name token");
	}
	p->at++;
	while (s[p->at] && s[p->at] != quote) {
		uint32_t const c = s[p->at] == '&' ? reference_read(s, &p->at) : 0;

		if (c)
			text_add_code_point(value, c);
		else
			text_addc(value, s[p->at++]);
	}
	p->at += s[p->at] == quote;
	return true;
}

/* What an attribute means for its entity. */
static void attribute_use(struct json_object *entity, const char *tag, const char *name,
			  const char *value)
{
	int64_t number;

	if (text_is(tag, "a") && text_is(name, "href"))
		json_put_string(entity, "url", value);
	else if (text_is(tag, "code") && text_is(name, "class") &&
		 text_begins(value, "language-"))
		json_put_string(entity, "language", value + strlen("language-"));
	else if (text_is(tag, "tg-emoji") && text_is(name, "emoji-id"))
		json_put_string(entity, "custom_emoji_id", value);
	else if (text_is(tag, "tg-time") && text_is(name, "unix") &&
		 number_read(value, &number))
		json_put_int(entity, "unix_time", number);
	else if (text_is(tag, "tg-time") && text_is(name, "format"))
		json_put_string(entity, "date_time_format", value);
	else if (text_is(tag, "blockquote") && text_is(name, "expandable"))
		json_put_string(entity, "type", "expandable_blockquote");
	else if (text_is(tag, "span") && text_is(name, "class") && text_is(value, "tg-spoiler"))
		json_put_flag(entity, "spoiler", true);
}

static bool attributes_read(struct parser *p, struct tag *tag)
{
	const char *s = p->html;
	char unclosed[64];

	snprintf(unclosed, sizeof(unclosed), "Unclosed start tag \"%s\"", tag->name);
	for (skip_spaces(p); s[p->at] != '>'; skip_spaces(p)) {
		AUTO_TEXT name = { 0 };
		AUTO_TEXT value = { 0 };

		while (!space(s[p->at]) && s[p->at] != '=' && s[p->at] != '>')
			text_addc(&name, (char)tolower((unsigned char)s[p->at++]));
		if (!s[p->at])
			return fail_at(p, tag->begin, unclosed);
		if (!name.len) {
			snprintf(unclosed, sizeof(unclosed),
				 "Empty attribute name in the tag \"%s\"", tag->name);
			return fail_at(p, tag->begin, unclosed);
		}
		skip_spaces(p);
		if (s[p->at] == '=') {
			p->at++;
			skip_spaces(p);
			if (!value_read(p, &value))
				return false;
		}
		if (!s[p->at])
			return fail_at(p, tag->begin, unclosed);
		attribute_use(tag->entity, tag->name, name.data, text_of(&value));
	}
	p->at++;
	return true;
}

static bool start_tag(struct parser *p, size_t begin)
{
	const char *s = p->html;
	struct tag *tag = &p->open[p->depth];
	AUTO_TEXT name = { 0 };
	size_t kind = 0;

	while (!space(s[p->at]) && s[p->at] != '>')
		text_addc(&name, (char)tolower((unsigned char)s[p->at++]));
	if (!s[p->at])
		return fail_at(p, begin, "Unclosed start tag");
	while (kind < COUNT(tags) && !text_is(tags[kind].tag, text_of(&name)))
		kind++;
	if (kind == COUNT(tags) || p->depth == NESTED_MAX - 1) {
		text_addf(p->why, "Unsupported start tag \"%s\" at byte offset %zu",
			  text_of(&name), begin);
		return false;
	}
	*tag = (struct tag){ .begin = begin, .entity = json_object_new_object() };
	snprintf(tag->name, sizeof(tag->name), "%s", tags[kind].tag);
	tag->text_begin = p->text->len;
	json_put_string(tag->entity, "type", tags[kind].entity);
	json_put_int(tag->entity, "offset", (int64_t)p->units);
	json_object_array_add(p->entities, tag->entity);
	p->depth++;
	if (!attributes_read(p, tag))
		return false;
	if (text_is(tag->name, "span") && !json_flag(tag->entity, "spoiler"))
		return fail_at(p, begin, "Tag \"span\" must have class \"tg-spoiler\"");
	json_object_object_del(tag->entity, "spoiler");
	return true;
}

static bool web_address(const char *url)
{
	return text_begins(url, "http://") || text_begins(url, "https://") ||
	       text_begins(url, "tg://") || text_begins(url, "mailto:") ||
	       text_begins(url, "tel:");
}

/* A tag is whole: what is empty, or a link to nowhere, is dropped later (length 0). */
static void entity_end(struct parser *p, struct tag *tag)
{
	const char *url = json_string(tag->entity, "url");
	int64_t length = (int64_t)p->units - json_int(tag->entity, "offset", 0);

	if (text_is(tag->name, "a")) {
		if (!url || !*url)
			json_put_string(tag->entity, "url", text_of(p->text) + tag->text_begin);
		if (!web_address(json_string(tag->entity, "url")))
			length = 0;
	}
	/* <pre><code class="language-x"> is one entity; a language outside of <pre> means
	 * nothing. */
	if (text_is(tag->name, "code") && json_member(tag->entity, "language")) {
		struct tag *outer = p->depth > 1 ? &p->open[p->depth - 2] : NULL;

		if (outer && text_is(outer->name, "pre")) {
			json_put_string(outer->entity, "language",
					json_string(tag->entity, "language"));
			length = 0;
		}
		json_object_object_del(tag->entity, "language");
	}
	json_put_int(tag->entity, "length", length);
}

static bool end_tag(struct parser *p, size_t begin)
{
	const char *s = p->html;
	struct tag *tag = p->depth ? &p->open[p->depth - 1] : NULL;
	AUTO_TEXT name = { 0 };

	if (!tag)
		return fail_at(p, begin, "Unexpected end tag");
	p->at++;
	while (!space(s[p->at]) && s[p->at] != '>')
		text_addc(&name, (char)tolower((unsigned char)s[p->at++]));
	skip_spaces(p);
	if (s[p->at] != '>')
		return fail_at(p, begin, "Unclosed end tag");
	p->at++;
	if (name.len && !text_is(name.data, tag->name)) {
		text_addf(p->why,
			  "Unmatched end tag at byte offset %zu, expected \"</%s>\", found "
			  "\"</%s>\"",
			  begin, tag->name, name.data);
		return false;
	}
	entity_end(p, tag);
	p->depth--;
	return true;
}

static void entities_drop_empty(struct json_object *entities)
{
	for (size_t i = json_object_array_length(entities); i-- > 0;) {
		if (json_int(json_object_array_get_idx(entities, i), "length", 0) <= 0)
			json_object_array_del_idx(entities, i, 1);
	}
}

bool html_parse(const char *html, struct text *text, struct json_object *entities,
		struct text *why)
{
	struct parser p = { .html = html, .text = text, .entities = entities, .why = why };

	while (html[p.at]) {
		size_t const begin = p.at;
		unsigned char const c = (unsigned char)html[p.at];
		uint32_t const referred = c == '&' ? reference_read(html, &p.at) : 0;

		if (referred) {
			text_add_code_point(text, referred);
			p.units += 1 + (referred > 0xffff);
		} else if (c == '<') {
			p.at++;
			if (!(html[p.at] == '/' ? end_tag(&p, begin) : start_tag(&p, begin)))
				return false;
		} else {
			text_addc(text, (char)c);
			p.units += ((c & 0xc0) != 0x80) + (c >= 0xf0);
			p.at++;
		}
	}
	if (p.depth) {
		text_addf(why, "Can't find end tag corresponding to start tag \"%s\"",
			  p.open[p.depth - 1].name);
		return false;
	}
	entities_drop_empty(entities);
	return true;
}

void html_trim(struct text *text, struct json_object **entities)
{
	size_t begin = 0;
	int64_t units;

	for (size_t i = 0; i < text->len; i++) {
		if ((unsigned char)text->data[i] < ' ' && text->data[i] != '\n')
			text->data[i] = ' ';
	}
	while (text->len && space(text->data[text->len - 1]))
		text->data[--text->len] = '\0';
	while (begin < text->len && space(text->data[begin]))
		begin++;
	if (begin) {
		memmove(text->data, text->data + begin, text->len - begin + 1);
		text->len -= begin;
	}
	units = (int64_t)utf16_len(text_of(text));
	for (size_t i = 0; i < json_object_array_length(*entities); i++) {
		struct json_object *entity = json_object_array_get_idx(*entities, i);
		int64_t from = json_int(entity, "offset", 0) - (int64_t)begin;
		int64_t to = from + json_int(entity, "length", 0);

		from = from < 0 ? 0 : from;
		to = to > units ? units : to;
		json_put_int(entity, "offset", from);
		json_put_int(entity, "length", to - from);
	}
	entities_drop_empty(*entities);
}
