/* The shelf: buyers don't queue behind each other, and what is sold never comes back by itself.
 */
#include "tests/db/shop.h"

#include "shared/base/clock.h"
#include "shared/domain/stock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static struct order *opened(struct shop *s, int64_t buyer, int quantity)
{
	struct order_offer const offer = shop_offer(s, buyer, quantity);

	return shop_open(s, &offer, OPENING_OK);
}

/* Somebody else is in the middle of taking the next code. */
static int next_hold(struct db *other, struct arena *a, int64_t value_id)
{
	const struct db_cell *row;

	return db_one(other, a,
		      "SELECT id FROM card_codes WHERE value_id = ? AND state = 'available' "
		      "ORDER BY expires_at, id LIMIT 1 FOR UPDATE",
		      PARAMS(P(value_id)), &row);
}

static void test_held_codes_are_passed_by(void **state)
{
	struct shop s;
	int64_t before;

	shop_make(&s, *state, 2);
	{
		DB_TX(tx, db_test_open(s.t));
		assert_int_equal(next_hold(tx.db, &s.t->arena, s.value_id), OK);
		before = clock_monotonic_ms();
		opened(&s, BUYER, 1);
		assert_true(clock_monotonic_ms() - before < 1000);
	}
	opened(&s, OTHER_BUYER, 1);
	shop_check(&s);
}

struct holder {
	struct db *db;
	int64_t value_id;
	_Atomic int holds;
};

/* Hold it a while, and then let it go unsold. */
static void *hold(void *data)
{
	struct timespec const pause = { .tv_nsec = 300000000 };
	struct holder *holder = data;
	AUTO_ARENA(a);

	DB_TX(tx, holder->db);
	holder->holds = next_hold(holder->db, &a, holder->value_id) ? -1 : 1;
	nanosleep(&pause, NULL);
	return NULL;
}

static void test_sold_out_is_not_said_of_held_codes(void **state)
{
	struct timespec const pause = { .tv_nsec = 1000000 };
	struct holder holder = { 0 };
	pthread_t thread;
	struct shop s;

	shop_make(&s, *state, 1);
	holder.db = db_test_open(s.t);
	holder.value_id = s.value_id;
	assert_int_equal(pthread_create(&thread, NULL, hold, &holder), 0);
	while (!holder.holds)
		nanosleep(&pause, NULL);
	assert_int_equal(holder.holds, 1);
	opened(&s, BUYER, 1);
	pthread_join(thread, NULL);
	shop_check(&s);
}

static void test_sold_codes_stay_sold(void **state)
{
	struct payment_row const row = shop_payment("p1", 2 * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order *order;
	struct shop s;
	int sold;

	shop_make(&s, *state, 3);
	order = opened(&s, BUYER, 2);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_DELIVERED);
	assert_int_equal(stock_release(s.t->db, order->id), OK);
	assert_int_equal(shop_codes(&s, "sold"), 2);
	assert_int_equal(stock_sell_reserved(s.t->db, order->id, &sold), OK);
	assert_int_equal(sold, 0);
	shop_check(&s);
}

/* A code that was found to be bad while it was kept for somebody. */
static void test_bad_codes_are_not_sold(void **state)
{
	struct payment_row const row = shop_payment("p1", 2 * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct settlement settlement;
	struct order *order;
	struct shop s;
	int sold;

	shop_make(&s, *state, 3);
	order = opened(&s, BUYER, 2);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'defective' WHERE slot = 2");
	/* Half an order is not delivered; that is for a person, not for chance. */
	assert_int_equal(order_settle(s.t->db, order->id, &evidence, &settlement), ERR_FAILED);
	assert_int_equal(shop_codes(&s, "sold"), 0);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM payments"), 0);
	assert_int_equal(stock_sell_reserved(s.t->db, order->id, &sold), OK);
	assert_int_equal(sold, 1);
	assert_int_equal(shop_codes(&s, "defective"), 1);
}

static void test_kept_codes_are_not_shown(void **state)
{
	struct stock_code *codes;
	struct order *order;
	struct shop s;
	size_t count;

	shop_make(&s, *state, 1);
	order = opened(&s, BUYER, 1);
	assert_int_equal(stock_of_order(s.t->db, &s.t->arena, order->id, &codes, &count), OK);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_held_codes_are_passed_by),
		DB_TEST(test_sold_out_is_not_said_of_held_codes),
		DB_TEST(test_sold_codes_stay_sold),
		DB_TEST(test_bad_codes_are_not_sold),
		DB_TEST(test_kept_codes_are_not_shown),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
