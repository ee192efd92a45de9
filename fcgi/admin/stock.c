/*
 * Stock: how much of each value there is; a value's shelf, its batches, and the upload of
 * codes in two steps (staging.c has the second).
 */
#include "fcgi/admin/codes.h"
#include "fcgi/admin/fields.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/batch.h"
#include "shared/domain/staging.h"
#include "shared/domain/stock.h"
#include "shared/service/vault.h"

#define STOCK "/admin/stock"

enum {
	LIST_SHOWN =
		500, /* counted exactly up to here on the lists: there may be many values */
	VALUE_SHOWN = 20000, /* and here on a value's own page */
	BATCHES_SHOWN = 20,
	UPLOADS_SHOWN = 5,
	BATCH_NAME_MAX = 100,
};

static const char *bounded_text(const struct visit *v, int count, int limit)
{
	if (count <= limit)
		return visit_number(v, count);
	return arena_printf(v->a, "> %s", visit_number(v, limit));
}

/* ---- all values ---- */

static int shelf_row(struct visit *v, const struct card_value *value, struct value *rows)
{
	struct value *row = value_object(v->a);
	struct stock_shelf shelf;
	int const rc = stock_shelf(v->db, value->id, LIST_SHOWN, &shelf);

	if (rc)
		return rc;
	value_set_int(row, "id", value->id);
	value_set_text(row, "title", visit_value(v, value));
	value_set_text(row, "slug", value->slug);
	value_set_text(row, "shelf", bounded_text(v, shelf.available, LIST_SHOWN));
	value_set_text(row, "reserved", bounded_text(v, shelf.reserved, LIST_SHOWN));
	value_set_bool(row, "none", !shelf.available);
	value_set_bool(row, "low", shelf.available && shelf.available < shelf.low_stock);
	value_set_bool(row, "hidden", value->hidden);
	value_push(rows, row);
	return OK;
}

int page_stock(struct visit *v)
{
	struct catalog *catalog = v->app->catalog;
	struct value *rows = value_list(v->a);
	const struct card_value *values;
	size_t count = 0;
	int rc = catalog_refresh_now(catalog, v->db, clock_monotonic_ms());

	if (!rc)
		count = catalog_all_values(catalog, &values);
	for (size_t i = 0; !rc && i < count; i++)
		rc = shelf_row(v, &values[i], rows);
	value_set(v->data, "rows", rows);
	list_export(v, STOCK ".csv");
	if (!rc && !count)
		list_empty(v, visit_text(v, "admin.stock.empty_title"),
			   visit_text(v, "admin.stock.empty_text"), "/admin/catalog",
			   visit_text(v, "admin.menu.catalog"));
	return rc ? rc : visit_show(v, "stock/list", visit_text(v, "admin.menu.stock"));
}

/* A value at a time: each is counted to the end. */
static int export_more(struct visit *v, void *data, struct csv *to)
{
	size_t *next = data;
	struct catalog *catalog = v->app->catalog;
	const struct card_value *values;
	struct stock_counts counts;
	int rc = OK;

	if (!*next)
		rc = catalog_refresh_now(catalog, v->db, clock_monotonic_ms());
	if (rc || *next == catalog_all_values(catalog, &values))
		return rc ? rc : ERR_NOT_FOUND;
	values += (*next)++;
	if ((rc = stock_count(v->db, values->id, &counts)))
		return rc;
	csv_text(to, visit_value(v, values));
	csv_text(to, values->slug);
	csv_money(to, values->price);
	csv_yes(to, values->hidden);
	codes_counts_write(to, &counts);
	csv_end(to);
	return OK;
}

int stock_export(struct visit *v)
{
	static const char *const columns[] = { "admin.catalog.value", "admin.catalog.slug",
					       "admin.catalog.price", "admin.catalog.hidden",
					       CODES_COUNTS };

	return csv_send(v, &(struct csv_export){ .name = "stock",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = arena_new(v->a, size_t) });
}

/* ---- one value ---- */

static int counts_add(struct visit *v, int64_t value_id)
{
	static const char *const states[] = { "available", "reserved", "sold", "defective",
					      "withdrawn" };
	struct value *rows = value_list(v->a);
	int rc = OK;

	for (size_t i = 0; !rc && i < COUNT(states); i++) {
		struct value *row = value_object(v->a);
		int count;

		rc = stock_bounded(v->db, value_id, states[i], VALUE_SHOWN, &count);
		value_set_text(
			row, "state",
			visit_text(v, arena_printf(v->a, "admin.code.state.%s", states[i])));
		if (!rc)
			value_set_text(row, "count", bounded_text(v, count, VALUE_SHOWN));
		value_push(rows, row);
	}
	value_set(v->data, "counts", rows);
	return rc;
}

static int batches_add(struct visit *v, int64_t value_id)
{
	struct value *rows = value_list(v->a);
	struct batch_row *list;
	size_t count;
	int rc = batch_list(v->db, v->a, value_id, list_before(v), BATCHES_SHOWN + 1, &list,
			    &count);

	for (size_t i = 0; !rc && i < count && i < BATCHES_SHOWN; i++) {
		struct value *row = value_object(v->a);
		int left;

		rc = batch_bounded(v->db, list[i].id, "available", LIST_SHOWN, &left);
		value_set_int(row, "id", list[i].id);
		value_set_text(row, "name", list[i].name);
		value_set_text(row, "supplier", list[i].supplier);
		value_set_text(row, "cost",
			       list[i].cost.kop ? visit_money(v, list[i].cost) : "–");
		value_set_text(row, "at", visit_time(v, list[i].created_at));
		if (!rc)
			value_set_text(row, "left", bounded_text(v, left, LIST_SHOWN));
		value_push(rows, row);
	}
	value_set(v->data, "batches", rows);
	value_set_bool(v->data, "has_batches", !rc && count);
	if (!rc && count)
		list_pages(v, count > BATCHES_SHOWN,
			   list[(count > BATCHES_SHOWN ? BATCHES_SHOWN : count) - 1].id);
	return rc;
}

static int uploads_add(struct visit *v, int64_t value_id)
{
	struct value *rows = value_list(v->a);
	struct staging *list;
	size_t count;
	int const rc = staging_list(v->db, v->a, value_id, UPLOADS_SHOWN, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_int(row, "id", list[i].id);
		value_set_text(row, "batch", list[i].batch);
		value_set_text(row, "at", visit_time(v, list[i].created_at));
		value_set_bool(row, "moving", list[i].state == STAGING_CONFIRMED);
		value_push(rows, row);
	}
	value_set(v->data, "uploads", rows);
	value_set_bool(v->data, "has_uploads", !rc && count);
	return rc;
}

static void upload_fields(struct visit *v)
{
	const struct field fields[] = {
		{ .name = "codes",
		  .label = "admin.stock.codes",
		  .hint = "admin.stock.codes_hint",
		  .rows = 6,
		  .plain = true },
		{ .name = "batch",
		  .label = "admin.stock.batch",
		  .hint = "admin.stock.batch_hint",
		  .value = VISIT_TEXT(v, "admin.stock.batch_of",
				      A("date", clock_date_hhmm(v->a, clock_now()))),
		  .max = BATCH_NAME_MAX,
		  .required = true },
		{ .name = "supplier", .label = "admin.stock.supplier", .max = 100 },
		{ .name = "cost",
		  .label = "admin.stock.cost",
		  .hint = "admin.stock.cost_hint",
		  .inputmode = "decimal",
		  .max = 12 },
	};

	for (size_t i = 0; i < COUNT(fields); i++)
		fields_add(v, &fields[i]);
}

static int stock_show(struct visit *v, const struct value_row *value)
{
	int rc;

	if ((rc = counts_add(v, value->id)) || (rc = batches_add(v, value->id)) ||
	    (rc = uploads_add(v, value->id)))
		return rc;
	upload_fields(v);
	list_export(v, arena_printf(v->a, STOCK "/%lld/batches.csv", (long long)value->id));
	value_set_int(v->data, "id", value->id);
	value_set_bool(v->data, "may_upload", visit_may(v, ROLE_MANAGER));
	visit_crumb(v, STOCK, visit_text(v, "admin.menu.stock"));
	if (visit_may(v, ROLE_MANAGER))
		visit_action(v, arena_printf(v->a, "/admin/values/%lld", (long long)value->id),
			     visit_text(v, "admin.stock.edit_value"), "catalog");
	return visit_show(v, "stock/value", visit_value_title(v, value->id));
}

int page_stock_value(struct visit *v)
{
	struct value_row *value;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = value_load(v->db, v->a, id, &value)))
		return rc;
	return stock_show(v, value);
}

/* ---- the upload ---- */

static void upload_typed(struct visit *v, struct staging_new *upload)
{
	const char *pasted = visit_form(v, "codes");
	const char *cost = visit_form(v, "cost");
	const char *batch = visit_form(v, "batch");
	const char *supplier = visit_form(v, "supplier");

	upload->file = v->upload.len ? v->upload : (struct bytes){ pasted, strlen(pasted) };
	if (!upload->file.len)
		fields_error(v, "codes", visit_text(v, "admin.stock.codes_needed"));
	upload->batch = utf8_clean_line(v->a, batch, strlen(batch), BATCH_NAME_MAX);
	if (!*upload->batch)
		fields_error(v, "batch", visit_text(v, "admin.stock.batch_needed"));
	upload->supplier = utf8_clean_line(v->a, supplier, strlen(supplier), 100);
	if (*cost && parse_money(cost, &upload->cost))
		fields_error(v, "cost", visit_text(v, "admin.value.price_wrong"));
}

int stock_upload_post(struct visit *v)
{
	struct staging_new upload = { .cost = MONEY(0) };
	struct code_vault vault;
	struct value_row *value;
	int64_t id;
	int rc = visit_id(v, 0, &upload.value_id);

	if (rc || (rc = value_load(v->db, v->a, upload.value_id, &value)))
		return rc;
	upload_typed(v, &upload);
	if (fields_wrong(v))
		return stock_show(v, value);
	vault_fill(&v->program->config, &vault);
	if ((rc = staging_make(v->db, &vault, &v->who, &upload, &id)))
		return rc;
	return visit_redirect(v, arena_printf(v->a, "/admin/uploads/%lld", (long long)id));
}
