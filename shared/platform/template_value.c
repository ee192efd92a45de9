#include "shared/platform/template_private.h"

static struct value *value_new(struct arena *a, enum value_kind kind)
{
	struct value *v = arena_new(a, struct value);

	v->kind = kind;
	v->arena = a;
	return v;
}

struct value *value_object(struct arena *a)
{
	return value_new(a, VALUE_OBJECT);
}

struct value *value_list(struct arena *a)
{
	return value_new(a, VALUE_LIST);
}

struct value *value_text(struct arena *a, const char *text)
{
	struct value *v = value_new(a, VALUE_TEXT);

	v->text = text ? text : "";
	return v;
}

struct value *value_int(struct arena *a, int64_t n)
{
	struct value *v = value_new(a, VALUE_INT);

	v->number = n;
	return v;
}

struct value *value_bool(struct arena *a, bool b)
{
	struct value *v = value_new(a, VALUE_BOOL);

	v->number = b;
	return v;
}

void value_set(struct value *object, const char *name, struct value *v)
{
	struct value_member *member = arena_new(object->arena, struct value_member);

	*member = (struct value_member){ name, v, object->members };
	object->members = member;
}

void value_set_text(struct value *object, const char *name, const char *text)
{
	value_set(object, name, value_text(object->arena, text));
}

void value_set_int(struct value *object, const char *name, int64_t n)
{
	value_set(object, name, value_int(object->arena, n));
}

void value_set_bool(struct value *object, const char *name, bool b)
{
	value_set(object, name, value_bool(object->arena, b));
}

void value_push(struct value *list, struct value *v)
{
	struct value_item *item = arena_new(list->arena, struct value_item);

	item->value = v;
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
}

const struct value *value_get(const struct value *v, const char *name)
{
	const struct value_member *member = v && v->kind == VALUE_OBJECT ? v->members : NULL;

	while (member && strcmp(member->name, name) != 0)
		member = member->next;
	return member ? member->value : NULL;
}

bool value_is_true(const struct value *v)
{
	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_OBJECT:
		return true;
	case VALUE_LIST:
		return v->first;
	case VALUE_TEXT:
		return *v->text;
	default:
		return v->number;
	}
}
