#include "shared/domain/stats_report.h"

#include "shared/base/clock.h"

#define P_DAY(number) P_TIME((number)*INT64_C(86400) * CLOCK_SECOND)

/* In this order for sums_read(). */
#define SUMS                                                                             \
	"CAST(COALESCE(SUM(made), 0) AS SIGNED), CAST(COALESCE(SUM(made_paid), 0) AS "   \
	"SIGNED), CAST(COALESCE(SUM(paid), 0) AS SIGNED), CAST(COALESCE(SUM(codes), 0) " \
	"AS SIGNED), CAST(COALESCE(SUM(revenue_kop), 0) AS SIGNED), "                    \
	"CAST(COALESCE(SUM(refunds), 0) AS SIGNED), CAST(COALESCE(SUM(refund_kop), 0) "  \
	"AS SIGNED)"

/* Of one table, to be added up with another's. */
#define PART_SUMS                                                                    \
	"SELECT SUM(made) AS made, SUM(made_paid) AS made_paid, SUM(paid) AS paid, " \
	"SUM(codes) AS codes, SUM(revenue_kop) AS revenue_kop, "                     \
	"SUM(refunds) AS refunds, SUM(refund_kop) AS refund_kop "

static struct stats_sums sums_read(const struct db_cell *c)
{
	return (struct stats_sums){ c[0].number,       c[1].number,	   c[2].number,
				    c[3].number,       MONEY(c[4].number), c[5].number,
				    MONEY(c[6].number) };
}

int stats_as_of(struct db *db, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(db, &a, "SELECT as_of FROM stats_state WHERE id = 1", NO_PARAMS,
			      &c);

	if (!rc)
		*ret = c[0].is_null ? 0 : c[0].number;
	return rc;
}

int stats_first_day(struct db *db, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(db, &a, "SELECT DATEDIFF(MIN(day), '1970-01-01') FROM stats_days",
			      NO_PARAMS, &c);

	if (!rc)
		*ret = c[0].is_null ? 0 : c[0].number;
	return rc;
}

int stats_total(struct db *db, const struct stats_range *range, struct stats_sums *ret)
{
	int64_t const whole = range->hours ? range->last - 1 : range->last;
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(
		db, &a,
		"SELECT " SUMS " FROM (" PART_SUMS
		"FROM stats_days WHERE day >= ? AND day <= ? "
		"UNION ALL " PART_SUMS "FROM stats_hours WHERE day = ? AND hour_no < ?) parts",
		PARAMS(P_DAY(range->first), P_DAY(whole), P_DAY(range->last), P(range->hours)),
		&c);

	if (!rc)
		*ret = sums_read(c);
	return rc;
}

/* Rows whose first column is what they are of. */
static int lines_read(struct db *db, struct arena *a, const char *sql, struct db_params params,
		      struct stats_line **ret, size_t *ret_count)
{
	struct stats_line *lines;
	struct db_rows rows;
	int const rc = db_query(db, a, sql, params, &rows);

	if (rc)
		return rc;
	lines = arena_array(a, rows.count, sizeof(*lines));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		lines[i] = (struct stats_line){ c[0].number, sums_read(c + 1) };
	}
	*ret = lines;
	*ret_count = rows.count;
	return OK;
}

int stats_by_day(struct db *db, struct arena *a, int64_t first, int64_t last,
		 struct stats_line **ret, size_t *ret_count)
{
	return lines_read(db, a,
			  "SELECT DATEDIFF(day, '1970-01-01'), " SUMS " FROM stats_days "
			  "WHERE day >= ? AND day <= ? GROUP BY day ORDER BY day",
			  PARAMS(P_DAY(first), P_DAY(last)), ret, ret_count);
}

int stats_by_hour(struct db *db, struct arena *a, int64_t day, struct stats_line **ret,
		  size_t *ret_count)
{
	return lines_read(db, a,
			  "SELECT hour_no, " SUMS " FROM stats_hours WHERE day = ? "
			  "GROUP BY hour_no ORDER BY hour_no",
			  PARAMS(P_DAY(day)), ret, ret_count);
}

int stats_by_value(struct db *db, struct arena *a, int64_t first, int64_t last,
		   struct stats_line **ret, size_t *ret_count)
{
	return lines_read(db, a,
			  "SELECT value_id, " SUMS " FROM stats_days WHERE day >= ? AND "
			  "day <= ? GROUP BY value_id ORDER BY SUM(revenue_kop) DESC, "
			  "SUM(made) DESC, value_id",
			  PARAMS(P_DAY(first), P_DAY(last)), ret, ret_count);
}

int stats_buyers(struct db *db, int64_t first, int64_t last, struct stats_buyers *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	/* Of each of the range's buyers one day is the first in it: that one counts. */
	int const rc = db_one(
		db, &a,
		"SELECT CAST(COALESCE(SUM(IF(last_day = '1000-01-01', buyers, 0)), 0) AS "
		"SIGNED), CAST(COALESCE(SUM(IF(last_day > '1000-01-01', buyers, 0)), 0) AS "
		"SIGNED) FROM stats_returns WHERE day >= ? AND day <= ? AND last_day < ?",
		PARAMS(P_DAY(first), P_DAY(last), P_DAY(first)), &c);

	if (!rc)
		*ret = (struct stats_buyers){ c[0].number, c[1].number };
	return rc;
}
