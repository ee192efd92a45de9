#include "shared/domain/lease.h"

#include "shared/base/limits.h"
#include "shared/domain/outbox.h"

int lease_take(struct db *db, struct arena *a, const char *name, int64_t owner, int64_t seconds,
	       bool *ret, const char **ret_data)
{
	const struct db_cell *row;
	/* Assigned from left to right: until_at sees the owner that came out. */
	int rc = db_exec(db,
			 "INSERT INTO leases (name, owner, until_at) VALUES (?, ?, "
			 "UTC_TIMESTAMP(6) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE "
			 "owner = IF(until_at < UTC_TIMESTAMP(6), VALUES(owner), owner), "
			 "until_at = IF(owner = VALUES(owner), VALUES(until_at), until_at)",
			 PARAMS(P(name), P(owner), P(seconds)), NULL);

	if (rc)
		return rc;
	rc = db_one(db, a, "SELECT owner, data FROM leases WHERE name = ?", PARAMS(P(name)),
		    &row);
	if (rc)
		return rc;
	*ret = row[0].number == owner;
	*ret_data = row[1].text;
	return OK;
}

int lease_note(struct db *db, const char *name, int64_t owner, const char *data)
{
	struct db_result result;
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc = db_exec(db, "UPDATE leases SET data = ? WHERE name = ? AND owner = ?",
			 PARAMS(P(data), P(name), P(owner)), &result);

	if (rc || result.affected)
		return rc;
	/* The same data again changes no row. */
	rc = db_one(db, &a, "SELECT 1 FROM leases WHERE name = ? AND owner = ?",
		    PARAMS(P(name), P(owner)), &row);
	return rc == ERR_NOT_FOUND ? ERR_CONFLICT : rc;
}

int lease_release(struct db *db, const char *name, int64_t owner)
{
	return db_exec(db,
		       "UPDATE leases SET until_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND "
		       "WHERE name = ? AND owner = ?",
		       PARAMS(P(name), P(owner)), NULL);
}

int pause_set(struct db *db, const char *name, int64_t seconds)
{
	return db_exec(db,
		       "INSERT INTO leases (name, owner, until_at) VALUES (?, 0, "
		       "UTC_TIMESTAMP(6) + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE "
		       "until_at = GREATEST(until_at, VALUES(until_at))",
		       PARAMS(P(name), P(seconds)), NULL);
}

int pause_left(struct db *db, const char *name, int64_t *ret_ms)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), until_at) "
			      "FROM leases WHERE name = ?",
			      PARAMS(P(name)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret_ms = rc || row[0].number <= 0 ? 0 : row[0].number / 1000 + 1;
	return OK;
}

/* ---- heartbeats of workers ---- */

int worker_beat(struct db *db, const struct worker_beat *beat)
{
	return db_exec(db,
		       "INSERT INTO workers (id, host, pid, version, started_at, beat_at) "
		       "VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE "
		       "beat_at = VALUES(beat_at)",
		       PARAMS(P(beat->id), P(beat->host), P(beat->pid), P(beat->version),
			      beat->started_at ? P_TIME(beat->started_at) : P_NULL),
		       NULL);
}

int worker_alive(struct db *db, int *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT COUNT(*) FROM workers "
			      "WHERE beat_at > UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND",
			      PARAMS(P(HEARTBEAT_FRESH_MS * 1000)), &row);

	if (!rc)
		*ret = (int)row[0].number;
	return rc;
}

int worker_gone(struct db *db, int64_t id)
{
	return db_exec(db,
		       "DELETE FROM workers WHERE id = ? OR "
		       "beat_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY",
		       PARAMS(P(id)), NULL);
}

static int bury_work(struct db *db, void *data)
{
	int *buried = data;
	AUTO_ARENA(a);
	struct db_rows rows;
	int rc;

	*buried = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_query(
		db, &a,
		"SELECT id FROM workers WHERE beat_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND "
		"LIMIT 16 FOR UPDATE SKIP LOCKED",
		PARAMS(P(WORKER_DEAD_S)), &rows);
	if (rc || !rows.count)
		return rc;
	for (size_t i = 0; i < rows.count; i++) {
		int64_t const id = db_row(&rows, i)[0].number;

		rc = outbox_free(db, id);
		if (!rc)
			rc = db_exec_one(db, "DELETE FROM workers WHERE id = ?", PARAMS(P(id)));
		if (rc)
			return rc;
	}
	*buried = (int)rows.count;
	return db_tx_commit(&tx);
}

int worker_bury(struct db *db, int *ret)
{
	return db_retry(db, bury_work, ret);
}
