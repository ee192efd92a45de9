/* Nobody overtakes: the order of a value that has waited longest gets its codes first. */
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct order *opened(struct shop *s, int64_t buyer, int quantity)
{
	struct order_offer const offer = shop_offer(s, buyer, quantity);

	return shop_open(s, &offer, OPENING_OK);
}

/* Its reservation is over: what is paid now is late. */
static struct order *cancelled(struct shop *s, int64_t buyer, int quantity)
{
	struct order *order = opened(s, buyer, quantity);

	assert_int_equal(order_cancel(s->t->db, order->id, buyer), OK);
	return order;
}

static enum settle_result pay(struct shop *s, const struct order *order, const char *payment)
{
	struct payment_row const row = shop_payment(payment, order->total.kop);
	struct payment_evidence const evidence = shop_paid(&row, 1);

	return shop_settle(s, order->id, &evidence).result;
}

static void expect_state(struct shop *s, const struct order *order, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(s, order->id)->state),
			    order_state_name(state));
}

static void test_late_money_does_not_overtake(void **state)
{
	struct order *large;
	struct order *small;
	struct shop s;
	int filled;

	shop_make(&s, *state, 3);
	large = cancelled(&s, BUYER, 3);
	small = cancelled(&s, OTHER_BUYER, 1);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn' ORDER BY id LIMIT 1");
	assert_int_equal(pay(&s, large, "p1"), SETTLE_WAITING);
	/* Two codes are there, and it wants one of them. */
	assert_int_equal(pay(&s, small, "p2"), SETTLE_WAITING);
	assert_int_equal(shop_told(&s, "waiting", small->id), 1);
	assert_int_equal(order_fill_waiting(s.t->db, s.value_id, &filled), OK);
	assert_int_equal(filled, 0);
	assert_int_equal(shop_codes(&s, "available"), 2);
	assert_int_equal(shop_stock(&s, "MORE", 1), 1);
	expect_state(&s, large, ORDER_DELIVERED);
	expect_state(&s, small, ORDER_PAID);
	assert_int_equal(shop_stock(&s, "STILL", 1), 1);
	expect_state(&s, small, ORDER_DELIVERED);
	shop_check(&s);
}

static void test_a_reservation_is_one_s_own(void **state)
{
	struct order *small;
	struct order *large;
	struct shop s;

	shop_make(&s, *state, 3);
	large = cancelled(&s, BUYER, 3);
	small = opened(&s, OTHER_BUYER, 1);
	assert_int_equal(pay(&s, large, "p1"), SETTLE_WAITING);
	assert_int_equal(pay(&s, small, "p2"), SETTLE_DELIVERED);
	expect_state(&s, large, ORDER_PAID);
	shop_check(&s);
}

/* Whoever does not want to wait any more makes room. */
static void test_the_line_moves_when_the_oldest_leaves(void **state)
{
	struct order *large;
	struct order *small;
	struct shop s;
	int64_t value;
	int filled;

	shop_make(&s, *state, 3);
	large = cancelled(&s, BUYER, 3);
	small = cancelled(&s, OTHER_BUYER, 1);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn' ORDER BY id LIMIT 1");
	assert_int_equal(pay(&s, large, "p1"), SETTLE_WAITING);
	assert_int_equal(pay(&s, small, "p2"), SETTLE_WAITING);
	db_test_exec(s.t, "UPDATE orders SET state = 'disputed' WHERE quantity = 3");
	assert_int_equal(order_waiting_value(s.t->db, 0, &value), OK);
	assert_int_equal(value, s.value_id);
	assert_int_equal(order_fill_waiting(s.t->db, s.value_id, &filled), OK);
	assert_int_equal(filled, 1);
	expect_state(&s, small, ORDER_DELIVERED);
}

/* Another value's line is another line. */
static void test_other_values_don_t_wait(void **state)
{
	struct order *large;
	struct order *other;
	struct shop s;

	shop_make(&s, *state, 3);
	large = cancelled(&s, BUYER, 3);
	other = cancelled(&s, OTHER_BUYER, 1);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn' ORDER BY id LIMIT 1");
	assert_int_equal(pay(&s, large, "p1"), SETTLE_WAITING);
	db_test_exec(s.t, "INSERT INTO card_values (category_id, slug, title_uk, price_kop, "
			  "created_at) SELECT category_id, 'other', 'x', price_kop, created_at "
			  "FROM card_values");
	db_test_exec(s.t, "UPDATE orders SET value_id = (SELECT MAX(id) FROM card_values) "
			  "WHERE quantity = 1");
	db_test_exec(s.t, "UPDATE card_codes SET value_id = (SELECT MAX(id) FROM card_values) "
			  "WHERE state = 'available' LIMIT 1");
	assert_int_equal(pay(&s, other, "p2"), SETTLE_DELIVERED);
	shop_check(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_late_money_does_not_overtake),
		DB_TEST(test_a_reservation_is_one_s_own),
		DB_TEST(test_the_line_moves_when_the_oldest_leaves),
		DB_TEST(test_other_values_don_t_wait),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
