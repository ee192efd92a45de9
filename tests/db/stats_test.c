#include "tests/db/stats_test.h"

#include "shared/domain/stats_count.h"
#include "shared/domain/stats_report.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void stats_turns(struct db *db)
{
	struct stats_turn turn = { .more = true };

	for (int i = 0; i < 1000 && turn.more; i++)
		assert_int_equal(stats_turn(db, ZONE, &turn), OK);
	assert_false(turn.more);
}

void stats_one_turn(struct db *db)
{
	struct stats_turn turn;

	assert_int_equal(stats_turn(db, ZONE, &turn), OK);
}

/* ---- data ---- */

/* Half of them paid, each a while after it was opened; some of these were accepted later. */
void stats_orders(struct db_test *t, const char *begins, int seconds, int count)
{
	static int numbers;
	struct arena *a = &t->arena;

	db_test_exec(t, "INSERT IGNORE INTO users (id, first_name, lang, created_at) "
			"SELECT 2000 + seq, 'x', 'uk', UTC_TIMESTAMP(6) FROM seq_1_to_40");
	db_test_exec(
		t, arena_printf(a,
				"INSERT INTO orders (number, nonce, user_id, value_id, "
				"quantity, unit_price_kop, total_kop, gateway, state, chat_id, "
				"message_id, lang, created_at, expires_at, paid_at) "
				"SELECT LPAD(n + %d, 9, '0'), "
				"UNHEX(MD5(n + %d)), u, v.id, 1 + n %% 3, 100, "
				"100 * (1 + n %% 3), 'portmone', IF(n %% 2, 'delivered', "
				"'expired'), u, 1, 'uk', at, at + INTERVAL 900 SECOND, "
				"IF(n %% 2, LEAST(at + INTERVAL (n %% 5) * 1700 SECOND, "
				"UTC_TIMESTAMP(6)), NULL) "
				"FROM (SELECT seq AS n, 2001 + FLOOR(RAND(seq) * 40) AS u, "
				"%s + INTERVAL RAND(seq + 7) * %d SECOND AS at "
				"FROM seq_1_to_%d) s JOIN card_values v ON "
				"v.id %% 2 = n %% 4 DIV 2",
				numbers, numbers, begins, seconds, count));
	numbers += count;
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, received_at, resolved_at) "
			"SELECT 'portmone', o.id, o.id, 'payment', o.total_kop, 1, "
			"IF(o.id % 7, 'ok', 'resolved'), o.paid_at - INTERVAL "
			"IF(o.id % 7, 0, 90000) SECOND, IF(o.id % 7, NULL, o.paid_at) "
			"FROM orders o LEFT JOIN payments p ON p.order_id = o.id "
			"WHERE o.paid_at IS NOT NULL AND p.id IS NULL");
}

void stats_returns(struct db_test *t, const char *at, const char *which)
{
	db_test_exec(t, arena_printf(&t->arena,
				     "INSERT INTO payments (gateway, gateway_payment_id, "
				     "order_id, kind, amount_kop, applied, state, received_at) "
				     "SELECT 'portmone', CONCAT('back', p.id), p.order_id, "
				     "'return', p.amount_kop, 0, 'ok', %s FROM payments p "
				     "WHERE p.kind = 'payment' AND %s",
				     at, which));
}

void stats_second_value(struct db_test *t)
{
	db_test_exec(t, "INSERT INTO card_values (category_id, slug, title_uk, price_kop, "
			"created_at) SELECT category_id, 'other', 'Інша', 5000, created_at "
			"FROM card_values LIMIT 1");
}

/* ---- what it must be, by a plain look at every row ---- */

static void sums_of(struct db_test *t, int64_t from, int64_t to, int64_t value_id,
		    struct stats_sums *ret)
{
	const struct db_cell *c;

	assert_int_equal(
		db_one(t->db, &t->arena,
		       "SELECT (SELECT COUNT(*) FROM orders WHERE created_at >= ? AND "
		       "created_at < ? AND value_id = ?), (SELECT COUNT(*) FROM orders WHERE "
		       "created_at >= ? AND created_at < ? AND value_id = ? AND paid_at IS NOT "
		       "NULL), COUNT(DISTINCT o.id), CAST(COALESCE(SUM(o.quantity), 0) AS "
		       "SIGNED), CAST(COALESCE(SUM(p.amount_kop), 0) AS SIGNED) FROM orders o "
		       "JOIN payments p ON p.order_id = o.id AND p.applied = 1 "
		       "WHERE o.paid_at >= ? AND o.paid_at < ? AND o.value_id = ?",
		       PARAMS(P_TIME(from), P_TIME(to), P(value_id), P_TIME(from), P_TIME(to),
			      P(value_id), P_TIME(from), P_TIME(to), P(value_id)),
		       &c),
		OK);
	*ret = (struct stats_sums){ c[0].number,	c[1].number, c[2].number, c[3].number,
				    MONEY(c[4].number), 0,	     MONEY(0) };
	assert_int_equal(
		db_one(t->db, &t->arena,
		       "SELECT COUNT(*), CAST(COALESCE(SUM(kop), 0) AS SIGNED) FROM ("
		       "SELECT b.amount_kop AS kop FROM payments b JOIN orders o ON "
		       "o.id = b.order_id WHERE b.kind = 'return' AND b.received_at >= ? AND "
		       "b.received_at < ? AND o.value_id = ? AND NOT EXISTS (SELECT 1 FROM "
		       "refunds r JOIN payments p ON p.id = r.payment_id WHERE "
		       "r.return_id = b.id AND p.applied = 0) "
		       "UNION ALL SELECT p.amount_kop FROM payments p JOIN orders o ON "
		       "o.id = p.order_id WHERE p.applied = 1 AND p.reason = 'chargeback' AND "
		       "o.state = 'disputed' AND o.paid_at >= ? AND o.paid_at < ? AND "
		       "o.value_id = ?) x",
		       PARAMS(P_TIME(from), P_TIME(to), P(value_id), P_TIME(from), P_TIME(to),
			      P(value_id)),
		       &c),
		OK);
	ret->refunds = c[0].number;
	ret->refund = MONEY(c[1].number);
}

static bool is_nothing(const struct stats_sums *s)
{
	return !s->made && !s->paid && !s->refunds;
}

static const struct stats_sums *line_of(const struct stats_line *lines, size_t count,
					int64_t of)
{
	static const struct stats_sums nothing;

	for (size_t i = 0; i < count; i++)
		if (lines[i].of == of)
			return &lines[i].sums;
	return &nothing;
}

static void day_check(struct db_test *t, int64_t day)
{
	int64_t const from = clock_day_start(day);
	int64_t const to = clock_day_start(day + 1);
	struct stats_line *lines;
	struct db_rows values;
	size_t count;
	size_t some = 0;

	assert_int_equal(stats_by_value(t->db, &t->arena, day, day, &lines, &count), OK);
	assert_int_equal(
		db_query(t->db, &t->arena, "SELECT id FROM card_values", NO_PARAMS, &values),
		OK);
	for (size_t i = 0; i < values.count; i++) {
		int64_t const id = db_row(&values, i)->number;
		struct stats_sums expected;

		sums_of(t, from, to, id, &expected);
		some += !is_nothing(&expected);
		assert_memory_equal(line_of(lines, count, id), &expected, sizeof(expected));
	}
	assert_int_equal(count, some);
	/* The hours of the day, of all values together. */
	assert_int_equal(stats_by_hour(t->db, &t->arena, day, &lines, &count), OK);
	for (int64_t hour = 0; from + hour * HOUR < to; hour++) {
		int64_t made = db_test_number(
			t,
			arena_printf(&t->arena,
				     "SELECT COUNT(*) FROM orders WHERE created_at >= "
				     "'1970-01-01' + INTERVAL %lld SECOND AND created_at < "
				     "'1970-01-01' + INTERVAL %lld SECOND",
				     (long long)((from + hour * HOUR) / CLOCK_SECOND),
				     (long long)((from + (hour + 1) * HOUR) / CLOCK_SECOND)));

		assert_int_equal(line_of(lines, count, hour)->made, made);
	}
}

static int64_t buyers_of(struct db_test *t, int64_t first, int64_t last, bool fresh)
{
	const struct db_cell *c;

	assert_int_equal(
		db_one(t->db, &t->arena,
		       "SELECT COUNT(DISTINCT o.user_id) FROM orders o WHERE o.paid_at >= ? "
		       "AND "
		       "o.paid_at < ? AND EXISTS (SELECT 1 FROM orders e WHERE e.user_id = "
		       "o.user_id AND e.paid_at < ?) = ?",
		       PARAMS(P_TIME(clock_day_start(first)), P_TIME(clock_day_start(last + 1)),
			      P_TIME(clock_day_start(first)), P((int64_t)!fresh)),
		       &c),
		OK);
	return c->number;
}

/* Of the last day only so many hours, 0: all. */
static void total_check(struct db_test *t, const struct stats_range *range)
{
	int64_t const to = range->hours ? clock_day_start(range->last) + range->hours * HOUR
					: clock_day_start(range->last + 1);
	struct stats_sums total;
	const struct db_cell *c;

	assert_int_equal(stats_total(t->db, range, &total), OK);
	assert_int_equal(db_one(t->db, &t->arena,
				"SELECT COUNT(*) FROM orders WHERE created_at >= ? AND "
				"created_at < ?",
				PARAMS(P_TIME(clock_day_start(range->first)), P_TIME(to)), &c),
			 OK);
	assert_int_equal(total.made, c->number);
}

void stats_check(struct db_test *t, int64_t first, int64_t last)
{
	for (int64_t day = first; day <= last; day++) {
		day_check(t, day);
		for (int64_t to = day; to <= last; to += 3) {
			struct stats_buyers buyers;

			assert_int_equal(stats_buyers(t->db, day, to, &buyers), OK);
			assert_int_equal(buyers.fresh, buyers_of(t, day, to, true));
			assert_int_equal(buyers.returning, buyers_of(t, day, to, false));
		}
	}
	for (int64_t hours = 0; hours < 24; hours += 7)
		total_check(t, &(struct stats_range){ first, last, hours });
}

void stats_check_days(struct db_test *t, int days)
{
	int64_t const today = clock_day_of(
		db_test_number(t, "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', "
				  "UTC_TIMESTAMP())") *
		CLOCK_SECOND);

	stats_check(t, today - days, today);
}

void stats_begin(struct db_test *t, struct shop *s)
{
	assert_int_equal(clock_set_zone(ZONE), OK);
	shop_make(s, t, 0);
	stats_second_value(t);
}
