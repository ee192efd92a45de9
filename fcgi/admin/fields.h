/*
 * fields.h: a form's fields: label above, hint under, the error beside in words that tell how
 * to mend it; what was typed is never lost.
 *
 *	static const struct field price = { .name = "price", .label = KEY,
 *					    .inputmode = "decimal", .required = true };
 *	…
 *	if (parse_money(visit_form(v, "price"), &money))
 *		fields_error(v, "price", visit_text(v, KEY));
 *	…
 *	fields_add(v, &price);		in the template: {{#price}}{{>form/field}}{{/price}}
 *
 * Partials: form/field (one line), form/area (several), form/select, form/check, form/tabs.
 */
#ifndef KARTKA_ADMIN_FIELDS_H
#define KARTKA_ADMIN_FIELDS_H

#include "fcgi/admin/visit.h"

struct option {
	const char *value;
	const char *label; /* text */
};

struct field {
	const char *name;
	const char *id;		 /* in the page, where a name stands twice; NULL: the name */
	const char *label;	 /* phrase */
	const char *hint;	 /* phrase; NULL: none */
	const char *type;	 /* of <input>; NULL: text */
	const char *placeholder; /* text: what empty means; NULL: none */
	const char *value; /* before anything was typed; NULL: "".  form/check: "1" is on */
	const char *autocomplete;
	const char *inputmode;
	int max;		      /* characters; 0: no limit */
	int rows;		      /* of form/area */
	const struct option *options; /* of form/select */
	size_t option_count;
	bool required;
	bool autofocus;
	bool plain; /* no capitals and no corrections by a phone's keyboard */
};

/* What is wrong with a field, as text.  Before fields_add(). */
void fields_error(struct visit *v, const char *name, const char *text);
bool fields_wrong(const struct visit *v);

/* The field's data under its name in v->data: what was typed, else its value. */
void fields_add(struct visit *v, const struct field *field);
/* The same into another object, for forms that stand in a list. */
struct value *fields_new(struct visit *v, const struct field *field);

/*
 * One text in three languages as tabs: fields <name>_uk, _en, _ru; values in the order of
 * enum lang.  Partial form/tabs; rows > 0: of several lines.
 */
void fields_add_langs(struct visit *v, const struct field *field,
		      const char *const values[LANG__COUNT]);
/* … each with what its being empty means. */
void fields_add_langs_empty(struct visit *v, const struct field *field,
			    const char *const values[LANG__COUNT],
			    const char *const placeholders[LANG__COUNT]);

#endif
