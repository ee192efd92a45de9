/*
 * One order with its whole story: states, money, codes, messages and their fate, cases, notes.
 * What can be done with it is order.c.
 */
#include "fcgi/admin/order_page.h"

#include "fcgi/admin/pages.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/order_note.h"
#include "shared/domain/order_story.h"
#include "shared/domain/payment.h"
#include "shared/domain/support_case.h"
#include "shared/domain/user.h"

enum { CASES_SHOWN = 10 };

const char *order_path(const struct visit *v, int64_t id)
{
	return arena_printf(v->a, "/admin/orders/%lld", (long long)id);
}

static struct value *row_new(struct visit *v, struct value *rows)
{
	struct value *row = value_object(v->a);

	value_push(rows, row);
	return row;
}

/* ---- the story ---- */

static int payments_add(struct visit *v, const struct order *order)
{
	struct value *rows = value_list(v->a);
	struct payment *list;
	size_t count;
	int const rc = payment_list_of_order(v->db, v->a, order->id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);
		struct field why = why_field;

		/* One form a payment: each reason has an id of its own. */
		why.id = arena_printf(v->a, "why-%lld", (long long)list[i].id);
		value_set(row, "why", fields_new(v, &why));
		value_set_int(row, "id", list[i].id);
		value_set_text(row, "gateway_id", list[i].gateway_payment_id);
		value_set_text(row, "kind",
			       visit_text(v, list[i].kind == PAYMENT_IN
						     ? "admin.order.paid_in"
						     : "admin.order.paid_back"));
		value_set_text(row, "amount", visit_money(v, list[i].amount));
		value_set_text(row, "at", visit_time(v, list[i].received_at));
		value_set_text(row, "receipt", list[i].receipt_url);
		value_set_bool(row, "applied", list[i].applied);
		value_set_bool(row, "review", list[i].state == PAYMENT_REVIEW);
		value_set_text(
			row, "reason",
			*list[i].reason
				? visit_text(v, arena_printf(v->a, "admin.payment.reason.%s",
							     list[i].reason))
				: "");
		value_set_bool(row, "may_decide",
			       list[i].state == PAYMENT_REVIEW && visit_may(v, ROLE_MANAGER));
		value_set_text(row, "order", order_path(v, order->id));
	}
	value_set(v->data, "payments", rows);
	value_set_bool(v->data, "has_payments", !rc && count);
	return rc;
}

static int codes_add(struct visit *v, const struct order *order)
{
	struct value *rows = value_list(v->a);
	struct order_code *list;
	size_t count;
	int const rc = order_codes(v->db, v->a, order->id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);

		value_set_int(row, "id", list[i].id);
		value_set_int(row, "slot", list[i].slot);
		value_set_text(row, "serial", list[i].serial);
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.code.state.%s",
							  list[i].state)));
		value_set_bool(row, "may_replace",
			       order->state == ORDER_DELIVERED && visit_may(v, ROLE_SUPPORT));
		value_set_text(row, "order", order_path(v, order->id));
	}
	value_set(v->data, "codes", rows);
	value_set_bool(v->data, "has_codes", !rc && count);
	return rc;
}

static int messages_add(struct visit *v, const struct order *order)
{
	struct value *rows = value_list(v->a);
	struct order_message *list;
	size_t count;
	int const rc = order_messages(v->db, v->a, order->id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);

		value_set_text(row, "kind",
			       visit_text(v, arena_printf(v->a, "admin.message.kind.%s",
							  list[i].kind)));
		value_set_bool(row, "failed",
			       strcmp(list[i].state, "sent") != 0 &&
				       strcmp(list[i].state, "pending") != 0);
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.message.state.%s",
							  list[i].state)));
		value_set_text(
			row, "at",
			visit_time(v, list[i].sent_at ? list[i].sent_at : list[i].created_at));
		value_set_int(row, "attempts", list[i].attempts);
		value_set_text(row, "error", list[i].error);
	}
	value_set(v->data, "messages", rows);
	value_set_bool(v->data, "has_messages", !rc && count);
	return rc;
}

static void time_add(struct visit *v, const char *name, int64_t at)
{
	value_set_text(v->data, name, at ? visit_time(v, at) : "");
}

static int facts_add(struct visit *v, const struct order *o)
{
	struct user *user;
	int const rc = user_find(v->db, v->a, o->user_id, &user);

	if (rc)
		return rc;
	value_set_int(v->data, "id", o->id);
	value_set_text(v->data, "state",
		       visit_text(v, arena_printf(v->a, "admin.order.state.%s",
						  order_state_name(o->state))));
	value_set_text(v->data, "value", visit_value_title(v, o->value_id));
	value_set_int(v->data, "value_id", o->value_id);
	value_set_int(v->data, "quantity", o->quantity);
	value_set_text(v->data, "price", visit_money(v, o->unit_price));
	value_set_text(v->data, "total", visit_money(v, o->total));
	value_set_text(v->data, "buyer", *user->first_name ? user->first_name : "–");
	value_set_int(v->data, "user_id", o->user_id);
	time_add(v, "opened", o->created_at);
	time_add(v, "expires", o->state == ORDER_PENDING ? o->expires_at : 0);
	time_add(v, "paid", o->paid_at);
	time_add(v, "delivered", o->delivered_at);
	time_add(v, "ended", o->ended_at);
	return OK;
}

/* ---- refunds, cases, notes ---- */

static int refunds_add(struct visit *v, const struct order *order)
{
	struct value *rows = value_list(v->a);
	struct refund *list;
	size_t count;
	int const rc = refund_list_of_order(v->db, v->a, order->id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);

		value_set_text(row, "amount", visit_money(v, list[i].amount));
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.refund.state.%s",
							  refund_state_name(list[i].state))));
		value_set_bool(row, "refused", list[i].state == REFUND_REFUSED);
		value_set_text(row, "reason", list[i].reason);
		value_set_text(row, "actor", list[i].actor);
		value_set_text(row, "error", list[i].last_error);
		value_set_text(row, "at", visit_time(v, list[i].created_at));
	}
	value_set(v->data, "refunds", rows);
	value_set_bool(v->data, "has_refunds", !rc && count);
	return rc;
}

static int cases_add(struct visit *v, const struct order *order)
{
	struct case_filter const filter = { .order_id = order->id };
	struct value *rows = value_list(v->a);
	struct case_line *list;
	size_t count;
	int const rc = case_list(v->db, v->a, &filter, CASES_SHOWN, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);

		value_set_int(row, "id", list[i].id);
		value_set_text(row, "state",
			       visit_text(v, arena_printf(v->a, "admin.case.state.%s",
							  ticket_state_name(list[i].state))));
		value_set_bool(row, "open", list[i].state == TICKET_OPEN);
		value_set_text(row, "at", visit_time(v, list[i].updated_at));
	}
	value_set(v->data, "cases", rows);
	value_set_bool(v->data, "has_cases", !rc && count);
	return rc;
}

static int notes_add(struct visit *v, const struct order *order)
{
	struct value *rows = value_list(v->a);
	struct order_note *list;
	size_t count;
	int const rc = order_note_list(v->db, v->a, order->id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = row_new(v, rows);

		value_set_text(row, "actor", list[i].actor);
		value_set_text(row, "text", list[i].text);
		value_set_text(row, "at", visit_time(v, list[i].created_at));
	}
	value_set(v->data, "notes", rows);
	value_set_bool(v->data, "has_notes", !rc && count);
	return rc;
}

/* ---- the page ---- */

static void deeds_add(struct visit *v, const struct order *o)
{
	struct field const amount = { .name = "amount",
				      .label = "admin.order.amount",
				      .hint = "admin.order.amount_hint",
				      .inputmode = "decimal",
				      .max = 12 };
	struct field const note = { .name = "note",
				    .label = "admin.order.note",
				    .hint = "admin.order.note_hint",
				    .max = ORDER_NOTE_MAX,
				    .rows = 3 };
	struct field dispute = why_field;

	dispute.id = "why-dispute";
	fields_add(v, &why_field);
	fields_add(v, &amount);
	fields_add(v, &note);
	value_set(v->data, "why_dispute", fields_new(v, &dispute));
	value_set_bool(v->data, "may_ask", visit_may(v, ROLE_SUPPORT));
	value_set_bool(v->data, "may_note", visit_may(v, ROLE_SUPPORT));
	value_set_bool(v->data, "may_send",
		       o->state == ORDER_DELIVERED && visit_may(v, ROLE_SUPPORT));
	value_set_bool(v->data, "may_refund",
		       (o->state == ORDER_DELIVERED || o->state == ORDER_PAID) &&
			       visit_may(v, ROLE_OWNER));
	value_set_bool(v->data, "may_judge",
		       o->state == ORDER_DISPUTED && visit_may(v, ROLE_MANAGER));
	value_set_bool(v->data, "may_see_trail", visit_may(v, ROLE_MANAGER));
	value_set_bool(v->data, "disputed", o->state == ORDER_DISPUTED);
}

int order_show(struct visit *v, const struct order *o)
{
	int rc;

	if ((rc = facts_add(v, o)) || (rc = payments_add(v, o)) || (rc = codes_add(v, o)) ||
	    (rc = messages_add(v, o)) || (rc = refunds_add(v, o)) || (rc = cases_add(v, o)) ||
	    (rc = notes_add(v, o)))
		return rc;
	deeds_add(v, o);
	visit_crumb(v, "/admin/orders", visit_text(v, "admin.menu.orders"));
	return visit_show(v, "order/show", o->number);
}

int order_asked(struct visit *v, struct order **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : order_find(v->db, v->a, id, ret);
}

int page_order(struct visit *v)
{
	struct order *order;
	int const rc = order_asked(v, &order);

	return rc ? rc : order_show(v, order);
}
