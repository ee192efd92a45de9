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

static int waiter_tell(struct db *db, struct arena *a, const struct db_cell *c)
{
	int64_t const value_id = c[0].number;
	int64_t const user_id = c[1].number;
	int const rc = db_exec(db,
			       "DELETE FROM restock_waiters WHERE value_id = ? AND user_id = ?",
			       PARAMS(P(value_id), P(user_id)), NULL);

	if (rc)
		return rc;
	return outbox_add(
		db,
		&(struct outbox_message){
			.fact = arena_printf(a, "restock:%lld:%lld:%lld", (long long)value_id,
					     (long long)user_id, (long long)c[2].number),
			.kind = OUTBOX_RESTOCK,
			.priority = OUTBOX_ALERTS,
			.chat_id = user_id,
			.data = arena_printf(a, "{\"value\":%lld}", (long long)value_id),
		});
}

static int tell_work(struct db *db, void *data)
{
	struct telling *telling = data;
	AUTO_ARENA(a);
	struct db_rows rows;
	int rc;

	telling->told = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	/* Values somebody waits for are few; each is one look at the shelf's index. */
	rc = db_query(
		db, &a,
		"SELECT w.value_id, w.user_id, w.created_at FROM restock_waiters w "
		"WHERE EXISTS (SELECT 1 FROM card_codes c WHERE c.value_id = w.value_id AND "
		"c.state = 'available' AND "
		"c.expires_at > UTC_TIMESTAMP(6) + INTERVAL ? HOUR) AND NOT EXISTS "
		"(SELECT 1 FROM orders o WHERE o.value_id = w.value_id AND o.state = 'paid') "
		"ORDER BY w.value_id, w.created_at LIMIT ?",
		PARAMS(P(CODE_LIFE_MIN_HOURS), P(telling->limit)), &rows);
	for (size_t i = 0; !rc && i < rows.count; i++)
		rc = waiter_tell(db, &a, db_row(&rows, i));
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
