#include "shared/domain/order_ask.h"

#include "shared/base/crash.h"
#include "shared/base/limits.h"
#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"

enum {
	OPEN_GAP_S = 5,	  /* somebody is typing a card number: look again soon */
	HINT_SLACK_S = 3, /* a claim moves ask_at much further on: nearer than this is a hint */
	DAY_S = 86400,
};

/* ---- whose turn it is ---- */

struct claim {
	struct arena *arena;
	int limit;
	int64_t lease;
	struct order_question *list;
	size_t count;
};

static int claim_work(struct db *db, void *data)
{
	struct claim *claim = data;
	struct db_rows rows;
	int rc;

	claim->count = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_query(db, claim->arena,
		      "SELECT id, number, created_at, asks FROM orders "
		      "WHERE ask_at <= UTC_TIMESTAMP(6) ORDER BY ask_at LIMIT ? "
		      "FOR UPDATE SKIP LOCKED",
		      PARAMS(P(claim->limit)), &rows);
	if (rc || !rows.count)
		return rc;
	claim->list = arena_array(claim->arena, rows.count, sizeof(*claim->list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		claim->list[i] = (struct order_question){
			.order_id = c[0].number,
			.number = c[1].text,
			.created_at = c[2].number,
			.asks = (int)c[3].number,
		};
		rc = db_exec_one(db,
				 "UPDATE orders SET asks = asks + 1, "
				 "asked_at = UTC_TIMESTAMP(6), "
				 "ask_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
				 "WHERE id = ? AND ask_at <= UTC_TIMESTAMP(6)",
				 PARAMS(P(claim->lease), P(c[0].number)));
		if (rc)
			return rc;
	}
	claim->count = rows.count;
	rc = db_tx_commit(&tx);
	CRASH_POINT("ask.claimed");
	return rc;
}

int order_ask_claim(struct db *db, struct arena *a, int limit, int64_t lease_seconds,
		    struct order_question **ret, size_t *ret_count)
{
	struct claim claim = { .arena = a, .limit = limit, .lease = lease_seconds };
	int const rc = db_retry(db, claim_work, &claim);

	if (!rc) {
		*ret = claim.list;
		*ret_count = claim.count;
	}
	return rc;
}

int order_ask_due(struct db *db, int64_t most, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), ask_at) FROM "
			      "orders WHERE ask_at IS NOT NULL ORDER BY ask_at LIMIT 1",
			      NO_PARAMS, &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = rc || row[0].number > most ? most : row[0].number;
	if (*ret < 0)
		*ret = 0;
	return OK;
}

/* ---- what the answer means for the time to come ---- */

/* The order as the schedule sees it, in seconds by the database's clock. */
struct clockwork {
	enum order_state state;
	int asks;
	int64_t since_expiry; /* negative: the reservation still lives */
	int64_t ttl;
	int64_t since_end; /* since expired or cancelled; since paid for the others */
	bool hinted;	   /* a hint came while we were asking */
};

/* Asked 10, 20, 40, 80 … s after the opening: each gap is as long as all before it together. */
static int64_t gap_after(int asks)
{
	int64_t gap = ASK_FIRST_S;

	for (int i = 1; i < asks && gap < ASK_LONGEST_S; i++)
		gap *= 2;
	return gap < ASK_LONGEST_S ? gap : ASK_LONGEST_S;
}

/* How much longer codes are kept for somebody who is paying at the reservation's end. */
static int64_t grace_of(int64_t ttl)
{
	return ttl / 10 < ASK_GRACE_S ? ttl / 10 : ASK_GRACE_S;
}

/* Does this answer, at this time, end the reservation? */
static bool must_expire(const struct clockwork *c, enum payment_answer answer)
{
	if (c->state != ORDER_PENDING || c->since_expiry < 0)
		return false;
	switch (answer) {
	case ANSWER_NONE:
	case ANSWER_PAID: /* it was settled; still pending, so the money did not fit */
		return true;
	case ANSWER_OPEN:
		return c->since_expiry >= grace_of(c->ttl);
	case ANSWER_UNUSABLE:
	case ANSWER__COUNT:
		break;
	}
	return c->since_expiry >= c->ttl;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Seconds until the next question; negative: never again. */
static int64_t next_question(const struct clockwork *c, enum payment_answer answer)
{
	int64_t gap = gap_after(c->asks);

	if (c->state == ORDER_PENDING) {
		if (c->since_expiry < 0)
			return smaller(gap, -c->since_expiry);
		gap = smaller(gap, OPEN_GAP_S);
		if (answer == ANSWER_OPEN && c->since_expiry < grace_of(c->ttl))
			gap = smaller(gap, grace_of(c->ttl) - c->since_expiry);
		return gap > 0 ? gap : 1;
	}
	if (c->since_end >= ASK_DAILY_S)
		return -1;
	/* Late money is likelier than a chargeback: what is over is asked about more often. */
	if (c->state != ORDER_EXPIRED && c->state != ORDER_CANCELLED)
		gap = c->since_end < gap ? gap : smaller(c->since_end, DAY_S);
	else if (c->since_end >= ASK_AFTER_END_S)
		gap = DAY_S;
	/* The last question is asked when the 30 days are over, not up to a day before. */
	return smaller(gap, ASK_DAILY_S - c->since_end);
}

static int clockwork_read(struct db *db, struct arena *a, int64_t order_id,
			  struct clockwork *ret)
{
	const struct db_cell *c;
	struct order *order;
	int rc = order_lock(db, a, order_id, &order);

	if (!rc)
		rc = db_one(db, a,
			    "SELECT asks, TIMESTAMPDIFF(SECOND, expires_at, UTC_TIMESTAMP(6)), "
			    "expires_at <= UTC_TIMESTAMP(6), "
			    "TIMESTAMPDIFF(SECOND, created_at, expires_at), "
			    "TIMESTAMPDIFF(SECOND, COALESCE(ended_at, paid_at, created_at), "
			    "UTC_TIMESTAMP(6)), "
			    "ask_at < UTC_TIMESTAMP(6) + INTERVAL ? SECOND FROM orders WHERE "
			    "id = ?",
			    PARAMS(P(HINT_SLACK_S), P(order_id)), &c);
	if (rc)
		return rc;
	*ret = (struct clockwork){
		.state = order->state,
		.asks = (int)c[0].number,
		.since_expiry = c[1].number,
		.ttl = c[3].number,
		.since_end = c[4].number,
		.hinted = !c[5].is_null && c[5].number,
	};
	/* Whole seconds are cut towards 0: the last one before the end is not the end. */
	if (!c[2].number && ret->since_expiry >= 0)
		ret->since_expiry = -1;
	return OK;
}

/* ---- the end of a reservation ---- */

static int order_expire(struct db *db, struct arena *a, int64_t order_id)
{
	struct order *order;
	int rc = db_exec_one(
		db,
		"UPDATE orders SET state = 'expired', ended_at = UTC_TIMESTAMP(6) "
		"WHERE id = ? AND state = 'pending' AND expires_at <= UTC_TIMESTAMP(6)",
		PARAMS(P(order_id)));

	if (rc || (rc = stock_release(db, order_id)) ||
	    (rc = order_find(db, a, order_id, &order)))
		return rc;
	return outbox_add(db,
			  &(struct outbox_message){
				  .fact = arena_printf(a, "expired:%lld", (long long)order_id),
				  .kind = OUTBOX_EXPIRED,
				  .priority = OUTBOX_ORDERS,
				  .chat_id = order->chat_id,
				  .order_id = order_id,
			  });
}

struct answering {
	int64_t order_id;
	enum payment_answer answer;
	bool expired;
	enum order_state state;
};

/* In so many seconds; negative: never again. */
static int next_set(struct db *db, int64_t order_id, int64_t next)
{
	return db_exec(db,
		       "UPDATE orders SET "
		       "ask_at = IF(? < 0, NULL, UTC_TIMESTAMP(6) + INTERVAL ? SECOND) "
		       "WHERE id = ?",
		       PARAMS(P(next), P(next), P(order_id)), NULL);
}

static int answer_work(struct db *db, void *data)
{
	struct answering *s = data;
	AUTO_ARENA(a);
	struct clockwork clock;
	int rc;

	s->expired = false;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = clockwork_read(db, &a, s->order_id, &clock)))
		return rc;
	if (must_expire(&clock, s->answer)) {
		if ((rc = order_expire(db, &a, s->order_id)))
			return rc;
		CRASH_POINT("expire.before_commit");
		s->expired = true;
		clock.state = ORDER_EXPIRED;
		clock.since_end = 0;
	}
	s->state = clock.state;
	/* A hint has set the time already: the answer may be older than what it tells of. */
	if (!clock.hinted)
		rc = next_set(db, s->order_id, next_question(&clock, s->answer));
	return rc ? rc : db_tx_commit(&tx);
}

int order_answered(struct db *db, int64_t order_id, const struct payment_evidence *evidence,
		   struct asking *ret)
{
	struct answering answering = { .order_id = order_id, .answer = evidence->answer };
	struct asking asking = { .settlement = { .result = SETTLE_NOTHING } };
	int rc = OK;

	if (evidence->count)
		rc = order_settle(db, order_id, evidence, &asking.settlement);
	CRASH_POINT("ask.settled");
	if (!rc)
		rc = db_retry(db, answer_work, &answering);
	if (rc)
		return rc;
	if (!evidence->count)
		asking.settlement.state = answering.state;
	if (asking.settlement.result != SETTLE_NOTHING)
		asking.result = ASK_SETTLED;
	else if (answering.expired)
		asking.result = ASK_EXPIRED;
	else
		asking.result = answering.state == ORDER_PENDING ? ASK_OPEN : ASK_ENDED;
	*ret = asking;
	return OK;
}

int order_ask_now(struct db *db, int64_t order_id)
{
	return db_exec(db, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6) WHERE id = ?",
		       PARAMS(P(order_id)), NULL);
}
