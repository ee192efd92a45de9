#include "shared/domain/batch.h"

#include "shared/platform/json.h"

enum { PIECE_ROWS = 500 }; /* of one transaction: small enough for Galera */

#define BATCH_COLUMNS "id, value_id, name, supplier, cost_kop, created_at"

static void batch_read(const struct db_cell *c, struct batch_row *b)
{
	*b = (struct batch_row){ .id = c[0].number,
				 .value_id = c[1].number,
				 .name = c[2].text,
				 .supplier = c[3].text,
				 .cost = MONEY(c[4].number),
				 .created_at = c[5].number };
}

int batch_find(struct db *db, struct arena *a, int64_t id, struct batch_row **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT " BATCH_COLUMNS " FROM code_batches WHERE id = ?",
			      PARAMS(P(id)), &row);

	if (rc)
		return rc;
	*ret = arena_new(a, struct batch_row);
	batch_read(row, *ret);
	return OK;
}

int batch_list(struct db *db, struct arena *a, int64_t value_id, int64_t before_id, int limit,
	       struct batch_row **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct batch_row *list;
	int const rc = db_query(
		db, a,
		"SELECT " BATCH_COLUMNS " FROM code_batches WHERE value_id = ? AND "
		"id < ? ORDER BY id DESC LIMIT ?",
		PARAMS(P(value_id), P(before_id ? before_id : INT64_MAX), P(limit)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		batch_read(db_row(&rows, i), &list[i]);
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int batch_bounded(struct db *db, int64_t id, const char *state, int limit, int *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(
		db, &a,
		"SELECT COUNT(*) FROM (SELECT 1 FROM card_codes WHERE batch_id = ? "
		"AND state = ? LIMIT ?) bounded",
		PARAMS(P(id), P(state), P(limit + 1)), &row);

	if (!rc)
		*ret = (int)row[0].number;
	return rc;
}

int batch_expiring(struct db *db, const struct batch_row *b, int days, int limit, int *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(
		db, &a,
		"SELECT COUNT(*) FROM (SELECT 1 FROM card_codes FORCE INDEX "
		"(card_codes_shelf) WHERE value_id = ? AND state = 'available' AND "
		"expires_at < UTC_TIMESTAMP(6) + INTERVAL ? DAY AND batch_id = ? "
		"LIMIT ?) bounded",
		PARAMS(P(b->value_id), P(days), P(b->id), P(limit + 1)), &row);

	if (!rc)
		*ret = (int)row[0].number;
	return rc;
}

/* ---- what is left of it ---- */

struct taking {
	const struct audit_who *who;
	int64_t id;
	bool defective;
	int64_t count;
};

/* A piece of it: what is being sold at this moment is not waited for. */
static int take_off_work(struct db *db, void *data)
{
	struct taking *t = data;
	struct db_result result;
	AUTO_ARENA(a);
	int rc;

	t->count = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(
		db,
		"UPDATE card_codes SET state = ? WHERE batch_id = ? AND "
		"state = 'available' ORDER BY id LIMIT ?",
		PARAMS(P(t->defective ? "defective" : "withdrawn"), P(t->id), P(PIECE_ROWS)),
		&result);
	if (rc || !result.affected)
		return rc;
	rc = audit_write(db, t->who, t->defective ? "batch_defective" : "batch_withdraw",
			 arena_printf(&a, "batch %lld", (long long)t->id),
			 arena_printf(&a, "{\"codes\":%lld}", (long long)result.affected));
	if (rc)
		return rc;
	t->count = (int64_t)result.affected;
	return db_tx_commit(&tx);
}

int batch_take_off(struct db *db, const struct audit_who *who, int64_t id, bool defective,
		   int64_t *ret)
{
	struct taking t = { .who = who, .id = id, .defective = defective };
	int rc;

	*ret = 0;
	do {
		if ((rc = db_retry(db, take_off_work, &t)))
			return rc;
		*ret += t.count;
	} while (t.count);
	return OK;
}

struct ending {
	const struct audit_who *who;
	int64_t id;
	int64_t after_id; /* pieces go by the key: what is done once is not met again */
	const char *day;
	int64_t at;
	int64_t count;
};

static int expiry_work(struct db *db, void *data)
{
	struct ending *e = data;
	AUTO_ARENA(a);
	struct db_rows rows;
	int rc;

	e->count = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_query(db, &a,
		      "SELECT id FROM card_codes WHERE batch_id = ? AND state = 'available' "
		      "AND id > ? ORDER BY id LIMIT ? FOR UPDATE",
		      PARAMS(P(e->id), P(e->after_id), P(PIECE_ROWS)), &rows);
	if (rc || !rows.count)
		return rc;
	rc = db_exec(db,
		     "UPDATE card_codes SET expires_at = COALESCE(?, '9999-12-31') "
		     "WHERE batch_id = ? AND state = 'available' AND id > ? AND id <= ?",
		     PARAMS(e->at ? P_TIME(e->at) : P_NULL, P(e->id), P(e->after_id),
			    P(db_row(&rows, rows.count - 1)[0].number)),
		     NULL);
	if (rc)
		return rc;
	rc = audit_write(
		db, e->who, "batch_expiry", arena_printf(&a, "batch %lld", (long long)e->id),
		arena_printf(&a, "{\"expires\":\"%s\",\"codes\":%zu}", e->day, rows.count));
	if (rc || (rc = db_tx_commit(&tx)))
		return rc;
	e->count = (int64_t)rows.count;
	e->after_id = db_row(&rows, rows.count - 1)[0].number;
	return OK;
}

int batch_set_expiry(struct db *db, const struct audit_who *who, int64_t id, const char *day,
		     int64_t at, int64_t *ret)
{
	struct ending e = { .who = who, .id = id, .day = *day ? day : "never", .at = at };
	int rc;

	*ret = 0;
	do {
		if ((rc = db_retry(db, expiry_work, &e)))
			return rc;
		*ret += e.count;
	} while (e.count);
	return OK;
}
