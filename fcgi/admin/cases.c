/*
 * Cases: what buyers complain of, by what waits; one case with its order and what was said, and
 * what ends it: another code, the money, an answer.
 */
#include "fcgi/admin/csv.h"
#include "fcgi/admin/decide.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/order_refund.h"
#include "shared/domain/order_replace.h"
#include "shared/domain/support_case.h"
#include "shared/domain/user.h"

#define CASES "/admin/cases"

enum { WORDS_SHOWN = 120 /* characters of the last message, in the list */ };

static const char *state_label(const struct visit *v, const char *state)
{
	return visit_text(v, arena_printf(v->a, "admin.case.state.%s", state));
}

/* ---- the list ---- */

static void filters_add(struct visit *v)
{
	struct option states[TICKET_CLOSED + 1];
	struct list_filter const filters[] = {
		{ .name = "state",
		  .label = "admin.orders.state",
		  .options = states,
		  .option_count = COUNT(states) },
		{ .name = "q", .label = "admin.cases.search", .type = "search" },
	};

	for (size_t i = 0; i < COUNT(states); i++) {
		const char *name = ticket_state_name((enum ticket_state)i);

		states[i] = (struct option){ .value = name, .label = state_label(v, name) };
	}
	list_filters(v, filters, COUNT(filters));
}

/* A word that is no state filters nothing. */
static const char *state_asked(const struct visit *v)
{
	const char *asked = list_value(v, "state");

	for (int i = TICKET_OPEN; asked && i <= TICKET_CLOSED; i++)
		if (!strcmp(asked, ticket_state_name((enum ticket_state)i)))
			return ticket_state_name((enum ticket_state)i);
	return NULL;
}

/* An order's number, or a buyer's id.  *ret_none: it can be nothing of these. */
static int search_read(struct visit *v, struct case_filter *filter, bool *ret_none)
{
	const char *search = list_value(v, "q");
	struct order *order;
	const char *number;
	int rc;

	*ret_none = false;
	if (!search)
		return OK;
	if (!order_number_read(v->a, search, &number)) {
		rc = order_by_number(v->db, v->a, number, &order);
		if (!rc)
			filter->order_id = order->id;
		if (rc != ERR_NOT_FOUND)
			return rc;
	}
	*ret_none = parse_int(search, 1, INT64_MAX, &filter->user_id) != OK;
	return OK;
}

static void line_add(struct visit *v, const struct case_line *line, struct value *rows)
{
	struct value *row = value_object(v->a);

	value_set_int(row, "id", line->id);
	value_set_text(row, "state", state_label(v, ticket_state_name(line->state)));
	value_set_bool(row, "open", line->state == TICKET_OPEN);
	value_set_bool(row, "closed", line->state == TICKET_CLOSED);
	value_set_text(row, "buyer", *line->buyer ? line->buyer : "–");
	value_set_int(row, "user_id", line->user_id);
	value_set_text(row, "order", line->order_number);
	value_set_int(row, "order_id", line->order_id);
	value_set_text(row, "value",
		       line->order_id ? visit_value_title(v, line->value_id) : "");
	value_set_text(
		row, "words",
		utf8_clean_line(v->a, line->last_words, strlen(line->last_words), WORDS_SHOWN));
	value_set_text(row, "at", visit_time(v, line->updated_at));
	value_push(rows, row);
}

int page_cases(struct visit *v)
{
	struct case_filter filter = { .state = state_asked(v), .before_id = list_before(v) };
	struct value *rows = value_list(v->a);
	struct case_line *lines = NULL;
	size_t count = 0;
	bool none;
	int rc = search_read(v, &filter, &none);

	if (rc ||
	    (!none && (rc = case_list(v->db, v->a, &filter, LIST_ROWS + 1, &lines, &count))))
		return rc;
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		line_add(v, &lines[i], rows);
	filters_add(v);
	list_pages(v, count > LIST_ROWS, count > LIST_ROWS ? lines[LIST_ROWS - 1].id : 0);
	if (!count)
		list_empty(v, visit_text(v, "admin.cases.empty_title"),
			   visit_text(v, "admin.cases.empty_text"), NULL, NULL);
	list_export(v, CASES ".csv");
	value_set(v->data, "rows", rows);
	return visit_show(v, "support/list", visit_text(v, "admin.menu.cases"));
}

/* ---- the same as CSV ---- */

static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct case_filter *filter = data;
	struct case_line *lines;
	size_t count;
	int const rc = case_list(v->db, v->a, filter, CSV_ROWS, &lines, &count);

	if (rc)
		return rc;
	if (!count)
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < count; i++) {
		csv_int(to, lines[i].id);
		csv_text(to, ticket_state_name(lines[i].state));
		csv_text(to, lines[i].order_number);
		csv_text(to, lines[i].order_id ? visit_value_title(v, lines[i].value_id) : "");
		csv_int(to, lines[i].user_id);
		csv_text(to, lines[i].buyer);
		csv_text(to, lines[i].last_words);
		csv_time(to, lines[i].created_at);
		csv_time(to, lines[i].updated_at);
		csv_end(to);
	}
	filter->before_id = lines[count - 1].id;
	return OK;
}

int cases_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.cases.number",  "admin.orders.state",   "admin.code.order",
		"admin.catalog.value", "admin.order.buyer_id", "admin.order.buyer",
		"admin.cases.words",   "admin.cases.opened",   "admin.cases.updated",
	};
	struct case_filter *filter = arena_new(v->a, struct case_filter);
	bool none;
	int rc;

	*filter = (struct case_filter){ .state = state_asked(v) };
	if ((rc = search_read(v, filter, &none)))
		return rc;
	if (none)
		filter->before_id = 1; /* what finds nothing exports nothing */
	return csv_send(v, &(struct csv_export){ .name = "cases",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = filter });
}

/* ---- one case ---- */

static int words_add(struct visit *v, const struct support_case *c)
{
	struct value *rows = value_list(v->a);
	struct ticket_message *list;
	size_t count;
	int const rc = ticket_message_list(v->db, v->a, c->ticket.id, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_bool(row, "from_shop", list[i].from_shop);
		value_set_text(row, "text", *list[i].text ? list[i].text : "–");
		value_set_text(row, "at", visit_time(v, list[i].created_at));
		value_push(rows, row);
	}
	value_set(v->data, "said", rows);
	return rc;
}

static void deeds_add(struct visit *v, const struct support_case *c, const struct order *o)
{
	static const struct field answer = { .name = "answer",
					     .label = "admin.case.answer",
					     .hint = "admin.case.answer_hint",
					     .max = TICKET_ANSWER_MAX,
					     .rows = 4 };
	static const struct field refusal = { .name = "refusal",
					      .label = "admin.case.refusal",
					      .hint = "admin.case.refusal_hint",
					      .max = TICKET_ANSWER_MAX,
					      .rows = 3 };
	struct field const amount = { .name = "amount",
				      .label = "admin.order.amount",
				      .hint = "admin.order.amount_hint",
				      .value = c->ticket.code_id && o->quantity > 1
						       ? money_plain(v->a, c->unit_price)
						       : "",
				      .inputmode = "decimal",
				      .max = 12 };
	bool const works = visit_may(v, ROLE_SUPPORT);

	fields_add(v, &answer);
	fields_add(v, &refusal);
	fields_add(v, &why_field);
	fields_add(v, &amount);
	value_set_bool(v->data, "may_answer", works);
	value_set_bool(v->data, "may_replace",
		       works && c->code_is_there && o->state == ORDER_DELIVERED &&
			       c->ticket.state != TICKET_CLOSED);
	value_set_bool(v->data, "may_refund",
		       (o->state == ORDER_DELIVERED || o->state == ORDER_PAID) &&
			       visit_may(v, ROLE_OWNER));
	value_set_bool(v->data, "may_close", works && c->ticket.state != TICKET_CLOSED);
}

static void order_facts(struct visit *v, const struct support_case *c, const struct order *o)
{
	deeds_add(v, c, o);
	value_set_int(v->data, "order_id", o->id);
	value_set_text(v->data, "order", o->number);
	value_set_text(v->data, "order_state",
		       visit_text(v, arena_printf(v->a, "admin.order.state.%s",
						  order_state_name(o->state))));
	value_set_text(v->data, "total", visit_money(v, o->total));
	value_set_int(v->data, "quantity", o->quantity);
}

static int case_show(struct visit *v, const struct support_case *c)
{
	struct order *order = NULL;
	struct user *user;
	int rc;

	/* One of no order is only read here; its buyer is written to on their own page. */
	if (c->ticket.order_id && (rc = order_find(v->db, v->a, c->ticket.order_id, &order)))
		return rc;
	if ((rc = user_find(v->db, v->a, c->user_id, &user)) || (rc = words_add(v, c)))
		return rc;
	if (order)
		order_facts(v, c, order);
	value_set_bool(v->data, "has_order", order != NULL);
	value_set_int(v->data, "id", c->ticket.id);
	value_set_text(v->data, "state", state_label(v, ticket_state_name(c->ticket.state)));
	value_set_bool(v->data, "open", c->ticket.state == TICKET_OPEN);
	value_set_int(v->data, "user_id", user->id);
	value_set_text(v->data, "buyer", *user->first_name ? user->first_name : "–");
	value_set_int(v->data, "code_id", c->ticket.code_id);
	value_set_int(v->data, "slot", c->ticket.slot);
	value_set_bool(v->data, "code_gone", c->ticket.code_id && !c->code_is_there);
	value_set_text(v->data, "at", visit_time(v, c->ticket.created_at));
	visit_crumb(v, CASES, visit_text(v, "admin.menu.cases"));
	return visit_show(v, "support/case",
			  VISIT_TEXT(v, "admin.case.title", N("id", c->ticket.id)));
}

static int case_asked(struct visit *v, struct support_case **ret)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : case_find(v->db, v->a, id, ret);
}

int page_case(struct visit *v)
{
	struct support_case *c;
	int const rc = case_asked(v, &c);

	return rc ? rc : case_show(v, c);
}

/* ---- deeds ---- */

static int done(struct visit *v, const struct support_case *c, enum tone tone, const char *key)
{
	int const rc = visit_flash(v, tone, visit_text(v, key));

	return rc ? rc
		  : visit_redirect(v,
				   arena_printf(v->a, CASES "/%lld", (long long)c->ticket.id));
}

static int answer_post(struct visit *v, const char *name, bool closes, const char *told)
{
	const char *typed = visit_form(v, name);
	const char *text = utf8_clean_text(v->a, typed, strlen(typed), strlen(typed) + 2);
	struct decision const decision = decision_typed(v, "");
	struct support_case *c;
	int rc = case_asked(v, &c);

	if (rc)
		return rc;
	if (!*text)
		fields_error(v, name, visit_text(v, "admin.case.answer_needed"));
	else if (utf8_len(text) > TICKET_ANSWER_MAX)
		fields_error(v, name,
			     VISIT_TEXT(v, "admin.words.too_long",
					N("n", (int64_t)utf8_len(text)),
					N("max", TICKET_ANSWER_MAX)));
	if (fields_wrong(v))
		return case_show(v, c);
	rc = case_answer(v->db, c->ticket.id, text, closes, &decision);
	return rc ? rc : done(v, c, TONE_DONE, told);
}

int case_answer_post(struct visit *v)
{
	return answer_post(v, "answer", false, "admin.case.answered");
}

int case_refuse_post(struct visit *v)
{
	return answer_post(v, "refusal", true, "admin.case.refused");
}

int case_close_post(struct visit *v)
{
	struct decision const decision = decision_typed(v, "");
	struct support_case *c;
	int rc = case_asked(v, &c);

	if (rc || (rc = case_close(v->db, c->ticket.id, &decision)))
		return rc;
	return done(v, c, TONE_DONE, "admin.case.closed");
}

int case_replace_post(struct visit *v)
{
	struct decision const decision = decision_typed(v, "");
	struct replacement what = { .decision = &decision };
	enum replace_result result;
	struct support_case *c;
	int rc = case_asked(v, &c);

	if (rc)
		return rc;
	what.order_id = c->ticket.order_id;
	what.slot = c->ticket.slot;
	what.code_id = c->ticket.code_id;
	/* Replaced or gone already: the buyer has another one. */
	if (!c->code_is_there)
		return done(v, c, TONE_CARE, replace_words(REPLACE_CHANGED));
	if ((rc = order_replace(v->db, &what, &result)))
		return rc;
	return done(v, c, result == REPLACE_DONE ? TONE_DONE : TONE_CARE,
		    replace_words(result));
}

int case_refund_post(struct visit *v)
{
	struct decision decision;
	struct refund_wish wish = { .decision = &decision };
	enum refund_result result;
	struct support_case *c;
	struct money amount;
	int rc = case_asked(v, &c);

	if (rc)
		return rc;
	decision = decision_typed(v, why_typed(v));
	wish.order_id = c->ticket.order_id;
	wish.amount = amount_typed(v);
	if (fields_wrong(v))
		return case_show(v, c);
	if ((rc = order_refund_ask(v->db, &wish, &result, &amount)))
		return rc;
	/* The money is on its way, and the buyer will be told of it. */
	if (result == REFUND_ASKED && (rc = case_close(v->db, c->ticket.id, &decision)))
		return rc;
	return done(v, c, result == REFUND_ASKED ? TONE_DONE : TONE_CARE, refund_words(result));
}
