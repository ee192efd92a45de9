#include "shared/platform/template_private.h"

#include "shared/base/limits.h"

#define BLANKS " \t\r\n"
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* What is being compiled, and how far it got. */
struct compiling {
	struct arena *arena;
	struct str *problem;
	const char *text;
	const char *p;	  /* behind the last tag */
	const char *open; /* delimiters in force */
	const char *close;
	struct op *ops;
	size_t count;
	size_t room;
	size_t sections[TEMPLATE_DEPTH_MAX]; /* those open: their ops */
	size_t section_count;
};

/* One tag: {{# name }} has kind '#'; a plain one has 0. */
struct tag {
	char kind;
	const char *name; /* without the blanks around it */
	const char *from; /* its first character, and the first behind it */
	const char *to;
};

/* `at` is where in the text; the reader is told the line. */
static int refuse(const struct compiling *c, const char *at, const char *name, const char *what)
{
	int line = 1;

	for (const char *p = c->text; p < at; p++)
		line += *p == '\n';
	str_addf(c->problem, "line %d: %s %s", line, name, what);
	return ERR_INVALID;
}

static struct op *op_add(struct compiling *c, enum op_kind kind)
{
	size_t const size = sizeof(struct op);

	if (c->count == c->room) {
		c->room = c->room ? 2 * c->room : 16;
		c->ops = arena_grow(c->arena, c->ops, c->count * size, c->room * size);
	}
	c->ops[c->count].kind = kind;
	return &c->ops[c->count++];
}

static bool line_begins_at(const struct compiling *c, const char *p)
{
	return p == c->text || p[-1] == '\n';
}

static void text_op(struct compiling *c, const char *from, const char *to)
{
	struct op *op;

	if (from == to)
		return;
	op = op_add(c, OP_TEXT);
	op->line_begins = line_begins_at(c, from);
	op->text = arena_strndup(c->arena, from, (size_t)(to - from));
	op->len = (size_t)(to - from);
}

/* ---- reading a tag ---- */

static const char *trimmed(struct arena *a, const char *from, const char *to)
{
	while (from < to && strchr(BLANKS, *from))
		from++;
	while (to > from && strchr(BLANKS, to[-1]))
		to--;
	return arena_strndup(a, from, (size_t)(to - from));
}

/* The tag whose opening delimiter stands at `at`. */
static int tag_read(struct compiling *c, const char *at, struct tag *ret)
{
	const char *p = at + strlen(c->open);
	const char *close = c->close;
	const char *end;

	p += strspn(p, BLANKS);
	*ret = (struct tag){ .from = at };
	if (*p && strchr("#^/>&!={", *p))
		ret->kind = *p++;
	if (ret->kind == '=' || ret->kind == '{')
		close = arena_printf(c->arena, "%c%s", ret->kind == '=' ? '=' : '}', c->close);
	end = strstr(p, close);
	if (!end)
		return refuse(c, at, c->open, "is not closed");
	ret->name = trimmed(c->arena, p, end);
	ret->to = end + strlen(close);
	return OK;
}

/* Dotted, or "."; of a partial: a path. */
static bool name_is_good(const struct tag *tag)
{
	const char *p = tag->name;

	if (tag->kind == '>')
		return *p && !p[strspn(p, NAME_CHARS "./")];
	if (!strcmp(p, "."))
		return true;
	for (;; p++) {
		size_t const part = strspn(p, NAME_CHARS);

		if (!part)
			return false;
		p += part;
		if (!*p)
			return true;
		if (*p != '.')
			return false;
	}
}

static const char *const *name_path(struct arena *a, const char *name)
{
	const char **path = arena_array(a, strlen(name) / 2 + 2, sizeof(*path));
	size_t n = 0;

	while (strcmp(name, ".") != 0) {
		size_t const part = strcspn(name, ".");

		path[n++] = arena_strndup(a, name, part);
		if (!name[part])
			break;
		name += part + 1;
	}
	return path;
}

/* ---- tags that stand alone on their line ---- */

/*
 * Such a tag (none that writes a value) takes its whole line with it.  ret_from: the
 * line's beginning, ret_to: the next line's.
 */
static bool stands_alone(const struct compiling *c, const struct tag *tag,
			 const char **ret_from, const char **ret_to)
{
	const char *from = tag->from;
	const char *to = tag->to + strspn(tag->to, " \t");

	while (from > c->p && (from[-1] == ' ' || from[-1] == '\t'))
		from--;
	if (!line_begins_at(c, from))
		return false;
	if (to[0] == '\r' && to[1] == '\n')
		to++;
	if (*to && *to != '\n')
		return false;
	*ret_from = from;
	*ret_to = *to ? to + 1 : to;
	return true;
}

/* ---- compiling a tag ---- */

static int delimiters_set(struct compiling *c, const struct tag *tag)
{
	size_t const open = strcspn(tag->name, BLANKS "=");
	const char *rest = tag->name + open;
	size_t const gap = strspn(rest, BLANKS);
	size_t const close = strcspn(rest + gap, BLANKS "=");

	if (!open || !gap || !close || rest[gap + close])
		return refuse(c, tag->from, "=", "is to set two delimiters");
	c->open = arena_strndup(c->arena, tag->name, open);
	c->close = arena_strndup(c->arena, rest + gap, close);
	return OK;
}

static int section_open(struct compiling *c, const struct tag *tag)
{
	struct op *op;

	if (c->section_count == COUNT(c->sections))
		return refuse(c, tag->from, tag->name, "is nested too deep");
	c->sections[c->section_count++] = c->count;
	op = op_add(c, tag->kind == '#' ? OP_SECTION : OP_INVERTED);
	op->text = tag->name;
	op->path = name_path(c->arena, tag->name);
	return OK;
}

static int section_close(struct compiling *c, const struct tag *tag)
{
	struct op *op = c->section_count ? &c->ops[c->sections[c->section_count - 1]] : NULL;

	if (!op)
		return refuse(c, tag->from, tag->name, "is closed but was not opened");
	if (strcmp(op->text, tag->name) != 0)
		return refuse(c, tag->from, op->text, "is not closed here");
	op->end = c->count;
	c->section_count--;
	return OK;
}

static int tag_compile(struct compiling *c, const struct tag *tag, const char *indent)
{
	struct op *op;

	if (tag->kind == '!')
		return OK;
	if (tag->kind == '=')
		return delimiters_set(c, tag);
	if (!name_is_good(tag))
		return refuse(c, tag->from, tag->name, "is no name");
	switch (tag->kind) {
	case '#':
	case '^':
		return section_open(c, tag);
	case '/':
		return section_close(c, tag);
	case '>':
		op = op_add(c, OP_PARTIAL);
		op->text = tag->name;
		op->indent = indent;
		return OK;
	default:
		op = op_add(c, tag->kind ? OP_RAW : OP_VALUE);
		op->text = tag->name;
		op->path = name_path(c->arena, tag->name);
		return OK;
	}
}

/* The text before the tag, the tag; c->p is moved behind it. */
static int piece_compile(struct compiling *c, const struct tag *tag)
{
	bool const writes = !tag->kind || strchr("&{", tag->kind);
	const char *from = tag->from;
	const char *to = tag->to;
	bool const alone = !writes && stands_alone(c, tag, &from, &to);
	const char *indent = NULL;

	text_op(c, c->p, from);
	if (alone)
		indent = arena_strndup(c->arena, from, (size_t)(tag->from - from));
	else if (line_begins_at(c, tag->from))
		(void)op_add(c, OP_INDENT);
	c->p = to;
	return tag_compile(c, tag, indent);
}

int template_compile(struct arena *a, const char *text, const struct template **ret,
		     struct str *problem)
{
	struct compiling c = { .arena = a,
			       .problem = problem,
			       .text = text,
			       .p = text,
			       .open = "{{",
			       .close = "}}" };
	struct template *t = arena_new(a, struct template);
	const char *at;

	while ((at = strstr(c.p, c.open))) {
		struct tag tag;
		int rc = tag_read(&c, at, &tag);

		if (!rc)
			rc = piece_compile(&c, &tag);
		if (rc)
			return rc;
	}
	text_op(&c, c.p, c.p + strlen(c.p));
	if (c.section_count)
		return refuse(&c, c.p, c.ops[c.sections[c.section_count - 1]].text,
			      "is not closed");
	*t = (struct template){ c.ops, c.count };
	*ret = t;
	return OK;
}
