/* Money goes back once, by our own wish; what is not known is asked for, never told again. */
#include "tests/db/refunding.h"

#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- the straight way ---- */

static void test_whole(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 2, false);
	assert_int_equal(refunding_wish(&r, 0, 0), REFUND_ASKED);
	refunding_expect(&r, ORDER_REFUNDING);
	shop_check(&r.s);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_TELL);
	refunding_expect_refund(&r, "sent");
	assert_int_equal(refunding_told(&r, &task, OK, "r1"), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_REFUNDED);
	assert_int_equal(shop_codes(&r.s, "defective"), 2);
	assert_int_equal(shop_told(&r.s, "refunded", r.order->id), 1);
	/* The gateway's row is ours: no dispute, however often it is read. */
	refunding_row(&r, "r1", 2 * PRICE, PAYMENT_RETURN);
	for (int i = 0; i < 2; i++)
		assert_int_equal(refunding_settle(&r).state, ORDER_REFUNDED);
	assert_int_equal(refunding_alerts(&r, "return"), 0);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM audit WHERE "
					       "action = 'order_refund'"),
			 1);
	assert_int_equal(refunding_wish(&r, 0, 0), REFUND_NOT_PAID);
	shop_check(&r.s);
}

static void test_parts_add_up_to_what_was_paid(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 2, false);
	assert_int_equal(refunding_wish(&r, 0, 2 * PRICE + 1), REFUND_TOO_MUCH);
	assert_int_equal(refunding_wish(&r, 0, PRICE / 2), REFUND_ASKED);
	refunding_expect(&r, ORDER_DELIVERED);
	assert_int_equal(refunding_wish(&r, 0, PRICE / 2), REFUND_UNDER_WAY);
	refunding_look(&r, &task);
	refunding_told(&r, &task, OK, "r1");
	refunding_row(&r, "r1", PRICE / 2, PAYMENT_RETURN);
	refunding_expect(&r, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&r.s, "sold"), 2);
	assert_int_equal(refunding_wish(&r, 0, 3 * PRICE / 2 + 1), REFUND_TOO_MUCH);
	/* The last part is the rest: the order ends with it. */
	assert_int_equal(refunding_wish(&r, 0, 3 * PRICE / 2), REFUND_ASKED);
	refunding_expect(&r, ORDER_REFUNDING);
	refunding_look(&r, &task);
	refunding_told(&r, &task, OK, "r2");
	refunding_expect(&r, ORDER_REFUNDED);
	assert_int_equal(
		db_test_number(r.s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'refunded'"),
		2);
	shop_check(&r.s);
}

static void test_a_wish_told_twice_is_one(void **state)
{
	struct refunding r;
	struct decision const decision = { .actor = "a", .why = "b", .wish = "test:one" };
	struct refund_wish wish = { .decision = &decision, .amount = MONEY(5000) };
	enum refund_result result;
	struct money amount;

	refunding_begin(&r, *state, 1, false);
	wish.order_id = r.order->id;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(order_refund_ask(r.s.t->db, &wish, &result, &amount), OK);
		assert_int_equal(result, REFUND_ASKED);
		assert_int_equal(amount.kop, 5000);
	}
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM refunds"), 1);
}

static void test_unpaid_has_nothing_to_give_back(void **state)
{
	struct refunding r = { 0 };
	struct order_offer offer;

	shop_make(&r.s, *state, 1);
	offer = shop_offer(&r.s, BUYER, 1);
	r.order = shop_open(&r.s, &offer, OPENING_OK);
	assert_int_equal(refunding_wish(&r, 0, 0), REFUND_NOT_PAID);
	assert_int_equal(refunding_wish(&r, 4711, 0), REFUND_NOT_OURS);
}

/* ---- answers that are lost ---- */

static void test_lost_answer_is_asked_for(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_look(&r, &task);
	assert_int_equal(refunding_told(&r, &task, ERR_UNSURE, ""), REFUND_STEP_WAIT);
	refunding_row(&r, "r9", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 1);
	shop_check(&r.s);
}

/* Told again only when several answers, long enough after, show no trace. */
static void test_without_a_trace_it_is_told_again(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_look(&r, &task);
	refunding_told(&r, &task, ERR_UNSURE, "");
	for (int i = 0; i < 5; i++)
		assert_int_equal(refunding_look(&r, &task), REFUND_STEP_WAIT);
	db_test_exec(r.s.t, "UPDATE refunds SET questions = 0, "
			    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_WAIT);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_WAIT);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_TELL);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 2);
	refunding_told(&r, &task, OK, "r1");
	refunding_expect(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

/* A worker that died between writing "sent" and telling it looks the same. */
static void test_after_so_many_tellings_a_person_is_told(void **state)
{
	struct refunding r;
	struct refund_task task;
	int tells = 0;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	for (int i = 0; i < 30; i++) {
		tells += refunding_look(&r, &task) == REFUND_STEP_TELL;
		db_test_exec(r.s.t, "UPDATE refunds SET "
				    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	}
	assert_int_equal(tells, REFUND_SENDS_MAX);
	assert_int_equal(refunding_alerts(&r, "refund_unsure"), 1);
	refunding_expect(&r, ORDER_REFUNDING);
	/* It was there all the time. */
	refunding_row(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

/* Refused when told again: perhaps because the first one arrived after all. */
static void test_refused_the_second_time_is_looked_into(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_look(&r, &task);
	refunding_told(&r, &task, ERR_UNSURE, "");
	db_test_exec(r.s.t, "UPDATE refunds SET questions = 9, "
			    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_TELL);
	assert_int_equal(refunding_told(&r, &task, ERR_DENIED, ""), REFUND_STEP_WAIT);
	refunding_expect(&r, ORDER_REFUNDING);
	refunding_row(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_look(&r, &task), REFUND_STEP_OVER);
	refunding_expect(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

static void test_nothing_is_told_on_a_poor_answer(void **state)
{
	struct refunding r;
	struct refund_task task;
	struct refund_order order;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	task = refunding_claim(&r);
	assert_int_equal(refunding_answered(&r, &task, ANSWER_UNUSABLE, &order),
			 REFUND_STEP_WAIT);
	refunding_expect_refund(&r, "pending");
	/* It did not get there: as if it had never been told. */
	refunding_look(&r, &task);
	assert_int_equal(refunding_told(&r, &task, ERR_DOWN, ""), REFUND_STEP_WAIT);
	refunding_expect_refund(&r, "pending");
	/* Whoever's lease has gone has no say. */
	refunding_look(&r, &task);
	task.owner = 7;
	assert_int_equal(refunding_told(&r, &task, OK, "r1"), REFUND_STEP_OVER);
	refunding_expect_refund(&r, "sent");
	assert_int_equal(refunding_answered(&r, &task, ANSWER_PAID, &order), REFUND_STEP_OVER);
	shop_check(&r.s);
}

static void test_an_answer_without_id(void **state)
{
	struct refunding r;
	struct refund_task task;

	refunding_begin(&r, *state, 1, false);
	refunding_wish(&r, 0, 0);
	refunding_look(&r, &task);
	refunding_told(&r, &task, OK, "");
	refunding_expect(&r, ORDER_REFUNDED);
	refunding_row(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(refunding_settle(&r).state, ORDER_REFUNDED);
	assert_string_equal(db_test_text(r.s.t, "SELECT gateway_payment_id FROM payments "
						"WHERE kind = 'return'"),
			    "r1");
	assert_int_equal(refunding_alerts(&r, "return"), 0);
	shop_check(&r.s);
}

/* ---- a buyer who does not want to wait ---- */

static enum refund_result buyer_wish(struct refunding *r, int64_t user)
{
	enum refund_result result;

	assert_int_equal(order_refund_by_buyer(r->s.t->db, r->order->id, user, &result), OK);
	return result;
}

static void test_buyer_of_a_waiting_order(void **state)
{
	struct refunding r;
	struct refund_task task;
	enum refund_result result;
	int filled;

	refunding_begin(&r, *state, 1, true);
	assert_int_equal(order_refund_by_buyer(r.s.t->db, r.order->id, OTHER_BUYER, &result),
			 ERR_NOT_FOUND);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_ASKED);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_UNDER_WAY);
	/* Codes that come now are others'. */
	assert_int_equal(shop_stock(&r.s, "NEW", 3), 0);
	assert_int_equal(order_fill_waiting(r.s.t->db, r.s.value_id, &filled), OK);
	assert_int_equal(filled, 0);
	/* It fails: the order waits again, and is filled. */
	refunding_look(&r, &task);
	refunding_told(&r, &task, ERR_DENIED, "");
	assert_int_equal(shop_told(&r.s, "refund_late", r.order->id), 1);
	refunding_expect(&r, ORDER_PAID);
	assert_int_equal(order_fill_waiting(r.s.t->db, r.s.value_id, &filled), OK);
	assert_int_equal(filled, 1);
	refunding_expect(&r, ORDER_DELIVERED);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_NOT_PAID);
	shop_check(&r.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_whole),
		DB_TEST(test_parts_add_up_to_what_was_paid),
		DB_TEST(test_a_wish_told_twice_is_one),
		DB_TEST(test_unpaid_has_nothing_to_give_back),
		DB_TEST(test_lost_answer_is_asked_for),
		DB_TEST(test_without_a_trace_it_is_told_again),
		DB_TEST(test_after_so_many_tellings_a_person_is_told),
		DB_TEST(test_refused_the_second_time_is_looked_into),
		DB_TEST(test_nothing_is_told_on_a_poor_answer),
		DB_TEST(test_an_answer_without_id),
		DB_TEST(test_buyer_of_a_waiting_order),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
