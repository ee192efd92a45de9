/* Wishes, new codes and a second payment at the same moment: one refund, and no code twice. */
#include "tests/db/refunding.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- at once ---- */

enum { ROUNDS = 20, WISHERS = 4 };

struct wisher {
	struct db *db;
	int64_t order_id;
	int64_t value_id; /* of who fills */
	int failures;
	int asked;
	int filled;
};

static void *wisher_run(void *data)
{
	struct wisher *w = data;
	AUTO_ARENA(a);
	struct decision const decision = { .actor = "a",
					   .why = "b",
					   .wish = decision_wish(&a, "test") };
	struct refund_wish const wish = { .order_id = w->order_id, .decision = &decision };
	enum refund_result result;
	struct money amount;

	if (order_refund_ask(w->db, &wish, &result, &amount))
		w->failures++;
	else
		w->asked += result == REFUND_ASKED;
	return NULL;
}

static void test_wishes_at_once_are_one_refund(void **state)
{
	struct refunding r;
	struct wisher wishers[WISHERS];
	pthread_t threads[WISHERS];
	int failures = 0;
	int asked = 0;

	refunding_begin(&r, *state, 1, false);
	for (int i = 0; i < WISHERS; i++) {
		wishers[i] = (struct wisher){ .db = db_test_open(r.s.t),
					      .order_id = r.order->id };
		assert_int_equal(pthread_create(&threads[i], NULL, wisher_run, &wishers[i]), 0);
	}
	for (int i = 0; i < WISHERS; i++) {
		pthread_join(threads[i], NULL);
		failures += wishers[i].failures;
		asked += wishers[i].asked;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(asked, 1);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM refunds"), 1);
	shop_check(&r.s);
}

static void *filler_run(void *data)
{
	struct wisher *w = data;

	w->failures += order_fill_waiting(w->db, w->value_id, &w->filled) != OK;
	return NULL;
}

static void *buyer_run(void *data)
{
	struct wisher *w = data;
	enum refund_result result = REFUND_NOT_PAID;

	w->failures += order_refund_by_buyer(w->db, w->order_id, BUYER, &result) != OK;
	w->asked = result == REFUND_ASKED;
	return NULL;
}

/* New codes and the buyer's wish at one moment: codes or money, never both or none. */
static void test_refund_against_filling(void **state)
{
	struct refunding r;
	struct wisher buyer;
	struct wisher filler;
	pthread_t threads[2];

	refunding_begin(&r, *state, 1, true);
	buyer = (struct wisher){ .db = db_test_open(r.s.t), .order_id = r.order->id };
	filler = (struct wisher){ .db = db_test_open(r.s.t), .value_id = r.s.value_id };
	for (int i = 0; i < ROUNDS; i++) {
		db_test_exec(r.s.t, "DELETE FROM refunds");
		db_test_exec(r.s.t, "DELETE FROM outbox");
		db_test_exec(r.s.t, "UPDATE card_codes SET state = 'available', "
				    "order_id = NULL, slot = NULL");
		db_test_exec(r.s.t, "UPDATE orders SET state = 'paid', delivered_at = NULL");
		pthread_create(&threads[0], NULL, buyer_run, &buyer);
		pthread_create(&threads[1], NULL, filler_run, &filler);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		assert_int_equal(buyer.failures + filler.failures, 0);
		assert_int_equal(buyer.asked + filler.filled, 1);
		assert_int_equal(shop_codes(&r.s, "sold"), filler.filled);
		refunding_expect(&r, buyer.asked ? ORDER_REFUNDING : ORDER_DELIVERED);
		shop_check(&r.s);
	}
}

struct payer {
	struct db *db;
	int64_t order_id;
	const struct payment_evidence *evidence;
	int rc;
};

static void *payer_run(void *data)
{
	struct payer *p = data;
	struct settlement settlement;

	p->rc = order_settle(p->db, p->order_id, p->evidence, &settlement);
	return NULL;
}

/* A second payment comes while the first goes back: one refund of one payment, one case. */
static void test_refund_against_a_second_payment(void **state)
{
	struct refunding r;
	struct payment_evidence both;
	struct wisher wisher;
	struct payer payer;
	pthread_t threads[2];

	refunding_begin(&r, *state, 1, false);
	refunding_row(&r, "p2", PRICE, PAYMENT_IN);
	both = shop_paid(r.rows, r.count);
	wisher = (struct wisher){ .db = db_test_open(r.s.t), .order_id = r.order->id };
	payer = (struct payer){ .db = db_test_open(r.s.t),
				.order_id = r.order->id,
				.evidence = &both };
	for (int i = 0; i < ROUNDS; i++) {
		db_test_exec(r.s.t, "DELETE FROM refunds");
		db_test_exec(r.s.t, "DELETE FROM payments WHERE gateway_payment_id = 'p2'");
		db_test_exec(r.s.t, "UPDATE orders SET state = 'delivered'");
		wisher.asked = 0;
		pthread_create(&threads[0], NULL, wisher_run, &wisher);
		pthread_create(&threads[1], NULL, payer_run, &payer);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		assert_int_equal(wisher.failures + payer.rc, 0);
		assert_int_equal(wisher.asked, 1);
		refunding_expect(&r, ORDER_REFUNDING);
		assert_int_equal(
			db_test_number(r.s.t,
				       "SELECT r.amount_kop FROM refunds r JOIN payments "
				       "p ON p.id = r.payment_id AND p.applied = 1"),
			PRICE);
		assert_int_equal(db_test_number(r.s.t,
						"SELECT COUNT(*) FROM payments WHERE "
						"reason = 'second' AND state = 'review'"),
				 1);
		shop_check(&r.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_wishes_at_once_are_one_refund),
		DB_TEST(test_refund_against_filling),
		DB_TEST(test_refund_against_a_second_payment),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
