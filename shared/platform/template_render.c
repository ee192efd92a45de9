#include "shared/platform/template_private.h"

#include "shared/base/limits.h"

struct rendering {
	template_find *find;
	void *find_data;
	struct str *out;
	int depth;  /* of partials */
	long steps; /* taken: partials that call each other must come to an end */
};

/* Where names are looked up: the innermost section's value first. */
struct frame {
	const struct value *value;
	const struct frame *outer;
};

/* What stands before each line inside partials that are indented; the outermost first. */
struct indent {
	const char *text;
	const struct indent *outer;
};

/* The first part of a name is looked up outwards, the others only inside what that gave. */
static const struct value *resolve(const struct frame *frame, const char *const *path)
{
	const struct value *v = NULL;

	if (!*path)
		return frame->value;
	for (; frame && !v; frame = frame->outer)
		v = value_get(frame->value, *path);
	while (v && *++path)
		v = value_get(v, *path);
	return v;
}

static void value_add(struct str *out, const struct value *v, bool raw)
{
	if (!v)
		return;
	if (v->kind == VALUE_INT)
		str_addf(out, "%lld", (long long)v->number);
	else if (v->kind == VALUE_BOOL)
		str_add(out, v->number ? "true" : "false");
	else if (v->kind == VALUE_TEXT && raw)
		str_add(out, v->text);
	else if (v->kind == VALUE_TEXT)
		str_add_html(out, v->text);
}

static void indent_add(struct str *out, const struct indent *indent)
{
	if (!indent)
		return;
	indent_add(out, indent->outer);
	str_add(out, indent->text);
}

/* Template text inside an indented partial: before each line that is not empty. */
static void text_add(struct str *out, const struct op *op, const struct indent *indent)
{
	const char *p = op->text;
	const char *const end = p + op->len;
	bool begins = op->line_begins;

	if (!indent) {
		str_addn(out, p, op->len);
		return;
	}
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *const stop = newline ? newline + 1 : end;

		if (begins && *p != '\n' && *p != '\r')
			indent_add(out, indent);
		str_addn(out, p, (size_t)(stop - p));
		begins = true;
		p = stop;
	}
}

static int ops_render(struct rendering *r, const struct template *t, size_t from, size_t to,
		      const struct frame *frame, const struct indent *indent);

static int section_render(struct rendering *r, const struct template *t, size_t at,
			  const struct frame *frame, const struct indent *indent)
{
	size_t const end = t->ops[at].end;
	struct frame inner = { resolve(frame, t->ops[at].path), frame };
	int rc = OK;

	if (t->ops[at].kind == OP_INVERTED)
		return value_is_true(inner.value)
			       ? OK
			       : ops_render(r, t, at + 1, end, frame, indent);
	if (!inner.value || !value_is_true(inner.value))
		return OK;
	if (inner.value->kind != VALUE_LIST)
		return ops_render(r, t, at + 1, end, &inner, indent);
	for (const struct value_item *i = inner.value->first; i && !rc; i = i->next) {
		struct frame const item = { i->value, frame };

		if (++r->steps > TEMPLATE_STEPS_MAX)
			return ERR_TOO_LONG;
		rc = ops_render(r, t, at + 1, end, &item, indent);
	}
	return rc;
}

static int partial_render(struct rendering *r, const struct op *op, const struct frame *frame,
			  const struct indent *indent)
{
	const struct template *t = r->find ? r->find(op->text, r->find_data) : NULL;
	struct indent const own = { op->indent, indent };
	int rc;

	if (!t)
		return OK;
	if (r->depth == TEMPLATE_DEPTH_MAX)
		return ERR_TOO_LONG;
	r->depth++;
	if (!op->indent) /* inside a line: its first line is on the way already */
		rc = ops_render(r, t, 0, t->count, frame, NULL);
	else
		rc = ops_render(r, t, 0, t->count, frame, *op->indent ? &own : indent);
	r->depth--;
	return rc;
}

static int ops_render(struct rendering *r, const struct template *t, size_t from, size_t to,
		      const struct frame *frame, const struct indent *indent)
{
	int rc = OK;

	while (from < to && !rc) {
		const struct op *op = &t->ops[from++];

		if (++r->steps > TEMPLATE_STEPS_MAX || !str_ok(r->out))
			return ERR_TOO_LONG;
		switch (op->kind) {
		case OP_TEXT:
			text_add(r->out, op, indent);
			break;
		case OP_INDENT:
			indent_add(r->out, indent);
			break;
		case OP_VALUE:
		case OP_RAW:
			value_add(r->out, resolve(frame, op->path), op->kind == OP_RAW);
			break;
		case OP_SECTION:
		case OP_INVERTED:
			rc = section_render(r, t, from - 1, frame, indent);
			from = op->end;
			break;
		case OP_PARTIAL:
			rc = partial_render(r, op, frame, indent);
			break;
		}
	}
	return rc;
}

int template_render(const struct template *t, const struct value *data, template_find *find,
		    void *find_data, struct str *out)
{
	struct rendering r = { .find = find, .find_data = find_data, .out = out };
	struct frame const root = { data, NULL };
	int const rc = ops_render(&r, t, 0, t->count, &root, NULL);

	return rc || str_ok(out) ? rc : ERR_TOO_LONG;
}
