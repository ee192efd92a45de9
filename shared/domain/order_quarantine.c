#include "shared/domain/order_quarantine.h"

#include "shared/base/crash.h"
#include "shared/domain/code_key.h"
#include "shared/domain/decision.h"
#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"

/* So many for one order, and it is no longer a matter of single codes: a person looks. */
enum { REPLACED_MAX = 5 };

#define WHY "does not decrypt"

static const struct decision by_shop = { .actor = "the shop", .why = WHY };

struct quarantine {
	const struct code_vault *vault;
	int64_t order_id;
	enum quarantine_result result;
	/* read inside the transaction */
	struct order *order;
	const struct stock_code **bad;
	size_t bad_count;
	size_t good_count;
	bool too_many;
};

/* Which codes don't open.  *ret_keys: for want of the right key. */
static int codes_look(struct db *db, struct arena *a, struct quarantine *q, bool *ret_keys)
{
	struct stock_code *codes;
	size_t count;
	int rc = stock_of_order(db, a, q->order_id, &codes, &count);

	*ret_keys = false;
	if (rc)
		return rc;
	q->bad = arena_array(a, count, sizeof(const struct stock_code *));
	q->bad_count = q->good_count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *plain;
		bool there;

		if (!code_open(a, q->vault, codes[i].value_id, &codes[i].sealed, &plain)) {
			q->good_count++;
			continue;
		}
		rc = code_key_is_there(db, q->vault, codes[i].sealed.key_id, &there);
		if (rc)
			return rc;
		*ret_keys = *ret_keys || !there;
		q->bad[q->bad_count++] = &codes[i];
	}
	return OK;
}

/* ---- telling ---- */

static int alert(struct db *db, struct arena *a, const struct quarantine *q, const char *what,
		 int64_t code_id)
{
	return outbox_add(
		db, &(struct outbox_message){
			    .fact = arena_printf(a, "alert:%s:%lld", what, (long long)code_id),
			    .kind = OUTBOX_ALERT,
			    .priority = OUTBOX_ALERTS,
			    .order_id = q->order_id,
			    .data = arena_printf(
				    a, "{\"what\":\"%s\",\"order\":\"%s\",\"code\":%lld}", what,
				    q->order->number, (long long)code_id),
		    });
}

static int audit(struct db *db, struct arena *a, const struct quarantine *q, int64_t old_id,
		 int64_t new_id)
{
	return decision_audit(
		db, a, &by_shop, "code_quarantine", q->order->number,
		DECISION_FACTS({ "old_code", arena_printf(a, "%lld", (long long)old_id) },
			       { "new_code", new_id ? arena_printf(a, "%lld", (long long)new_id)
						    : "none" }));
}

/* ---- others in their places ---- */

/* new_id 0: there is none. */
static int replacement_insert(struct db *db, struct arena *a, const struct quarantine *q,
			      const struct stock_code *bad, int64_t new_id)
{
	int const rc = db_exec(
		db,
		"INSERT INTO code_replacements (order_id, slot, fact, old_code_id, "
		"new_code_id, why, actor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, "
		"UTC_TIMESTAMP(6))",
		PARAMS(P(q->order_id), P(bad->slot),
		       P(arena_printf(a, "quarantine:%lld", (long long)bad->id)), P(bad->id),
		       new_id ? P(new_id) : P_NULL, P(by_shop.why), P(by_shop.actor)),
		NULL);

	/* The order is locked, and both codes with it: a bug, not a race. */
	return rc == ERR_CONFLICT ? ERR_FAILED : rc;
}

/* All of them or none.  ERR_NOT_FOUND: not enough on the shelf. */
static int codes_replace(struct db *db, struct arena *a, const struct quarantine *q)
{
	for (size_t i = 0; i < q->bad_count; i++) {
		const struct stock_code *bad = q->bad[i];
		int64_t new_id = 0;
		int rc;

		if ((rc = stock_spoil_one(db, bad->id, q->order_id)) ||
		    (rc = stock_take_into(db, q->order->value_id, q->order_id, bad->slot,
					  &new_id)) ||
		    (rc = replacement_insert(db, a, q, bad, new_id)) ||
		    (rc = audit(db, a, q, bad->id, new_id)) ||
		    (rc = alert(db, a, q, "quarantined", bad->id)))
			return rc;
	}
	return OK;
}

static int are_too_many(struct db *db, struct arena *a, const struct quarantine *q, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT COUNT(*) FROM code_replacements WHERE order_id = ? AND "
			      "fact LIKE 'quarantine:%'",
			      PARAMS(P(q->order_id)), &row);

	if (!rc)
		*ret = row[0].number >= REPLACED_MAX;
	return rc;
}

static int replace_work(struct db *db, void *data)
{
	struct quarantine *q = data;
	AUTO_ARENA(a);
	bool keys = false;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, q->order_id, &q->order)))
		return rc;
	q->result = QUARANTINE_NOTHING;
	if (q->order->state != ORDER_DELIVERED)
		return OK;
	if ((rc = codes_look(db, &a, q, &keys)) || (rc = are_too_many(db, &a, q, &q->too_many)))
		return rc;
	if (!q->bad_count)
		return OK;
	q->result = keys ? QUARANTINE_KEYS : QUARANTINE_NO_STOCK;
	if (keys || q->too_many)
		return OK;
	rc = codes_replace(db, &a, q);
	if (rc) /* leaving without commit: all is as it was */
		return rc == ERR_NOT_FOUND ? OK : rc;
	q->result = QUARANTINE_REPLACED;
	CRASH_POINT("quarantine.replaced");
	return db_tx_commit(&tx);
}

/* ---- waiting ---- */

/* Did Telegram take the codes, or may it have?  A refused refund sends them again. */
static int is_sent(struct db *db, struct arena *a, int64_t order_id, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT EXISTS (SELECT 1 FROM outbox WHERE order_id = ? AND "
			      "kind IN ('delivered', 'replaced') AND state <> 'pending')",
			      PARAMS(P(order_id)), &row);

	if (!rc)
		*ret = row[0].number != 0;
	return rc;
}

static int tell_waiting(struct db *db, struct arena *a, const struct quarantine *q)
{
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "waiting:%lld:code:%lld",
							   (long long)q->order_id,
							   (long long)q->bad[0]->id),
				      .kind = OUTBOX_WAITING,
				      .priority = OUTBOX_ORDERS,
				      .chat_id = q->order->chat_id,
				      .order_id = q->order_id,
			      });
}

/* The order is what it was before it had codes: the next upload fills it. */
static int order_wait(struct db *db, struct arena *a, const struct quarantine *q)
{
	int rc = db_exec_one(db,
			     "UPDATE orders SET state = 'paid', delivered_at = NULL "
			     "WHERE id = ? AND state = 'delivered'",
			     PARAMS(P(q->order_id)));

	for (size_t i = 0; !rc && i < q->bad_count; i++) {
		rc = stock_spoil_one(db, q->bad[i]->id, q->order_id);
		if (!rc)
			rc = replacement_insert(db, a, q, q->bad[i], 0);
		if (!rc)
			rc = audit(db, a, q, q->bad[i]->id, 0);
		if (!rc)
			rc = alert(db, a, q, "quarantined_waiting", q->bad[i]->id);
	}
	/* The message with the codes is told anew when there are some. */
	if (!rc)
		rc = db_exec(db,
			     "DELETE FROM outbox WHERE order_id = ? AND kind = 'delivered' "
			     "AND state = 'pending'",
			     PARAMS(P(q->order_id)), NULL);
	return rc ? rc : tell_waiting(db, a, q);
}

static int wait_work(struct db *db, void *data)
{
	struct quarantine *q = data;
	AUTO_ARENA(a);
	bool keys = false;
	bool sent = false;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, q->order_id, &q->order)))
		return rc;
	q->result = QUARANTINE_NOTHING;
	if (q->order->state != ORDER_DELIVERED)
		return OK;
	if ((rc = codes_look(db, &a, q, &keys)) || (rc = is_sent(db, &a, q->order_id, &sent)))
		return rc;
	q->result = keys ? QUARANTINE_KEYS : QUARANTINE_NO_STOCK;
	if (keys || q->good_count || sent)
		return OK;
	if ((rc = order_wait(db, &a, q)))
		return rc;
	q->result = QUARANTINE_WAITING;
	CRASH_POINT("quarantine.waiting");
	return db_tx_commit(&tx);
}

int order_quarantine(struct db *db, const struct code_vault *vault, int64_t order_id,
		     enum quarantine_result *ret)
{
	struct quarantine q = { .vault = vault, .order_id = order_id };
	int rc = db_retry(db, replace_work, &q);

	if (!rc && q.result == QUARANTINE_NO_STOCK && !q.too_many)
		rc = db_retry(db, wait_work, &q);
	if (!rc)
		*ret = q.result;
	return rc;
}
