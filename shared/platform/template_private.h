/*
 * template_private.h: a compiled template and the data it is rendered with, as
 * template's own files see them.  For template*.c only.
 */
#ifndef KARTKA_TEMPLATE_PRIVATE_H
#define KARTKA_TEMPLATE_PRIVATE_H

#include "shared/platform/template.h"

/* ---- a compiled template: steps in a row ---- */

enum op_kind {
	OP_TEXT,
	OP_INDENT, /* a tag begins the line here: a partial's indentation belongs before it */
	OP_VALUE,
	OP_RAW,
	OP_SECTION,
	OP_INVERTED,
	OP_PARTIAL
};

struct op {
	enum op_kind kind;
	bool line_begins; /* OP_TEXT: its first character is the first of a line */
	const char *text; /* OP_TEXT; OP_PARTIAL: its name; else the tag's, for problems */
	size_t len;	  /* OP_TEXT */
	const char *const *path; /* the name at its dots, NULL after the last; none for "." */
	const char *indent;	 /* OP_PARTIAL that has a line for itself, else NULL */
	size_t end;		 /* OP_SECTION, OP_INVERTED: the first op behind it */
};

struct template
{
	const struct op *ops;
	size_t count;
};

/* ---- data ---- */

enum value_kind { VALUE_OBJECT, VALUE_LIST, VALUE_TEXT, VALUE_INT, VALUE_BOOL };

struct value_member {
	const char *name;
	const struct value *value;
	const struct value_member *next;
};

struct value_item {
	const struct value *value;
	struct value_item *next;
};

struct value {
	enum value_kind kind;
	struct arena *arena;		    /* members and items are taken from it */
	const char *text;		    /* VALUE_TEXT */
	int64_t number;			    /* VALUE_INT, VALUE_BOOL */
	const struct value_member *members; /* the newest first: it counts */
	struct value_item *first;
	struct value_item *last;
};

/* NULL when v is no object or has none of that name. */
const struct value *value_get(const struct value *v, const char *name);

/* Not false, 0, "", an empty list, nothing. */
bool value_is_true(const struct value *v);

#endif
