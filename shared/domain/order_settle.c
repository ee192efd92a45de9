/*
 * The settlement.  What an order's payments come to is decided here and nowhere else:
 *
 *	the gateway's rows that are new to us          become payment rows, once each
 *	an order not paid yet, a payment that covers it  paid; codes sold, or waiting
 *	a payment that does not fit                     in review: short, second, surplus
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
#include "shared/domain/outbox.h"
#include "shared/domain/refund.h"
#include "shared/domain/stock.h"

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

/*
 * What went back may have been a second payment or a surplus: does the rest still cover the
 * order?  A part of it that went back by our own wish was agreed on, and is not missed.
 */
static bool is_covered(const struct settling *s)
{
	int64_t kept = 0;

	for (size_t i = 0; i < s->evidence->count; i++) {
		const struct payment_row *row = &s->evidence->rows[i];
		const struct payment *of = s->own[i] ? payment_booked(s, s->own[i]->payment_id)
						     : NULL;

		if (row->kind == PAYMENT_IN)
			kept += row->chargeback ? 0 : row->amount.kop;
		else if (!of || !of->applied)
			kept -= row->amount.kop;
	}
	return kept >= s->order->total.kop;
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

		if (evidence->rows[i].kind != PAYMENT_IN || !is_new(s, i))
			continue;
		if (kop == total)
			return (ptrdiff_t)i;
		if (kop > total && more < 0)
			more = (ptrdiff_t)i;
	}
	return more;
}

/* Why this row is for a person to decide; "" when it is not. */
static const char *review_reason(const struct settling *s, const struct payment_row *row,
				 bool applied)
{
	int64_t const total = s->order->total.kop;

	if (row->chargeback)
		return "chargeback";
	if (row->kind == PAYMENT_RETURN)
		return "return";
	if (applied)
		return row->amount.kop > total ? "surplus" : "";
	if (!can_be_paid(s->order->state))
		return "second";
	if (row->amount.kop < total)
		return "short";
	return s->taken_back ? "return" : "second";
}

/* ---- writing it down ---- */

static int payment_insert(struct db *db, const struct order *order, const char *gateway,
			  const struct payment_row *row, bool applied, const char *reason)
{
	struct db_param const paid_at = row->paid_at ? P_TIME(row->paid_at) : P_NULL;
	int const rc = db_exec(db,
			       "INSERT INTO payments (gateway, gateway_payment_id, order_id, "
			       "kind, amount_kop, "
			       "applied, state, reason, receipt_url, paid_at, received_at) "
			       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, COALESCE(NULLIF(?, ''), "
			       "(SELECT h.receipt_url FROM payment_hints h WHERE "
			       "h.order_id = ? AND h.source = 'return' AND "
			       "h.gateway_payment_id = ?), ''), ?, UTC_TIMESTAMP(6))",
			       PARAMS(P(gateway), P(row->id), P(order->id),
				      P(row->kind == PAYMENT_IN ? "payment" : "return"),
				      P(row->amount), P((int64_t)applied),
				      P(*reason ? "review" : "ok"), P(reason),
				      P(row->receipt_url), P(order->id), P(row->id), paid_at),
			       NULL);

	/* The order is locked and does not have it: the gateway gave one id to two orders. */
	return rc == ERR_CONFLICT ? ERR_FAILED : rc;
}

static int tell(struct db *db, struct arena *a, const struct order *order,
		enum outbox_kind kind, enum outbox_priority priority)
{
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "%s:%lld", outbox_kind_name(kind),
							   (long long)order->id),
				      .kind = kind,
				      .priority = priority,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
			      });
}

/* To the administrators; about one payment, or payment_id "": about the order. */
static int alert(struct db *db, struct arena *a, const struct order *order, const char *what,
		 const char *payment_id)
{
	/* The column holds the longest id a gateway may give. */
	const char *fact = *payment_id ? arena_printf(a, "pay:%s:%s", what, payment_id)
				       : arena_printf(a, "alert:%s:%lld", what,
						      (long long)order->id);

	return outbox_add(db,
			  &(struct outbox_message){
				  .fact = fact,
				  .kind = OUTBOX_ALERT,
				  .priority = OUTBOX_ALERTS,
				  .order_id = order->id,
				  .data = arena_printf(a, "{\"what\":\"%s\",\"order\":\"%s\"}",
						       what, order->number),
			  });
}

/* ---- the codes ---- */

/* Those kept for the order, else others from the shelf; all or none.  ERR_NOT_FOUND: none. */
static int codes_sell(struct db *db, const struct order *order)
{
	int reserved;
	int const rc = stock_sell_reserved(db, order->id, &reserved);

	if (rc)
		return rc;
	if (reserved == order->quantity)
		return OK;
	/* Either all were kept or none: anything else is a bug, and is rolled back. */
	if (reserved)
		return ERR_FAILED;
	return stock_take(db, order->value_id, order->id, order->quantity, true);
}

static int order_deliver(struct db *db, struct arena *a, const struct order *order)
{
	int rc = db_exec_one(
		db,
		"UPDATE orders SET state = 'delivered', delivered_at = UTC_TIMESTAMP(6), "
		"paid_at = COALESCE(paid_at, UTC_TIMESTAMP(6)), ended_at = NULL "
		"WHERE id = ? AND state = ?",
		PARAMS(P(order->id), P(order_state_name(order->state))));

	if (rc || (rc = tell(db, a, order, OUTBOX_DELIVERED, OUTBOX_CODES)))
		return rc;
	return order->message_id ? tell(db, a, order, OUTBOX_PAID_NOTE, OUTBOX_ORDERS) : OK;
}

static int order_wait(struct db *db, struct arena *a, const struct order *order)
{
	int rc = db_exec_one(db,
			     "UPDATE orders SET state = 'paid', paid_at = UTC_TIMESTAMP(6), "
			     "ended_at = NULL WHERE id = ? AND state = ?",
			     PARAMS(P(order->id), P(order_state_name(order->state))));

	if (rc || (rc = tell(db, a, order, OUTBOX_WAITING, OUTBOX_ORDERS)))
		return rc;
	return alert(db, a, order, "waiting", "");
}

static int order_pay(struct db *db, struct arena *a, const struct order *order,
		     struct settlement *out)
{
	int rc = codes_sell(db, order);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	CRASH_POINT("settle.sold");
	out->result = rc ? SETTLE_WAITING : SETTLE_DELIVERED;
	out->state = rc ? ORDER_PAID : ORDER_DELIVERED;
	return rc ? order_wait(db, a, order) : order_deliver(db, a, order);
}

/* Paid or delivered, and the money is gone again: nothing more happens by itself. */
static int order_dispute(struct db *db, struct arena *a, const struct order *order,
			 struct settlement *out)
{
	int rc;

	if (order->state != ORDER_PAID && order->state != ORDER_DELIVERED)
		return OK;
	rc = db_exec_one(db, "UPDATE orders SET state = 'disputed' WHERE id = ? AND state = ?",
			 PARAMS(P(order->id), P(order_state_name(order->state))));
	if (!rc)
		rc = alert(db, a, order, "disputed", "");
	out->state = ORDER_DISPUTED;
	return rc;
}

/* ---- the whole ---- */

/* A chargeback of a payment that we had booked as good. */
static int chargeback_mark(struct db *db, const char *gateway, const struct payment_row *row,
			   bool *ret_new)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"UPDATE payments SET state = 'review', reason = 'chargeback' "
		"WHERE gateway = ? AND gateway_payment_id = ? AND reason <> 'chargeback'",
		PARAMS(P(gateway), P(row->id)), &result);

	if (!rc)
		*ret_new = result.affected == 1;
	return rc;
}

/* Book what is new.  Money that went back makes *ret_lost true, the first time only. */
static int rows_record(struct db *db, struct arena *a, const struct settling *s,
		       ptrdiff_t paying, bool *ret_lost)
{
	const struct payment_evidence *evidence = s->evidence;
	int rc = OK;

	*ret_lost = false;
	for (size_t i = 0; !rc && i < evidence->count; i++) {
		const struct payment_row *row = &evidence->rows[i];
		bool const applied = (ptrdiff_t)i == paying;
		const char *reason = review_reason(s, row, applied);
		bool lost = row->chargeback || row->kind == PAYMENT_RETURN;

		if (s->own[i]) {
			if (is_new(s, i))
				rc = refund_finish(db, a, s->order, s->own[i],
						   evidence->gateway, row->id);
			continue;
		}
		if (is_new(s, i)) {
			rc = payment_insert(db, s->order, evidence->gateway, row, applied,
					    reason);
			s->out->surplus = s->out->surplus || (applied && *reason);
			if (*reason && !applied)
				s->out->result = SETTLE_REVIEW;
		} else {
			reason = "chargeback";
			lost = false;
			if (row->chargeback)
				rc = chargeback_mark(db, evidence->gateway, row, &lost);
			if (!lost)
				continue;
		}
		if (!rc && *reason)
			rc = alert(db, a, s->order, reason, row->id);
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
	else if (lost && !is_covered(s))
		rc = order_dispute(db, &a, s->order, s->out);
	if (!rc && s->out->result == SETTLE_REVIEW && can_be_paid(s->order->state))
		rc = tell(db, &a, s->order, OUTBOX_REVIEW, OUTBOX_ORDERS);
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
	return db_retry(db, settle_work,
			&(struct settling){
				.order_id = order_id,
				.evidence = evidence,
				.out = ret,
			});
}

/* ---- orders that wait for stock ---- */

struct filling {
	int64_t value_id;
	bool filled;
};

/* The oldest one, whole or not at all: a smaller one behind it does not overtake. */
static int fill_work(struct db *db, void *data)
{
	struct filling *filling = data;
	AUTO_ARENA(a);
	const struct db_cell *row;
	struct order *order;
	int rc;

	filling->filled = false;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_one(db, &a,
		    "SELECT id FROM orders WHERE value_id = ? AND state = 'paid' "
		    "ORDER BY paid_at, id LIMIT 1 FOR UPDATE",
		    PARAMS(P(filling->value_id)), &row);
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	if ((rc = order_lock(db, &a, row[0].number, &order)))
		return rc;
	rc = stock_take(db, order->value_id, order->id, order->quantity, true);
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	if ((rc = order_deliver(db, &a, order)))
		return rc;
	CRASH_POINT("fill.before_commit");
	filling->filled = true;
	return db_tx_commit(&tx);
}

int order_fill_waiting(struct db *db, int64_t value_id, int *ret)
{
	struct filling filling = { .value_id = value_id };
	int rc;

	*ret = 0;
	do {
		if ((rc = db_retry(db, fill_work, &filling)))
			return rc;
		*ret += filling.filled;
	} while (filling.filled);
	return OK;
}

int order_waiting_value(struct db *db, int64_t after_value_id, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT v.id FROM card_values v WHERE v.id > ? AND "
			      "EXISTS (SELECT 1 FROM orders o WHERE o.value_id = v.id AND "
			      "o.state = 'paid') AND "
			      "EXISTS (SELECT 1 FROM card_codes c WHERE c.value_id = v.id AND "
			      "c.state = 'available') ORDER BY v.id LIMIT 1",
			      PARAMS(P(after_value_id)), &row);

	if (rc == ERR_NOT_FOUND) {
		*ret = 0;
		return OK;
	}
	if (!rc)
		*ret = row[0].number;
	return rc;
}
