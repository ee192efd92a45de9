/* Money becomes codes once, whoever says so how often; what does not fit waits for a person. */
#include "tests/db/shop.h"

#include "shared/domain/stock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct order *opened(struct shop *s, int64_t buyer, int quantity)
{
	struct order_offer const offer = shop_offer(s, buyer, quantity);

	return shop_open(s, &offer, OPENING_OK);
}

static void expect_state(struct shop *s, int64_t id, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(s, id)->state),
			    order_state_name(state));
}

static struct settlement pay(struct shop *s, int64_t id, const char *payment, int64_t kop)
{
	struct payment_row const row = shop_payment(payment, kop);
	struct payment_evidence const evidence = shop_paid(&row, 1);

	return shop_settle(s, id, &evidence);
}

static void test_paid_is_delivered_once(void **state)
{
	struct shop s;
	struct order *order;
	struct settlement settlement;
	struct stock_code *codes;
	const char *plain;
	size_t count;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 2);
	settlement = pay(&s, order->id, "p1", 2 * PRICE);
	assert_int_equal(settlement.result, SETTLE_DELIVERED);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pay(&s, order->id, "p1", 2 * PRICE).result, SETTLE_NOTHING);
	expect_state(&s, order->id, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&s, "sold"), 2);
	assert_int_equal(shop_codes(&s, "available"), 3);
	assert_int_equal(shop_told(&s, "delivered", order->id), 1);
	assert_int_equal(stock_of_order(s.t->db, &s.t->arena, order->id, &codes, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(code_open(&s.t->arena, &s.vault, s.value_id, &codes[0].sealed, &plain),
			 OK);
	assert_string_equal(plain, "CARD-0000000001");
	shop_check(&s);
}

static void test_short_money_buys_nothing(void **state)
{
	struct shop s;
	struct order *order;
	struct settlement settlement;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	settlement = pay(&s, order->id, "p1", PRICE - 1);
	assert_int_equal(settlement.result, SETTLE_REVIEW);
	expect_state(&s, order->id, ORDER_PENDING);
	assert_int_equal(shop_codes(&s, "sold"), 0);
	assert_int_equal(shop_told(&s, "review", order->id), 1);
	assert_string_equal(db_test_text(s.t, "SELECT reason FROM payments"), "short");
	/* The rest of it paid in a second go does not add up to one payment. */
	assert_int_equal(pay(&s, order->id, "p2", 1).result, SETTLE_REVIEW);
	/* The whole sum does pay. */
	assert_int_equal(pay(&s, order->id, "p3", PRICE).result, SETTLE_DELIVERED);
	shop_check(&s);
}

/* Scenario 4. */
static void test_surplus_is_delivered_and_looked_at(void **state)
{
	struct shop s;
	struct order *order;
	struct settlement settlement;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	settlement = pay(&s, order->id, "p1", PRICE + 1);
	assert_int_equal(settlement.result, SETTLE_DELIVERED);
	assert_true(settlement.surplus);
	assert_string_equal(
		db_test_text(s.t, "SELECT reason FROM payments WHERE state = 'review'"),
		"surplus");
	shop_check(&s);
}

static void test_exact_payment_is_preferred(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_row rows[2];
	struct payment_evidence evidence;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	rows[0] = shop_payment("more", PRICE * 2);
	rows[1] = shop_payment("exact", PRICE);
	evidence = shop_paid(rows, 2);
	assert_int_equal(shop_settle(&s, order->id, &evidence).state, ORDER_DELIVERED);
	assert_string_equal(db_test_text(s.t, "SELECT gateway_payment_id FROM payments "
					      "WHERE applied = 1"),
			    "exact");
	assert_string_equal(db_test_text(s.t, "SELECT reason FROM payments WHERE applied = 0"),
			    "second");
	shop_check(&s);
}

static void test_second_payment_is_looked_at(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	pay(&s, order->id, "p1", PRICE);
	assert_int_equal(pay(&s, order->id, "p2", PRICE).result, SETTLE_REVIEW);
	assert_int_equal(shop_codes(&s, "sold"), 1);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'alert'"), 1);
	assert_string_equal(db_test_text(s.t, "SELECT JSON_VALUE(data, '$.what') FROM outbox "
					      "WHERE kind = 'alert'"),
			    "second");
	shop_check(&s);
}

static void test_late_money_is_honoured(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_evidence const none = { .gateway = "portmone", .answer = ANSWER_NONE };
	struct asking asking;

	shop_make(&s, *state, 1);
	order = opened(&s, BUYER, 1);
	shop_end_reservation(&s, order->id, 1);
	assert_int_equal(order_answered(s.t->db, order->id, &none, &asking), OK);
	assert_int_equal(asking.result, ASK_EXPIRED);
	assert_int_equal(shop_codes(&s, "available"), 1);
	assert_int_equal(pay(&s, order->id, "p1", PRICE).result, SETTLE_DELIVERED);
	assert_int_equal(shop_order(&s, order->id)->ended_at, 0);
	shop_check(&s);
}

static void test_late_money_without_stock_waits(void **state)
{
	struct shop s;
	struct order *late;
	struct order *quick;

	shop_make(&s, *state, 1);
	late = opened(&s, BUYER, 1);
	assert_int_equal(order_cancel(s.t->db, late->id, BUYER), OK);
	quick = opened(&s, OTHER_BUYER, 1);
	pay(&s, quick->id, "p1", PRICE);
	assert_int_equal(pay(&s, late->id, "p2", PRICE).result, SETTLE_WAITING);
	expect_state(&s, late->id, ORDER_PAID);
	assert_int_equal(shop_told(&s, "waiting", late->id), 1);
	shop_check(&s);
	/* The next upload fills it by itself. */
	assert_int_equal(shop_stock(&s, "MORE", 3), 1);
	expect_state(&s, late->id, ORDER_DELIVERED);
	assert_int_equal(shop_told(&s, "delivered", late->id), 1);
	shop_check(&s);
}

/* Scenario 7. */
static void test_waiting_orders_are_filled_oldest_first_and_whole(void **state)
{
	struct shop s;
	struct order *big;
	struct order *small;

	shop_make(&s, *state, 5);
	big = opened(&s, BUYER, 3);
	small = opened(&s, OTHER_BUYER, 1);
	assert_int_equal(order_cancel(s.t->db, big->id, BUYER), OK);
	assert_int_equal(order_cancel(s.t->db, small->id, OTHER_BUYER), OK);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn'");
	pay(&s, big->id, "p1", 3 * PRICE);
	pay(&s, small->id, "p2", PRICE);
	assert_int_equal(shop_stock(&s, "TWO", 2), 0);
	expect_state(&s, small->id, ORDER_PAID);
	/* A new buyer does not get before those who have paid. */
	shop_open(&s,
		  &(struct order_offer){ .user_id = BUYER,
					 .chat_id = BUYER,
					 .message_id = 9,
					 .value_id = s.value_id,
					 .quantity = 1,
					 .unit_price = MONEY(PRICE),
					 .nonce = "newbuyer" },
		  OPENING_SOLD_OUT);
	assert_int_equal(shop_stock(&s, "MORE", 2), 2);
	expect_state(&s, big->id, ORDER_DELIVERED);
	expect_state(&s, small->id, ORDER_DELIVERED);
	shop_check(&s);
}

static void test_money_taken_back_is_a_dispute(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_row rows[2];
	struct payment_evidence evidence;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	rows[0] = shop_payment("p1", PRICE);
	rows[1] = shop_payment("r1", PRICE);
	rows[1].kind = PAYMENT_RETURN;
	evidence = shop_paid(rows, 1);
	shop_settle(&s, order->id, &evidence);
	evidence = shop_paid(rows, 2);
	assert_int_equal(shop_settle(&s, order->id, &evidence).state, ORDER_DISPUTED);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_NOTHING);
	/* Until somebody decides, the buyer opens nothing new. */
	shop_open(&s,
		  &(struct order_offer){ .user_id = BUYER,
					 .chat_id = BUYER,
					 .message_id = 9,
					 .value_id = s.value_id,
					 .quantity = 1,
					 .unit_price = MONEY(PRICE),
					 .nonce = "again" },
		  OPENING_BANNED);
	shop_check(&s);
}

/* A second payment and a surplus may go back: the order is paid all the same. */
static void test_dispute_only_when_the_rest_does_not_cover(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_row rows[] = {
		shop_payment("p1", PRICE + 500), shop_payment("p2", PRICE),
		shop_payment("r1", PRICE),	 shop_payment("r2", 500),
		shop_payment("r3", 1),
	};
	struct payment_evidence evidence;

	for (size_t i = 2; i < COUNT(rows); i++)
		rows[i].kind = PAYMENT_RETURN;
	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	for (size_t known = 1; known < COUNT(rows); known++) {
		evidence = shop_paid(rows, known);
		assert_int_equal(shop_settle(&s, order->id, &evidence).state, ORDER_DELIVERED);
		shop_check(&s);
	}
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM payments "
					     "WHERE state = 'review' AND kind = 'return'"),
			 2);
	evidence = shop_paid(rows, COUNT(rows));
	assert_int_equal(shop_settle(&s, order->id, &evidence).state, ORDER_DISPUTED);
	shop_check(&s);
}

static void test_chargeback_of_booked_money(void **state)
{
	struct shop s;
	struct order *order;
	/* As long as an id may be: its alert has a fact too. */
	struct payment_row row = shop_payment(
		"0123456789-123456789-123456789-123456789-123456789-123456789-123", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	shop_settle(&s, order->id, &evidence);
	row.chargeback = true;
	assert_int_equal(shop_settle(&s, order->id, &evidence).state, ORDER_DISPUTED);
	assert_string_equal(db_test_text(s.t, "SELECT reason FROM payments"), "chargeback");
	shop_check(&s);
}

static void test_returned_before_we_asked_buys_nothing(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_row rows[2];
	struct payment_evidence evidence;

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	rows[0] = shop_payment("p1", PRICE);
	rows[1] = shop_payment("r1", PRICE);
	rows[1].kind = PAYMENT_RETURN;
	evidence = shop_paid(rows, 2);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_REVIEW);
	/* The gateway forgets the return: still nothing by itself. */
	evidence = shop_paid(rows, 1);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_NOTHING);
	assert_int_equal(shop_codes(&s, "sold"), 0);
	shop_check(&s);
}

static void test_a_row_twice_in_one_answer(void **state)
{
	struct shop s;
	struct order *order;
	struct payment_row rows[2] = { shop_payment("p1", PRICE), shop_payment("p1", PRICE) };
	struct payment_evidence const evidence = shop_paid(rows, 2);

	shop_make(&s, *state, 5);
	order = opened(&s, BUYER, 1);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_DELIVERED);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM payments"), 1);
	shop_check(&s);
}

static void test_unknown_order(void **state)
{
	struct shop s;
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct settlement settlement;

	shop_make(&s, *state, 1);
	assert_int_equal(order_settle(s.t->db, 4711, &evidence, &settlement), ERR_NOT_FOUND);
}

static void test_price_is_the_order_s_own(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 2);
	order = opened(&s, BUYER, 1);
	db_test_exec(s.t, "UPDATE card_values SET price_kop = 1");
	assert_int_equal(pay(&s, order->id, "p1", 1).result, SETTLE_REVIEW);
	assert_int_equal(pay(&s, order->id, "p2", PRICE).result, SETTLE_DELIVERED);
	shop_check(&s);
}

/* ---- many at once ---- */

enum { CALLERS = 8, ROUNDS = 25 };

struct caller {
	struct db *db;
	int64_t *orders;
	int count;
	int failures;
	int delivered;
};

static void *call_all(void *data)
{
	struct caller *caller = data;

	for (int i = 0; i < caller->count; i++) {
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

/* Scenario 1. */
static void test_many_callers_one_effect(void **state)
{
	struct shop s;
	int64_t orders[ROUNDS];
	struct caller callers[CALLERS];
	pthread_t threads[CALLERS];
	int failures = 0;
	int delivered = 0;

	shop_make(&s, *state, ROUNDS);
	for (int i = 0; i < ROUNDS; i++) {
		struct order_offer offer = shop_offer(&s, BUYER, 1);

		offer.message_id = 100 + i;
		orders[i] = shop_open(&s, &offer, OPENING_OK)->id;
	}
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller){ .db = db_test_open(s.t),
					      .orders = orders,
					      .count = ROUNDS };
		assert_int_equal(pthread_create(&threads[i], NULL, call_all, &callers[i]), 0);
	}
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], NULL);
		failures += callers[i].failures;
		delivered += callers[i].delivered;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(delivered, ROUNDS);
	assert_int_equal(shop_codes(&s, "sold"), ROUNDS);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'delivered'"),
		ROUNDS);
	shop_check(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_paid_is_delivered_once),
		DB_TEST(test_short_money_buys_nothing),
		DB_TEST(test_surplus_is_delivered_and_looked_at),
		DB_TEST(test_exact_payment_is_preferred),
		DB_TEST(test_second_payment_is_looked_at),
		DB_TEST(test_late_money_is_honoured),
		DB_TEST(test_late_money_without_stock_waits),
		DB_TEST(test_waiting_orders_are_filled_oldest_first_and_whole),
		DB_TEST(test_money_taken_back_is_a_dispute),
		DB_TEST(test_dispute_only_when_the_rest_does_not_cover),
		DB_TEST(test_chargeback_of_booked_money),
		DB_TEST(test_returned_before_we_asked_buys_nothing),
		DB_TEST(test_a_row_twice_in_one_answer),
		DB_TEST(test_unknown_order),
		DB_TEST(test_price_is_the_order_s_own),
		DB_TEST(test_many_callers_one_effect),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
