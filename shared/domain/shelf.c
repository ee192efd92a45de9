#include "shared/domain/shelf.h"

#include "shared/base/clock.h"
#include "shared/domain/stock.h"

/* What nobody buys is counted no further than needed to see that there is some. */
enum { BOUND_UNSOLD = 20, BOUND_MIN = 200, BOUND_MAX = 1000 };

static int shelf_count(struct db *db, struct shelf *s)
{
	int64_t bound = s->sold * SHELF_AHEAD / SHELF_DAYS + 1;

	if (bound < BOUND_MIN)
		bound = s->sold ? BOUND_MIN : BOUND_UNSOLD;
	if (bound < s->low_stock)
		bound = s->low_stock;
	s->bound = (int)(bound < BOUND_MAX ? bound : BOUND_MAX);
	return stock_bounded(db, s->value_id, "available", s->bound, &s->left);
}

int shelf_list(struct db *db, struct arena *a, int64_t today, struct shelf **ret,
	       size_t *ret_count)
{
	int64_t const since = (today - SHELF_DAYS + 1) * 86400 * CLOCK_SECOND;
	struct shelf *list;
	struct db_rows rows;
	int rc = db_query(db, a,
			  "SELECT v.id, v.low_stock, CAST(COALESCE(s.codes, 0) AS SIGNED) "
			  "FROM card_values v JOIN categories c ON c.id = v.category_id "
			  "LEFT JOIN (SELECT value_id, SUM(codes) AS codes FROM stats_days "
			  "WHERE day >= ? GROUP BY value_id) s ON s.value_id = v.id "
			  "WHERE v.hidden_at IS NULL AND c.hidden_at IS NULL "
			  "ORDER BY c.position, c.id, v.position, v.id",
			  PARAMS(P_TIME(since)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; !rc && i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct shelf){ .value_id = c[0].number,
					  .low_stock = (int)c[1].number,
					  .sold = c[2].number };
		rc = shelf_count(db, &list[i]);
	}
	*ret = list;
	*ret_count = rows.count;
	return rc;
}

/* ---- what waits for a person ---- */

#define BOUNDED(what) "(SELECT COUNT(*) FROM (SELECT 1 FROM " what " LIMIT 1000) x)"
_Static_assert(NEEDS_MAX == 999, "BOUNDED counts one more");

int shop_needs(struct db *db, struct shop_needs *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(
		db, &a,
		"SELECT " BOUNDED("orders WHERE state = 'paid'") ", " BOUNDED(
			"orde"
			"rs "
			"WHER"
			"E "
			"stat"
			"e = "
			"'dis"
			"pute"
			"d'") ", " BOUNDED("payments WHERE state = 'review'") ", " BOUNDED("tic"
											   "ket"
											   "s "
											   "WHE"
											   "RE "
											   "sta"
											   "te "
											   "= "
											   "'op"
											   "en"
											   "'") ", " BOUNDED("refunds "
													     "WHERE "
													     "open_order_"
													     "id IS NOT "
													     "NULL AND "
													     "created_at < "
													     "UTC_"
													     "TIMESTAMP(6) "
													     "- INTERVAL 1 "
													     "HOUR") ","
														     " " BOUNDED("outbox WHERE state = 'dead'") ", " BOUNDED(
															     "orders WHERE ask_at < UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE") ", "
																							   "EXISTS (SELECT 1 FROM outbox WHERE state = 'pending' AND priority IN (0, 2) "
																							   "AND not_before < UTC_TIMESTAMP(6) - INTERVAL 2 MINUTE)",
		NO_PARAMS, &c);

	if (!rc)
		*ret = (struct shop_needs){ c[0].number, c[1].number,	  c[2].number,
					    c[3].number, c[4].number,	  c[5].number,
					    c[6].number, c[7].number != 0 };
	return rc;
}

int shop_begun(struct db *db, struct shop_begun *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(db, &a,
			      "SELECT EXISTS (SELECT 1 FROM card_values), EXISTS (SELECT 1 "
			      "FROM card_codes), EXISTS (SELECT 1 FROM orders)",
			      NO_PARAMS, &c);

	if (!rc)
		*ret = (struct shop_begun){ c[0].number != 0, c[1].number != 0,
					    c[2].number != 0 };
	return rc;
}
