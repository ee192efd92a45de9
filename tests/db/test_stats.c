/*
 * Sales counted by the hour and the day: the same as a plain sum over orders and payments
 * whatever happened late, on days when clocks change, with two that count at once.
 */
#include "shared/domain/stats_count.h"
#include "shared/domain/stats_report.h"
#include "tests/db/stats_test.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void test_empty(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	int64_t as_of;

	stats_begin(t, &s);
	assert_int_equal(stats_as_of(t->db, &as_of), OK);
	assert_int_equal(as_of, 0);
	stats_turns(t->db);
	assert_int_equal(stats_as_of(t->db, &as_of), OK);
	assert_true(as_of > 0);
	stats_check_days(t, 2);
}

static void test_random(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	stats_begin(t, &s);
	stats_orders(t, AT("864000"), 860000, 300);
	stats_returns(t, AT("200000"), "p.id % 5 = 0");
	stats_turns(t->db);
	stats_check_days(t, 11);
	/* The next turn has nothing to do, and changes nothing. */
	stats_one_turn(t->db);
	stats_check_days(t, 11);
}

/* What happens now to orders of long ago. */
static void test_late(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	stats_begin(t, &s);
	stats_orders(t, AT("700000"), 600000, 120);
	stats_turns(t->db);
	/* Paid late. */
	db_test_exec(t, "UPDATE orders SET state = 'delivered', paid_at = UTC_TIMESTAMP(6) "
			"WHERE state = 'expired' AND id % 3 = 0");
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, received_at) SELECT 'portmone', "
			"CONCAT('late', id), id, 'payment', total_kop, 1, 'ok', paid_at FROM "
			"orders WHERE state = 'delivered' AND paid_at > " AT("60"));
	stats_one_turn(t->db);
	stats_check_days(t, 9);
	/* Short, in review, and then taken all the same. */
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, reason, received_at) SELECT 'portmone', "
			"CONCAT('short', id), id, 'payment', 7, 0, 'review', 'short', "
			"created_at FROM orders WHERE state = 'expired'");
	stats_one_turn(t->db);
	stats_check_days(t, 9);
	db_test_exec(t, "UPDATE orders o JOIN payments p ON p.order_id = o.id SET "
			"o.state = 'delivered', o.paid_at = UTC_TIMESTAMP(6), p.applied = 1, "
			"p.state = 'resolved', p.resolved_at = UTC_TIMESTAMP(6) "
			"WHERE p.reason = 'short'");
	stats_one_turn(t->db);
	stats_check_days(t, 9);
	stats_returns(t, "UTC_TIMESTAMP(6)", "p.id % 4 = 0 AND p.applied = 1");
	stats_one_turn(t->db);
	stats_check_days(t, 9);
}

/* Money that never counted as revenue is not taken off it when it goes back. */
static void test_second_payment_back(void **state)
{
	struct db_test *t = *state;
	struct stats_sums total;
	struct shop s;

	stats_begin(t, &s);
	stats_orders(t, AT("90000"), 1, 3);
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, reason, received_at) SELECT 'portmone', "
			"'second', MIN(id), 'payment', 100, 0, 'resolved', 'second', "
			"UTC_TIMESTAMP(6) FROM orders WHERE paid_at IS NOT NULL");
	stats_returns(t, "UTC_TIMESTAMP(6)", "p.reason = 'second'");
	db_test_exec(t,
		     "INSERT INTO refunds (order_id, payment_id, fact, amount_kop, whole, "
		     "reason, actor, state, not_before, return_id, created_at) "
		     "SELECT p.order_id, p.id, 'x', 100, 0, '', 'x', 'done', "
		     "UTC_TIMESTAMP(6), b.id, UTC_TIMESTAMP(6) FROM payments p JOIN payments b "
		     "ON b.order_id = p.order_id AND b.kind = 'return' "
		     "WHERE p.reason = 'second'");
	stats_turns(t->db);
	stats_check_days(t, 4);
	assert_int_equal(stats_total(t->db, &(struct stats_range){ 0, 99999, 0 }, &total), OK);
	assert_int_equal(total.refunds, 0);
}

/* A payer's bank took money back: found by the night's count. */
static void test_chargeback(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	stats_begin(t, &s);
	stats_orders(t, AT("400000"), 300000, 40);
	stats_turns(t->db);
	db_test_exec(t, "UPDATE orders o JOIN payments p ON p.order_id = o.id SET "
			"o.state = 'disputed', p.state = 'review', p.reason = 'chargeback' "
			"WHERE p.amount_kop = 200");
	assert_true(db_test_number(t, "SELECT COUNT(*) FROM orders WHERE state = 'disputed'"));
	db_test_exec(t, "UPDATE stats_state SET again_from = DATE(" AT(
				"600000") "), again_at = UTC_TIMESTAMP(6)");
	stats_turns(t->db);
	stats_check_days(t, 7);
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

	stats_begin(t, &s);
	for (size_t i = 0; i < COUNT(changes); i++) {
		int64_t at;
		int64_t day;

		assert_int_equal(clock_day(changes[i].day, 0, &at), OK);
		day = clock_day_of(at);
		assert_int_equal(clock_day_start(day), at);
		assert_int_equal(clock_day_start(day + 1) - at, changes[i].hours * HOUR);
		db_test_clean(t);
		shop_make(&s, t, 0);
		stats_second_value(t);
		stats_orders(t, changes[i].begins, 3 * 86400, 400);
		stats_returns(t,
			      arena_printf(&t->arena, "%s + INTERVAL p.id * 700 SECOND",
					   changes[i].begins),
			      "p.id % 3 = 0");
		stats_turns(t->db);
		stats_check(t, day - 2, day + 3);
	}
}

/* Other days are counted once the shop's zone is another. */
static void test_zone(void **state)
{
	struct db_test *t = *state;
	struct stats_turn turn = { .more = true };
	struct shop s;

	stats_begin(t, &s);
	stats_orders(t, AT("400000"), 390000, 60);
	stats_turns(t->db);
	assert_int_equal(clock_set_zone("Asia/Kathmandu"), OK);
	while (turn.more)
		assert_int_equal(stats_turn(t->db, "Asia/Kathmandu", &turn), OK);
	stats_check_days(t, 6);
	assert_int_equal(clock_set_zone(ZONE), OK);
}

/* Nothing was counted for days: the days since then are, whole. */
static void test_long_rest(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	int64_t as_of;

	stats_begin(t, &s);
	stats_orders(t, AT("900000"), 300000, 60);
	stats_turns(t->db);
	db_test_exec(t, "UPDATE stats_state SET as_of = " AT("600000"));
	stats_orders(t, AT("590000"), 580000, 60);
	stats_turns(t->db);
	stats_check_days(t, 11);
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

	stats_begin(t, &s);
	stats_turns(t->db);
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

	stats_begin(t, &s);
	stats_orders(t, AT("500000"), 490000, 60);
	for (int i = 0; i < 2; i++) {
		counters[i] = (struct counter){ .db = db_test_open(t) };
		assert_int_equal(pthread_create(&threads[i], NULL, count_on, &counters[i]), 0);
	}
	for (int i = 0; i < 5; i++)
		stats_orders(t, AT("100"), 90, 8);
	for (rc = ERR_CONFLICT; rc == ERR_CONFLICT; usleep(1000))
		rc = stats_rebuild(t->db, ZONE);
	assert_int_equal(rc, OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(counters[i].rc, OK);
	}
	stats_turns(t->db);
	stats_one_turn(t->db);
	stats_check_days(t, 7);
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

	stats_begin(t, &s);
	/* Where it is later than four just now. */
	if (clock_now() - clock_day_start(clock_day_of(clock_now())) < 5 * HOUR)
		zone = "Asia/Tokyo";
	assert_int_equal(clock_set_zone(zone), OK);
	stats_orders(t, AT("400000"), 390000, 40);
	while (turn.more)
		assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	db_test_exec(t, "UPDATE stats_days SET paid = paid + 1");
	assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	assert_false(turn.more);
	db_test_exec(t, "UPDATE stats_state SET checked_on = '2020-01-01'");
	do
		assert_int_equal(stats_turn(t->db, zone, &turn), OK);
	while (turn.more);
	stats_check_days(t, 6);
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
