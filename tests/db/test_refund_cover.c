/* One rule says what money covers an order: for the settlement, a refund that failed, a
 * dispute. */
#include "tests/db/shop.h"

#include "shared/domain/order_dispute.h"
#include "shared/domain/order_refund.h"
#include "shared/domain/payment_review.h"
#include "shared/domain/refund_send.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct covering {
	struct shop s;
	struct order *order;
	struct payment_row rows[6]; /* what the gateway has */
	size_t count;
};

static struct settlement heard(struct covering *c, const char *id, int64_t kop,
			       enum payment_kind kind)
{
	struct payment_evidence evidence;

	c->rows[c->count] = shop_payment(id, kop);
	c->rows[c->count++].kind = kind;
	evidence = shop_paid(c->rows, c->count);
	return shop_settle(&c->s, c->order->id, &evidence);
}

static enum order_state charged_back(struct covering *c, size_t row)
{
	struct payment_evidence const evidence = shop_paid(c->rows, c->count);

	c->rows[row].chargeback = true;
	return shop_settle(&c->s, c->order->id, &evidence).state;
}

static void open_one(struct covering *c, struct db_test *t)
{
	struct order_offer offer;

	*c = (struct covering){ 0 };
	shop_make(&c->s, t, 2);
	offer = shop_offer(&c->s, BUYER, 1);
	c->order = shop_open(&c->s, &offer, OPENING_OK);
}

static void expect_order(struct covering *c, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&c->s, c->order->id)->state),
			    order_state_name(state));
}

static int64_t payment_id(struct covering *c, const char *id)
{
	return db_test_number(
		c->s.t,
		arena_printf(&c->s.t->arena,
			     "SELECT id FROM payments WHERE gateway_payment_id = '%s'", id));
}

/* A refund is wished and told; `outcome` is what the gateway says to it. */
static void refund(struct covering *c, int64_t payment, int outcome, const char *id)
{
	struct decision const decision = { .actor = "olena",
					   .why = "",
					   .wish = decision_wish(&c->s.t->arena, "test") };
	struct refund_wish const wish = { .order_id = c->order->id,
					  .payment_id = payment,
					  .decision = &decision };
	struct payment_evidence const evidence = shop_paid(c->rows, c->count);
	struct refund_order order;
	struct refund_task *tasks;
	enum refund_result result;
	enum refund_step step;
	struct money amount;
	size_t count;

	assert_int_equal(order_refund_ask(c->s.t->db, &wish, &result, &amount), OK);
	assert_int_equal(result, REFUND_ASKED);
	assert_int_equal(refund_claim(c->s.t->db, &c->s.t->arena, 42, 8, 30, &tasks, &count),
			 OK);
	assert_int_equal(count, 1);
	assert_int_equal(
		refund_answered(c->s.t->db, &c->s.t->arena, tasks, &evidence, &step, &order),
		OK);
	assert_int_equal(step, REFUND_STEP_TELL);
	assert_int_equal(refund_told(c->s.t->db, tasks, "portmone", outcome, id, "no", &step),
			 OK);
}

static enum order_state lifted(struct covering *c)
{
	struct decision const decision = { .actor = "olena",
					   .why = "the bank was wrong",
					   .wish = decision_wish(&c->s.t->arena, "test") };
	enum order_state state;

	assert_int_equal(
		order_dispute_decide(c->s.t->db, c->order->id, DISPUTE_LIFT, &decision, &state),
		OK);
	return state;
}

/* Paid twice, and the bank took one of them back: what is left covers the order. */
static void test_a_refused_refund_of_a_covered_order(void **state)
{
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE, PAYMENT_IN);
	heard(&c, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(heard(&c, "r1", PRICE, PAYMENT_RETURN).state, ORDER_DELIVERED);
	refund(&c, 0, ERR_DENIED, "");
	expect_order(&c, ORDER_DELIVERED);
	shop_check(&c.s);
}

/* The bank took it while the refund was on its way. */
static void test_a_refused_refund_of_an_order_without_money(void **state)
{
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE, PAYMENT_IN);
	heard(&c, "p2", PRICE, PAYMENT_IN);
	heard(&c, "r1", PRICE, PAYMENT_RETURN);
	db_test_exec(c.s.t, "UPDATE payments SET amount_kop = amount_kop + 1 WHERE kind = "
			    "'return'");
	db_test_exec(c.s.t, "UPDATE payments SET amount_kop = amount_kop - 1 WHERE "
			    "gateway_payment_id = 'p2'");
	refund(&c, 0, ERR_DENIED, "");
	expect_order(&c, ORDER_DISPUTED);
}

/* What a person has decided about is no reason any more. */
static void test_decided_before_the_refund_was_refused(void **state)
{
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE, PAYMENT_IN);
	assert_int_equal(heard(&c, "r1", 1, PAYMENT_RETURN).state, ORDER_DISPUTED);
	assert_int_equal(lifted(&c), ORDER_DELIVERED);
	refund(&c, 0, ERR_DENIED, "");
	expect_order(&c, ORDER_DELIVERED);
	shop_check(&c.s);
}

/* Somebody took less than the total for it: a second payment that goes is not missed. */
static void test_taken_short_and_a_chargeback_of_another(void **state)
{
	struct decision const decision = { .actor = "olena", .why = "", .wish = "test:1" };
	struct review_decision what = { .choice = REVIEW_DELIVER, .decision = &decision };
	enum review_result result;
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE - 1, PAYMENT_IN);
	what.order_id = c.order->id;
	what.payment_id = payment_id(&c, "p1");
	assert_int_equal(payment_review_decide(c.s.t->db, &what, &result), OK);
	assert_int_equal(result, REVIEW_DELIVERED);
	heard(&c, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(charged_back(&c, 1), ORDER_DELIVERED);
	assert_int_equal(charged_back(&c, 0), ORDER_DISPUTED);
	shop_check(&c.s);
}

/* The second payment went back by our own wish: that is not the order's money. */
static void test_lifted_after_a_second_payment_went_back(void **state)
{
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE, PAYMENT_IN);
	heard(&c, "p2", PRICE, PAYMENT_IN);
	refund(&c, payment_id(&c, "p2"), OK, "r1");
	heard(&c, "r1", PRICE, PAYMENT_RETURN);
	expect_order(&c, ORDER_DELIVERED);
	assert_int_equal(charged_back(&c, 0), ORDER_DISPUTED);
	assert_int_equal(lifted(&c), ORDER_DELIVERED);
	shop_check(&c.s);
}

/* The other way round: the bank took the second one, and then, for a while, the first. */
static void test_lifted_while_another_covers(void **state)
{
	struct covering c;

	open_one(&c, *state);
	heard(&c, "p1", PRICE, PAYMENT_IN);
	heard(&c, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(heard(&c, "r1", PRICE, PAYMENT_RETURN).state, ORDER_DELIVERED);
	assert_int_equal(charged_back(&c, 0), ORDER_DISPUTED);
	assert_int_equal(lifted(&c), ORDER_DELIVERED);
	shop_check(&c.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_a_refused_refund_of_a_covered_order),
		DB_TEST(test_a_refused_refund_of_an_order_without_money),
		DB_TEST(test_decided_before_the_refund_was_refused),
		DB_TEST(test_taken_short_and_a_chargeback_of_another),
		DB_TEST(test_lifted_after_a_second_payment_went_back),
		DB_TEST(test_lifted_while_another_covers),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
