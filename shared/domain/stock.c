#include "shared/domain/stock.h"

#include "shared/base/limits.h"

/*
 * The next codes to sell.  A code about to expire is not sold.  The index is named because
 * weighing all of them takes the server as long as the search itself.
 */
#define SHELF_SELECT                                                                   \
	"SELECT id FROM card_codes FORCE INDEX (card_codes_shelf) "                    \
	"WHERE value_id = ? AND state = 'available' "                                  \
	"AND expires_at > UTC_TIMESTAMP(6) + INTERVAL ? HOUR ORDER BY expires_at, id " \
	"LIMIT ? FOR UPDATE"

static int shelf_lock(struct db *db, struct arena *a, int64_t value_id, int quantity,
		      struct db_rows *ret)
{
	int const rc = db_query(db, a, SHELF_SELECT " SKIP LOCKED",
				PARAMS(P(value_id), P(CODE_LIFE_MIN_HOURS), P(quantity)), ret);

	if (rc || ret->count == (size_t)quantity)
		return rc;
	/* None free right now is not none: wait for those that others hold before saying so. */
	return db_query(db, a, SHELF_SELECT,
			PARAMS(P(value_id), P(CODE_LIFE_MIN_HOURS), P(quantity)), ret);
}

static int code_take(struct db *db, int64_t code_id, int64_t order_id, int slot, bool sold)
{
	if (sold)
		return db_exec_one(
			db,
			"UPDATE card_codes SET state = 'sold', order_id = ?, slot = ?, "
			"sold_at = UTC_TIMESTAMP(6) WHERE id = ? AND state = 'available'",
			PARAMS(P(order_id), P(slot), P(code_id)));
	return db_exec_one(db,
			   "UPDATE card_codes SET state = 'reserved', order_id = ?, slot = ? "
			   "WHERE id = ? AND state = 'available'",
			   PARAMS(P(order_id), P(slot), P(code_id)));
}

int stock_take(struct db *db, int64_t value_id, int64_t order_id, int quantity, bool sold)
{
	AUTO_ARENA(a);
	struct db_rows rows;
	int rc;

	rc = shelf_lock(db, &a, value_id, quantity, &rows);
	if (!rc && rows.count < (size_t)quantity)
		rc = ERR_NOT_FOUND;
	for (size_t i = 0; !rc && i < rows.count; i++) {
		rc = code_take(db, db_row(&rows, i)[0].number, order_id, (int)i + 1, sold);
		/* The row is locked, so it can't be another's: a bug, not a race. */
		if (rc == ERR_CONFLICT)
			rc = ERR_FAILED;
	}
	return rc;
}

int stock_take_into(struct db *db, int64_t value_id, int64_t order_id, int slot, int64_t *ret)
{
	AUTO_ARENA(a);
	struct db_rows rows;
	int rc = shelf_lock(db, &a, value_id, 1, &rows);

	if (rc || !rows.count)
		return rc ? rc : ERR_NOT_FOUND;
	*ret = db_row(&rows, 0)[0].number;
	rc = code_take(db, *ret, order_id, slot, true);
	return rc == ERR_CONFLICT ? ERR_FAILED : rc;
}

int stock_sell_reserved(struct db *db, int64_t order_id, int *ret)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"UPDATE card_codes SET state = 'sold', sold_at = UTC_TIMESTAMP(6) "
		"WHERE order_id = ? AND state = 'reserved'",
		PARAMS(P(order_id)), &result);

	if (!rc)
		*ret = (int)result.affected;
	return rc;
}

int stock_release(struct db *db, int64_t order_id)
{
	return db_exec(
		db,
		"UPDATE card_codes SET state = 'available', order_id = NULL, slot = NULL "
		"WHERE order_id = ? AND state = 'reserved'",
		PARAMS(P(order_id)), NULL);
}

int stock_spoil(struct db *db, int64_t order_id)
{
	return db_exec(db,
		       "UPDATE card_codes SET state = 'defective' "
		       "WHERE order_id = ? AND state = 'sold'",
		       PARAMS(P(order_id)), NULL);
}

int stock_spoil_one(struct db *db, int64_t code_id, int64_t order_id)
{
	return db_exec_one(db,
			   "UPDATE card_codes SET state = 'defective', order_id = NULL, "
			   "slot = NULL WHERE id = ? AND order_id = ? AND state = 'sold'",
			   PARAMS(P(code_id), P(order_id)));
}

int stock_of_order(struct db *db, struct arena *a, int64_t order_id, struct stock_code **ret,
		   size_t *ret_count)
{
	struct db_rows rows;
	struct stock_code *codes;
	int const rc = db_query(
		db, a,
		"SELECT id, value_id, key_id, ciphertext, fingerprint, serial, expires_at, "
		"slot "
		"FROM card_codes WHERE order_id = ? AND state = 'sold' ORDER BY slot",
		PARAMS(P(order_id)), &rows);

	if (rc)
		return rc;
	codes = arena_array(a, rows.count, sizeof(*codes));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		codes[i].id = c[0].number;
		codes[i].value_id = c[1].number;
		codes[i].sealed.key_id = c[2].number;
		codes[i].sealed.ciphertext = (struct bytes){ c[3].text, c[3].len };
		if (c[4].len != sizeof(codes[i].sealed.fingerprint))
			return ERR_FAILED;
		memcpy(codes[i].sealed.fingerprint, c[4].text, c[4].len);
		codes[i].serial = c[5].text;
		codes[i].expires_at = c[6].number;
		codes[i].slot = (int)c[7].number;
	}
	*ret = codes;
	*ret_count = rows.count;
	return OK;
}

int stock_bounded(struct db *db, int64_t value_id, const char *state, int limit, int *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(
		db, &a,
		"SELECT COUNT(*) FROM (SELECT 1 FROM card_codes WHERE value_id = ? "
		"AND state = ? LIMIT ?) bounded",
		PARAMS(P(value_id), P(state), P(limit + 1)), &row);

	if (!rc)
		*ret = (int)row[0].number;
	return rc;
}

int stock_shelf(struct db *db, int64_t value_id, int limit, struct stock_shelf *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(
		db, &a,
		"SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM card_codes WHERE value_id = ? AND "
		"state = 'available' LIMIT ?) shelf), (SELECT COUNT(*) FROM (SELECT 1 FROM "
		"card_codes WHERE value_id = ? AND state = 'reserved' LIMIT ?) reserved), "
		"low_stock FROM card_values WHERE id = ?",
		PARAMS(P(value_id), P(limit + 1), P(value_id), P(limit + 1), P(value_id)),
		&row);

	if (!rc)
		*ret = (struct stock_shelf){ (int)row[0].number, (int)row[1].number,
					     row[2].number };
	return rc;
}

#define COUNTS                                                    \
	"CAST(COALESCE(SUM(state = 'available'), 0) AS SIGNED), " \
	"CAST(COALESCE(SUM(state = 'reserved'), 0) AS SIGNED), "  \
	"CAST(COALESCE(SUM(state = 'sold'), 0) AS SIGNED), "      \
	"CAST(COALESCE(SUM(state = 'defective'), 0) AS SIGNED), " \
	"CAST(COALESCE(SUM(state = 'withdrawn'), 0) AS SIGNED) "

static int counts_read(struct db *db, const char *sql, int64_t id, struct stock_counts *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a, sql, PARAMS(P(id)), &row);

	if (!rc)
		*ret = (struct stock_counts){ row[0].number, row[1].number, row[2].number,
					      row[3].number, row[4].number };
	return rc;
}

int stock_count(struct db *db, int64_t value_id, struct stock_counts *ret)
{
	return counts_read(db, "SELECT " COUNTS "FROM card_codes WHERE value_id = ?", value_id,
			   ret);
}

int stock_count_batch(struct db *db, int64_t batch_id, struct stock_counts *ret)
{
	return counts_read(db, "SELECT " COUNTS "FROM card_codes WHERE batch_id = ?", batch_id,
			   ret);
}

int stock_batches(struct db *db, struct arena *a, int64_t value_id, struct stock_batch **ret,
		  size_t *ret_count)
{
	struct db_rows rows;
	struct stock_batch *batches;
	int const rc = db_query(
		db, a,
		"SELECT b.name, b.supplier, "
		"CAST(COALESCE(SUM(c.state = 'available'), 0) AS SIGNED), "
		"CAST(COALESCE(SUM(c.state = 'reserved'), 0) AS SIGNED), "
		"CAST(COALESCE(SUM(c.state = 'sold'), 0) AS SIGNED), "
		"CAST(COALESCE(SUM(c.state = 'defective'), 0) AS SIGNED), "
		"CAST(COALESCE(SUM(c.state = 'withdrawn'), 0) AS SIGNED), COUNT(r.id) "
		"FROM code_batches b LEFT JOIN card_codes c ON c.batch_id = b.id "
		"LEFT JOIN code_replacements r ON r.old_code_id = c.id "
		"WHERE b.value_id = ? GROUP BY b.id, b.name, b.supplier ORDER BY b.id",
		PARAMS(P(value_id)), &rows);

	if (rc)
		return rc;
	batches = arena_array(a, rows.count, sizeof(*batches));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		batches[i] = (struct stock_batch){
			.name = c[0].text,
			.supplier = c[1].text,
			.counts = { c[2].number, c[3].number, c[4].number, c[5].number,
				    c[6].number },
			.replaced = c[7].number,
		};
	}
	*ret = batches;
	*ret_count = rows.count;
	return OK;
}
