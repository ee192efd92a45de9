/* Ask first, expire second; a hint is a reason to ask at once, and nothing more. */
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int64_t opened(struct shop *s)
{
	struct order_offer const offer = shop_offer(s, BUYER, 1);

	return shop_open(s, &offer, OPENING_OK)->id;
}

static struct asking answered(struct shop *s, int64_t id, enum payment_answer answer)
{
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence evidence = { .gateway = "portmone", .answer = answer };
	struct asking asking;

	if (answer == ANSWER_PAID)
		evidence = shop_paid(&row, 1);
	assert_int_equal(order_answered(s->t->db, id, &evidence, &asking), OK);
	return asking;
}

static size_t due(struct shop *s)
{
	struct order_question *questions;
	size_t count;

	assert_int_equal(order_ask_claim(s->t->db, &s->t->arena, 10, 30, &questions, &count),
			 OK);
	return count;
}

/* Seconds until the order is asked about; INT64_MIN: never. */
static int64_t next_ask(struct shop *s)
{
	return db_test_number(s->t,
			      "SELECT CAST(ROUND(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), "
			      "ask_at) / 1000000) AS SIGNED) FROM orders");
}

static void test_claimed_by_one(void **state)
{
	struct shop s;

	shop_make(&s, *state, 1);
	opened(&s);
	assert_int_equal(due(&s), 0); /* not before 10 s */
	db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	assert_int_equal(due(&s), 1);
	assert_int_equal(due(&s), 0); /* somebody is asking */
	/* … and died: its lease ends. */
	db_test_exec(s.t, "UPDATE orders SET ask_at = ask_at - INTERVAL 30 SECOND");
	assert_int_equal(due(&s), 1);
}

/* While one worker is claiming, the other takes what is left and does not wait. */
static void test_claimed_at_once(void **state)
{
	struct order_question *questions;
	const struct db_cell *row;
	struct shop s;
	size_t count;

	shop_make(&s, *state, 1);
	opened(&s);
	db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	DB_TX(tx, db_test_open(s.t));
	assert_int_equal(
		db_one(tx.db, &s.t->arena, "SELECT id FROM orders FOR UPDATE", NO_PARAMS, &row),
		OK);
	assert_int_equal(order_ask_claim(s.t->db, &s.t->arena, 10, 30, &questions, &count), OK);
	assert_int_equal(count, 0);
}

static void test_gaps_grow(void **state)
{
	static const int64_t gaps[] = { 10, 20, 40, 80, 160, 300, 300 };
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	s.terms.ttl = 86400;
	id = opened(&s);
	for (size_t i = 0; i < COUNT(gaps); i++) {
		db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
		assert_int_equal(due(&s), 1);
		assert_int_equal(answered(&s, id, ANSWER_OPEN).result, ASK_OPEN);
		assert_in_range(next_ask(&s), gaps[i] - 1, gaps[i] + 1);
	}
}

static void test_asked_at_the_end(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	s.terms.ttl = 12;
	id = opened(&s);
	db_test_exec(s.t, "UPDATE orders SET asks = 9");
	answered(&s, id, ANSWER_OPEN);
	assert_in_range(next_ask(&s), 11, 12);
}

static void test_nothing_there_expires(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	assert_int_equal(answered(&s, id, ANSWER_NONE).result, ASK_OPEN);
	shop_end_reservation(&s, id, 0);
	assert_int_equal(answered(&s, id, ANSWER_NONE).result, ASK_EXPIRED);
	assert_int_equal(shop_codes(&s, "available"), 1);
	assert_int_equal(shop_told(&s, "expired", id), 1);
	assert_int_equal(answered(&s, id, ANSWER_NONE).result, ASK_ENDED);
	/* The questions go on: late money. */
	assert_in_range(next_ask(&s), 5, 301);
	shop_check(&s);
}

static void test_somebody_paying_gets_a_little_longer(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	shop_end_reservation(&s, id, 1); /* TTL 900: 90 s of grace */
	assert_int_equal(answered(&s, id, ANSWER_OPEN).result, ASK_OPEN);
	assert_int_equal(shop_codes(&s, "reserved"), 1);
	assert_in_range(next_ask(&s), 1, 6);
	shop_end_reservation(&s, id, 91);
	assert_int_equal(answered(&s, id, ANSWER_OPEN).result, ASK_EXPIRED);
	shop_check(&s);
}

static void test_silence_keeps_one_more_ttl(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	shop_end_reservation(&s, id, 899);
	assert_int_equal(answered(&s, id, ANSWER_UNUSABLE).result, ASK_OPEN);
	assert_int_equal(shop_codes(&s, "reserved"), 1);
	shop_end_reservation(&s, id, 901);
	assert_int_equal(answered(&s, id, ANSWER_UNUSABLE).result, ASK_EXPIRED);
	assert_int_equal(shop_codes(&s, "available"), 1);
	/* Paid after all: late money. */
	assert_int_equal(answered(&s, id, ANSWER_PAID).settlement.result, SETTLE_DELIVERED);
	shop_check(&s);
}

static void test_paid_at_the_last_moment(void **state)
{
	struct shop s;
	struct asking asking;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	shop_end_reservation(&s, id, 1);
	asking = answered(&s, id, ANSWER_PAID);
	assert_int_equal(asking.result, ASK_SETTLED);
	assert_int_equal(asking.settlement.result, SETTLE_DELIVERED);
	assert_int_equal(shop_told(&s, "expired", id), 0);
	shop_check(&s);
}

static void test_hint_asks_at_once(void **state)
{
	struct shop s;
	struct order *order;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	order = shop_order(&s, id);
	for (int i = 0; i < 5; i++)
		assert_int_equal(payment_hint(s.t->db, order->number, HINT_NOTIFY, "123"), OK);
	assert_int_equal(payment_hint(s.t->db, order->number, HINT_RETURN, ""), OK);
	assert_int_equal(payment_hint(s.t->db, "AAAA-AAAA", HINT_NOTIFY, "1"), ERR_NOT_FOUND);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM payment_hints"), 2);
	assert_int_equal(db_test_number(s.t, "SELECT MAX(times) FROM payment_hints"), 5);
	assert_int_equal(due(&s), 1);
	/* Nothing but our own question is believed. */
	assert_int_equal(shop_order(&s, id)->state, ORDER_PENDING);
}

static void test_hint_while_asking_is_not_lost(void **state)
{
	struct shop s;
	struct order *order;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	order = shop_order(&s, id);
	db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	assert_int_equal(due(&s), 1);
	assert_int_equal(payment_hint(s.t->db, order->number, HINT_NOTIFY, "1"), OK);
	/* The answer on its way was given before the payment. */
	answered(&s, id, ANSWER_NONE);
	assert_in_range(next_ask(&s), 1, 2);
}

/* Hints that go on and on don't take all the places for questions. */
static void test_hints_while_asking_ask_no_second_time(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 1);
	order = shop_order(&s, opened(&s));
	db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	assert_int_equal(due(&s), 1);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(payment_hint(s.t->db, order->number, HINT_NOTIFY, "1"), OK);
		assert_int_equal(due(&s), 0);
	}
	assert_in_range(next_ask(&s), 1, 2);
}

static void test_hints_don_t_flood(void **state)
{
	struct shop s;
	struct order *order;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	order = shop_order(&s, id);
	assert_int_equal(payment_hint(s.t->db, order->number, HINT_NOTIFY, "1"), OK);
	assert_int_equal(due(&s), 1);
	answered(&s, id, ANSWER_NONE);
	db_test_exec(s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6) + INTERVAL 60 SECOND");
	assert_int_equal(payment_hint(s.t->db, order->number, HINT_NOTIFY, "1"), OK);
	assert_in_range(next_ask(&s), 1, 3);
}

static void test_questions_end(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	id = opened(&s);
	shop_end_reservation(&s, id, 1);
	answered(&s, id, ANSWER_NONE);
	db_test_exec(s.t, "UPDATE orders SET ended_at = UTC_TIMESTAMP(6) - INTERVAL 49 HOUR");
	answered(&s, id, ANSWER_NONE);
	assert_in_range(next_ask(&s), 86390, 86410);
	/* The last one looks at all of the 30 days. */
	db_test_exec(s.t, "UPDATE orders SET ended_at = UTC_TIMESTAMP(6) - INTERVAL 719 HOUR");
	answered(&s, id, ANSWER_NONE);
	assert_in_range(next_ask(&s), 3590, 3601);
	db_test_exec(s.t, "UPDATE orders SET ended_at = UTC_TIMESTAMP(6) - INTERVAL 30 DAY");
	answered(&s, id, ANSWER_NONE);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM orders WHERE ask_at IS NULL"), 1);
	/* A hint wakes even these. */
	assert_int_equal(payment_hint(s.t->db, shop_order(&s, id)->number, HINT_NOTIFY, ""),
			 OK);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM orders WHERE ask_at IS NOT NULL"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_claimed_by_one),
		DB_TEST(test_claimed_at_once),
		DB_TEST(test_gaps_grow),
		DB_TEST(test_asked_at_the_end),
		DB_TEST(test_nothing_there_expires),
		DB_TEST(test_somebody_paying_gets_a_little_longer),
		DB_TEST(test_silence_keeps_one_more_ttl),
		DB_TEST(test_paid_at_the_last_moment),
		DB_TEST(test_hint_asks_at_once),
		DB_TEST(test_hint_while_asking_is_not_lost),
		DB_TEST(test_hints_while_asking_ask_no_second_time),
		DB_TEST(test_hints_don_t_flood),
		DB_TEST(test_questions_end),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
