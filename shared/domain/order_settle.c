/*
 * The settlement.  What an order's payments come to is decided here and nowhere else:
 *
 *	the gateway's rows that are new to us          become payment rows, once each
 *	an order not paid yet, a payment that covers it  paid; codes sold, or waiting
 *	a payment that does not fit                     in review: short, second, surplus
 *	one whose id another order's payment has        in review: twin
 *	a payment in review that a person accepts       as one that covers it
 *	money taken back, by us                         the refund is done
 *	money taken back, not by us                     in review; the order is disputed where
 *							what is left no longer covers it
 *
 * The order's row is locked first, so all callers for one order stand in a line; its codes
 * are locked second.  That is the lock order of the whole shop.
 */
#include "shared/domain/order_settle.h"

#include "shared/base/crash.h"
#include "shared/domain/order_fill.h"
#include "shared/domain/order_notice.h"
#include "shared/domain/refund.h"

static const char *const result_names[] = {
	[SETTLE_NOTHING] = "nothing",
	[SETTLE_DELIVERED] = "delivered",
	[SETTLE_WAITING] = "waiting",
	[SETTLE_REVIEW] = "review",
};
_Static_assert(COUNT(result_names) == SETTLE__COUNT, "a name for every result");

const char *settle_result_name(enum settle_result result)
{
	return result_names[result];
}

struct settling {
	int64_t order_id;
	const struct payment_evidence *evidence;
	struct settlement *out;
	bool *twins;   /* for each row: another order has a payment of its id */
	bool twin_met; /* one more of them is known than before */
	/* read inside the transaction */
	struct order *order;
	struct refund_books books;
	const struct refund **own; /* for each row: the refund of ours that it is, or NULL */
	bool taken_back;
};

/* ---- which payment pays ---- */

/* A row that was booked before, or stands in the answer twice, says nothing new. */
static bool is_new(const struct settling *s, size_t row)
{
	const char *id = s->evidence->rows[row].id;

	for (size_t i = 0; i < s->books.payment_count; i++)
		if (!strcmp(s->books.payments[i].gateway_payment_id, id))
			return false;
	for (size_t i = 0; i < row; i++)
		if (!strcmp(s->evidence->rows[i].id, id))
			return false;
	return true;
}

/* Money was taken back: by the payer's bank, or by a return that we did not ask for. */
static bool is_taken_back(const struct settling *s)
{
	const struct payment_evidence *evidence = s->evidence;

	for (size_t i = 0; i < evidence->count; i++)
		if ((evidence->rows[i].kind == PAYMENT_RETURN && !s->own[i]) ||
		    evidence->rows[i].chargeback)
			return true;
	return false;
}

/* A payment in the books; NULL: none has this id. */
static const struct payment *payment_booked(const struct settling *s, int64_t id)
{
	for (size_t i = 0; i < s->books.payment_count; i++)
		if (s->books.payments[i].id == id)
			return &s->books.payments[i];
	return NULL;
}

static bool can_be_paid(enum order_state state)
{
	return state == ORDER_PENDING || state == ORDER_EXPIRED || state == ORDER_CANCELLED;
}

/*
 * The payment that pays the order: of exactly the total, else one that is more; -1: none.
 * Where money went back as well, a person decides.
 */
static ptrdiff_t paying_row(const struct settling *s)
{
	const struct payment_evidence *evidence = s->evidence;
	int64_t const total = s->order->total.kop;
	ptrdiff_t more = -1;

	if (!can_be_paid(s->order->state) || s->taken_back)
		return -1;
	for (size_t i = 0; i < evidence->count; i++) {
		int64_t const kop = evidence->rows[i].amount.kop;

		if (evidence->rows[i].kind != PAYMENT_IN || s->twins[i] || !is_new(s, i))
			continue;
		if (kop == total)
			return (ptrdiff_t)i;
		if (kop > total && more < 0)
			more = (ptrdiff_t)i;
	}
	return more;
}

/* Why this row is for a person to decide; "" when it is not. */
static const char *review_reason(const struct settling *s, size_t n, bool applied)
{
	const struct payment_row *row = &s->evidence->rows[n];
	int64_t const total = s->order->total.kop;

	if (row->chargeback)
		return "chargeback";
	if (row->kind == PAYMENT_RETURN)
		return "return";
	if (s->twins[n])
		return "twin";
	if (applied)
		return row->amount.kop > total ? "surplus" : "";
	if (!can_be_paid(s->order->state))
		return "second";
	if (row->amount.kop < total)
		return "short";
	return s->taken_back ? "return" : "second";
}

/* ---- writing it down ---- */

/*
 * Another order has a payment of this id: which of them the money is for, only a person can
 * tell.  Whatever was decided without knowing it is decided anew.
 */
static int row_book(struct db *db, struct settling *s, size_t n, bool applied,
		    const char *reason)
{
	int const rc = payment_book(db,
				    &(struct payment_entry){ .order_id = s->order->id,
							     .gateway = s->evidence->gateway,
							     .row = &s->evidence->rows[n],
							     .applied = applied,
							     .twin = s->twins[n],
							     .reason = reason },
				    NULL);

	if (rc == ERR_CONFLICT)
		s->twin_met = s->twins[n] = true;
	return rc;
}

/* ---- what becomes of the order ---- */

static int order_pay(struct db *db, struct arena *a, const struct order *order,
		     struct settlement *out)
{
	int const rc = order_fill(db, a, order, &out->state);

	if (!rc)
		out->result = out->state == ORDER_PAID ? SETTLE_WAITING : SETTLE_DELIVERED;
	return rc;
}

/* Paid or delivered, and the money is gone again: nothing more happens by itself. */
static int order_dispute(struct db *db, struct arena *a, const struct order *order,
			 struct settlement *out)
{
	struct refund_books books;
	int rc;

	if (order->state != ORDER_PAID && order->state != ORDER_DELIVERED)
		return OK;
	rc = refund_books_read(db, a, order->id, &books);
	if (rc || !refund_is_dispute(&books, order->total))
		return rc;
	rc = db_exec_one(db, "UPDATE orders SET state = 'disputed' WHERE id = ? AND state = ?",
			 PARAMS(P(order->id), P(order_state_name(order->state))));
	if (!rc)
		rc = order_alert(db, a, order, "disputed", "");
	out->state = ORDER_DISPUTED;
	return rc;
}

/* ---- the whole ---- */

/* A chargeback of a payment that we had booked as good. */
static int chargeback_mark(struct db *db, const struct settling *s,
			   const struct payment_row *row, bool *ret_new)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"UPDATE payments SET state = 'review', reason = 'chargeback' "
		"WHERE gateway = ? AND gateway_payment_id = ? AND order_id = ? AND "
		"reason <> 'chargeback'",
		PARAMS(P(s->evidence->gateway), P(row->id), P(s->order->id)), &result);

	if (!rc)
		*ret_new = result.affected == 1;
	return rc;
}

/* Book what is new.  Money that went back makes *ret_lost true, the first time only. */
static int rows_record(struct db *db, struct arena *a, struct settling *s, ptrdiff_t paying,
		       bool *ret_lost)
{
	const struct payment_evidence *evidence = s->evidence;
	int rc = OK;

	*ret_lost = false;
	for (size_t i = 0; !rc && i < evidence->count; i++) {
		const struct payment_row *row = &evidence->rows[i];
		bool const applied = (ptrdiff_t)i == paying;
		const char *reason = review_reason(s, i, applied);
		bool lost = row->chargeback || row->kind == PAYMENT_RETURN;

		if (s->own[i]) {
			if (is_new(s, i))
				rc = refund_finish(db, a, s->order, s->own[i],
						   evidence->gateway, row->id);
			continue;
		}
		if (is_new(s, i)) {
			rc = row_book(db, s, i, applied, reason);
			s->out->surplus = s->out->surplus || (applied && *reason);
			if (*reason && !applied)
				s->out->result = SETTLE_REVIEW;
		} else {
			reason = "chargeback";
			lost = false;
			if (row->chargeback)
				rc = chargeback_mark(db, s, row, &lost);
			if (!lost)
				continue;
		}
		if (!rc && *reason)
			rc = order_alert(db, a, s->order, reason, s->twins[i] ? "" : row->id);
		*ret_lost = *ret_lost || lost;
	}
	return rc;
}

/* A person's word for a payment that is in review.  *ret: it pays the order just now. */
static int acceptance_book(struct db *db, struct arena *a, const struct settling *s, bool *ret)
{
	const struct payment_acceptance *accepted = s->evidence->accepted;
	const struct payment *payment = payment_booked(s, accepted->payment_id);
	int rc;

	*ret = false;
	if (!payment || payment->kind != PAYMENT_IN)
		return ERR_NOT_FOUND;
	if (payment->applied)
		return OK;
	if (!can_be_paid(s->order->state) || !strcmp(payment->reason, "chargeback") ||
	    refund_left(&s->books, payment->id).kop != payment->amount.kop)
		return ERR_CONFLICT;
	rc = db_exec_one(
		db,
		"UPDATE payments SET applied = 1, state = 'resolved', "
		"resolved_at = UTC_TIMESTAMP(6), resolution = ? "
		"WHERE id = ? AND state = 'review' AND applied = 0",
		PARAMS(P(decision_words(a, "accepted", accepted->decision)), P(payment->id)));
	if (!rc)
		rc = decision_audit(
			db, a, accepted->decision, "payment_accept", s->order->number,
			DECISION_FACTS({ "payment", payment->gateway_payment_id },
				       { "amount", money_plain(a, payment->amount) }));
	*ret = !rc;
	return rc;
}

static int settle_read(struct db *db, struct arena *a, struct settling *s)
{
	int rc = order_lock(db, a, s->order_id, &s->order);

	if (rc || (rc = refund_books_read(db, a, s->order_id, &s->books)))
		return rc;
	s->own = refund_match(a, &s->books, s->evidence);
	s->taken_back = is_taken_back(s);
	*s->out = (struct settlement){ .result = SETTLE_NOTHING, .state = s->order->state };
	return OK;
}

static int settle_work(struct db *db, void *data)
{
	struct settling *s = data;
	AUTO_ARENA(a);
	bool accepted = false;
	ptrdiff_t paying;
	bool lost;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = settle_read(db, &a, s)))
		return rc;
	paying = paying_row(s);
	if ((rc = rows_record(db, &a, s, paying, &lost)))
		return rc;
	CRASH_POINT("settle.recorded");
	s->out->state = s->order->state;
	if (s->evidence->accepted && paying < 0)
		rc = acceptance_book(db, &a, s, &accepted);
	if (rc)
		return rc;
	if (paying >= 0 || accepted)
		rc = order_pay(db, &a, s->order, s->out);
	else if (lost)
		rc = order_dispute(db, &a, s->order, s->out);
	if (!rc && s->out->result == SETTLE_REVIEW && can_be_paid(s->order->state))
		rc = order_tell(db, &a, s->order, OUTBOX_REVIEW, OUTBOX_ORDERS);
	if (rc)
		return rc;
	CRASH_POINT("settle.before_commit");
	rc = db_tx_commit(&tx);
	CRASH_POINT("settle.after_commit");
	return rc;
}

int order_settle(struct db *db, int64_t order_id, const struct payment_evidence *evidence,
		 struct settlement *ret)
{
	AUTO_ARENA(a);
	struct settling settling = {
		.order_id = order_id,
		.evidence = evidence,
		.out = ret,
		.twins = arena_array(&a, evidence->count + 1, sizeof(bool)),
	};
	int rc = OK;

	do {
		settling.twin_met = false;
		rc = db_retry(db, settle_work, &settling);
	} while (rc == ERR_CONFLICT && settling.twin_met);
	return rc;
}
