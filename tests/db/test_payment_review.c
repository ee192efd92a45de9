/* Money that did not fit: each way out leads somewhere, once, and is written down. */
#include "tests/db/shop.h"

#include "shared/domain/order_dispute.h"
#include "shared/domain/payment_review.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct reviewing {
	struct shop s;
	struct order *order;
	struct payment_row rows[4]; /* what the gateway has */
	size_t count;
};

static struct settlement settle(struct reviewing *r)
{
	struct payment_evidence const evidence = shop_paid(r->rows, r->count);

	return shop_settle(&r->s, r->order->id, &evidence);
}

static struct settlement paid(struct reviewing *r, const char *id, int64_t kop)
{
	r->rows[r->count++] = shop_payment(id, kop);
	return settle(r);
}

static void open_one(struct reviewing *r, struct db_test *t, int codes)
{
	struct order_offer offer;

	*r = (struct reviewing){ 0 };
	shop_make(&r->s, t, codes);
	offer = shop_offer(&r->s, BUYER, 1);
	r->order = shop_open(&r->s, &offer, OPENING_OK);
}

static int64_t payment_id(struct reviewing *r, const char *id)
{
	return db_test_number(
		r->s.t,
		arena_printf(&r->s.t->arena,
			     "SELECT id FROM payments WHERE gateway_payment_id = '%s'", id));
}

static struct decision decision_of(struct reviewing *r)
{
	return (struct decision){ .actor = "olena",
				  .why = "she asked",
				  .wish = decision_wish(&r->s.t->arena, "test") };
}

static enum review_result decide_sum(struct reviewing *r, const char *id,
				     enum review_choice choice, int64_t kop)
{
	struct decision const decision = decision_of(r);
	struct review_decision const what = { .order_id = r->order->id,
					      .payment_id = payment_id(r, id),
					      .choice = choice,
					      .amount = MONEY(kop),
					      .decision = &decision };
	enum review_result result;

	assert_int_equal(payment_review_decide(r->s.t->db, &what, &result), OK);
	return result;
}

static enum review_result decide(struct reviewing *r, const char *id, enum review_choice choice)
{
	return decide_sum(r, id, choice, 0);
}

static void expect_order(struct reviewing *r, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&r->s, r->order->id)->state),
			    order_state_name(state));
}

static int64_t waiting(struct reviewing *r)
{
	struct payment_case *cases;
	size_t count;

	assert_int_equal(
		payment_review_list(r->s.t->db, &r->s.t->arena, 0, 0, 10, &cases, &count), OK);
	return (int64_t)count;
}

static int64_t audited(struct reviewing *r, const char *action)
{
	return db_test_number(r->s.t,
			      arena_printf(&r->s.t->arena,
					   "SELECT COUNT(*) FROM audit WHERE action = '%s' AND "
					   "actor = 'olena' AND object = 'order %s' AND "
					   "detail LIKE '%%she asked%%'",
					   action, r->order->number));
}

/* ---- deliver ---- */

static void test_short_is_taken(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 2);
	assert_int_equal(paid(&r, "p1", PRICE - 1).result, SETTLE_REVIEW);
	assert_int_equal(waiting(&r), 1);
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_DELIVERED);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	assert_int_equal(shop_told(&r.s, "delivered", r.order->id), 1);
	assert_int_equal(waiting(&r), 0);
	assert_int_equal(audited(&r, "payment_accept"), 1);
	/* Decided again, and the gateway asked again: nothing more. */
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_DELIVERED);
	assert_int_equal(settle(&r).result, SETTLE_NOTHING);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	assert_int_equal(audited(&r, "payment_accept"), 1);
	shop_check(&r.s);
}

static void test_short_is_taken_late_and_waits(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 1);
	paid(&r, "p1", PRICE - 1);
	assert_int_equal(order_cancel(r.s.t->db, r.order->id, BUYER), OK);
	db_test_exec(r.s.t, "UPDATE card_codes SET state = 'withdrawn'");
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_WAITING);
	expect_order(&r, ORDER_PAID);
	assert_int_equal(shop_stock(&r.s, "NEW", 1), 1);
	expect_order(&r, ORDER_DELIVERED);
	shop_check(&r.s);
}

static void test_a_paid_order_takes_no_second(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 2);
	paid(&r, "p1", PRICE);
	paid(&r, "p2", PRICE);
	assert_int_equal(decide(&r, "p2", REVIEW_DELIVER), REVIEW_CANNOT_DELIVER);
	assert_int_equal(decide(&r, "p2", REVIEW_DISMISS), REVIEW_DISMISSED);
	assert_int_equal(decide(&r, "p2", REVIEW_DISMISS), REVIEW_DISMISSED);
	assert_int_equal(audited(&r, "payment_dismiss"), 1);
	assert_string_equal(db_test_text(r.s.t, "SELECT resolution FROM payments "
						"WHERE state = 'resolved'"),
			    "dismissed, olena: she asked");
	assert_int_equal(waiting(&r), 0);
	assert_int_equal(decide(&r, "p2", REVIEW_REFUND), REVIEW_OVER);
	/* What paid the order is nobody's case. */
	assert_int_equal(decide(&r, "p1", REVIEW_DISMISS), REVIEW_OVER);
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_OVER);
	shop_check(&r.s);
}

/* Paid and taken back before we asked: there is nothing to take or to give. */
static void test_money_that_is_gone(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 2);
	r.rows[r.count] = shop_payment("r1", PRICE);
	r.rows[r.count++].kind = PAYMENT_RETURN;
	assert_int_equal(paid(&r, "p1", PRICE).result, SETTLE_REVIEW);
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_CANNOT_DELIVER);
	assert_int_equal(decide(&r, "r1", REVIEW_DELIVER), REVIEW_OVER);
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_CANNOT_REFUND);
	assert_int_equal(decide(&r, "r1", REVIEW_REFUND), REVIEW_CANNOT_REFUND);
	assert_int_equal(decide(&r, "p1", REVIEW_DISMISS), REVIEW_DISMISSED);
	assert_int_equal(decide(&r, "r1", REVIEW_DISMISS), REVIEW_DISMISSED);
	assert_int_equal(waiting(&r), 0);
	shop_check(&r.s);
}

/* ---- refund ---- */

static void test_surplus_goes_back(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 2);
	assert_true(paid(&r, "p1", PRICE + 700).surplus);
	assert_int_equal(decide_sum(&r, "p1", REVIEW_REFUND, 701), REVIEW_TOO_MUCH);
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_DELIVERED); /* it is */
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_REFUNDING);
	assert_int_equal(db_test_number(r.s.t, "SELECT amount_kop FROM refunds"), 700);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_REFUND_UNDER_WAY);
	assert_int_equal(decide(&r, "p1", REVIEW_DISMISS), REVIEW_REFUND_UNDER_WAY);
	/* Until it has arrived it waits here. */
	assert_int_equal(waiting(&r), 1);
	assert_int_equal(audited(&r, "order_refund"), 1);
	r.rows[r.count] = shop_payment("r1", 700);
	r.rows[r.count++].kind = PAYMENT_RETURN;
	assert_int_equal(settle(&r).state, ORDER_DELIVERED);
	assert_int_equal(waiting(&r), 0);
	shop_check(&r.s);
}

static void test_short_goes_back(void **state)
{
	struct reviewing r;

	open_one(&r, *state, 1);
	paid(&r, "p1", 4000);
	assert_int_equal(decide_sum(&r, "p1", REVIEW_REFUND, 4001), REVIEW_TOO_MUCH);
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_REFUNDING);
	/* What is on its way back buys nothing any more. */
	assert_int_equal(decide(&r, "p1", REVIEW_DELIVER), REVIEW_CANNOT_DELIVER);
	expect_order(&r, ORDER_PENDING);
	shop_check(&r.s);
}

/* Looked at before somebody else decided, given back after: then it is not. */
static void test_decided_is_decided(void **state)
{
	struct reviewing r;
	struct decision decision;
	struct refund_wish wish;
	enum refund_result result;
	struct money amount;

	open_one(&r, *state, 2);
	paid(&r, "p1", PRICE);
	paid(&r, "p2", PRICE);
	assert_int_equal(decide(&r, "p2", REVIEW_DISMISS), REVIEW_DISMISSED);
	decision = decision_of(&r);
	wish = (struct refund_wish){ .order_id = r.order->id,
				     .payment_id = payment_id(&r, "p2"),
				     .in_review = true,
				     .decision = &decision };
	assert_int_equal(order_refund_ask(r.s.t->db, &wish, &result, &amount), OK);
	assert_int_equal(result, REFUND_DECIDED);
	/* What paid the order never waited. */
	wish.payment_id = payment_id(&r, "p1");
	assert_int_equal(order_refund_ask(r.s.t->db, &wish, &result, &amount), OK);
	assert_int_equal(result, REFUND_DECIDED);
	expect_order(&r, ORDER_DELIVERED);
}

/* ---- disputes ---- */

static void dispute(struct reviewing *r, struct db_test *t, bool chargeback)
{
	open_one(r, t, 2);
	paid(r, "p1", PRICE);
	if (chargeback) {
		r->rows[0].chargeback = true;
	} else {
		r->rows[r->count] = shop_payment("r1", PRICE);
		r->rows[r->count++].kind = PAYMENT_RETURN;
	}
	assert_int_equal(settle(r).state, ORDER_DISPUTED);
}

static int dispute_decide(struct reviewing *r, enum dispute_choice choice,
			  enum order_state *ret)
{
	struct decision const decision = decision_of(r);

	return order_dispute_decide(r->s.t->db, r->order->id, choice, &decision, ret);
}

static void expect_opening(struct reviewing *r, enum order_opening opening)
{
	struct order_offer offer = shop_offer(&r->s, BUYER, 1);

	offer.message_id = 99;
	shop_open(&r->s, &offer, opening);
}

static void test_chargeback_lifted(void **state)
{
	struct reviewing r;
	enum order_state after;

	dispute(&r, *state, true);
	expect_opening(&r, OPENING_BANNED);
	assert_int_equal(decide(&r, "p1", REVIEW_DISMISS), REVIEW_DISPUTED);
	assert_int_equal(decide(&r, "p1", REVIEW_REFUND), REVIEW_CANNOT_REFUND);
	assert_int_equal(dispute_decide(&r, DISPUTE_LIFT, &after), OK);
	assert_int_equal(after, ORDER_DELIVERED);
	assert_int_equal(audited(&r, "dispute_lift"), 1);
	assert_int_equal(waiting(&r), 0);
	/* The gateway goes on saying so: that is known. */
	assert_int_equal(settle(&r).state, ORDER_DELIVERED);
	assert_int_equal(dispute_decide(&r, DISPUTE_LIFT, &after), ERR_CONFLICT);
	expect_opening(&r, OPENING_OK);
	shop_check(&r.s);
}

static void test_dispute_kept(void **state)
{
	struct reviewing r;
	enum order_state after;

	dispute(&r, *state, true);
	assert_int_equal(dispute_decide(&r, DISPUTE_KEEP, &after), OK);
	assert_int_equal(after, ORDER_DISPUTED);
	assert_int_equal(audited(&r, "dispute_keep"), 1);
	assert_int_equal(waiting(&r), 0);
	expect_opening(&r, OPENING_BANNED);
	shop_check(&r.s);
	/* And lifted after all. */
	assert_int_equal(dispute_decide(&r, DISPUTE_LIFT, &after), OK);
	expect_opening(&r, OPENING_OK);
}

/* Somebody gave it back in the cabinet: that was the refund. */
static void test_return_lifted_is_a_refund(void **state)
{
	struct reviewing r;
	enum order_state after;

	dispute(&r, *state, false);
	assert_int_equal(dispute_decide(&r, DISPUTE_LIFT, &after), OK);
	assert_int_equal(after, ORDER_REFUNDED);
	assert_int_equal(shop_codes(&r.s, "defective"), 1);
	assert_int_equal(shop_told(&r.s, "refunded", r.order->id), 1);
	assert_int_equal(settle(&r).state, ORDER_REFUNDED);
	expect_opening(&r, OPENING_OK);
	shop_check(&r.s);
}

/* Money was taken back while the order waited for stock: lifted, it waits again. */
static void test_waiting_order_lifted(void **state)
{
	struct reviewing r;
	enum order_state after;
	int filled;

	open_one(&r, *state, 1);
	assert_int_equal(order_cancel(r.s.t->db, r.order->id, BUYER), OK);
	db_test_exec(r.s.t, "UPDATE card_codes SET state = 'withdrawn'");
	paid(&r, "p1", PRICE);
	r.rows[0].chargeback = true;
	assert_int_equal(settle(&r).state, ORDER_DISPUTED);
	assert_int_equal(shop_stock(&r.s, "NEW", 1), 0);
	assert_int_equal(dispute_decide(&r, DISPUTE_LIFT, &after), OK);
	assert_int_equal(after, ORDER_PAID);
	assert_int_equal(order_fill_waiting(r.s.t->db, r.s.value_id, &filled), OK);
	expect_order(&r, ORDER_DELIVERED);
	shop_check(&r.s);
}

/* ---- at once ---- */

enum { DECIDERS = 6 };

struct decider {
	struct db *db;
	struct review_decision what;
	struct decision decision;
	enum review_result result;
	int rc;
};

static void *decider_run(void *data)
{
	struct decider *d = data;

	d->rc = payment_review_decide(d->db, &d->what, &d->result);
	return NULL;
}

/* Six people, three choices, one payment: exactly one of them is what happens. */
static void test_many_minds(void **state)
{
	struct reviewing r;
	struct decider deciders[DECIDERS];
	pthread_t threads[DECIDERS];
	int64_t outcomes;

	open_one(&r, *state, 1);
	paid(&r, "p1", PRICE - 1);
	for (int i = 0; i < DECIDERS; i++) {
		deciders[i] = (struct decider){
			.db = db_test_open(r.s.t),
			.decision = decision_of(&r),
			.what = { .order_id = r.order->id,
				  .payment_id = payment_id(&r, "p1"),
				  .choice = (enum review_choice)(i % 3) },
		};
		deciders[i].what.decision = &deciders[i].decision;
		pthread_create(&threads[i], NULL, decider_run, &deciders[i]);
	}
	for (int i = 0; i < DECIDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(deciders[i].rc, OK);
	}
	outcomes = db_test_number(r.s.t, "SELECT (SELECT COUNT(*) FROM refunds) + "
					 "(SELECT COUNT(*) FROM payments WHERE applied = 1) + "
					 "(SELECT COUNT(*) FROM audit WHERE "
					 "action = 'payment_dismiss')");
	assert_int_equal(outcomes, 1);
	shop_check(&r.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_short_is_taken),
		DB_TEST(test_short_is_taken_late_and_waits),
		DB_TEST(test_a_paid_order_takes_no_second),
		DB_TEST(test_money_that_is_gone),
		DB_TEST(test_surplus_goes_back),
		DB_TEST(test_short_goes_back),
		DB_TEST(test_decided_is_decided),
		DB_TEST(test_chargeback_lifted),
		DB_TEST(test_dispute_kept),
		DB_TEST(test_return_lifted_is_a_refund),
		DB_TEST(test_waiting_order_lifted),
		DB_TEST(test_many_minds),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
