#include "fcgi/admin/fields.h"

struct field_error {
	const char *name;
	const char *text;
	struct field_error *next;
};

void fields_error(struct visit *v, const char *name, const char *text)
{
	struct field_error *e = arena_new(v->a, struct field_error);

	*e = (struct field_error){ name, text, v->field_errors };
	v->field_errors = e;
	v->status = 422;
}

bool fields_wrong(const struct visit *v)
{
	return v->field_errors;
}

static const char *error_of(const struct visit *v, const char *name)
{
	const char *text = "";

	for (const struct field_error *e = v->field_errors; e; e = e->next)
		if (!strcmp(e->name, name))
			text = e->text; /* the first that was told */
	return text;
}

static struct value *options_new(struct visit *v, const struct field *f, const char *chosen)
{
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < f->option_count; i++) {
		struct value *option = value_object(v->a);

		value_set_text(option, "value", f->options[i].value);
		value_set_text(option, "label", f->options[i].label);
		value_set_bool(option, "chosen", !strcmp(f->options[i].value, chosen));
		value_push(list, option);
	}
	return list;
}

/* A password that was refused is typed again; a box that is not ticked sends nothing. */
static const char *shown(const struct visit *v, const struct field *f)
{
	const char *typed = form_get(&v->form, f->name);

	if (f->type && !strcmp(f->type, "password"))
		return "";
	if (f->type && !strcmp(f->type, "checkbox"))
		return v->form.count ? (typed ? "1" : "") : f->value;
	return typed ? typed : f->value;
}

/* Every member is there, so that none is looked for in the page around. */
struct value *fields_new(struct visit *v, const struct field *f)
{
	const char *value = shown(v, f);
	const char *error = error_of(v, f->name);
	struct value *o = value_object(v->a);

	value = value ? value : "";
	value_set_text(o, "name", f->name);
	value_set_text(o, "id", f->id ? f->id : f->name);
	value_set_text(o, "label", visit_text(v, f->label));
	value_set_text(o, "hint", f->hint ? visit_text(v, f->hint) : "");
	value_set_text(o, "type", f->type ? f->type : "text");
	value_set_text(o, "value", value);
	value_set_text(o, "error", error);
	value_set_text(o, "placeholder", f->placeholder);
	value_set_text(o, "autocomplete", f->autocomplete ? f->autocomplete : "off");
	value_set_text(o, "inputmode", f->inputmode);
	value_set_int(o, "max", f->max);
	value_set_int(o, "rows", f->rows);
	value_set_bool(o, "required", f->required);
	value_set_bool(o, "autofocus", f->autofocus);
	value_set_bool(o, "plain", f->plain);
	value_set_bool(o, "checked", *value && strcmp(value, "0") != 0);
	value_set_bool(o, "described", *error || f->hint);
	value_set(o, "options", options_new(v, f, value));
	return o;
}

void fields_add(struct visit *v, const struct field *field)
{
	value_set(v->data, field->name, fields_new(v, field));
}

void fields_add_langs(struct visit *v, const struct field *field,
		      const char *const values[LANG__COUNT])
{
	static const char *const none[LANG__COUNT] = { NULL, NULL, NULL };

	fields_add_langs_empty(v, field, values, none);
}

void fields_add_langs_empty(struct visit *v, const struct field *field,
			    const char *const values[LANG__COUNT],
			    const char *const placeholders[LANG__COUNT])
{
	struct value *tabs = value_object(v->a);
	struct value *list = value_list(v->a);
	int open = LANG_UK;

	/* The tab with an error in it is the one to be seen. */
	for (int i = LANG__COUNT - 1; i >= 0; i--)
		if (*error_of(v, arena_printf(v->a, "%s_%s", field->name,
					      lang_code((enum lang)i))))
			open = i;
	for (int i = 0; i < LANG__COUNT; i++) {
		const char *code = lang_code((enum lang)i);
		struct field one = *field;
		struct value *tab;

		one.name = arena_printf(v->a, "%s_%s", field->name, code);
		one.value = values ? values[i] : NULL;
		one.placeholder = placeholders[i];
		one.required = field->required && i == LANG_UK;
		tab = fields_new(v, &one);
		value_set_text(tab, "code", code);
		value_set_text(tab, "tab",
			       visit_text(v, arena_printf(v->a, "admin.look.%s", code)));
		value_set_bool(tab, "open", i == open);
		value_set_bool(tab, "area", field->rows > 0);
		value_push(list, tab);
	}
	value_set_text(tabs, "group", field->name);
	value_set_text(tabs, "legend", visit_text(v, field->label));
	value_set_text(tabs, "under", field->hint ? visit_text(v, field->hint) : "");
	value_set(tabs, "tabs", list);
	value_set(v->data, field->name, tabs);
}
