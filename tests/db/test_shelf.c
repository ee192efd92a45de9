/* How long the stock lasts, and what waits for a person. */
#include "shared/base/clock.h"
#include "shared/domain/shelf.h"
#include "shared/domain/stats_count.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct shelf *shelf_of(struct shop *s, size_t expected)
{
	struct shelf *list;
	size_t count;

	assert_int_equal(
		shelf_list(s->t->db, &s->t->arena, clock_day_of(clock_now()), &list, &count),
		OK);
	assert_int_equal(count, expected);
	return list;
}

static void sell(struct shop *s, int quantity, const char *payment)
{
	struct order_offer const offer = shop_offer(s, BUYER, quantity);
	struct order *order = shop_open(s, &offer, OPENING_OK);
	struct payment_row const row = shop_payment(payment, (int64_t)PRICE * quantity);
	struct payment_evidence const paid = shop_paid(&row, 1);

	assert_int_equal(shop_settle(s, order->id, &paid).result, SETTLE_DELIVERED);
}

static void count_sales(struct shop *s)
{
	struct stats_turn turn = { .more = true };

	while (turn.more)
		assert_int_equal(stats_turn(s->t->db, "Europe/Kyiv", &turn), OK);
}

static void test_shelf(void **state)
{
	struct db_test *t = *state;
	const struct shelf *shelf;
	struct shop s;

	assert_int_equal(clock_set_zone("Europe/Kyiv"), OK);
	shop_make(&s, t, 260);
	shelf = shelf_of(&s, 1);
	assert_int_equal(shelf->value_id, s.value_id);
	assert_int_equal(shelf->sold, 0);
	assert_int_equal(shelf->left, shelf->bound + 1); /* more than is counted */
	assert_int_equal(shelf->low_stock, 5);
	for (int i = 0; i < 8; i++)
		sell(&s, 10, arena_printf(&t->arena, "p%d", i));
	count_sales(&s);
	shelf = shelf_of(&s, 1);
	assert_int_equal(shelf->sold, 80);
	assert_int_equal(shelf->left, 180);
	/* What was sold before those days is no rate any more. */
	db_test_exec(t, "UPDATE stats_days SET day = day - INTERVAL 7 DAY");
	assert_int_equal(shelf_of(&s, 1)->sold, 0);
	db_test_exec(t, "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6)");
	shelf_of(&s, 0);
	db_test_exec(t, "UPDATE card_values SET hidden_at = NULL");
	db_test_exec(t, "UPDATE categories SET hidden_at = UTC_TIMESTAMP(6)");
	shelf_of(&s, 0);
}

static struct shop_needs needs_of(struct db_test *t)
{
	struct shop_needs needs;

	assert_int_equal(shop_needs(t->db, &needs), OK);
	return needs;
}

static bool needs_nothing(struct db_test *t)
{
	struct shop_needs const n = needs_of(t);

	return !n.unsent &&
	       !(n.waiting + n.disputed + n.reviews + n.cases + n.refunds + n.dead + n.unasked);
}

static void test_needs(void **state)
{
	struct db_test *t = *state;
	struct shop s;

	shop_make(&s, t, 3);
	assert_true(needs_nothing(t));
	sell(&s, 1, "paid");
	sell(&s, 2, "too");
	assert_true(needs_nothing(t));
	db_test_exec(t, "UPDATE orders SET state = 'paid' WHERE quantity = 1");
	assert_int_equal(needs_of(t).waiting, 1);
	db_test_exec(t, "UPDATE orders SET state = 'disputed'");
	assert_int_equal(needs_of(t).disputed, 2);
	db_test_exec(t, "UPDATE payments SET state = 'review', reason = 'short' LIMIT 1");
	assert_int_equal(needs_of(t).reviews, 1);
	db_test_exec(t, "INSERT INTO tickets (user_id, state, created_at, updated_at) VALUES "
			"(1001, 'open', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)), "
			"(1001, 'answered', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))");
	assert_int_equal(needs_of(t).cases, 1);
	db_test_exec(t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6) - INTERVAL 2 MINUTE");
	assert_int_equal(needs_of(t).unasked, 2);
	assert_false(needs_of(t).unsent);
	db_test_exec(t, "UPDATE outbox SET not_before = UTC_TIMESTAMP(6) - INTERVAL 3 MINUTE");
	assert_true(needs_of(t).unsent);
	db_test_exec(t, "UPDATE outbox SET state = 'dead'");
	assert_true(needs_of(t).dead > 0);
	assert_false(needs_of(t).unsent);
	db_test_exec(t,
		     "INSERT INTO refunds (order_id, payment_id, open_order_id, fact, "
		     "amount_kop, whole, reason, actor, state, not_before, created_at) SELECT "
		     "order_id, id, order_id, id, 1, 0, '', '', 'pending', UTC_TIMESTAMP(6), "
		     "UTC_TIMESTAMP(6) FROM payments");
	assert_int_equal(needs_of(t).refunds, 0);
	db_test_exec(t, "UPDATE refunds SET created_at = created_at - INTERVAL 61 MINUTE");
	assert_int_equal(needs_of(t).refunds, 2);
}

static void test_begun(void **state)
{
	struct db_test *t = *state;
	struct shop_begun begun;
	struct shop s;

	assert_int_equal(shop_begun(t->db, &begun), OK);
	assert_false(begun.has_values || begun.has_codes || begun.has_orders);
	shop_make(&s, t, 0);
	assert_int_equal(shop_begun(t->db, &begun), OK);
	assert_true(begun.has_values && !begun.has_codes);
	shop_stock(&s, "CARD", 1);
	sell(&s, 1, "paid");
	assert_int_equal(shop_begun(t->db, &begun), OK);
	assert_true(begun.has_codes && begun.has_orders);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_shelf),
		DB_TEST(test_needs),
		DB_TEST(test_begun),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
