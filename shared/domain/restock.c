#include "shared/domain/restock.h"

#include "shared/base/limits.h"
#include "shared/domain/outbox.h"

int restock_wait(struct db *db, int64_t value_id, int64_t user_id)
{
	return db_exec(
		db,
		"INSERT INTO restock_waiters (value_id, user_id, created_at) "
		"VALUES (?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE value_id = value_id",
		PARAMS(P(value_id), P(user_id)), NULL);
}

struct telling {
	int limit;
	int told;
};

static int waiter_tell(struct db *db, struct arena *a, int64_t value_id,
		       const struct db_cell *c)
{
	int64_t const user_id = c[0].number;
	int const rc = db_exec(db,
			       "DELETE FROM restock_waiters WHERE value_id = ? AND user_id = ?",
			       PARAMS(P(value_id), P(user_id)), NULL);

	if (rc)
		return rc;
	return outbox_add(
		db,
		&(struct outbox_message){
			.fact = arena_printf(a, "restock:%lld:%lld:%lld", (long long)value_id,
					     (long long)user_id, (long long)c[1].number),
			.kind = OUTBOX_RESTOCK,
			.priority = OUTBOX_ALERTS,
			.chat_id = user_id,
			.data = arena_printf(a, "{\"value\":%lld}", (long long)value_id),
		});
}

/*
 * A value that somebody waits for and that can be bought.  Those are few, and each is one look
 * at two indexes: the limits keep the server from joining all codes with all orders instead.
 * ERR_NOT_FOUND: none.
 */
static int value_find(struct db *db, struct arena *a, int64_t *ret)
{
	const struct db_cell *row;
	int const rc = db_one(
		db, a,
		"SELECT w.value_id FROM (SELECT DISTINCT value_id FROM restock_waiters) w "
		"WHERE (SELECT c.id FROM card_codes c WHERE c.value_id = w.value_id AND "
		"c.state = 'available' AND c.expires_at > UTC_TIMESTAMP(6) + INTERVAL ? HOUR "
		"LIMIT 1) IS NOT NULL AND (SELECT o.id FROM orders o "
		"WHERE o.value_id = w.value_id AND o.state = 'paid' LIMIT 1) IS NULL "
		"ORDER BY w.value_id LIMIT 1",
		PARAMS(P(CODE_LIFE_MIN_HOURS)), &row);

	if (!rc)
		*ret = row[0].number;
	return rc;
}

static int tell_work(struct db *db, void *data)
{
	struct telling *telling = data;
	AUTO_ARENA(a);
	struct db_rows rows;
	int64_t value_id;
	int rc;

	telling->told = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if ((rc = value_find(db, &a, &value_id)))
		return rc == ERR_NOT_FOUND ? OK : rc;
	rc = db_query(db, &a,
		      "SELECT user_id, created_at FROM restock_waiters WHERE value_id = ? "
		      "ORDER BY created_at LIMIT ?",
		      PARAMS(P(value_id), P(telling->limit)), &rows);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = waiter_tell(db, &a, value_id, db_row(&rows, i));
	if (rc || !rows.count)
		return rc;
	telling->told = (int)rows.count;
	return db_tx_commit(&tx);
}

int restock_tell(struct db *db, int limit, int *ret)
{
	struct telling telling = { .limit = limit };
	int const rc = db_retry(db, tell_work, &telling);

	if (!rc)
		*ret = telling.told;
	return rc;
}
