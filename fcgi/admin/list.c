#include "fcgi/admin/list.h"

#include "fcgi/admin/route.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"

#define BEFORE "before"
#define AFTER "after"

enum { URL_MAX = 4000 };

static bool is_place(const char *name)
{
	return !strcmp(name, BEFORE) || !strcmp(name, AFTER);
}

static void pair_add(const struct visit *v, struct str *s, const char *name, const char *value)
{
	str_addf(s, "%c%s=%s", strchr(str_text(s), '?') ? '&' : '?', form_encode(v->a, name),
		 form_encode(v->a, value));
}

const char *list_url(const struct visit *v, const char *path, const char *name,
		     const char *value)
{
	struct str s = STR(v->a, URL_MAX);

	str_add(&s, path);
	for (size_t i = 0; i < v->query.count; i++)
		if (!is_place(v->query.names[i]) && *v->query.values[i] &&
		    strcmp(v->query.names[i], name) != 0)
			pair_add(v, &s, v->query.names[i], v->query.values[i]);
	if (value)
		pair_add(v, &s, name, value);
	return str_ok(&s) ? str_text(&s) : path;
}

const char *list_value(const struct visit *v, const char *name)
{
	const char *value = visit_query(v, name);

	return *value ? value : NULL;
}

int64_t list_day(const struct visit *v, const char *name, int later)
{
	const char *value = list_value(v, name);
	int64_t at;

	return value && !clock_day(value, later, &at) ? at : 0;
}

int64_t list_before(const struct visit *v)
{
	int64_t id;

	return parse_int(visit_query(v, BEFORE), 1, INT64_MAX, &id) ? 0 : id;
}

const char *list_after(const struct visit *v)
{
	return list_value(v, AFTER);
}

bool list_filtered(const struct visit *v, const struct list_filter *filters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list_value(v, filters[i].name))
			return true;
	return false;
}

static struct value *filter_new(struct visit *v, const struct list_filter *f)
{
	const struct field field = { .name = f->name,
				     .label = f->label,
				     .type = f->type,
				     .value = visit_query(v, f->name),
				     .options = f->options,
				     .option_count = f->option_count };
	struct value *o = fields_new(v, &field);

	value_set_bool(o, "choice", !f->type);
	return o;
}

void list_filters(struct visit *v, const struct list_filter *filters, size_t count)
{
	struct value *o = value_object(v->a);
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < count; i++)
		value_push(list, filter_new(v, &filters[i]));
	value_set(o, "list", list);
	value_set_text(o, "path", v->req->path);
	value_set_bool(o, "active", list_filtered(v, filters, count));
	value_set(v->data, "filters", o);
}

static void pages_add(struct visit *v, bool has_more, const char *name, const char *last)
{
	struct value *o = value_object(v->a);
	bool const first = !list_value(v, BEFORE) && !list_value(v, AFTER);

	value_set_text(o, "first", first ? "" : list_url(v, v->req->path, name, NULL));
	value_set_text(o, "next", has_more ? list_url(v, v->req->path, name, last) : "");
	if (!first || has_more)
		value_set(v->data, "pages", o);
}

void list_pages(struct visit *v, bool has_more, int64_t last_id)
{
	pages_add(v, has_more, BEFORE, arena_printf(v->a, "%lld", (long long)last_id));
}

void list_pages_text(struct visit *v, bool has_more, const char *last)
{
	pages_add(v, has_more, AFTER, last);
}

/* Whoever may not fetch it is not offered it. */
static bool may_get(const struct visit *v, const char *path)
{
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if (r->methods & WEB_GET && web_path_match(v->a, r->path, path))
			return visit_may(v, (enum role)r->need);
	}
	return false;
}

void list_export(struct visit *v, const char *path)
{
	if (!may_get(v, path))
		return;
	value_set_text(v->data, "export", list_url(v, path, "", NULL));
}

void list_empty(struct visit *v, const char *title, const char *text, const char *url,
		const char *button)
{
	struct value *o = value_object(v->a);

	value_set_text(o, "title", title);
	value_set_text(o, "text", text);
	value_set_text(o, "url", url);
	value_set_text(o, "button", button);
	value_set(v->data, "empty", o);
}
