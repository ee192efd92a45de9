#include "fcgi/worker/notices.h"

#include "shared/base/clock.h"
#include "shared/domain/order_open.h"
#include "shared/domain/support.h"
#include "shared/domain/user.h"
#include "shared/service/button.h"

enum { DATA_DEPTH = 4 };

/* ---- the drawings ---- */

static const char *money(const struct notice *n, struct money m)
{
	return i18n_money(n->a, n->lang, m.kop);
}

/* The button's address again: opening it finds the order by its nonce. */
static const char *pay_url(const struct notice *n)
{
	const struct order *o = n->order;
	struct order_offer offer = {
		.user_id = o->user_id,
		.chat_id = o->chat_id,
		.message_id = o->message_id,
		.value_id = o->value_id,
		.quantity = o->quantity,
		.unit_price = o->unit_price,
		.bonus = o->bonus,
	};

	memcpy(offer.nonce, o->nonce, ORDER_NONCE_LEN);
	return arena_printf(n->a, "%s/pay/%s", n->public_url,
			    order_token_write(n->a, n->data_key, &offer));
}

static void again_add(const struct notice *n, const char *text, struct message *to)
{
	if (!n->value || n->value->hidden)
		return;
	keyboard_row(n->a, &to->buttons);
	keyboard_data(n->a, &to->buttons, text, BUTTON_VALUE, (long long)n->value->id,
		      n->order ? n->order->quantity : 1);
}

static int opened_draw(const struct notice *n, struct message *to)
{
	const struct order *o = n->order;
	const char *total = money(n, o->total);

	/* The reservation has ended; what became of it is told by another row. */
	if (o->seconds_left <= 0)
		return ERR_NOT_FOUND;
	to->html = TR(n->a, n->lang, "notice.opened", A("title", n->title),
		      N("quantity", o->quantity), A("price", money(n, o->unit_price)),
		      A("total", total), A("time", clock_hhmm(n->a, o->expires_at)),
		      A("order", o->number));
	keyboard_row(n->a, &to->buttons);
	keyboard_url(n->a, &to->buttons,
		     i18n_plain(n->a, n->lang, "notice.pay", I18N_ARGS(A("total", total))),
		     pay_url(n));
	keyboard_row(n->a, &to->buttons);
	keyboard_data(n->a, &to->buttons, TR0(n->lang, "notice.cancel"), BUTTON_CANCEL,
		      (long long)o->id);
	return OK;
}

static int paid_note_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.paid_note", N("n", n->order->quantity),
		      A("title", n->title), A("order", n->order->number));
	return OK;
}

static int waiting_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.waiting", N("n", n->order->quantity),
		      A("title", n->title), A("order", n->order->number));
	keyboard_row(n->a, &to->buttons);
	keyboard_data(n->a, &to->buttons, TR0(n->lang, "notice.refund"), BUTTON_REFUND_WISH,
		      (long long)n->order->id);
	return OK;
}

static int expired_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.expired", A("title", n->title),
		      A("order", n->order->number));
	again_add(n, TR0(n->lang, "notice.again"), to);
	return OK;
}

static int cancelled_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.cancelled", A("title", n->title),
		      A("order", n->order->number));
	again_add(n, TR0(n->lang, "notice.again"), to);
	return OK;
}

static int review_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.review", A("title", n->title),
		      A("order", n->order->number));
	return OK;
}

/* "kop" of the row's words, as money. */
static const char *sum_of(const struct notice *n)
{
	return money(n, MONEY(json_int(json_get(n->data, "kop"), 0)));
}

static int refunded_draw(const struct notice *n, struct message *to)
{
	const char *key = json_bool(json_get(n->data, "whole"), false) ? "notice.refunded"
								       : "notice.refunded_part";

	to->html = TR(n->a, n->lang, key, A("amount", sum_of(n)), A("title", n->title),
		      A("order", n->order->number));
	if (n->order->state == ORDER_REFUNDED)
		again_add(n, TR0(n->lang, "notice.again"), to);
	return OK;
}

static int refund_late_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.refund_late", A("amount", sum_of(n)),
		      A("title", n->title), A("order", n->order->number));
	return OK;
}

static int receipt_draw(const struct notice *n, struct message *to)
{
	if (!*n->text)
		return ERR_NOT_FOUND;
	to->html = TR(n->a, n->lang, "notice.receipt_late", A("url", n->text),
		      A("title", n->title), A("order", n->order->number));
	return OK;
}

static int answer_draw(const struct notice *n, struct message *to)
{
	to->html = TR(n->a, n->lang, "notice.answer", A("order", n->order->number),
		      A("title", n->title), A("text", n->text));
	if (n->order->state == ORDER_DELIVERED) {
		keyboard_row(n->a, &to->buttons);
		keyboard_data(n->a, &to->buttons, TR0(n->lang, "notice.answer.more"),
			      BUTTON_PROBLEM, (long long)n->order->id);
	}
	return OK;
}

static int words_draw(const struct notice *n, struct message *to)
{
	if (!*n->text)
		return ERR_INVALID;
	to->html = TR(n->a, n->lang, "notice.words", A("text", n->text));
	return OK;
}

static int restock_draw(const struct notice *n, struct message *to)
{
	if (!n->value || n->value->hidden)
		return ERR_NOT_FOUND;
	to->html = TR(n->a, n->lang, "notice.restock", A("title", n->title));
	again_add(n,
		  i18n_plain(n->a, n->lang, "notice.buy",
			     I18N_ARGS(A("price", money(n, n->value->price)))),
		  to);
	return OK;
}

/* ---- the table ---- */

#define IN(state) (1u << (state))
#define ANY (IN(ORDER__COUNT) - 1)
#define PAID_UP (IN(ORDER_DELIVERED) | IN(ORDER_REFUNDING) | IN(ORDER_REFUNDED))
#define UNPAID (IN(ORDER_PENDING) | IN(ORDER_EXPIRED) | IN(ORDER_CANCELLED))

static const struct drawing {
	int (*draw)(const struct notice *n, struct message *to);
	/* It is about an order, and true while the order is in one of these; 0: about none. */
	unsigned states;
	bool edits;    /* the order's own message */
	bool outlives; /* … or a new one, when that is gone or was never known */
} drawings[] = {
	[OUTBOX_OPENED] = { .draw = opened_draw, .states = IN(ORDER_PENDING), .edits = true },
	[OUTBOX_DELIVERED] = { .draw = NULL, .states = IN(ORDER_DELIVERED) },
	[OUTBOX_PAID_NOTE] = { .draw = paid_note_draw,
			       .states = IN(ORDER_DELIVERED),
			       .edits = true },
	[OUTBOX_WAITING] = { .draw = waiting_draw, .states = IN(ORDER_PAID) },
	[OUTBOX_EXPIRED] = { .draw = expired_draw,
			     .states = IN(ORDER_EXPIRED),
			     .edits = true,
			     .outlives = true },
	[OUTBOX_CANCELLED] = { .draw = cancelled_draw,
			       .states = IN(ORDER_CANCELLED),
			       .edits = true },
	[OUTBOX_REVIEW] = { .draw = review_draw, .states = UNPAID },
	[OUTBOX_RESTOCK] = { .draw = restock_draw },
	[OUTBOX_REFUNDED] = { .draw = refunded_draw, .states = ANY },
	[OUTBOX_REFUND_LATE] = { .draw = refund_late_draw, .states = ANY },
	[OUTBOX_RECEIPT] = { .draw = receipt_draw, .states = PAID_UP },
	[OUTBOX_REPLACED] = { .draw = NULL, .states = IN(ORDER_DELIVERED) },
	[OUTBOX_ANSWER] = { .draw = answer_draw, .states = ANY },
	[OUTBOX_WORDS] = { .draw = words_draw },
	[OUTBOX_ALERT] = { .draw = notice_alert_draw },
};
_Static_assert(COUNT(drawings) == OUTBOX__COUNT, "a drawing for every kind");

bool notice_outlives_message(enum outbox_kind kind)
{
	return drawings[kind].outlives;
}

int notice_draw(enum outbox_kind kind, const struct notice *n, struct message *ret)
{
	const struct drawing *drawing = &drawings[kind];
	struct message message = { 0 };
	int rc;

	if (drawing->states) {
		if (!n->order)
			return ERR_INVALID;
		if (!(drawing->states & IN(n->order->state)))
			return ERR_NOT_FOUND;
		message.edit_id = drawing->edits ? n->order->message_id : 0;
		if (drawing->edits && !message.edit_id && !drawing->outlives)
			return ERR_NOT_FOUND;
	}
	rc = drawing->draw(n, &message);
	if (!rc)
		*ret = message;
	return rc;
}

/* ---- what they tell about ---- */

/* Somebody who never wrote to the bot reads Ukrainian. */
static int reader_lang(struct db *db, struct arena *a, int64_t chat_id, enum lang *ret)
{
	struct user *user;
	int const rc = user_find(db, a, chat_id, &user);

	if (!rc)
		*ret = lang_from_code(user->lang);
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static int facts_find(const struct notice_source *source, const struct outbox_row *row,
		      struct notice *n)
{
	int64_t value_id = json_int(json_get(n->data, "value"), 0);
	struct order *order;
	int rc = OK;

	if (row->order_id) {
		rc = order_find(source->db, n->a, row->order_id, &order);
		if (rc)
			return rc == ERR_NOT_FOUND ? ERR_INVALID : rc;
		n->order = order;
		value_id = order->value_id;
	}
	if (value_id)
		rc = catalog_refresh_for(source->catalog, source->db, value_id,
					 clock_monotonic_ms());
	if (rc)
		return rc;
	if (drawings[row->kind].states) {
		if (!n->order)
			return ERR_INVALID;
		n->lang = lang_from_code(n->order->lang);
	} else if ((rc = reader_lang(source->db, n->a, row->chat_id, &n->lang))) {
		return rc;
	}
	if (row->kind == OUTBOX_ANSWER)
		rc = ticket_message_text(source->db, n->a,
					 json_int(json_get(n->data, "message"), 0), &n->text);
	else if (row->kind == OUTBOX_WORDS)
		n->text = json_text(json_get(n->data, "text"), "");
	else if (row->kind == OUTBOX_RECEIPT)
		rc = delivery_receipt(source->db, n->a, n->order, &n->text);
	if (rc)
		return rc == ERR_NOT_FOUND ? ERR_INVALID : rc;
	n->value = catalog_value(source->catalog, value_id);
	n->title = delivery_title(n->a, source->catalog, n->value, n->lang);
	return OK;
}

/* The kinds that hold codes: these are opened at this moment. */
static int codes_draw(const struct notice_source *source, enum outbox_kind kind,
		      const struct notice *n, struct message *ret)
{
	if (!n->order || n->order->state != ORDER_DELIVERED)
		return ERR_NOT_FOUND;
	if (kind == OUTBOX_REPLACED)
		return delivery_replacement(source->db, n->a, source->vault, source->catalog,
					    n->order, n->lang,
					    (int)json_int(json_get(n->data, "slot"), 0), ret);
	return delivery_message(source->db, n->a, source->vault, source->catalog, n->order,
				n->lang, ret);
}

int notice_message(const struct notice_source *source, struct arena *a,
		   const struct outbox_row *row, struct message *ret)
{
	struct notice n = {
		.a = a,
		.public_url = source->public_url,
		.data_key = source->data_key,
		.text = "",
	};
	AUTO_JSON data = { 0 };
	int rc;

	if (json_parse((struct bytes){ row->data, strlen(row->data) }, DATA_DEPTH, &data) ||
	    json_type(data.root) != JSON_OBJECT)
		return ERR_INVALID;
	n.data = data.root;
	if ((rc = facts_find(source, row, &n)))
		return rc;
	rc = drawings[row->kind].draw ? notice_draw(row->kind, &n, ret)
				      : codes_draw(source, row->kind, &n, ret);
	if (!rc)
		ret->chat_id = row->chat_id;
	return rc;
}

/* ---- plain text ---- */

/* What is left when the tags are gone; a bracket that is no tag is written as an entity. */
const char *notice_untagged(struct arena *a, const char *html)
{
	struct str s = STR(a, 5 * strlen(html) + 1);

	while (*html) {
		size_t const plain = strcspn(html, "<>");
		const char *end;

		str_addn(&s, html, plain);
		html += plain;
		if (!*html)
			break;
		end = *html == '<' ? strchr(html, '>') : NULL;
		if (end)
			html = end + 1;
		else
			str_add(&s, *html++ == '<' ? "&lt;" : "&gt;");
	}
	return str_text(&s);
}
