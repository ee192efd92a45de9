/* A refund beside money that others moved, and beside a second payment. */
#include "tests/db/refunding.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- money that others moved ---- */

static void test_given_back_by_hand_is_not_given_again(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_row(&r, "hand", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 0);
	shop_check(&r.s);
}

/* Another sum went back without us: what is left does not suffice. */
static void test_foreign_return_stops_it(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_row(&r, "hand", PRICE / 4, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect_refund(&r, "refused");
	refunding_expect(&r, ORDER_DISPUTED);
	assert_int_equal(refunding_alerts(&r, "return"), 1);
	assert_int_equal(refunding_alerts(&r, "refund_refused"), 1);
	shop_check(&r.s);
}

/* Two rows of one sum: one is ours, for the other we never asked. */
static void test_a_second_return_is_not_ours(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 2, false);
	refunding_wish(&r, 0, PRICE);
	refunding_look(&r, &task);
	refunding_told(&r, &task, ERR_UNSURE, "");
	refunding_row(&r, "r1", PRICE, PAYMENT_RETURN);
	refunding_row(&r, "r2", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect_refund(&r, "done");
	refunding_expect(&r, ORDER_DISPUTED);
	assert_int_equal(refunding_alerts(&r, "return"), 1);
	shop_check(&r.s);
}

/* One that was booked as foreign stays so when a refund of the same sum is wished for later. */
static void test_an_older_return_is_not_taken_for_ours(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 3, false);
	refunding_row(&r, "hand", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_settle(&r).state, ORDER_DISPUTED);
	assert_int_equal(refunding_wish(&r, 0, PRICE), REFUND_NOT_PAID);
	db_test_exec(r.s.t, "UPDATE orders SET state = 'delivered'");
	assert_int_equal(refunding_wish(&r, 0, PRICE), REFUND_ASKED);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_TELL);
	refunding_expect_refund(&r, "sent");
}

static void test_chargeback_stops_it(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	r.rows[0].chargeback = true;
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect_refund(&r, "refused");
	refunding_expect(&r, ORDER_DISPUTED);
	shop_check(&r.s);
}

static void test_refused_is_as_before(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	db_test_exec(r.s.t, "UPDATE outbox SET state = 'sent', telegram_message_id = 0");
	refunding_look(&r, &task);
	assert_int_equal(refunding_told(&r, &task, ERR_DENIED, ""), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_DELIVERED);
	assert_int_equal(refunding_alerts(&r, "refund_refused"), 1);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	/* The codes' message was due while they were going back, and came to nothing. */
	assert_int_equal(shop_told(&r.s, "delivered", r.order->id), 2);
	shop_check(&r.s);
	assert_int_equal(refunding_wish(&r, 0, 0), REFUND_ASKED);
}

/* ---- the second payment ---- */

static void test_second_payment_goes_back_alone(void **state)
{
	struct refunding r;
	struct refund_task task;
	struct refund_order order;
	int64_t second;

	refunding_begin(&r, *state, 1, false);
	refunding_row(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(refunding_settle(&r).result, SETTLE_REVIEW);
	second = db_test_number(r.s.t, "SELECT id FROM payments WHERE state = 'review'");
	assert_int_equal(refunding_wish(&r, second, 0), REFUND_ASKED);
	refunding_expect(&r, ORDER_DELIVERED);
	task = refunding_claim(&r);
	assert_int_equal(refunding_answered(&r, &task, ANSWER_PAID, &order), REFUND_STEP_TELL);
	assert_string_equal(order.payment_id, "p2");
	assert_int_equal(order.amount.kop, PRICE);
	refunding_told(&r, &task, OK, "r1");
	refunding_expect(&r, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	assert_string_equal(db_test_text(r.s.t, "SELECT state FROM payments WHERE "
						"gateway_payment_id = 'p2'"),
			    "resolved");
	shop_check(&r.s);
}

static void test_second_payment_while_refunding(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_row(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(refunding_settle(&r).result, SETTLE_REVIEW);
	refunding_expect(&r, ORDER_REFUNDING);
	refunding_look(&r, &task);
	refunding_told(&r, &task, OK, "r1");
	refunding_expect(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM payments "
					       "WHERE state = 'review'"),
			 1);
	shop_check(&r.s);
}

/* A short payment that went back does not keep the order from being paid in full. */
static void test_paid_after_a_short_one_went_back(void **state)
{
	struct refunding r = { 0 };
	struct refund_task task;
	struct order_offer offer;

	shop_make(&r.s, *state, 1);
	offer = shop_offer(&r.s, BUYER, 1);
	r.order = shop_open(&r.s, &offer, OPENING_OK);
	refunding_row(&r, "p1", PRICE - 1, PAYMENT_IN);
	refunding_settle(&r);
	refunding_wish(&r, db_test_number(r.s.t, "SELECT id FROM payments"), 0);
	refunding_look(&r, &task);
	refunding_told(&r, &task, OK, "r1");
	refunding_row(&r, "r1", PRICE - 1, PAYMENT_RETURN);
	refunding_row(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(refunding_settle(&r).result, SETTLE_DELIVERED);
	shop_check(&r.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_given_back_by_hand_is_not_given_again),
		DB_TEST(test_foreign_return_stops_it),
		DB_TEST(test_a_second_return_is_not_ours),
		DB_TEST(test_an_older_return_is_not_taken_for_ours),
		DB_TEST(test_chargeback_stops_it),
		DB_TEST(test_refused_is_as_before),
		DB_TEST(test_second_payment_goes_back_alone),
		DB_TEST(test_second_payment_while_refunding),
		DB_TEST(test_paid_after_a_short_one_went_back),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
