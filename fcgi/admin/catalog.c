/*
 * The catalogue as a list, and the small changes made from it: order, hiding.
 */
#include "fcgi/admin/catalog_form.h"
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/stock.h"

enum {
	SHELF_SHOWN = 500, /* counted exactly up to here: the list stays quick at any stock */
};

/* ---- the list ---- */

static int value_row(struct visit *v, const struct card_value *value, struct value *rows)
{
	struct value *row = value_object(v->a);
	int shelf;
	int const rc = stock_bounded(v->db, value->id, "available", SHELF_SHOWN, &shelf);

	if (rc)
		return rc;
	value_set_int(row, "id", value->id);
	value_set_text(row, "title", value->title[v->lang]);
	value_set_text(row, "slug", value->slug);
	value_set_text(row, "price", visit_money(v, value->price));
	value_set_text(row, "shelf",
		       shelf > SHELF_SHOWN
			       ? arena_printf(v->a, "> %s", visit_number(v, SHELF_SHOWN))
			       : visit_number(v, shelf));
	value_set_bool(row, "none", !shelf);
	value_set_bool(row, "hidden", value->hidden);
	value_push(rows, row);
	return OK;
}

static int category_row_add(struct visit *v, const struct catalog *catalog,
			    const struct category *category, struct value *rows)
{
	const struct card_value *values = catalog_values(catalog, category);
	struct value *row = value_object(v->a);
	struct value *list = value_list(v->a);
	int rc = OK;

	for (size_t i = 0; !rc && i < category->count; i++)
		rc = value_row(v, &values[i], list);
	value_set_int(row, "id", category->id);
	value_set_text(row, "title", category->title[v->lang]);
	value_set_bool(row, "hidden", category->hidden);
	value_set_bool(row, "may_edit", visit_may(v, ROLE_MANAGER));
	value_set(row, "values", list);
	value_set_bool(row, "no_values", !category->count);
	value_push(rows, row);
	return rc;
}

int page_catalog(struct visit *v)
{
	struct catalog *catalog = catalog_new();
	const struct category *categories;
	struct value *rows = value_list(v->a);
	size_t count;
	int rc = catalog_refresh_now(catalog, v->db, 0);

	if (!rc) {
		count = catalog_all_categories(catalog, &categories);
		for (size_t i = 0; !rc && i < count; i++)
			rc = category_row_add(v, catalog, &categories[i], rows);
		value_set_bool(v->data, "none", !count);
	}
	value_set(v->data, "rows", rows);
	list_export(v, CATALOG ".csv");
	value_set_bool(v->data, "may_edit", visit_may(v, ROLE_MANAGER));
	if (!rc && visit_may(v, ROLE_MANAGER))
		visit_action(v, CATALOG "/new", visit_text(v, "admin.catalog.new"), "plus");
	/* The template borrows the catalogue's texts. */
	if (!rc)
		rc = visit_show(v, "catalog/list", visit_text(v, "admin.menu.catalog"));
	catalog_free(catalog);
	return rc;
}

/* ---- the same as CSV ---- */

static void value_write(struct visit *v, const struct card_value *value, struct csv *to)
{
	const struct category *category = catalog_category(v->app->catalog, value->category_id);

	csv_text(to, category ? category->title[v->lang] : "");
	csv_text(to, value->slug);
	for (int i = 0; i < CATALOG_LANGS; i++)
		csv_text(to, value->title[i]);
	csv_money(to, value->price);
	csv_int(to, value->max_per_order);
	csv_int(to, value->max_per_day);
	csv_yes(to, value->hidden);
	csv_end(to);
}

static int export_more(struct visit *v, void *data, struct csv *to)
{
	size_t *next = data;
	const struct card_value *values;
	size_t count;
	int rc = OK;

	if (!*next)
		rc = catalog_refresh_now(v->app->catalog, v->db, clock_monotonic_ms());
	if (rc)
		return rc;
	count = catalog_all_values(v->app->catalog, &values);
	for (size_t i = 0; i < CSV_ROWS && *next < count; i++)
		value_write(v, &values[(*next)++], to);
	return *next < count ? OK : ERR_NOT_FOUND;
}

int catalog_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.value.category",	     "admin.catalog.slug",
		"admin.catalog.title_uk",    "admin.catalog.title_en",
		"admin.catalog.title_ru",    "admin.catalog.price",
		"admin.value.max_per_order", "admin.value.max_per_day",
		"admin.catalog.hidden",
	};

	return csv_send(v, &(struct csv_export){ .name = "catalog",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = arena_new(v->a, size_t) });
}

/* ---- small changes from the list ---- */

typedef int hide(struct db *db, const struct audit_who *who, int64_t id, bool hidden);
typedef int move(struct db *db, const struct audit_who *who, int64_t id, int step);

static int hide_post(struct visit *v, hide *change, bool hidden, const char *undo)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = change(v->db, &v->who, id, hidden)))
		return rc;
	rc = visit_flash_undo(
		v, TONE_DONE,
		visit_text(v, hidden ? "admin.catalog.hid" : "admin.catalog.showed"),
		arena_printf(v->a, undo, (long long)id));
	return rc ? rc : visit_redirect(v, CATALOG);
}

static int move_post(struct visit *v, move *change)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc ||
	    (rc = change(v->db, &v->who, id, !strcmp(visit_form(v, "to"), "up") ? -1 : 1)))
		return rc;
	return visit_redirect(v, CATALOG);
}

int category_hide_post(struct visit *v)
{
	return hide_post(v, category_set_hidden, true, "/admin/categories/%lld/show");
}

int category_show_post(struct visit *v)
{
	return hide_post(v, category_set_hidden, false, "/admin/categories/%lld/hide");
}

int category_move_post(struct visit *v)
{
	return move_post(v, category_move);
}

int value_hide_post(struct visit *v)
{
	return hide_post(v, value_set_hidden, true, "/admin/values/%lld/show");
}

int value_show_post(struct visit *v)
{
	return hide_post(v, value_set_hidden, false, "/admin/values/%lld/hide");
}

int value_move_post(struct visit *v)
{
	return move_post(v, value_move);
}
