/*
 * One order with its whole story, and what can be done with it.
 */
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/order_ask.h"
#include "shared/domain/order_refund.h"
#include "shared/domain/order_replace.h"
#include "shared/domain/order_story.h"
#include "shared/domain/payment_review.h"
#include "shared/domain/user.h"

static const char *order_path(const struct visit *v, int64_t id)
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

		value_set_text(row, "kind", list[i].kind);
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
	struct value_row *value;
	struct user *user;
	int rc;

	if ((rc = value_load(v->db, v->a, o->value_id, &value)) ||
	    (rc = user_find(v->db, v->a, o->user_id, &user)))
		return rc;
	value_set_int(v->data, "id", o->id);
	value_set_text(v->data, "state",
		       visit_text(v, arena_printf(v->a, "admin.order.state.%s",
						  order_state_name(o->state))));
	value_set_text(v->data, "value", value->edit.title[0]);
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

static void deeds_add(struct visit *v, const struct order *o)
{
	static const struct field why = { .name = "why",
					  .label = "admin.order.why",
					  .hint = "admin.order.why_hint",
					  .max = DECISION_WHY_MAX,
					  .required = true };
	struct field const amount = { .name = "amount",
				      .label = "admin.order.amount",
				      .hint = "admin.order.amount_hint",
				      .inputmode = "decimal",
				      .max = 12 };

	fields_add(v, &why);
	fields_add(v, &amount);
	value_set_bool(v->data, "may_ask", visit_may(v, ROLE_SUPPORT));
	value_set_bool(v->data, "may_send",
		       o->state == ORDER_DELIVERED && visit_may(v, ROLE_SUPPORT));
	value_set_bool(v->data, "may_refund",
		       (o->state == ORDER_DELIVERED || o->state == ORDER_PAID) &&
			       visit_may(v, ROLE_OWNER));
}

static int order_show(struct visit *v, const struct order *o)
{
	int rc;

	if ((rc = facts_add(v, o)) || (rc = payments_add(v, o)) || (rc = codes_add(v, o)) ||
	    (rc = messages_add(v, o)))
		return rc;
	deeds_add(v, o);
	visit_crumb(v, "/admin/orders", visit_text(v, "admin.menu.orders"));
	return visit_show(v, "order/show", o->number);
}

static int order_asked(struct visit *v, struct order **ret)
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

/* ---- what can be done ---- */

static struct decision decision_of(struct visit *v, const char *why)
{
	return (struct decision){ .staff_id = v->staff->id,
				  .actor = v->who.actor,
				  .address = v->who.address,
				  .why = why,
				  .wish = decision_wish(v->a, "panel") };
}

static int done(struct visit *v, const struct order *order, enum tone tone, const char *key)
{
	int const rc = visit_flash(v, tone, visit_text(v, key));

	return rc ? rc : visit_redirect(v, order_path(v, order->id));
}

int order_ask_post(struct visit *v)
{
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = order_ask_now(v->db, order->id)) ||
	    (rc = visit_audit(v, "order_ask", arena_printf(v->a, "order %s", order->number),
			      NULL)))
		return rc;
	return done(v, order, TONE_DONE, "admin.order.asked");
}

int order_send_post(struct visit *v)
{
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = order_send_again(v->db, order, decision_wish(v->a, "panel"))) ||
	    (rc = visit_audit(v, "order_send", arena_printf(v->a, "order %s", order->number),
			      NULL)))
		return rc;
	return done(v, order, TONE_DONE, "admin.order.sent");
}

static const char *why_typed(struct visit *v)
{
	const char *typed = visit_form(v, "why");
	const char *why = utf8_clean_line(v->a, typed, strlen(typed), DECISION_WHY_MAX);

	if (!*why)
		fields_error(v, "why", visit_text(v, "admin.order.why_needed"));
	return why;
}

/* "" is all of it. */
static struct money amount_typed(struct visit *v)
{
	struct money amount = MONEY(0);
	const char *typed = visit_form(v, "amount");

	if (*typed && (parse_money(typed, &amount) || amount.kop < 1))
		fields_error(v, "amount", visit_text(v, "admin.value.price_wrong"));
	return amount;
}

int order_refund_post(struct visit *v)
{
	static const char *const words[] = {
		[REFUND_ASKED] = "admin.refund.asked",
		[REFUND_UNDER_WAY] = "admin.refund.under_way",
		[REFUND_NOT_PAID] = "admin.refund.not_paid",
		[REFUND_TOO_MUCH] = "admin.refund.too_much",
		[REFUND_NOT_OURS] = "admin.refund.not_ours",
		[REFUND_DECIDED] = "admin.refund.decided",
	};
	_Static_assert(COUNT(words) == REFUND__COUNT, "words for every refund");
	struct decision decision;
	struct refund_wish wish = { .decision = &decision };
	enum refund_result result;
	struct money amount;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	decision = decision_of(v, why_typed(v));
	wish.order_id = order->id;
	wish.amount = amount_typed(v);
	if (fields_wrong(v))
		return order_show(v, order);
	if ((rc = order_refund_ask(v->db, &wish, &result, &amount)))
		return rc;
	return done(v, order, result == REFUND_ASKED ? TONE_DONE : TONE_CARE, words[result]);
}

int order_replace_post(struct visit *v)
{
	static const char *const words[] = {
		[REPLACE_DONE] = "admin.replace.done",
		[REPLACE_NOT_DELIVERED] = "admin.replace.not_delivered",
		[REPLACE_NO_CODE] = "admin.replace.no_code",
		[REPLACE_CHANGED] = "admin.replace.changed",
		[REPLACE_NO_STOCK] = "admin.replace.no_stock",
	};
	_Static_assert(COUNT(words) == REPLACE__COUNT, "words for every replacement");
	struct decision const decision = decision_of(v, "");
	struct replacement what = { .decision = &decision };
	enum replace_result result;
	struct order *order;
	int64_t slot;
	int rc = order_asked(v, &order);

	if (rc)
		return rc;
	if (parse_int(visit_form(v, "slot"), 1, 1000, &slot) ||
	    parse_int(visit_form(v, "code"), 1, INT64_MAX, &what.code_id))
		return ERR_INVALID;
	what.order_id = order->id;
	what.slot = (int)slot;
	if ((rc = order_replace(v->db, &what, &result)))
		return rc;
	return done(v, order, result == REPLACE_DONE ? TONE_DONE : TONE_CARE, words[result]);
}

static int choice_read(const char *word, enum review_choice *ret)
{
	static const char *const words[] = { [REVIEW_DELIVER] = "deliver",
					     [REVIEW_REFUND] = "refund",
					     [REVIEW_DISMISS] = "dismiss" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strcmp(words[i], word)) {
			*ret = (enum review_choice)i;
			return OK;
		}
	return ERR_INVALID;
}

int order_decide_post(struct visit *v)
{
	static const char *const words[] = {
		[REVIEW_DELIVERED] = "admin.review.delivered",
		[REVIEW_WAITING] = "admin.review.waiting",
		[REVIEW_REFUNDING] = "admin.review.refunding",
		[REVIEW_DISMISSED] = "admin.review.dismissed",
		[REVIEW_OVER] = "admin.review.over",
		[REVIEW_CANNOT_DELIVER] = "admin.review.cannot_deliver",
		[REVIEW_CANNOT_REFUND] = "admin.review.cannot_refund",
		[REVIEW_REFUND_UNDER_WAY] = "admin.refund.under_way",
		[REVIEW_TOO_MUCH] = "admin.refund.too_much",
		[REVIEW_DISPUTED] = "admin.review.disputed",
	};
	_Static_assert(COUNT(words) == REVIEW__COUNT, "words for every decision");
	struct decision decision;
	struct review_decision what = { .decision = &decision };
	enum review_result result;
	struct order *order;
	int rc = order_asked(v, &order);

	if (rc || (rc = visit_id(v, 1, &what.payment_id)) ||
	    (rc = choice_read(visit_form(v, "choice"), &what.choice)))
		return rc;
	decision = decision_of(v, why_typed(v));
	what.order_id = order->id;
	if (fields_wrong(v))
		return order_show(v, order);
	if ((rc = payment_review_decide(v->db, &what, &result)))
		return rc;
	return done(v, order, result <= REVIEW_DISMISSED ? TONE_DONE : TONE_CARE,
		    words[result]);
}
