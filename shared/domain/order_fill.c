#include "shared/domain/order_fill.h"

#include "shared/base/crash.h"
#include "shared/domain/order_notice.h"
#include "shared/domain/stock.h"

/* Does another order wait for codes of this value? */
static int somebody_waits(struct db *db, int64_t value_id, bool *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT (SELECT id FROM orders FORCE INDEX (orders_value_state) "
			      "WHERE value_id = ? AND state = 'paid' LIMIT 1) IS NOT NULL",
			      PARAMS(P(value_id)), &row);

	if (!rc)
		*ret = row[0].number != 0;
	return rc;
}

/* Those kept for the order, else others from the shelf; all or none.  ERR_NOT_FOUND: none. */
static int codes_sell(struct db *db, const struct order *order)
{
	bool behind = false;
	int reserved;
	int rc = stock_sell_reserved(db, order->id, &reserved);

	if (rc)
		return rc;
	if (reserved == order->quantity)
		return OK;
	/* Either all were kept or none: anything else is a bug, and is rolled back. */
	if (reserved)
		return ERR_FAILED;
	if ((rc = somebody_waits(db, order->value_id, &behind)) || behind)
		return rc ? rc : ERR_NOT_FOUND;
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

	if (rc || (rc = order_tell(db, a, order, OUTBOX_DELIVERED, OUTBOX_CODES)))
		return rc;
	return order->message_id ? order_tell(db, a, order, OUTBOX_PAID_NOTE, OUTBOX_ORDERS)
				 : OK;
}

static int order_wait(struct db *db, struct arena *a, const struct order *order)
{
	int rc = db_exec_one(db,
			     "UPDATE orders SET state = 'paid', paid_at = UTC_TIMESTAMP(6), "
			     "ended_at = NULL WHERE id = ? AND state = ?",
			     PARAMS(P(order->id), P(order_state_name(order->state))));

	if (rc || (rc = order_tell(db, a, order, OUTBOX_WAITING, OUTBOX_ORDERS)))
		return rc;
	return order_alert(db, a, order, "waiting", "");
}

int order_fill(struct db *db, struct arena *a, const struct order *order, enum order_state *ret)
{
	int rc = codes_sell(db, order);
	bool const waits = rc == ERR_NOT_FOUND;

	if (rc && !waits)
		return rc;
	CRASH_POINT("settle.sold");
	rc = waits ? order_wait(db, a, order) : order_deliver(db, a, order);
	if (!rc)
		*ret = waits ? ORDER_PAID : ORDER_DELIVERED;
	return rc;
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
