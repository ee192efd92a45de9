/*
 * Orders as a list: one field finds an order by its number, a buyer's id or a payment of
 * Portmone's; filters by state and days; the same as CSV.
 */
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/domain/order_story.h"

#define ORDERS "/admin/orders"

static const char *state_label(const struct visit *v, const char *state)
{
	return visit_text(v, arena_printf(v->a, "admin.order.state.%s", state));
}

static void filters_add(struct visit *v)
{
	struct option *states = arena_array(v->a, ORDER__COUNT, sizeof(*states));
	const struct card_value *values;
	size_t const count = catalog_all_values(v->app->catalog, &values);
	struct option *goods = arena_array(v->a, count, sizeof(*goods));
	struct list_filter filters[] = {
		{ .name = "q", .label = "admin.orders.search", .type = "search" },
		{ .name = "state",
		  .label = "admin.orders.state",
		  .options = states,
		  .option_count = ORDER__COUNT },
		{ .name = "value",
		  .label = "admin.catalog.value",
		  .options = goods,
		  .option_count = count },
		{ .name = "from", .label = "admin.orders.from", .type = "date" },
		{ .name = "to", .label = "admin.orders.to", .type = "date" },
	};

	for (int i = 0; i < ORDER__COUNT; i++) {
		const char *name = order_state_name((enum order_state)i);

		states[i] = (struct option){ .value = name, .label = state_label(v, name) };
	}
	for (size_t i = 0; i < count; i++)
		goods[i] = (struct option){ .value = arena_printf(v->a, "%lld",
								  (long long)values[i].id),
					    .label = visit_value(v, &values[i]) };
	list_filters(v, filters, COUNT(filters));
}

/* A word that is no state filters nothing. */
static const char *state_asked(const struct visit *v)
{
	const char *asked = list_value(v, "state");
	enum order_state const state = asked ? order_state_read(asked) : ORDER__COUNT;

	return state == ORDER__COUNT ? NULL : order_state_name(state);
}

static struct order_filter filter_read(struct visit *v)
{
	struct order_filter filter = { .state = state_asked(v),
				       .from_at = list_day(v, "from", 0),
				       .to_at = list_day(v, "to", 1),
				       .before_id = list_before(v) };
	const char *search = list_value(v, "q");

	(void)!parse_int(visit_query(v, "value"), 1, INT64_MAX, &filter.value_id);
	if (search)
		(void)!parse_int(search, 1, INT64_MAX, &filter.user_id);
	return filter;
}

/* What names one order goes to its page.  ERR_NOT_FOUND: it names none. */
static int search_one(struct visit *v, const char *typed, int64_t *ret)
{
	struct order *order;
	const char *number;
	int rc;

	if (!order_number_read(v->a, typed, &number)) {
		rc = order_by_number(v->db, v->a, number, &order);
		if (!rc)
			*ret = order->id;
		if (rc != ERR_NOT_FOUND)
			return rc;
	}
	return order_of_payment(v->db, typed, ret);
}

static void line_add(struct visit *v, const struct order_line *line, struct value *rows)
{
	struct value *row = value_object(v->a);

	value_set_int(row, "id", line->id);
	value_set_text(row, "number", line->number);
	value_set_text(row, "value", visit_value_title(v, line->value_id));
	value_set_int(row, "quantity", line->quantity);
	value_set_text(row, "total", visit_money(v, line->total));
	value_set_text(row, "state", state_label(v, line->state));
	value_set_bool(row, "care",
		       !strcmp(line->state, "paid") || !strcmp(line->state, "disputed"));
	value_set_bool(row, "good", !strcmp(line->state, "delivered"));
	value_set_text(row, "buyer", *line->buyer ? line->buyer : "–");
	value_set_int(row, "user_id", line->user_id);
	value_set_text(row, "at", visit_time(v, line->created_at));
	value_push(rows, row);
}

int page_orders(struct visit *v)
{
	const char *search = list_value(v, "q");
	struct order_filter filter;
	struct value *rows = value_list(v->a);
	struct order_line *lines;
	size_t count;
	int64_t id;
	int rc;

	if (search) {
		rc = search_one(v, search, &id);
		if (!rc)
			return visit_redirect(
				v, arena_printf(v->a, ORDERS "/%lld", (long long)id));
		if (rc != ERR_NOT_FOUND)
			return rc;
	}
	filter = filter_read(v);
	count = 0;
	/* Words that are neither a number of ours nor an id find nothing. */
	if ((!search || filter.user_id) &&
	    (rc = order_lines(v->db, v->a, &filter, LIST_ROWS + 1, &lines, &count)))
		return rc;
	if ((rc = catalog_refresh(v->app->catalog, v->db, clock_monotonic_ms())))
		return rc;
	filters_add(v);
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		line_add(v, &lines[i], rows);
	if (count)
		list_pages(v, count > LIST_ROWS,
			   lines[(count > LIST_ROWS ? LIST_ROWS : count) - 1].id);
	else
		list_empty(v, visit_text(v, "admin.orders.empty_title"),
			   visit_text(v, "admin.orders.empty_text"), NULL, NULL);
	list_export(v, "/admin/orders.csv");
	value_set(v->data, "rows", rows);
	return visit_show(v, "order/list", visit_text(v, "admin.menu.orders"));
}

/* ---- the same as CSV ---- */

static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct order_filter *filter = data;
	struct order_line *lines;
	size_t count;
	int const rc = order_lines(v->db, v->a, filter, CSV_ROWS, &lines, &count);

	if (rc)
		return rc;
	if (!count)
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < count; i++) {
		csv_text(to, lines[i].number);
		csv_time(to, lines[i].created_at);
		csv_text(to, lines[i].state);
		csv_text(to, visit_value_title(v, lines[i].value_id));
		csv_int(to, lines[i].quantity);
		csv_money(to, lines[i].total);
		csv_int(to, lines[i].user_id);
		csv_text(to, lines[i].buyer);
		csv_end(to);
	}
	filter->before_id = lines[count - 1].id;
	return OK;
}

int orders_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.order.number",	"admin.orders.opened",	"admin.orders.state",
		"admin.catalog.value",	"admin.order.quantity", "admin.order.total",
		"admin.order.buyer_id", "admin.order.buyer",
	};
	struct order_filter *filter = arena_new(v->a, struct order_filter);

	*filter = filter_read(v);
	filter->before_id = 0;
	return csv_send(v, &(struct csv_export){ .name = "orders",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = filter });
}
