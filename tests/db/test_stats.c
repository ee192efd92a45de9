/*
 * Sales counted by the hour and the day: the same as a plain sum over orders and payments
 * whatever happened late, on days when clocks change, with two that count at once.
 */
#include "shared/base/clock.h"
#include "shared/domain/stats_count.h"
#include "shared/domain/stats_report.h"
#include "tests/db/shop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define ZONE "Europe/Kyiv"
#define HOUR (3600 * CLOCK_SECOND)

static void turns(struct db *db)
{
	struct stats_turn turn = { .more = true };

	for (int i = 0; i < 1000 && turn.more; i++)
		assert_int_equal(stats_turn(db, ZONE, &turn), OK);
	assert_false(turn.more);
}

static void one_turn(struct db *db)
{
	struct stats_turn turn;

	assert_int_equal(stats_turn(db, ZONE, &turn), OK);
}

/* ---- data ---- */

#define AT(seconds) "UTC_TIMESTAMP(6) - INTERVAL " seconds " SECOND"

/* Half of them paid, each a while after it was opened; some of these were accepted later. */
static void orders_make(struct db_test *t, const char *begins, int seconds, int count)
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

static void returns_make(struct db_test *t, const char *at, const char *which)
{
	db_test_exec(t, arena_printf(&t->arena,
				     "INSERT INTO payments (gateway, gateway_payment_id, "
				     "order_id, kind, amount_kop, applied, state, received_at) "
				     "SELECT 'portmone', CONCAT('back', p.id), p.order_id, "
				     "'return', p.amount_kop, 0, 'ok', %s FROM payments p "
				     "WHERE p.kind = 'payment' AND %s",
				     at, which));
}

static void second_value(struct db_test *t)
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

static void check(struct db_test *t, int64_t first, int64_t last)
{
	struct stats_sums total;
	int64_t made = 0;

	for (int64_t day = first; day <= last; day++) {
		day_check(t, day);
		for (int64_t to = day; to <= last; to += 3) {
			struct stats_buyers buyers;

			assert_int_equal(stats_buyers(t->db, day, to, &buyers), OK);
			assert_int_equal(buyers.fresh, buyers_of(t, day, to, true));
			assert_int_equal(buyers.returning, buyers_of(t, day, to, false));
		}
	}
	assert_int_equal(stats_total(t->db, &(struct stats_range){ first, last, 0 }, &total),
			 OK);
	for (int64_t day = first; day <= last; day++) {
		assert_int_equal(
			stats_total(t->db, &(struct stats_range){ day, day, 7 }, &total), OK);
		made += total.made;
	}
	assert_true(made <= db_test_number(t, "SELECT COUNT(*) FROM orders"));
}

static void check_days(struct db_test *t, int days)
{
	int64_t const today = clock_day_of(
		db_test_number(t, "SELECT TIMESTAMPDIFF(SECOND, '1970-01-01', "
				  "UTC_TIMESTAMP())") *
		CLOCK_SECOND);

	check(t, today - days, today);
}

static void begin(struct db_test *t, struct shop *s)
{
	assert_int_equal(clock_set_zone(ZONE), OK);
	shop_make(s, t, 0);
	second_value(t);
}

/* ---- the tests ---- */

static void test_empty(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	int64_t as_of;

	begin(t, &s);
	assert_int_equal(stats_as_of(t->db, &as_of), OK);
	assert_int_equal(as_of, 0);
	turns(t->db);
	assert_int_equal(stats_as_of(t->db, &as_of), OK);
	assert_true(as_of > 0);
	check_days(t, 2);
}

static void test_random(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	begin(t, &s);
	orders_make(t, AT("864000"), 860000, 300);
	returns_make(t, AT("200000"), "p.id % 5 = 0");
	turns(t->db);
	check_days(t, 11);
	/* The next turn has nothing to do, and changes nothing. */
	one_turn(t->db);
	check_days(t, 11);
}

/* What happens now to orders of long ago. */
static void test_late(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	begin(t, &s);
	orders_make(t, AT("700000"), 600000, 120);
	turns(t->db);
	/* Paid late. */
	db_test_exec(t, "UPDATE orders SET state = 'delivered', paid_at = UTC_TIMESTAMP(6) "
			"WHERE state = 'expired' AND id % 3 = 0");
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, received_at) SELECT 'portmone', "
			"CONCAT('late', id), id, 'payment', total_kop, 1, 'ok', paid_at FROM "
			"orders WHERE state = 'delivered' AND paid_at > " AT("60"));
	one_turn(t->db);
	check_days(t, 9);
	/* Short, in review, and then taken all the same. */
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, reason, received_at) SELECT 'portmone', "
			"CONCAT('short', id), id, 'payment', 7, 0, 'review', 'short', "
			"created_at FROM orders WHERE state = 'expired'");
	one_turn(t->db);
	check_days(t, 9);
	db_test_exec(t, "UPDATE orders o JOIN payments p ON p.order_id = o.id SET "
			"o.state = 'delivered', o.paid_at = UTC_TIMESTAMP(6), p.applied = 1, "
			"p.state = 'resolved', p.resolved_at = UTC_TIMESTAMP(6) "
			"WHERE p.reason = 'short'");
	one_turn(t->db);
	check_days(t, 9);
	returns_make(t, "UTC_TIMESTAMP(6)", "p.id % 4 = 0 AND p.applied = 1");
	one_turn(t->db);
	check_days(t, 9);
}

/* Money that never counted as revenue is not taken off it when it goes back. */
static void test_second_payment_back(void **state)
{
	struct db_test *t = *state;
	struct stats_sums total;
	struct shop s;

	begin(t, &s);
	orders_make(t, AT("90000"), 1, 3);
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, reason, received_at) SELECT 'portmone', "
			"'second', MIN(id), 'payment', 100, 0, 'resolved', 'second', "
			"UTC_TIMESTAMP(6) FROM orders WHERE paid_at IS NOT NULL");
	returns_make(t, "UTC_TIMESTAMP(6)", "p.reason = 'second'");
	db_test_exec(t,
		     "INSERT INTO refunds (order_id, payment_id, fact, amount_kop, whole, "
		     "reason, actor, state, not_before, return_id, created_at) "
		     "SELECT p.order_id, p.id, 'x', 100, 0, '', 'x', 'done', "
		     "UTC_TIMESTAMP(6), b.id, UTC_TIMESTAMP(6) FROM payments p JOIN payments b "
		     "ON b.order_id = p.order_id AND b.kind = 'return' "
		     "WHERE p.reason = 'second'");
	turns(t->db);
	check_days(t, 4);
	assert_int_equal(stats_total(t->db, &(struct stats_range){ 0, 99999, 0 }, &total), OK);
	assert_int_equal(total.refunds, 0);
}

/* A payer's bank took money back: found by the night's count. */
static void test_chargeback(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	begin(t, &s);
	orders_make(t, AT("400000"), 300000, 40);
	turns(t->db);
	db_test_exec(t, "UPDATE orders o JOIN payments p ON p.order_id = o.id SET "
			"o.state = 'disputed', p.state = 'review', p.reason = 'chargeback' "
			"WHERE p.amount_kop = 200");
	assert_true(db_test_number(t, "SELECT COUNT(*) FROM orders WHERE state = 'disputed'"));
	db_test_exec(t, "UPDATE stats_state SET again_from = DATE(" AT(
				"600000") "), again_at = UTC_TIMESTAMP(6)");
	turns(t->db);
	check_days(t, 7);
}

/* 23 hours, and 25 of which two have one name. */
static void test_clocks_change(void **state)
{
	static const struct {
		const char *begins;
		const char *day;
		int hours;
	} changes[] = {
		{ "TIMESTAMP('2025-03-29 12:00:00')", "2025-03-30", 23 },
		{ "TIMESTAMP('2025-10-25 12:00:00')", "2025-10-26", 25 },
	};
	struct db_test *t = *state;
	struct shop s;

	begin(t, &s);
	for (size_t i = 0; i < COUNT(changes); i++) {
		int64_t at;
		int64_t day;

		assert_int_equal(clock_day(changes[i].day, 0, &at), OK);
		day = clock_day_of(at);
		assert_int_equal(clock_day_start(day), at);
		assert_int_equal(clock_day_start(day + 1) - at, changes[i].hours * HOUR);
		db_test_clean(t);
		shop_make(&s, t, 0);
		second_value(t);
		orders_make(t, changes[i].begins, 3 * 86400, 400);
		returns_make(t,
			     arena_printf(&t->arena, "%s + INTERVAL p.id * 700 SECOND",
					  changes[i].begins),
			     "p.id % 3 = 0");
		turns(t->db);
		check(t, day - 2, day + 3);
	}
}

/* Other days are counted once the shop's zone is another. */
static void test_zone(void **state)
{
	struct db_test *t = *state;
	struct stats_turn turn = { .more = true };
	struct shop s;

	begin(t, &s);
	orders_make(t, AT("400000"), 390000, 60);
	turns(t->db);
	assert_int_equal(clock_set_zone("Asia/Kathmandu"), OK);
	while (turn.more)
		assert_int_equal(stats_turn(t->db, "Asia/Kathmandu", &turn), OK);
	check_days(t, 6);
	assert_int_equal(clock_set_zone(ZONE), OK);
}

/* Nothing was counted for days: the days since then are, whole. */
static void test_long_rest(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	int64_t as_of;

	begin(t, &s);
	orders_make(t, AT("900000"), 300000, 60);
	turns(t->db);
	db_test_exec(t, "UPDATE stats_state SET as_of = " AT("600000"));
	orders_make(t, AT("590000"), 580000, 60);
	turns(t->db);
	check_days(t, 11);
	assert_int_equal(stats_as_of(t->db, &as_of), OK);
	assert_true(clock_now() - as_of < 300 * CLOCK_SECOND);
}

/* One that hangs while it counts does not make others hang. */
static void test_one_hangs(void **state)
{
	struct db_test *t = *state;
	struct db *other = db_test_open(t);
	struct stats_turn turn;
	struct shop s;

	begin(t, &s);
	turns(t->db);
	assert_int_equal(db_script(other, "START TRANSACTION"), OK);
	assert_int_equal(db_script(other, "UPDATE stats_state SET turns = turns + 1"), OK);
	assert_int_equal(stats_turn(t->db, ZONE, &turn), OK);
	assert_true(turn.busy);
	assert_int_equal(stats_rebuild(t->db, ZONE), ERR_CONFLICT);
	assert_int_equal(db_script(other, "ROLLBACK"), OK);
	assert_int_equal(stats_turn(t->db, ZONE, &turn), OK);
	assert_false(turn.busy);
}

struct counter {
	struct db *db;
	int rc;
};

static void *count_on(void *data)
{
	struct counter *c = data;
	struct stats_turn turn;

	for (int i = 0; i < 12 && !c->rc; i++)
		c->rc = stats_turn(c->db, ZONE, &turn);
	return NULL;
}

/* While orders come in and everything is counted anew. */
static void test_two_at_once(void **state)
{
	struct db_test *t = *state;
	struct counter counters[2];
	pthread_t threads[2];
	struct shop s;
	int rc;

	begin(t, &s);
	orders_make(t, AT("500000"), 490000, 60);
	for (int i = 0; i < 2; i++) {
		counters[i] = (struct counter){ .db = db_test_open(t) };
		assert_int_equal(pthread_create(&threads[i], NULL, count_on, &counters[i]), 0);
	}
	for (int i = 0; i < 5; i++)
		orders_make(t, AT("100"), 90, 8);
	for (rc = ERR_CONFLICT; rc == ERR_CONFLICT; usleep(1000))
		rc = stats_rebuild(t->db, ZONE);
	assert_int_equal(rc, OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(counters[i].rc, OK);
	}
	turns(t->db);
	one_turn(t->db);
	check_days(t, 7);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM (SELECT user_id, day FROM "
					   "stats_buyers GROUP BY user_id, day) x") -
				 db_test_number(t, "SELECT SUM(buyers) FROM stats_returns"),
			 0);
}

/* After four in the morning the last two months are counted anew, once a day. */
static void test_night(void **state)
{
	const char *zone = ZONE;
	struct db_test *t = *state;
	struct stats_turn turn = { .more = true };
	struct shop s;

	begin(t, &s);
	/* Where it is later than four just now. */
	if (clock_now() - clock_day_start(clock_day_of(clock_now())) < 5 * HOUR)
		zone = "Asia/Tokyo";
	assert_int_equal(clock_set_zone(zone), OK);
	orders_make(t, AT("400000"), 390000, 40);
	while (turn.more)
		assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	db_test_exec(t, "UPDATE stats_days SET paid = paid + 1");
	assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	assert_false(turn.more);
	db_test_exec(t, "UPDATE stats_state SET checked_on = '2020-01-01'");
	do
		assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	while (turn.more);
	check_days(t, 6);
	assert_int_equal(clock_set_zone(ZONE), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_empty),	  DB_TEST(test_random),
		DB_TEST(test_late),	  DB_TEST(test_second_payment_back),
		DB_TEST(test_chargeback), DB_TEST(test_clocks_change),
		DB_TEST(test_zone),	  DB_TEST(test_long_rest),
		DB_TEST(test_one_hangs),  DB_TEST(test_two_at_once),
		DB_TEST(test_night),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
