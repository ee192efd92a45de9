#include "shared/domain/refund.h"

#include "shared/base/utf8.h"
#include "shared/domain/order_notice.h"
#include "shared/domain/stock.h"
#include "shared/platform/json.h"

enum { ALERT_MAX = 1500, WORDS_MAX = 199 };

static const char *const state_names[] = {
	[REFUND_PENDING] = "pending",
	[REFUND_SENT] = "sent",
	[REFUND_DONE] = "done",
	[REFUND_REFUSED] = "refused",
};
_Static_assert(COUNT(state_names) == REFUND_STATE__COUNT, "a name for every state");

const char *refund_state_name(enum refund_state state)
{
	return state_names[state];
}

static enum refund_state state_read(const char *word)
{
	size_t state = 0;

	while (state < REFUND_REFUSED && strcmp(state_names[state], word) != 0)
		state++;
	return (enum refund_state)state;
}

int refund_list_of_order(struct db *db, struct arena *a, int64_t order_id, struct refund **ret,
			 size_t *ret_count)
{
	struct db_rows rows;
	struct refund *refunds;
	int const rc = db_query(
		db, a,
		"SELECT r.id, r.order_id, r.payment_id, r.amount_kop, r.whole, r.state, "
		"r.reason, r.actor, COALESCE(p.gateway_payment_id, ''), r.last_error, "
		"COALESCE(r.lease_owner, 0), r.created_at FROM refunds r "
		"LEFT JOIN payments p ON p.id = r.return_id WHERE r.order_id = ? ORDER BY r.id",
		PARAMS(P(order_id)), &rows);

	if (rc)
		return rc;
	refunds = arena_array(a, rows.count, sizeof(*refunds));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		refunds[i] = (struct refund){
			.id = c[0].number,
			.order_id = c[1].number,
			.payment_id = c[2].number,
			.amount = MONEY(c[3].number),
			.whole = c[4].number != 0,
			.state = state_read(c[5].text),
			.reason = c[6].text,
			.actor = c[7].text,
			.return_id = c[8].text,
			.last_error = c[9].text,
			.lease_owner = c[10].number,
			.created_at = c[11].number,
		};
	}
	*ret = refunds;
	*ret_count = rows.count;
	return OK;
}

int refund_books_read(struct db *db, struct arena *a, int64_t order_id,
		      struct refund_books *ret)
{
	struct payment *payments;
	struct refund *refunds;
	struct refund_books books = { 0 };
	int rc = payment_list_of_order(db, a, order_id, &payments, &books.payment_count);

	if (!rc)
		rc = refund_list_of_order(db, a, order_id, &refunds, &books.refund_count);
	if (rc)
		return rc;
	books.payments = payments;
	books.refunds = refunds;
	*ret = books;
	return OK;
}

bool refund_is_open(const struct refund *refund)
{
	return refund->state == REFUND_PENDING || refund->state == REFUND_SENT;
}

/* ---- what is left ---- */

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

struct money refund_left(const struct refund_books *books, int64_t payment_id)
{
	int64_t of_payment = 0;
	int64_t of_order = 0;

	for (size_t i = 0; i < books->payment_count; i++) {
		const struct payment *p = &books->payments[i];

		/* What went back without us is of no payment in particular. */
		of_order += p->kind == PAYMENT_IN ? p->amount.kop : -p->amount.kop;
		if (p->id == payment_id && p->kind == PAYMENT_IN)
			of_payment += p->amount.kop;
	}
	for (size_t i = 0; i < books->refund_count; i++) {
		const struct refund *r = &books->refunds[i];

		if (refund_is_open(r))
			of_order -= r->amount.kop;
		if (r->payment_id == payment_id && r->state != REFUND_REFUSED)
			of_payment -= r->amount.kop;
	}
	of_payment = smaller(of_payment, of_order);
	return MONEY(of_payment > 0 ? of_payment : 0);
}

/* ---- does it still cover the order? ---- */

/* The bank took it.  A dispute that ended well leaves its mark on what paid the order. */
static bool is_lost(const struct payment *p)
{
	return !strcmp(p->reason, "chargeback") && (p->state == PAYMENT_REVIEW || !p->applied);
}

const struct payment *refund_payment_of(const struct refund_books *books,
					const struct payment *back)
{
	for (size_t i = 0; i < books->refund_count; i++) {
		const struct refund *r = &books->refunds[i];

		if (strcmp(r->return_id, back->gateway_payment_id) != 0)
			continue;
		for (size_t n = 0; n < books->payment_count; n++)
			if (books->payments[n].id == r->payment_id)
				return &books->payments[n];
	}
	return NULL;
}

bool refund_covers(const struct refund_books *books, struct money total)
{
	int64_t needed = total.kop;
	int64_t kept = 0;

	for (size_t i = 0; i < books->payment_count; i++) {
		const struct payment *p = &books->payments[i];
		const struct payment *of = refund_payment_of(books, p);

		if (p->kind == PAYMENT_RETURN) {
			kept -= of && of->applied ? 0 : p->amount.kop;
			continue;
		}
		/* Whose a twin is, nobody has said before it is taken for the order's. */
		if (!is_lost(p) && (p->applied || !p->twin))
			kept += p->amount.kop;
		if (p->applied)
			needed = smaller(needed, p->amount.kop);
	}
	return kept >= needed;
}

bool refund_is_dispute(const struct refund_books *books, struct money total)
{
	for (size_t i = 0; i < books->payment_count; i++) {
		const struct payment *p = &books->payments[i];
		bool const gone = p->kind == PAYMENT_IN ? is_lost(p)
							: !refund_payment_of(books, p);

		if (gone && p->state == PAYMENT_REVIEW)
			return !refund_covers(books, total);
	}
	return false;
}

/* ---- which row is it? ---- */

static bool evidence_has(const struct payment_evidence *evidence, const char *id)
{
	for (size_t i = 0; i < evidence->count; i++)
		if (!strcmp(evidence->rows[i].id, id))
			return true;
	return false;
}

static const struct refund *match_by_id(const struct refund_books *books, const char *id)
{
	for (size_t i = 0; i < books->refund_count; i++)
		if (!strcmp(books->refunds[i].return_id, id))
			return &books->refunds[i];
	return NULL;
}

static bool is_booked(const struct refund_books *books, const char *id)
{
	for (size_t i = 0; i < books->payment_count; i++)
		if (!strcmp(books->payments[i].gateway_payment_id, id))
			return true;
	return false;
}

static bool is_taken(const struct refund *refund, const struct refund *const *matches,
		     size_t rows)
{
	for (size_t i = 0; i < rows; i++)
		if (matches[i] == refund)
			return true;
	return false;
}

/* The one under way; or one that is done and was told then by another id, or by none. */
static const struct refund *match_by_sum(const struct refund_books *books,
					 const struct payment_evidence *evidence, size_t row,
					 const struct refund *const *matches)
{
	for (size_t i = 0; i < books->refund_count; i++) {
		const struct refund *r = &books->refunds[i];

		if (r->amount.kop != evidence->rows[row].amount.kop ||
		    is_taken(r, matches, evidence->count))
			continue;
		if (refund_is_open(r) ||
		    (r->state == REFUND_DONE && !evidence_has(evidence, r->return_id)))
			return r;
	}
	return NULL;
}

const struct refund **refund_match(struct arena *a, const struct refund_books *books,
				   const struct payment_evidence *evidence)
{
	const struct refund **matches = arena_array(a, evidence->count + 1, sizeof(*matches));

	for (size_t i = 0; i < evidence->count; i++)
		matches[i] = evidence->rows[i].kind == PAYMENT_RETURN
				     ? match_by_id(books, evidence->rows[i].id)
				     : NULL;
	for (size_t i = 0; i < evidence->count; i++)
		if (evidence->rows[i].kind == PAYMENT_RETURN && !matches[i] &&
		    !is_booked(books, evidence->rows[i].id))
			matches[i] = match_by_sum(books, evidence, i, matches);
	return matches;
}

/* ---- the end ---- */

static int tell_buyer(struct db *db, struct arena *a, const struct order *order,
		      const struct refund *refund, enum outbox_kind kind)
{
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "%s:%lld", outbox_kind_name(kind),
							   (long long)refund->id),
				      .kind = kind,
				      .priority = OUTBOX_ORDERS,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
				      .data = arena_printf(a, "{\"kop\":%lld,\"whole\":%s}",
							   (long long)refund->amount.kop,
							   refund->whole ? "true" : "false"),
			      });
}

/* Does the order itself have a row of this id? */
static int id_is_own(struct db *db, struct arena *a, const struct refund *refund,
		     const char *id, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT EXISTS (SELECT 1 FROM payments WHERE order_id = ? AND "
			      "gateway_payment_id = ?)",
			      PARAMS(P(refund->order_id), P(id)), &row);

	if (!rc)
		*ret = row[0].number != 0;
	return rc;
}

/*
 * The gateway may have told the id of what was paid: then the refund has none yet.  Or one that
 * another order's row has: the money back is of our own making all the same and is booked, and
 * a person looks at what else that id may mean.
 */
static int return_insert(struct db *db, struct arena *a, const struct order *order,
			 const struct refund *refund, const char *gateway,
			 const char *return_id, int64_t *ret_id)
{
	const char *nameless = arena_printf(a, "refund:%lld", (long long)refund->id);
	struct payment_row row = { .id = *return_id ? return_id : nameless,
				   .kind = PAYMENT_RETURN,
				   .amount = refund->amount,
				   .receipt_url = "" };
	struct payment_entry entry = {
		.order_id = order->id, .gateway = gateway, .row = &row, .reason = ""
	};
	bool own = false;
	int rc = payment_book(db, &entry, ret_id);

	if (rc != ERR_CONFLICT || (rc = id_is_own(db, a, refund, return_id, &own)))
		return rc;
	row.id = own ? nameless : return_id;
	entry.twin = !own;
	entry.reason = own ? "" : "twin";
	rc = payment_book(db, &entry, ret_id);
	return rc || own ? rc : order_alert(db, a, order, "twin", "");
}

/* It was booked by the answer's id, or without one: from now on by the row's own. */
static int return_rename(struct db *db, struct arena *a, const struct order *order,
			 const struct refund *refund, const char *return_id)
{
	int rc = db_exec(db,
			 "UPDATE payments p JOIN refunds r ON r.return_id = p.id "
			 "SET p.gateway_payment_id = ? WHERE r.id = ?",
			 PARAMS(P(return_id), P(refund->id)), NULL);

	if (rc != ERR_CONFLICT)
		return rc;
	rc = db_exec(db,
		     "UPDATE payments p JOIN refunds r ON r.return_id = p.id "
		     "SET p.gateway_payment_id = ?, p.twin = p.order_id, p.state = 'review', "
		     "p.reason = 'twin' WHERE r.id = ?",
		     PARAMS(P(return_id), P(refund->id)), NULL);
	return rc ? rc : order_alert(db, a, order, "twin", "");
}

/* A payment that was in review has found its end. */
static int payment_resolve(struct db *db, struct arena *a, const struct refund *refund)
{
	struct decision const d = { .actor = refund->actor, .why = refund->reason };

	return db_exec(db,
		       "UPDATE payments SET state = 'resolved', "
		       "resolved_at = UTC_TIMESTAMP(6), resolution = ? "
		       "WHERE id = ? AND state = 'review' AND reason <> 'chargeback'",
		       PARAMS(P(decision_words(a,
					       arena_printf(a, "refunded %s",
							    money_plain(a, refund->amount)),
					       &d)),
			      P(refund->payment_id)),
		       NULL);
}

static int order_end(struct db *db, struct order *order)
{
	int const rc = db_exec_one(
		db,
		"UPDATE orders SET state = 'refunded', ended_at = UTC_TIMESTAMP(6) "
		"WHERE id = ? AND state = 'refunding'",
		PARAMS(P(order->id)));

	if (!rc)
		order->state = ORDER_REFUNDED;
	/* Whoever has seen the codes may use them: nobody else gets them. */
	return rc ? rc : stock_spoil(db, order->id);
}

int refund_finish(struct db *db, struct arena *a, struct order *order,
		  const struct refund *refund, const char *gateway, const char *return_id)
{
	int64_t id;
	int rc;

	if (refund->state == REFUND_DONE)
		return *return_id ? return_rename(db, a, order, refund, return_id) : OK;
	if ((rc = return_insert(db, a, order, refund, gateway, return_id, &id)))
		return rc;
	rc = db_exec_one(db,
			 "UPDATE refunds SET state = 'done', done_at = UTC_TIMESTAMP(6), "
			 "open_order_id = NULL, lease_owner = NULL, return_id = ?, "
			 "last_error = '' WHERE id = ? AND state IN ('pending', 'sent')",
			 PARAMS(P(id), P(refund->id)));
	if (!rc)
		rc = payment_resolve(db, a, refund);
	if (!rc && refund->whole)
		rc = order_end(db, order);
	return rc ? rc : tell_buyer(db, a, order, refund, OUTBOX_REFUNDED);
}

/* ---- refused ---- */

static int alert_refused(struct db *db, struct arena *a, const struct order *order,
			 const struct refund *refund, const char *why)
{
	struct str data = STR(a, ALERT_MAX);
	struct json_out j = JSON_OUT(&data);

	json_open(&j, '{');
	json_add_text(&j, "what", "refund_refused");
	json_add_text(&j, "order", order->number);
	json_add_int(&j, "kop", refund->amount.kop);
	json_add_text(&j, "why", why);
	json_close(&j, '}');
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "alert:refund_refused:%lld",
							   (long long)refund->id),
				      .kind = OUTBOX_ALERT,
				      .priority = OUTBOX_ALERTS,
				      .order_id = order->id,
				      .data = str_ok(&data) ? str_text(&data) : NULL,
			      });
}

int refund_tell_codes(struct db *db, struct arena *a, const struct order *order,
		      const char *why)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT EXISTS (SELECT 1 FROM outbox WHERE order_id = ? AND "
			      "kind = 'delivered' AND (telegram_message_id > 0 OR "
			      "state <> 'sent'))",
			      PARAMS(P(order->id)), &row);

	if (rc || row[0].number)
		return rc;
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "delivered:%lld:%s",
							   (long long)order->id, why),
				      .kind = OUTBOX_DELIVERED,
				      .priority = OUTBOX_CODES,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
			      });
}

/* Where the order was before; in dispute when the bank has taken the money meanwhile. */
static int order_return(struct db *db, struct arena *a, struct order *order,
			const struct refund *refund)
{
	enum order_state back = order->delivered_at ? ORDER_DELIVERED : ORDER_PAID;
	struct refund_books books;
	int rc = refund_books_read(db, a, order->id, &books);

	if (rc)
		return rc;
	if (refund_is_dispute(&books, order->total))
		back = ORDER_DISPUTED;
	rc = db_exec_one(db, "UPDATE orders SET state = ? WHERE id = ? AND state = 'refunding'",
			 PARAMS(P(order_state_name(back)), P(order->id)));
	if (rc)
		return rc;
	order->state = back;
	return back == ORDER_DELIVERED ? refund_tell_codes(db, a, order,
							   arena_printf(a, "refund:%lld",
									(long long)refund->id))
				       : OK;
}

int refund_refuse(struct db *db, struct arena *a, struct order *order,
		  const struct refund *refund, const char *why)
{
	const char *words = utf8_clean_line(a, why, strlen(why), WORDS_MAX);
	int rc = db_exec_one(
		db,
		"UPDATE refunds SET state = 'refused', done_at = UTC_TIMESTAMP(6), "
		"open_order_id = NULL, lease_owner = NULL, last_error = ? "
		"WHERE id = ? AND state IN ('pending', 'sent')",
		PARAMS(P(words), P(refund->id)));

	if (!rc && refund->whole)
		rc = order_return(db, a, order, refund);
	if (!rc)
		rc = alert_refused(db, a, order, refund, words);
	if (!rc && !strcmp(refund->actor, "buyer"))
		rc = tell_buyer(db, a, order, refund, OUTBOX_REFUND_LATE);
	return rc;
}
