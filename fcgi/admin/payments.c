/*
 * Payments and returns as a list, for the books; the same as CSV.
 */
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/domain/payment_list.h"

static const char *const states[] = { "ok", "review", "resolved" };

static const char *state_label(const struct visit *v, const char *state)
{
	return visit_text(v, arena_printf(v->a, "admin.payment.state.%s", state));
}

static const char *kind_label(const struct visit *v, enum payment_kind kind)
{
	return visit_text(v,
			  kind == PAYMENT_IN ? "admin.order.paid_in" : "admin.order.paid_back");
}

static void filters_add(struct visit *v)
{
	struct option options[COUNT(states)];
	struct list_filter const filters[] = {
		{ .name = "state",
		  .label = "admin.orders.state",
		  .options = options,
		  .option_count = COUNT(options) },
		{ .name = "from", .label = "admin.orders.from", .type = "date" },
		{ .name = "to", .label = "admin.orders.to", .type = "date" },
	};

	for (size_t i = 0; i < COUNT(states); i++)
		options[i] = (struct option){ states[i], state_label(v, states[i]) };
	list_filters(v, filters, COUNT(filters));
}

static struct payment_filter filter_read(const struct visit *v)
{
	struct payment_filter filter = { .from_at = list_day(v, "from", 0),
					 .to_at = list_day(v, "to", 1),
					 .before_id = list_before(v) };
	const char *state = list_value(v, "state");

	for (size_t i = 0; state && i < COUNT(states); i++)
		if (!strcmp(states[i], state))
			filter.state = states[i];
	return filter;
}

static void line_add(struct visit *v, const struct payment_line *line, struct value *rows)
{
	const struct payment *p = &line->payment;
	struct value *row = value_object(v->a);

	value_set_int(row, "order_id", line->order_id);
	value_set_text(row, "order", line->order_number);
	value_set_text(row, "amount", visit_money(v, p->amount));
	value_set_text(row, "kind", kind_label(v, p->kind));
	value_set_bool(row, "in", p->kind == PAYMENT_IN);
	value_set_text(row, "state", state_label(v, line->state));
	value_set_bool(row, "care", p->state == PAYMENT_REVIEW);
	value_set_text(row, "reason",
		       *p->reason ? visit_text(v, arena_printf(v->a, "admin.payment.reason.%s",
							       p->reason))
				  : "");
	value_set_text(row, "gateway_id", p->gateway_payment_id);
	value_set_text(row, "at", visit_time(v, p->received_at));
	value_push(rows, row);
}

int page_payments(struct visit *v)
{
	struct payment_filter const filter = filter_read(v);
	struct value *rows = value_list(v->a);
	struct payment_line *lines;
	size_t count;
	int const rc = payment_lines(v->db, v->a, &filter, LIST_ROWS + 1, &lines, &count);

	if (rc)
		return rc;
	filters_add(v);
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		line_add(v, &lines[i], rows);
	value_set(v->data, "rows", rows);
	if (count)
		list_pages(v, count > LIST_ROWS,
			   lines[(count > LIST_ROWS ? LIST_ROWS : count) - 1].payment.id);
	else
		list_empty(v, visit_text(v, "admin.payments.empty_title"),
			   visit_text(v, "admin.payments.empty_text"), NULL, NULL);
	list_export(v, "/admin/payments.csv");
	visit_crumb(v, "/admin/orders", visit_text(v, "admin.menu.orders"));
	return visit_show(v, "order/payments", visit_text(v, "admin.payments.title"));
}

/* ---- the same as CSV ---- */

static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct payment_filter *filter = data;
	struct payment_line *lines;
	size_t count;
	int const rc = payment_lines(v->db, v->a, filter, CSV_ROWS, &lines, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const struct payment *p = &lines[i].payment;

		csv_time(to, p->received_at);
		csv_text(to, lines[i].order_number);
		csv_text(to, kind_label(v, p->kind));
		/* What went back is a minus, so that a column's sum is what is there. */
		csv_money(to, p->kind == PAYMENT_IN ? p->amount : MONEY(-p->amount.kop));
		csv_yes(to, p->applied);
		csv_text(to, lines[i].state);
		csv_text(to, p->reason);
		csv_text(to, p->gateway);
		csv_text(to, p->gateway_payment_id);
		csv_int(to, lines[i].user_id);
		csv_text(to, p->receipt_url);
		csv_end(to);
		filter->before_id = p->id;
	}
	return count < CSV_ROWS ? ERR_NOT_FOUND : OK;
}

int payments_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.payments.at",	 "admin.code.order",	   "admin.payments.kind",
		"admin.order.total",	 "admin.order.applied",	   "admin.orders.state",
		"admin.payments.reason", "admin.payments.gateway", "admin.payments.number",
		"admin.order.buyer_id",	 "admin.order.receipt",
	};
	struct payment_filter *filter = arena_new(v->a, struct payment_filter);

	*filter = filter_read(v);
	filter->before_id = 0;
	return csv_send(v, &(struct csv_export){ .name = "payments",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = filter });
}
