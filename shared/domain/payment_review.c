#include "shared/domain/payment_review.h"

int payment_review_list(struct db *db, struct arena *a, int64_t order_id, int64_t after_id,
			int limit, struct payment_case **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct payment_case *cases;
	int const rc = db_query(
		db, a,
		"SELECT p.id, o.number, o.state, o.total_kop, p.amount_kop, p.reason, "
		"p.gateway_payment_id, p.received_at, EXISTS (SELECT 1 FROM refunds r WHERE "
		"r.payment_id = p.id AND r.open_order_id IS NOT NULL) "
		"FROM payments p JOIN orders o ON o.id = p.order_id "
		"WHERE p.state = 'review' AND p.id > ? AND (? = 0 OR p.order_id = ?) "
		"ORDER BY p.id LIMIT ?",
		PARAMS(P(after_id), P(order_id), P(order_id), P(limit)), &rows);

	if (rc)
		return rc;
	cases = arena_array(a, rows.count, sizeof(*cases));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		cases[i] = (struct payment_case){
			.payment_id = c[0].number,
			.order_number = c[1].text,
			.order_state = order_state_read(c[2].text),
			.order_total = MONEY(c[3].number),
			.amount = MONEY(c[4].number),
			.reason = c[5].text,
			.gateway_payment_id = c[6].text,
			.received_at = c[7].number,
			.refunding = c[8].number != 0,
		};
	}
	*ret = cases;
	*ret_count = rows.count;
	return OK;
}

/* ---- deliver ---- */

static int deliver(struct db *db, const struct review_decision *what, enum review_result *ret)
{
	struct payment_acceptance const accepted = {
		.payment_id = what->payment_id,
		.decision = what->decision,
	};
	struct payment_evidence const evidence = {
		.gateway = "",
		.answer = ANSWER_PAID,
		.accepted = &accepted,
	};
	struct settlement settlement;
	int const rc = order_settle(db, what->order_id, &evidence, &settlement);

	if (rc == ERR_NOT_FOUND)
		*ret = REVIEW_OVER;
	else if (rc == ERR_CONFLICT)
		*ret = REVIEW_CANNOT_DELIVER;
	else if (rc)
		return rc;
	else if (settlement.state == ORDER_DELIVERED)
		*ret = REVIEW_DELIVERED;
	else
		*ret = settlement.state == ORDER_PAID ? REVIEW_WAITING : REVIEW_OVER;
	return OK;
}

/* ---- refund ---- */

/* The payment in review, and its order's total; ERR_NOT_FOUND: it does not wait. */
static int case_find(struct db *db, struct arena *a, const struct review_decision *what,
		     struct payment_case *ret)
{
	struct payment_case *cases;
	size_t count;
	int const rc = payment_review_list(db, a, what->order_id, what->payment_id - 1, 1,
					   &cases, &count);

	if (rc)
		return rc;
	if (!count || cases->payment_id != what->payment_id)
		return ERR_NOT_FOUND;
	*ret = *cases;
	return OK;
}

static int refund(struct db *db, const struct review_decision *what, enum review_result *ret)
{
	static const enum review_result results[] = {
		[REFUND_ASKED] = REVIEW_REFUNDING,
		[REFUND_UNDER_WAY] = REVIEW_REFUND_UNDER_WAY,
		[REFUND_NOT_PAID] = REVIEW_CANNOT_REFUND,
		[REFUND_TOO_MUCH] = REVIEW_TOO_MUCH,
		[REFUND_NOT_OURS] = REVIEW_CANNOT_REFUND,
		[REFUND_DECIDED] = REVIEW_OVER,
	};
	struct refund_wish wish = {
		.order_id = what->order_id,
		.payment_id = what->payment_id,
		.amount = what->amount,
		.in_review = true,
		.decision = what->decision,
	};
	AUTO_ARENA(a);
	enum refund_result result;
	struct payment_case found;
	struct money amount;
	int rc = case_find(db, &a, what, &found);

	*ret = REVIEW_OVER;
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	*ret = REVIEW_CANNOT_REFUND;
	if (!strcmp(found.reason, "chargeback") || !strcmp(found.reason, "return"))
		return OK;
	/* Of a surplus only what is too much is in question: the rest paid the order. */
	if (!strcmp(found.reason, "surplus")) {
		int64_t const more = found.amount.kop - found.order_total.kop;

		*ret = REVIEW_TOO_MUCH;
		if (wish.amount.kop > more)
			return OK;
		if (!wish.amount.kop)
			wish.amount = MONEY(more);
	}
	if ((rc = order_refund_ask(db, &wish, &result, &amount)))
		return rc;
	*ret = results[result];
	return OK;
}

/* ---- dismiss ---- */

struct dismissing {
	const struct review_decision *what;
	enum review_result result;
};

static bool is_dispute(const char *reason)
{
	return !strcmp(reason, "chargeback") || !strcmp(reason, "return");
}

static int dismissal_write(struct db *db, struct arena *a, const struct order *order,
			   const struct payment *payment, const struct decision *d)
{
	int const rc = db_exec_one(
		db,
		"UPDATE payments SET state = 'resolved', resolved_at = UTC_TIMESTAMP(6), "
		"resolution = ? WHERE id = ? AND state = 'review'",
		PARAMS(P(decision_words(a, "dismissed", d)), P(payment->id)));

	if (rc)
		return rc;
	return decision_audit(db, a, d, "payment_dismiss", order->number,
			      DECISION_FACTS({ "payment", payment->gateway_payment_id },
					     { "amount", money_plain(a, payment->amount) },
					     { "reason", payment->reason }));
}

/* While it is on its way back, how that ends decides. */
static bool goes_back(const struct refund_books *books, int64_t payment_id)
{
	for (size_t i = 0; i < books->refund_count; i++)
		if (books->refunds[i].payment_id == payment_id &&
		    refund_is_open(&books->refunds[i]))
			return true;
	return false;
}

static int dismiss_work(struct db *db, void *data)
{
	struct dismissing *s = data;
	AUTO_ARENA(a);
	const struct payment *payment = NULL;
	struct refund_books books;
	struct order *order;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, s->what->order_id, &order)) ||
	    (rc = refund_books_read(db, &a, order->id, &books)))
		return rc;
	for (size_t i = 0; i < books.payment_count; i++)
		if (books.payments[i].id == s->what->payment_id)
			payment = &books.payments[i];
	s->result = REVIEW_OVER;
	if (!payment || payment->state == PAYMENT_OK)
		return OK;
	s->result = REVIEW_DISMISSED;
	if (payment->state == PAYMENT_RESOLVED)
		return OK;
	if (order->state == ORDER_DISPUTED && is_dispute(payment->reason))
		s->result = REVIEW_DISPUTED;
	else if (goes_back(&books, payment->id))
		s->result = REVIEW_REFUND_UNDER_WAY;
	if (s->result != REVIEW_DISMISSED)
		return OK;
	rc = dismissal_write(db, &a, order, payment, s->what->decision);
	return rc ? rc : db_tx_commit(&tx);
}

static int dismiss(struct db *db, const struct review_decision *what, enum review_result *ret)
{
	struct dismissing dismissing = { .what = what };
	int const rc = db_retry(db, dismiss_work, &dismissing);

	if (!rc)
		*ret = dismissing.result;
	return rc;
}

int payment_review_decide(struct db *db, const struct review_decision *what,
			  enum review_result *ret)
{
	static int (*const choices[])(struct db *, const struct review_decision *,
				      enum review_result *) = {
		[REVIEW_DELIVER] = deliver,
		[REVIEW_REFUND] = refund,
		[REVIEW_DISMISS] = dismiss,
	};

	return choices[what->choice](db, what, ret);
}
