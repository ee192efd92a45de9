#include "shared/domain/stats_count.h"

#include "shared/base/clock.h"

#define HOUR (INT64_C(3600) * CLOCK_SECOND)
/* A day as a DATE: midnight UTC of that date. */
#define DAY (24 * HOUR)
#define P_DAY(number) P_TIME((number)*DAY)

/* A transaction that commits later than this after its rows' times is found at night. */
#define OVERLAP (60 * CLOCK_SECOND)
/* Worker and database have rested that long: days are counted rather than hours. */
#define GAP_MAX (2 * DAY)
/* While days are counted anew, today's numbers grow no older than this. */
#define FRESH (20 * CLOCK_SECOND)
#define NIGHT (4 * HOUR)

enum { NIGHTLY_DAYS = 62 };

struct state {
	int64_t now;
	bool same_zone;
	int64_t as_of;	    /* 0: none */
	int64_t again_from; /* a day; 0: none */
	int64_t checked_on; /* a day; 0: never */
	int64_t first_day;  /* of the first order, today without */
	int64_t today;
};

/* Hours first … last - 1 of a day. */
struct span {
	int64_t day;
	int64_t first;
	int64_t last;
};

static int64_t hour_of(int64_t day, int64_t at)
{
	return (at - clock_day_start(day)) / HOUR;
}

static int64_t hours_in(int64_t day)
{
	return (clock_day_start(day + 1) - clock_day_start(day) + HOUR - 1) / HOUR;
}

/* ---- counting one span ---- */

/*
 * A payment that pays an order is received, or decided about, in the transaction that sets
 * the order's paid_at; so its own times, which have keys, lead to it.  Parameters: from, to,
 * from, to; and from, to, from, to, from.
 */
#define PAID_AT_ONCE                                                         \
	"payments p JOIN orders o ON o.id = p.order_id WHERE p.applied = 1 " \
	"AND o.paid_at >= ? AND o.paid_at < ? "                              \
	"AND p.received_at >= ? - INTERVAL 10 MINUTE AND p.received_at < ? "
#define PAID_BY_DECISION                                                     \
	"payments p JOIN orders o ON o.id = p.order_id WHERE p.applied = 1 " \
	"AND o.paid_at >= ? AND o.paid_at < ? "                              \
	"AND p.resolved_at >= ? - INTERVAL 10 MINUTE AND p.resolved_at < ? " \
	"AND p.received_at < ? - INTERVAL 10 MINUTE "

/* The payer's bank took it back, and nobody got it lifted. */
#define LOST "o.state = 'disputed' AND p.reason = 'chargeback'"

#define PAID_SUMS                                                                 \
	"SELECT o.value_id, TIMESTAMPDIFF(HOUR, ?, o.paid_at) AS hour_no, "       \
	"0 AS made, 0 AS made_paid, COUNT(*) AS paid, SUM(o.quantity) AS codes, " \
	"SUM(p.amount_kop) AS revenue_kop, SUM(" LOST ") AS refunds, "            \
	"SUM(IF(" LOST ", p.amount_kop, 0)) AS refund_kop FROM "

static int hours_count(struct db *db, const struct span *s, int64_t from, int64_t to)
{
	int64_t const begins = clock_day_start(s->day);

	return db_exec(
		db,
		"INSERT INTO stats_hours (day, hour_no, value_id, made, made_paid, paid, "
		"codes, "
		"revenue_kop, refunds, refund_kop) SELECT ?, hour_no, value_id, SUM(made), "
		"SUM(made_paid), SUM(paid), SUM(codes), SUM(revenue_kop), SUM(refunds), "
		"SUM(refund_kop) FROM ("
		"SELECT o.value_id, TIMESTAMPDIFF(HOUR, ?, o.created_at) AS hour_no, "
		"COUNT(*) AS made, COUNT(o.paid_at) AS made_paid, 0 AS paid, 0 AS codes, "
		"0 AS revenue_kop, 0 AS refunds, 0 AS refund_kop FROM orders o "
		"WHERE o.created_at >= ? AND o.created_at < ? GROUP BY o.value_id, hour_no "
		"UNION ALL " PAID_SUMS PAID_AT_ONCE "GROUP BY o.value_id, hour_no "
		"UNION ALL " PAID_SUMS PAID_BY_DECISION "GROUP BY o.value_id, hour_no "
		/* What was never counted as revenue is not taken off it. */
		"UNION ALL SELECT o.value_id, TIMESTAMPDIFF(HOUR, ?, b.received_at) AS "
		"hour_no, "
		"0, 0, 0, 0, 0, COUNT(*), SUM(b.amount_kop) FROM payments b "
		"JOIN orders o ON o.id = b.order_id LEFT JOIN refunds r ON r.return_id = b.id "
		"LEFT JOIN payments p ON p.id = r.payment_id WHERE b.kind = 'return' AND "
		"b.received_at >= ? AND b.received_at < ? AND (r.id IS NULL OR p.applied = 1) "
		"GROUP BY o.value_id, hour_no) parts GROUP BY hour_no, value_id",
		PARAMS(P_DAY(s->day), P_TIME(begins), P_TIME(from), P_TIME(to), P_TIME(begins),
		       P_TIME(from), P_TIME(to), P_TIME(from), P_TIME(to), P_TIME(begins),
		       P_TIME(from), P_TIME(to), P_TIME(from), P_TIME(to), P_TIME(from),
		       P_TIME(begins), P_TIME(from), P_TIME(to)),
		NULL);
}

static int day_sum(struct db *db, int64_t day)
{
	int rc = db_exec(db, "DELETE FROM stats_days WHERE day = ?", PARAMS(P_DAY(day)), NULL);

	if (rc)
		return rc;
	return db_exec(db,
		       "INSERT INTO stats_days (day, value_id, made, made_paid, paid, codes, "
		       "revenue_kop, refunds, refund_kop) SELECT day, value_id, SUM(made), "
		       "SUM(made_paid), SUM(paid), SUM(codes), SUM(revenue_kop), SUM(refunds), "
		       "SUM(refund_kop) FROM stats_hours WHERE day = ? GROUP BY day, value_id",
		       PARAMS(P_DAY(day)), NULL);
}

static int buyers_add(struct db *db, const struct span *s, int64_t from, int64_t to,
		      uint64_t *ret)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO stats_buyers (user_id, day) SELECT b.user_id, ? FROM ("
		"SELECT o.user_id FROM " PAID_AT_ONCE
		"UNION SELECT o.user_id FROM " PAID_BY_DECISION
		") b ON DUPLICATE KEY UPDATE day = VALUES(day)",
		PARAMS(P_DAY(s->day), P_TIME(from), P_TIME(to), P_TIME(from), P_TIME(to),
		       P_TIME(from), P_TIME(to), P_TIME(from), P_TIME(to), P_TIME(from)),
		&result);

	if (!rc)
		*ret += result.affected;
	return rc;
}

/* *ret_buyers grows by the buyers that were not known of that day. */
static int span_count(struct db *db, const struct span *s, uint64_t *ret_buyers)
{
	int64_t const begins = clock_day_start(s->day);
	int64_t const ends = clock_day_start(s->day + 1);
	int64_t const from = begins + s->first * HOUR;
	int64_t const to = begins + s->last * HOUR < ends ? begins + s->last * HOUR : ends;
	int rc = db_exec(
		db, "DELETE FROM stats_hours WHERE day = ? AND hour_no >= ? AND hour_no < ?",
		PARAMS(P_DAY(s->day), P(s->first), P(s->last)), NULL);

	if (rc || (rc = hours_count(db, s, from, to)) || (rc = day_sum(db, s->day)))
		return rc;
	return buyers_add(db, s, from, to, ret_buyers);
}

static int returns_count(struct db *db, int64_t day)
{
	int rc = db_exec(db, "DELETE FROM stats_returns WHERE day = ?", PARAMS(P_DAY(day)),
			 NULL);

	if (rc)
		return rc;
	return db_exec(db,
		       "INSERT INTO stats_returns (day, last_day, buyers) "
		       "SELECT d.day, d.last_day, COUNT(*) FROM (SELECT b.day, COALESCE("
		       "(SELECT MAX(e.day) FROM stats_buyers e WHERE e.user_id = b.user_id AND "
		       "e.day < b.day), '1000-01-01') AS last_day FROM stats_buyers b "
		       "WHERE b.day = ?) d GROUP BY d.day, d.last_day",
		       PARAMS(P_DAY(day)), NULL);
}

/* ---- days anew ---- */

static int again_set(struct db *db, const struct state *s, int64_t from)
{
	return db_exec_one(
		db,
		"UPDATE stats_state SET again_from = ?, again_at = ?, checked_on = ? "
		"WHERE id = 1",
		PARAMS(P_DAY(from), P_TIME(s->now), P_DAY(s->today)));
}

/* All of it: nothing is as of any time until that is done. */
static int all_again(struct db *db, const char *zone, struct state *s)
{
	static const char *const olders[] = {
		"DELETE FROM stats_hours WHERE day < ?",
		"DELETE FROM stats_days WHERE day < ?",
		"DELETE FROM stats_buyers WHERE day < ?",
		"DELETE FROM stats_returns WHERE day < ?",
	};
	int rc = db_exec_one(
		db,
		"UPDATE stats_state SET zone = ?, as_of = NULL, turns = turns + 1 WHERE id = 1",
		PARAMS(P(zone)));

	for (size_t i = 0; !rc && i < COUNT(olders); i++)
		rc = db_exec(db, olders[i], PARAMS(P_DAY(s->first_day)), NULL);
	if (!rc)
		rc = again_set(db, s, s->first_day);
	s->as_of = 0;
	s->again_from = s->first_day;
	return rc;
}

static int again_next(struct db *db, const struct state *s)
{
	if (s->again_from < s->today)
		return db_exec_one(db, "UPDATE stats_state SET again_from = ? WHERE id = 1",
				   PARAMS(P_DAY(s->again_from + 1)));
	return db_exec_one(
		db,
		"UPDATE stats_state SET as_of = GREATEST(COALESCE(as_of, "
		"again_at), again_at), again_from = NULL, again_at = NULL WHERE id = 1",
		NO_PARAMS);
}

static int again_count(struct db *db, const struct state *s, struct stats_turn *ret)
{
	int64_t const day = s->again_from;
	struct span const whole = { day, 0, hours_in(day) };
	uint64_t buyers = 0;
	int rc = db_exec(db, "DELETE FROM stats_buyers WHERE day = ?", PARAMS(P_DAY(day)),
			 NULL);

	if (rc || (rc = span_count(db, &whole, &buyers)) || (rc = returns_count(db, day)))
		return rc;
	ret->day = day;
	ret->more = day < s->today;
	return again_next(db, s);
}

/* ---- what is new ---- */

struct late {
	struct span *list;
	size_t count;
	size_t room;
};

static void late_add(struct late *l, int64_t at, int64_t before)
{
	int64_t const day = clock_day_of(at);
	int64_t const hour = hour_of(day, at);

	if (at >= before || l->count == l->room)
		return;
	for (size_t i = 0; i < l->count; i++)
		if (l->list[i].day == day && l->list[i].first == hour)
			return;
	l->list[l->count++] = (struct span){ day, hour, hour + 1 };
}

/* Earlier hours of orders that were paid, or decided about, since then. */
static int late_count(struct db *db, struct arena *a, int64_t since, int64_t before)
{
	struct late late = { 0 };
	struct db_rows rows;
	uint64_t buyers = 0;
	int rc = db_query(db, a,
			  "SELECT o.created_at, o.created_at FROM payments p "
			  "JOIN orders o ON o.id = p.order_id "
			  "WHERE p.received_at >= ? AND o.created_at < ? "
			  "UNION SELECT o.created_at, COALESCE(o.paid_at, o.created_at) "
			  "FROM payments p JOIN orders o ON o.id = p.order_id "
			  "WHERE p.resolved_at >= ? AND o.created_at < ?",
			  PARAMS(P_TIME(since), P_TIME(before), P_TIME(since), P_TIME(before)),
			  &rows);

	if (rc)
		return rc;
	late.room = rows.count * 2;
	late.list = arena_array(a, late.room, sizeof(*late.list));
	for (size_t i = 0; i < rows.count; i++) {
		late_add(&late, db_row(&rows, i)[0].number, before);
		late_add(&late, db_row(&rows, i)[1].number, before);
	}
	for (size_t i = 0; !rc && i < late.count; i++)
		rc = span_count(db, &late.list[i], &buyers);
	return rc;
}

static int recent_count(struct db *db, struct arena *a, const struct state *s)
{
	int64_t const since = s->as_of - OVERLAP;
	int64_t const first = clock_day_of(since);
	int64_t const before = clock_day_start(first) + hour_of(first, since) * HOUR;
	uint64_t buyers = 0;
	int rc = late_count(db, a, since, before);

	for (int64_t day = first; !rc && day <= s->today; day++) {
		struct span const span = {
			.day = day,
			.first = day == first ? hour_of(day, since) : 0,
			.last = day == s->today ? hour_of(day, s->now) + 1 : hours_in(day),
		};

		rc = span_count(db, &span, &buyers);
		/* One who is new to yesterday is not as new to today. */
		if (!rc && buyers)
			rc = returns_count(db, day);
	}
	if (rc)
		return rc;
	return db_exec_one(db, "UPDATE stats_state SET as_of = ? WHERE id = 1",
			   PARAMS(P_TIME(s->now)));
}

/* ---- a turn ---- */

static int64_t day_read(const struct db_cell *c)
{
	return c->is_null ? 0 : c->number / DAY;
}

/*
 * Holds the row, so that who counts next sees what was counted.  ERR_NOT_FOUND: somebody holds
 * it; one that hangs there must not make the others hang as well.
 */
static int state_take(struct db *db, struct arena *a, const char *zone, struct state *ret)
{
	const struct db_cell *c;
	int rc = db_one(db, a, "SELECT id FROM stats_state WHERE id = 1 FOR UPDATE SKIP LOCKED",
			NO_PARAMS, &c);

	if (rc)
		return rc;
	/* On a cluster only a write makes two that count at once notice each other. */
	rc = db_exec_one(db, "UPDATE stats_state SET turns = turns + 1 WHERE id = 1",
			 NO_PARAMS);
	if (!rc)
		rc = db_one(
			db, a,
			"SELECT UTC_TIMESTAMP(6), zone, as_of, again_from, checked_on, "
			"(SELECT MIN(created_at) FROM orders) FROM stats_state WHERE id = 1",
			NO_PARAMS, &c);
	if (rc)
		return rc;
	*ret = (struct state){
		.now = c[0].number,
		.same_zone = !strcmp(c[1].text, zone),
		.as_of = c[2].is_null ? 0 : c[2].number,
		.again_from = day_read(&c[3]),
		.checked_on = day_read(&c[4]),
		.today = clock_day_of(c[0].number),
		.first_day = clock_day_of(c[5].is_null ? c[0].number : c[5].number),
	};
	return OK;
}

/* Which days are due to be counted anew. */
static int again_look(struct db *db, const char *zone, struct state *s)
{
	int64_t from;

	if (!s->same_zone || (!s->as_of && !s->again_from))
		return all_again(db, zone, s);
	if (s->again_from)
		return OK;
	from = s->today - NIGHTLY_DAYS;
	if (s->now - s->as_of > GAP_MAX)
		from = clock_day_of(s->as_of - OVERLAP);
	else if (s->checked_on >= s->today || s->now - clock_day_start(s->today) < NIGHT)
		return OK;
	s->again_from = from > s->first_day ? from : s->first_day;
	return again_set(db, s, s->again_from);
}

struct turning {
	const char *zone;
	struct stats_turn *out;
};

static int turn_work(struct db *db, void *data)
{
	struct turning *t = data;
	struct state s;
	AUTO_ARENA(a);
	int rc;

	*t->out = (struct stats_turn){ 0 };
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = state_take(db, &a, t->zone, &s);
	t->out->busy = rc == ERR_NOT_FOUND;
	if (rc)
		return t->out->busy ? OK : rc;
	if ((rc = again_look(db, t->zone, &s)))
		return rc;
	t->out->more = s.again_from != 0;
	if (s.again_from && (!s.as_of || s.now - s.as_of < FRESH || s.now - s.as_of > GAP_MAX))
		rc = again_count(db, &s, t->out);
	else
		rc = recent_count(db, &a, &s);
	return rc ? rc : db_tx_commit(&tx);
}

int stats_turn(struct db *db, const char *zone, struct stats_turn *ret)
{
	return db_retry(db, turn_work, &(struct turning){ zone, ret });
}

static int rebuild_work(struct db *db, void *data)
{
	const char *zone = data;
	struct state s;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = state_take(db, &a, zone, &s);
	if (rc)
		return rc == ERR_NOT_FOUND ? ERR_CONFLICT : rc;
	if ((rc = all_again(db, zone, &s)))
		return rc;
	return db_tx_commit(&tx);
}

int stats_rebuild(struct db *db, const char *zone)
{
	return db_retry(db, rebuild_work, (void *)(uintptr_t)zone);
}
