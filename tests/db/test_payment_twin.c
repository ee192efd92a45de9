/* The gateway gives one id to two orders: the first keeps its payment, the second's is looked
 * at. */
#include "tests/db/shop.h"

#include "shared/domain/order_dispute.h"
#include "shared/domain/payment_review.h"
#include "shared/domain/refund_send.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct pair {
	struct shop s;
	struct order *first; /* delivered, by payment p1 */
	struct order *second;
};

static struct settlement pay(struct pair *p, const struct order *order, const char *payment,
			     int64_t kop)
{
	struct payment_row const row = shop_payment(payment, kop);
	struct payment_evidence const evidence = shop_paid(&row, 1);

	return shop_settle(&p->s, order->id, &evidence);
}

static void pair_open(struct pair *p, struct db_test *t)
{
	struct order_offer offer;

	shop_make(&p->s, t, 5);
	offer = shop_offer(&p->s, BUYER, 1);
	p->first = shop_open(&p->s, &offer, OPENING_OK);
	offer = shop_offer(&p->s, OTHER_BUYER, 1);
	p->second = shop_open(&p->s, &offer, OPENING_OK);
}

static void pair_make(struct pair *p, struct db_test *t)
{
	pair_open(p, t);
	assert_int_equal(pay(p, p->first, "p1", PRICE).result, SETTLE_DELIVERED);
	assert_int_equal(pay(p, p->second, "p1", PRICE).result, SETTLE_REVIEW);
}

static void expect(struct pair *p, const struct order *order, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&p->s, order->id)->state),
			    order_state_name(state));
}

static int64_t twins(struct pair *p)
{
	return db_test_number(p->s.t, "SELECT COUNT(*) FROM payments WHERE reason = 'twin' AND "
				      "state = 'review' AND applied = 0");
}

static enum review_result decide(struct pair *p, const struct order *order,
				 enum review_choice choice)
{
	struct decision const decision = { .actor = "olena",
					   .why = "the bank was asked",
					   .wish = decision_wish(&p->s.t->arena, "test") };
	struct review_decision const what = {
		.order_id = order->id,
		.payment_id = db_test_number(p->s.t, "SELECT id FROM payments WHERE twin <> 0"),
		.choice = choice,
		.decision = &decision,
	};
	enum review_result result;

	assert_int_equal(payment_review_decide(p->s.t->db, &what, &result), OK);
	return result;
}

static void test_the_second_is_looked_at(void **state)
{
	struct pair p;

	pair_make(&p, *state);
	expect(&p, p.first, ORDER_DELIVERED);
	expect(&p, p.second, ORDER_PENDING);
	assert_int_equal(twins(&p), 1);
	assert_int_equal(shop_codes(&p.s, "sold"), 1);
	assert_int_equal(shop_told(&p.s, "alert", p.second->id), 1);
	assert_int_equal(shop_told(&p.s, "review", p.second->id), 1);
	/* Asked again, both of them: nothing new. */
	assert_int_equal(pay(&p, p.second, "p1", PRICE).result, SETTLE_NOTHING);
	assert_int_equal(pay(&p, p.first, "p1", PRICE).result, SETTLE_NOTHING);
	/* A payment of its own pays it. */
	assert_int_equal(pay(&p, p.second, "p2", PRICE).result, SETTLE_DELIVERED);
	assert_int_equal(shop_codes(&p.s, "sold"), 2);
	shop_check(&p.s);
}

/* The order's questions go on, its reservation ends; the others' never stood still. */
static void test_the_order_goes_on(void **state)
{
	struct payment_row rows[2] = { shop_payment("p1", PRICE), shop_payment("p2", PRICE) };
	struct payment_evidence evidence = shop_paid(rows, 1);
	struct asking asking;
	struct pair p;

	pair_open(&p, *state);
	pay(&p, p.first, "p1", PRICE);
	shop_end_reservation(&p.s, p.second->id, 1);
	assert_int_equal(order_answered(p.s.t->db, p.second->id, &evidence, &asking), OK);
	assert_int_equal(asking.result, ASK_SETTLED);
	assert_int_equal(asking.settlement.result, SETTLE_REVIEW);
	expect(&p, p.second, ORDER_EXPIRED);
	/* With money of its own beside it: late, and good. */
	evidence = shop_paid(rows, 2);
	assert_int_equal(order_answered(p.s.t->db, p.second->id, &evidence, &asking), OK);
	assert_int_equal(asking.settlement.result, SETTLE_DELIVERED);
	shop_check(&p.s);
}

static void test_both_in_one_answer(void **state)
{
	struct payment_row rows[2] = { shop_payment("p1", PRICE), shop_payment("p2", PRICE) };
	struct payment_evidence const evidence = shop_paid(rows, 2);
	struct pair p;

	pair_open(&p, *state);
	pay(&p, p.first, "p1", PRICE);
	assert_int_equal(shop_settle(&p.s, p.second->id, &evidence).state, ORDER_DELIVERED);
	assert_int_equal(twins(&p), 1);
	assert_string_equal(db_test_text(p.s.t, "SELECT gateway_payment_id FROM payments WHERE "
						"applied = 1 ORDER BY id DESC LIMIT 1"),
			    "p2");
	shop_check(&p.s);
}

static void test_a_person_takes_it(void **state)
{
	struct pair p;

	pair_open(&p, *state);
	pay(&p, p.first, "p1", PRICE);
	pay(&p, p.second, "p1", PRICE - 1);
	assert_int_equal(decide(&p, p.second, REVIEW_DELIVER), REVIEW_DELIVERED);
	expect(&p, p.second, ORDER_DELIVERED);
	shop_check(&p.s);
}

static void test_a_person_dismisses_it(void **state)
{
	struct pair p;

	pair_make(&p, *state);
	assert_int_equal(decide(&p, p.second, REVIEW_DISMISS), REVIEW_DISMISSED);
	assert_int_equal(pay(&p, p.second, "p1", PRICE).result, SETTLE_NOTHING);
	shop_check(&p.s);
}

/* By the order's number: its id would give back the other order's money. */
static void test_it_goes_back_by_the_order_s_number(void **state)
{
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct refund_task *tasks;
	struct refund_order order;
	enum refund_step step;
	struct pair p;
	size_t count;

	pair_make(&p, *state);
	assert_int_equal(decide(&p, p.second, REVIEW_REFUND), REVIEW_REFUNDING);
	assert_int_equal(refund_claim(p.s.t->db, &p.s.t->arena, 42, 8, 30, &tasks, &count), OK);
	assert_int_equal(count, 1);
	assert_int_equal(
		refund_answered(p.s.t->db, &p.s.t->arena, tasks, &evidence, &step, &order), OK);
	assert_int_equal(step, REFUND_STEP_TELL);
	assert_string_equal(order.payment_id, "");
	assert_int_equal(refund_told(p.s.t->db, tasks, "portmone", OK, "r1", "", &step), OK);
	assert_int_equal(step, REFUND_STEP_OVER);
	shop_check(&p.s);
}

static void test_beside_another_it_does_not_go_back(void **state)
{
	struct pair p;

	pair_make(&p, *state);
	pay(&p, p.second, "p2", PRICE);
	assert_int_equal(decide(&p, p.second, REVIEW_REFUND), REVIEW_CANNOT_REFUND);
	assert_int_equal(decide(&p, p.second, REVIEW_DISMISS), REVIEW_DISMISSED);
	shop_check(&p.s);
}

/* A refund that the gateway makes, and tells by this id. */
static void refund_tell(struct pair *p, const struct refund_wish *wish,
			const struct payment_evidence *evidence, const char *id)
{
	struct refund_task *tasks;
	struct refund_order order;
	enum refund_result result;
	enum refund_step step;
	struct money amount;
	size_t count;

	assert_int_equal(order_refund_ask(p->s.t->db, wish, &result, &amount), OK);
	assert_int_equal(refund_claim(p->s.t->db, &p->s.t->arena, 42, 8, 30, &tasks, &count),
			 OK);
	assert_int_equal(
		refund_answered(p->s.t->db, &p->s.t->arena, tasks, evidence, &step, &order),
		OK);
	assert_int_equal(refund_told(p->s.t->db, tasks, "portmone", OK, id, "", &step), OK);
	assert_int_equal(step, REFUND_STEP_OVER);
}

/* Our own refund of the second is told by an id that the first order's payment has. */
static void test_a_refund_of_a_known_id_is_done(void **state)
{
	struct decision const decision = { .actor = "olena", .why = "", .wish = "test:1" };
	struct refund_wish wish = { .decision = &decision };
	struct payment_row const row = shop_payment("p2", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct pair p;

	pair_open(&p, *state);
	pay(&p, p.first, "p1", PRICE);
	pay(&p, p.second, "p2", PRICE);
	wish.order_id = p.second->id;
	refund_tell(&p, &wish, &evidence, "p1");
	expect(&p, p.second, ORDER_REFUNDED);
	expect(&p, p.first, ORDER_DELIVERED);
	assert_int_equal(twins(&p), 1);
	shop_check(&p.s);
}

/* Told by the id of what was paid: as if it had been told without one. */
static void test_a_refund_of_the_payment_s_own_id(void **state)
{
	struct decision const decision = { .actor = "olena", .why = "", .wish = "test:1" };
	struct refund_wish wish = { .decision = &decision };
	struct payment_row rows[2] = { shop_payment("p1", PRICE), shop_payment("r1", PRICE) };
	struct payment_evidence evidence = shop_paid(rows, 1);
	struct pair p;

	rows[1].kind = PAYMENT_RETURN;
	pair_open(&p, *state);
	pay(&p, p.first, "p1", PRICE);
	wish.order_id = p.first->id;
	refund_tell(&p, &wish, &evidence, "p1");
	expect(&p, p.first, ORDER_REFUNDED);
	evidence.count = 2;
	assert_int_equal(shop_settle(&p.s, p.first->id, &evidence).state, ORDER_REFUNDED);
	assert_string_equal(db_test_text(p.s.t, "SELECT gateway_payment_id FROM payments "
						"WHERE kind = 'return'"),
			    "r1");
	shop_check(&p.s);
}

/* What the bank does to one of them is not done to the other. */
static void test_a_chargeback_is_of_one_order(void **state)
{
	struct payment_row row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct pair p;

	pair_make(&p, *state);
	row.chargeback = true;
	shop_settle(&p.s, p.second->id, &evidence);
	expect(&p, p.first, ORDER_DELIVERED);
	assert_string_equal(db_test_text(p.s.t, "SELECT reason FROM payments WHERE twin = 0"),
			    "");
	shop_check(&p.s);
}

/* ---- both at the same moment ---- */

enum { ROUNDS = 20 };

struct caller {
	struct db *db;
	const int64_t *orders;
	int delivered;
	int failures;
};

static void *call_all(void *data)
{
	struct caller *caller = data;

	for (int i = 0; i < ROUNDS; i++) {
		char id[24];
		struct payment_row row;
		struct payment_evidence evidence;
		struct settlement settlement;

		snprintf(id, sizeof(id), "p%d", i);
		row = shop_payment(id, PRICE);
		evidence = shop_paid(&row, 1);
		if (order_settle(caller->db, caller->orders[i], &evidence, &settlement))
			caller->failures++;
		else
			caller->delivered += settlement.result == SETTLE_DELIVERED;
	}
	return NULL;
}

static void test_at_once_one_is_delivered(void **state)
{
	int64_t orders[2][ROUNDS];
	struct caller callers[2];
	pthread_t threads[2];
	struct shop s;

	shop_make(&s, *state, 2 * ROUNDS);
	for (int i = 0; i < 2 * ROUNDS; i++) {
		struct order_offer offer = shop_offer(&s, i % 2 ? BUYER : OTHER_BUYER, 1);

		offer.message_id = 100 + i;
		orders[i % 2][i / 2] = shop_open(&s, &offer, OPENING_OK)->id;
	}
	for (int i = 0; i < 2; i++) {
		callers[i] = (struct caller){ .db = db_test_open(s.t), .orders = orders[i] };
		assert_int_equal(pthread_create(&threads[i], NULL, call_all, &callers[i]), 0);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(callers[0].failures + callers[1].failures, 0);
	assert_int_equal(callers[0].delivered + callers[1].delivered, ROUNDS);
	assert_int_equal(shop_codes(&s, "sold"), ROUNDS);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM payments WHERE twin <> 0"),
			 ROUNDS);
	shop_check(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_the_second_is_looked_at),
		DB_TEST(test_the_order_goes_on),
		DB_TEST(test_both_in_one_answer),
		DB_TEST(test_a_person_takes_it),
		DB_TEST(test_a_person_dismisses_it),
		DB_TEST(test_it_goes_back_by_the_order_s_number),
		DB_TEST(test_beside_another_it_does_not_go_back),
		DB_TEST(test_a_refund_of_a_known_id_is_done),
		DB_TEST(test_a_refund_of_the_payment_s_own_id),
		DB_TEST(test_a_chargeback_is_of_one_order),
		DB_TEST(test_at_once_one_is_delivered),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
