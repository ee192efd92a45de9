#include "shared/domain/order_refund.h"

#include "shared/base/crash.h"
#include "shared/base/utf8.h"

struct asking {
	const struct refund_wish *wish;
	int64_t user_id; /* the buyer's own wish; 0: an administrator's */
	enum refund_result result;
	struct money amount;
	/* read inside the transaction */
	struct order *order;
	struct refund_books books;
};

static const struct payment *payment_of(const struct asking *s)
{
	for (size_t i = 0; i < s->books.payment_count; i++) {
		const struct payment *p = &s->books.payments[i];

		if (p->kind == PAYMENT_IN &&
		    (s->wish->payment_id ? p->id == s->wish->payment_id : p->applied))
			return p;
	}
	return NULL;
}

/* Is it the order's only payment?  Then the order's number is enough to name it. */
static bool is_alone(const struct asking *s)
{
	int count = 0;

	for (size_t i = 0; i < s->books.payment_count; i++)
		count += s->books.payments[i].kind == PAYMENT_IN;
	return count == 1;
}

static bool has_open(const struct asking *s)
{
	for (size_t i = 0; i < s->books.refund_count; i++)
		if (refund_is_open(&s->books.refunds[i]))
			return true;
	return false;
}

/* What paid the order goes back only from an order that is whole; other money from any. */
static bool state_allows(const struct asking *s, const struct payment *payment)
{
	enum order_state const state = s->order->state;

	if (s->user_id)
		return state == ORDER_PAID;
	if (!payment->applied)
		return state != ORDER_DISPUTED;
	return state == ORDER_PAID || state == ORDER_DELIVERED;
}

static enum refund_result wish_judge(struct asking *s, const struct payment **ret_payment)
{
	const struct payment *payment = payment_of(s);
	int64_t wanted = s->wish->amount.kop;
	int64_t left;

	if (!payment)
		return s->wish->payment_id ? REFUND_NOT_OURS : REFUND_NOT_PAID;
	if (s->wish->in_review && payment->state != PAYMENT_REVIEW)
		return REFUND_DECIDED;
	if (has_open(s))
		return REFUND_UNDER_WAY;
	if (!state_allows(s, payment))
		return REFUND_NOT_PAID;
	/* A dispute that ended well leaves its mark on the payment, and the order as it was. */
	if (!strcmp(payment->reason, "chargeback") && !payment->applied)
		return REFUND_NOT_OURS;
	if (payment->twin && !is_alone(s))
		return REFUND_NOT_OURS;
	left = refund_left(&s->books, payment->id).kop;
	if (!wanted)
		wanted = left;
	if (wanted < 1 || wanted > left)
		return REFUND_TOO_MUCH;
	s->amount = MONEY(wanted);
	*ret_payment = payment;
	return REFUND_ASKED;
}

static int wish_insert(struct db *db, struct arena *a, const struct asking *s,
		       const struct payment *payment, bool whole)
{
	const struct decision *d = s->wish->decision;
	int const rc = db_exec(
		db,
		"INSERT INTO refunds (order_id, payment_id, open_order_id, fact, amount_kop, "
		"whole, reason, actor, state, not_before, created_at) VALUES (?, ?, ?, ?, ?, "
		"?, ?, ?, 'pending', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
		PARAMS(P(s->order->id), P(payment->id), P(s->order->id), P(d->wish),
		       P(s->amount), P((int64_t)whole),
		       P(utf8_clean_line(a, d->why, strlen(d->why), DECISION_WHY_MAX)),
		       P(d->actor)),
		NULL);

	/* The order is locked and has none under way: a bug, not a race. */
	return rc == ERR_CONFLICT ? ERR_FAILED : rc;
}

static int wish_store(struct db *db, struct arena *a, const struct asking *s,
		      const struct payment *payment)
{
	int64_t const left = refund_left(&s->books, payment->id).kop;
	bool const whole = payment->applied && s->amount.kop == left;
	int rc = wish_insert(db, a, s, payment, whole);

	if (!rc && whole)
		rc = db_exec_one(
			db, "UPDATE orders SET state = 'refunding' WHERE id = ? AND state = ?",
			PARAMS(P(s->order->id), P(order_state_name(s->order->state))));
	if (!rc)
		rc = decision_audit(db, a, s->wish->decision, "order_refund", s->order->number,
				    DECISION_FACTS({ "amount", money_plain(a, s->amount) },
						   { "payment", payment->gateway_payment_id }));
	return rc;
}

/* The same wish told again, after an answer that was lost. */
static int wish_known(struct db *db, struct arena *a, struct asking *s, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT amount_kop FROM refunds WHERE fact = ? AND order_id = ?",
			      PARAMS(P(s->wish->decision->wish), P(s->order->id)), &row);

	*ret = !rc;
	if (!rc) {
		s->amount = MONEY(row[0].number);
		s->result = REFUND_ASKED;
	}
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static int ask_work(struct db *db, void *data)
{
	struct asking *s = data;
	AUTO_ARENA(a);
	const struct payment *payment;
	int64_t const id = s->wish->order_id;
	bool known;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, id, &s->order)))
		return rc;
	if (s->user_id && s->order->user_id != s->user_id)
		return ERR_NOT_FOUND;
	if ((rc = wish_known(db, &a, s, &known)) || known ||
	    (rc = refund_books_read(db, &a, id, &s->books)))
		return rc;
	s->result = wish_judge(s, &payment);
	if (s->result != REFUND_ASKED)
		return OK;
	if ((rc = wish_store(db, &a, s, payment)))
		return rc;
	CRASH_POINT("refund.wished");
	return db_tx_commit(&tx);
}

int order_refund_ask(struct db *db, const struct refund_wish *wish, enum refund_result *ret,
		     struct money *ret_amount)
{
	struct asking asking = { .wish = wish };
	int const rc = db_retry(db, ask_work, &asking);

	if (!rc) {
		*ret = asking.result;
		*ret_amount = asking.amount;
	}
	return rc;
}

int order_refund_by_buyer(struct db *db, int64_t order_id, int64_t user_id,
			  enum refund_result *ret)
{
	AUTO_ARENA(a);
	struct decision const decision = {
		.actor = "buyer",
		.why = "the buyer does not want to wait",
		.wish = decision_wish(&a, "buyer"),
	};
	struct refund_wish const wish = { .order_id = order_id, .decision = &decision };
	struct asking asking = { .wish = &wish, .user_id = user_id };
	int const rc = db_retry(db, ask_work, &asking);

	if (!rc)
		*ret = asking.result;
	return rc;
}
