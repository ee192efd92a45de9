#include "shared/domain/order_dispute.h"

#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"

struct deciding {
	int64_t order_id;
	enum dispute_choice choice;
	const struct decision *decision;
	enum order_state state;
};

/* What went back of what had paid the order, as far as anybody can tell; and that. */
static void sums(const struct refund_books *books, int64_t *ret_back, int64_t *ret_paid)
{
	*ret_back = *ret_paid = 0;
	for (size_t i = 0; i < books->payment_count; i++) {
		const struct payment *p = &books->payments[i];

		const struct payment *of = refund_payment_of(books, p);

		if (p->kind == PAYMENT_RETURN)
			*ret_back += of && !of->applied ? 0 : p->amount.kop;
		else if (p->applied)
			*ret_paid += p->amount.kop;
	}
}

static int rows_resolve(struct db *db, struct arena *a, const struct deciding *s)
{
	const char *what = s->choice == DISPUTE_LIFT ? "dispute lifted" : "dispute kept";

	return db_exec(
		db,
		"UPDATE payments SET state = 'resolved', resolved_at = UTC_TIMESTAMP(6), "
		"resolution = ? WHERE order_id = ? AND state = 'review' AND "
		"reason IN ('chargeback', 'return')",
		PARAMS(P(decision_words(a, what, s->decision)), P(s->order_id)), NULL);
}

/* All of it went back by other hands: that was the refund. */
static int order_end(struct db *db, struct arena *a, const struct order *order, int64_t back)
{
	int rc = db_exec_one(
		db,
		"UPDATE orders SET state = 'refunded', ended_at = UTC_TIMESTAMP(6) "
		"WHERE id = ? AND state = 'disputed'",
		PARAMS(P(order->id)));

	if (!rc)
		rc = stock_spoil(db, order->id);
	if (rc)
		return rc;
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "refunded:order:%lld",
							   (long long)order->id),
				      .kind = OUTBOX_REFUNDED,
				      .priority = OUTBOX_ORDERS,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
				      .data = arena_printf(a, "{\"kop\":%lld,\"whole\":true}",
							   (long long)back),
			      });
}

static int order_resume(struct db *db, struct arena *a, const struct order *order,
			enum order_state state)
{
	int const rc = db_exec_one(
		db, "UPDATE orders SET state = ? WHERE id = ? AND state = 'disputed'",
		PARAMS(P(order_state_name(state)), P(order->id)));

	if (rc || state != ORDER_DELIVERED)
		return rc;
	return refund_tell_codes(db, a, order, "lifted");
}

static int lift(struct db *db, struct arena *a, struct deciding *s, const struct order *order)
{
	struct refund_books books;
	int64_t back;
	int64_t paid;
	int const rc = refund_books_read(db, a, order->id, &books);

	if (rc)
		return rc;
	sums(&books, &back, &paid);
	if (back >= paid && !refund_covers(&books, order->total))
		s->state = ORDER_REFUNDED;
	else
		s->state = order->delivered_at ? ORDER_DELIVERED : ORDER_PAID;
	return s->state == ORDER_REFUNDED ? order_end(db, a, order, back)
					  : order_resume(db, a, order, s->state);
}

/* The same decision, told again after an answer that was lost. */
static int decided_before(struct db *db, struct arena *a, const struct deciding *s,
			  const struct order *order, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(
		db, a,
		"SELECT EXISTS (SELECT 1 FROM audit WHERE object = ? AND "
		"action = ? AND detail LIKE ?)",
		PARAMS(P(arena_printf(a, "order %s", order->number)),
		       P(s->choice == DISPUTE_LIFT ? "dispute_lift" : "dispute_keep"),
		       P(arena_printf(a, "%%%s%%", s->decision->wish))),
		&row);

	if (!rc)
		*ret = row[0].number != 0;
	return rc;
}

static int decide_work(struct db *db, void *data)
{
	struct deciding *s = data;
	AUTO_ARENA(a);
	struct order *order;
	bool known = false;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, s->order_id, &order)))
		return rc;
	s->state = order->state;
	if (order->state != ORDER_DISPUTED) {
		rc = decided_before(db, &a, s, order, &known);
		return !rc && !known ? ERR_CONFLICT : rc;
	}
	if ((rc = rows_resolve(db, &a, s)))
		return rc;
	if (s->choice == DISPUTE_LIFT && (rc = lift(db, &a, s, order)))
		return rc;
	rc = decision_audit(db, &a, s->decision,
			    s->choice == DISPUTE_LIFT ? "dispute_lift" : "dispute_keep",
			    order->number,
			    DECISION_FACTS({ "state", order_state_name(s->state) },
					   { "wish", s->decision->wish }));
	return rc ? rc : db_tx_commit(&tx);
}

int order_dispute_decide(struct db *db, int64_t order_id, enum dispute_choice choice,
			 const struct decision *decision, enum order_state *ret)
{
	struct deciding deciding = { .order_id = order_id,
				     .choice = choice,
				     .decision = decision };
	int const rc = db_retry(db, decide_work, &deciding);

	if (!rc)
		*ret = deciding.state;
	return rc;
}
