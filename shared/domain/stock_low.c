#include "shared/domain/stock_low.h"

#include "shared/base/limits.h"
#include "shared/domain/outbox.h"

/* One value, and how much of it there is, counted as far as it matters. */
struct shelf {
	int64_t value_id;
	int64_t limit;
	bool told;
	int64_t available;
	int64_t reserved;
};

#define BOUNDED(state)                                                         \
	"(SELECT COUNT(*) FROM (SELECT 1 FROM card_codes "                     \
	"FORCE INDEX (card_codes_shelf) WHERE value_id = ? AND state = " state \
	" AND expires_at > UTC_TIMESTAMP(6) + INTERVAL ? HOUR LIMIT ?) bounded)"

static int shelf_count(struct db *db, struct arena *a, struct shelf *s)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT " BOUNDED("'available'") ", " BOUNDED("'reserved'"),
			      PARAMS(P(s->value_id), P(CODE_LIFE_MIN_HOURS), P(s->limit),
				     P(s->value_id), P(CODE_LIFE_MIN_HOURS), P(s->limit)),
			      &row);

	if (!rc) {
		s->available = row[0].number;
		s->reserved = row[1].number;
	}
	return rc;
}

/* Filled: the next time that it runs out is told at once. */
static int filled_note(struct db *db, const struct shelf *s)
{
	return db_exec(db,
		       "UPDATE card_values SET low_told_at = NULL "
		       "WHERE id = ? AND low_told_at IS NOT NULL",
		       PARAMS(P(s->value_id)), NULL);
}

struct telling {
	const struct shelf *shelf;
	bool told;
};

static int low_tell(struct db *db, void *data)
{
	struct telling *t = data;
	const struct shelf *s = t->shelf;
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc;

	t->told = false;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec_one(db,
			 "UPDATE card_values SET low_told_at = UTC_TIMESTAMP(6) WHERE id = ? "
			 "AND (low_told_at IS NULL OR "
			 "low_told_at <= UTC_TIMESTAMP(6) - INTERVAL 1 DAY)",
			 PARAMS(P(s->value_id)));
	if (rc)
		return rc == ERR_CONFLICT ? OK : rc; /* another worker was faster */
	rc = db_one(db, &a, "SELECT low_told_at FROM card_values WHERE id = ?",
		    PARAMS(P(s->value_id)), &row);
	if (rc)
		return rc;
	rc = outbox_add(
		db,
		&(struct outbox_message){
			.fact = arena_printf(&a, "alert:low:%lld:%lld", (long long)s->value_id,
					     (long long)row[0].number),
			.kind = OUTBOX_ALERT,
			.priority = OUTBOX_ALERTS,
			.data = arena_printf(&a,
					     "{\"what\":\"%s\",\"value\":%lld,\"left\":%lld,"
					     "\"limit\":%lld}",
					     s->available + s->reserved ? "low_stock"
									: "sold_out",
					     (long long)s->value_id, (long long)s->available,
					     (long long)s->limit),
		});
	if (rc || (rc = db_tx_commit(&tx)))
		return rc;
	t->told = true;
	return OK;
}

static int shelf_look(struct db *db, struct shelf *s, bool due, int *told)
{
	struct telling telling = { .shelf = s };
	AUTO_ARENA(a);
	int rc = shelf_count(db, &a, s);

	if (rc)
		return rc;
	if (s->available + s->reserved >= s->limit)
		return s->told ? filled_note(db, s) : OK;
	if (due)
		rc = db_retry(db, low_tell, &telling);
	*told += telling.told;
	return rc;
}

int stock_low_tell(struct db *db, int *ret)
{
	AUTO_ARENA(a);
	struct db_rows rows;
	int told = 0;
	int rc = db_query(db, &a,
			  "SELECT v.id, v.low_stock, v.low_told_at IS NOT NULL, "
			  "COALESCE(v.low_told_at <= UTC_TIMESTAMP(6) - INTERVAL 1 DAY, 1) "
			  "FROM card_values v JOIN categories c ON c.id = v.category_id "
			  "WHERE v.hidden_at IS NULL AND c.hidden_at IS NULL AND "
			  "v.low_stock > 0 AND EXISTS "
			  "(SELECT 1 FROM code_batches b WHERE b.value_id = v.id)",
			  NO_PARAMS, &rows);

	for (size_t i = 0; !rc && i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);
		struct shelf shelf = { .value_id = c[0].number,
				       .limit = c[1].number,
				       .told = c[2].number != 0 };

		rc = shelf_look(db, &shelf, c[3].number != 0, &told);
	}
	if (!rc)
		*ret = told;
	return rc;
}
