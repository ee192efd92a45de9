/*
 * The codes of a value as a list, without the codes themselves, and its batches; the same as
 * CSV.
 */
#include "fcgi/admin/codes.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/code_list.h"
#include "shared/domain/batch.h"

#define SHELF "available"

static const char *const states[] = { SHELF, "reserved", "sold", "defective", "withdrawn" };

static const char *state_label(const struct visit *v, const char *state)
{
	return visit_text(v, arena_printf(v->a, "admin.code.state.%s", state));
}

/* What is for sale, until another state is chosen. */
static const char *state_asked(const struct visit *v)
{
	const char *asked = list_value(v, "state");

	for (size_t i = 0; asked && i < COUNT(states); i++)
		if (!strcmp(states[i], asked))
			return states[i];
	return SHELF;
}

/* The page's key: "<expires_at>.<id>" of the line before it. */
static void after_read(const struct visit *v, struct code_filter *filter)
{
	const char *after = list_after(v);
	const char *point = after ? strchr(after, '.') : NULL;
	int64_t at;
	int64_t id;

	if (!point ||
	    parse_int(arena_strndup(v->a, after, (size_t)(point - after)), 0, INT64_MAX, &at) ||
	    parse_int(point + 1, 1, INT64_MAX, &id))
		return;
	filter->after_at = at;
	filter->after_id = id;
}

static struct code_filter filter_read(struct visit *v, int64_t value_id)
{
	struct code_filter filter = { .value_id = value_id, .state = state_asked(v) };

	(void)!parse_int(visit_query(v, "batch"), 1, INT64_MAX, &filter.batch_id);
	return filter;
}

/* ---- the page ---- */

static void filters_add(struct visit *v)
{
	struct option options[COUNT(states)];
	struct list_filter const filters[] = {
		{ .name = "state",
		  .label = "admin.code.state_is",
		  .options = options,
		  .option_count = COUNT(options) },
		{ .name = "batch", .label = "admin.codes.batch", .type = "search" },
	};

	for (size_t i = 0; i < COUNT(states); i++)
		options[i] = (struct option){ states[i], state_label(v, states[i]) };
	list_filters(v, filters, COUNT(filters));
}

static void line_add(struct visit *v, const struct code_line *line, struct value *rows)
{
	struct value *row = value_object(v->a);

	value_set_int(row, "id", line->id);
	value_set_int(row, "batch_id", line->batch_id);
	value_set_text(row, "batch", line->batch);
	value_set_text(row, "serial", line->serial);
	value_set_int(row, "order_id", line->order_id);
	value_set_text(row, "order", line->order_number);
	value_set_text(row, "expires",
		       line->expires ? visit_date(v, line->expires_at)
				     : visit_text(v, "admin.code.never"));
	value_set_text(row, "sold", line->sold_at ? visit_time(v, line->sold_at) : "");
	value_push(rows, row);
}

static int value_asked(struct visit *v, struct value_row **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : value_load(v->db, v->a, id, ret);
}

int page_codes(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct code_filter filter;
	struct code_line *lines;
	struct value_row *value;
	const char *title;
	const char *path;
	size_t count;
	int rc = value_asked(v, &value);

	if (rc)
		return rc;
	filter = filter_read(v, value->id);
	after_read(v, &filter);
	if ((rc = code_lines(v->db, v->a, &filter, LIST_ROWS + 1, &lines, &count)))
		return rc;
	path = arena_printf(v->a, "/admin/stock/%lld", (long long)value->id);
	title = visit_value_title(v, value->id);
	filters_add(v);
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		line_add(v, &lines[i], rows);
	value_set(v->data, "rows", rows);
	value_set_text(v->data, "state", state_label(v, filter.state));
	if (count) {
		const struct code_line *last =
			&lines[(count > LIST_ROWS ? LIST_ROWS : count) - 1];

		list_pages_text(v, count > LIST_ROWS,
				arena_printf(v->a, "%lld.%lld", (long long)last->expires_at,
					     (long long)last->id));
	} else {
		list_empty(v, visit_text(v, "admin.codes.empty_title"),
			   visit_text(v, "admin.codes.empty_text"), path, title);
	}
	list_export(v, arena_printf(v->a, "%s/codes.csv", path));
	visit_crumb(v, "/admin/stock", visit_text(v, "admin.menu.stock"));
	visit_crumb(v, path, title);
	return visit_show(v, "stock/codes", visit_text(v, "admin.codes.title"));
}

/* ---- the same as CSV ---- */

static int codes_more(struct visit *v, void *data, struct csv *to)
{
	struct code_filter *filter = data;
	struct code_line *lines;
	size_t count;
	int const rc = code_lines(v->db, v->a, filter, CSV_ROWS, &lines, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const struct code_line *line = &lines[i];

		csv_int(to, line->id);
		csv_text(to, filter->state);
		csv_int(to, line->batch_id);
		csv_text(to, line->batch);
		csv_text(to, line->serial);
		csv_time(to, line->expires ? line->expires_at : 0);
		csv_text(to, line->order_number);
		csv_time(to, line->sold_at);
		csv_end(to);
		filter->after_at = line->expires_at;
		filter->after_id = line->id;
	}
	return count < CSV_ROWS ? ERR_NOT_FOUND : OK;
}

int codes_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.codes.number", "admin.code.state_is", "admin.codes.batch",
		"admin.stock.batch",  "admin.code.serial",   "admin.code.expires",
		"admin.code.order",   "admin.code.sold_at",
	};
	struct code_filter *filter = arena_new(v->a, struct code_filter);
	struct value_row *value;
	int const rc = value_asked(v, &value);

	if (rc)
		return rc;
	*filter = filter_read(v, value->id);
	return csv_send(v, &(struct csv_export){ .name = "codes",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = codes_more,
						 .data = filter });
}

/* ---- batches ---- */

void codes_counts_write(struct csv *to, const struct stock_counts *counts)
{
	csv_int(to, counts->available);
	csv_int(to, counts->reserved);
	csv_int(to, counts->sold);
	csv_int(to, counts->defective);
	csv_int(to, counts->withdrawn);
}

struct batches {
	int64_t value_id;
	int64_t before_id;
};

static int batch_write(struct visit *v, const struct batch_row *batch, struct csv *to)
{
	struct stock_counts counts;
	int const rc = stock_count_batch(v->db, batch->id, &counts);

	if (rc)
		return rc;
	csv_int(to, batch->id);
	csv_text(to, batch->name);
	csv_text(to, batch->supplier);
	csv_money(to, batch->cost);
	csv_time(to, batch->created_at);
	codes_counts_write(to, &counts);
	csv_end(to);
	return OK;
}

static int batches_more(struct visit *v, void *data, struct csv *to)
{
	enum { BATCHES = 50 }; /* each is counted */
	struct batches *b = data;
	struct batch_row *list;
	size_t count;
	int rc = batch_list(v->db, v->a, b->value_id, b->before_id, BATCHES, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		rc = batch_write(v, &list[i], to);
		b->before_id = list[i].id;
	}
	return rc || count == BATCHES ? rc : ERR_NOT_FOUND;
}

int batches_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.codes.batch", "admin.stock.batch", "admin.stock.supplier",
		"admin.stock.cost",  "admin.stock.at",	  CODES_COUNTS,
	};
	struct batches *b = arena_new(v->a, struct batches);
	struct value_row *value;
	int const rc = value_asked(v, &value);

	if (rc)
		return rc;
	*b = (struct batches){ .value_id = value->id };
	return csv_send(v, &(struct csv_export){ .name = "batches",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = batches_more,
						 .data = b });
}
