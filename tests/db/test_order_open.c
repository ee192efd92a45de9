/* One drawing is one order; codes are kept for it, all or none; nobody holds stock by looking.
 */
#include "tests/db/shop.h"
#include "shared/base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_opened_twice_is_once(void **state)
{
	struct shop s;
	struct order_offer offer;
	int64_t id;

	shop_make(&s, *state, 5);
	offer = shop_offer(&s, BUYER, 2);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(shop_open(&s, &offer, OPENING_OK)->id, id);
	assert_int_equal(shop_codes(&s, "reserved"), 2);
	shop_check(&s);
}

static void test_all_or_none(void **state)
{
	struct shop s;
	struct order_offer offer;

	shop_make(&s, *state, 2);
	offer = shop_offer(&s, BUYER, 3);
	shop_open(&s, &offer, OPENING_SOLD_OUT);
	assert_int_equal(shop_codes(&s, "available"), 2);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM orders"), 0);
	/* The same button works when there is stock again. */
	shop_stock(&s, "MORE", 1);
	shop_open(&s, &offer, OPENING_OK);
	shop_check(&s);
}

static void test_newer_order_of_the_message_replaces(void **state)
{
	struct shop s;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 3);
	one = shop_offer(&s, BUYER, 1);
	two = shop_offer(&s, BUYER, 3);
	first = shop_open(&s, &one, OPENING_OK)->id;
	shop_open(&s, &two, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_CANCELLED);
	assert_int_equal(shop_codes(&s, "reserved"), 3);
	/* The first button again is the first order, which stays cancelled. */
	assert_int_equal(shop_open(&s, &one, OPENING_OK)->state, ORDER_CANCELLED);
	shop_check(&s);
}

/* Only what nobody has paid yet gives way. */
static void test_paid_order_of_the_message_stays(void **state)
{
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct shop s;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 3);
	one = shop_offer(&s, BUYER, 1);
	two = shop_offer(&s, BUYER, 2);
	first = shop_open(&s, &one, OPENING_OK)->id;
	assert_int_equal(shop_settle(&s, first, &evidence).result, SETTLE_DELIVERED);
	shop_open(&s, &two, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&s, "sold"), 1);
	shop_check(&s);
}

/* Nor is another person's, whose chat happens to have a message of that number. */
static void test_order_of_another_chat_stays(void **state)
{
	struct shop s;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 2);
	one = shop_offer(&s, BUYER, 1);
	two = shop_offer(&s, OTHER_BUYER, 1);
	first = shop_open(&s, &one, OPENING_OK)->id;
	shop_open(&s, &two, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_PENDING);
	two = shop_offer(&s, BUYER, 1);
	two.message_id = 78;
	shop_open(&s, &two, OPENING_SOLD_OUT);
	assert_int_equal(shop_order(&s, first)->state, ORDER_PENDING);
	shop_check(&s);
}

static void test_replacing_in_vain_keeps_the_older(void **state)
{
	struct shop s;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 3);
	one = shop_offer(&s, BUYER, 1);
	two = shop_offer(&s, BUYER, 4);
	first = shop_open(&s, &one, OPENING_OK)->id;
	shop_open(&s, &two, OPENING_SOLD_OUT);
	assert_int_equal(shop_order(&s, first)->state, ORDER_PENDING);
	shop_check(&s);
}

static void test_message_without_number_is_replaced_for_its_value(void **state)
{
	struct shop s;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 3);
	one = shop_offer(&s, BUYER, 1);
	one.message_id = 0;
	two = shop_offer(&s, BUYER, 1);
	first = shop_open(&s, &one, OPENING_OK)->id;
	assert_int_equal(shop_told(&s, "opened", first), 0);
	shop_open(&s, &two, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_CANCELLED);
	shop_check(&s);
}

/* Two deep links: two messages, neither with a number. */
static void test_message_without_number_of_another_value_stays(void **state)
{
	struct shop s;
	struct shop other;
	struct order_offer one;
	struct order_offer two;
	int64_t first;

	shop_make(&s, *state, 3);
	other = s;
	other.value_id = shop_value(&s, "other");
	shop_stock(&other, "OTHER", 1);
	one = shop_offer(&s, BUYER, 1);
	two = shop_offer(&other, BUYER, 1);
	one.message_id = two.message_id = 0;
	first = shop_open(&s, &one, OPENING_OK)->id;
	shop_open(&s, &two, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_PENDING);
	shop_check(&s);
}

static void expect_refusal(struct shop *s, const char *sql, int quantity,
			   enum order_opening expected)
{
	struct order_offer const offer = shop_offer(s, BUYER, quantity);

	db_test_exec(s->t, sql);
	shop_open(s, &offer, expected);
	assert_int_equal(shop_codes(s, "reserved"), 0);
}

static void test_refusals(void **state)
{
	struct shop s;

	shop_make(&s, *state, 10);
	expect_refusal(&s, "UPDATE card_values SET price_kop = 9999", 1, OPENING_PRICE_CHANGED);
	expect_refusal(&s, "UPDATE card_values SET price_kop = 10000, max_per_order = 2", 3,
		       OPENING_TOO_MANY);
	expect_refusal(&s, "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6)", 1,
		       OPENING_GONE);
	expect_refusal(&s, "UPDATE card_values SET hidden_at = NULL", 0x7fff, OPENING_TOO_MANY);
	expect_refusal(&s, "UPDATE categories SET hidden_at = UTC_TIMESTAMP(6)", 1,
		       OPENING_GONE);
	expect_refusal(&s, "UPDATE categories SET hidden_at = NULL", 3, OPENING_TOO_MANY);
	expect_refusal(&s, "DELETE FROM value_gateways", 1, OPENING_GONE);
	expect_refusal(&s, "INSERT INTO value_gateways SELECT id, 'portmone' FROM card_values",
		       3, OPENING_TOO_MANY);
	expect_refusal(&s, "INSERT INTO settings VALUES ('sales', 'paused', UTC_TIMESTAMP(6))",
		       1, OPENING_PAUSED);
	expect_refusal(&s, "DELETE FROM settings WHERE name = 'sales'", 3, OPENING_TOO_MANY);
	expect_refusal(&s, "UPDATE users SET banned_at = UTC_TIMESTAMP(6)", 1, OPENING_BANNED);
	shop_check(&s);
}

static void test_limit_a_day(void **state)
{
	struct shop s;
	struct order_offer offer;

	shop_make(&s, *state, 10);
	db_test_exec(s.t, "UPDATE card_values SET max_per_day = 3");
	offer = shop_offer(&s, BUYER, 2);
	offer.message_id = 1;
	shop_open(&s, &offer, OPENING_OK);
	offer = shop_offer(&s, BUYER, 2);
	offer.message_id = 2;
	shop_open(&s, &offer, OPENING_TOO_MANY);
	offer = shop_offer(&s, BUYER, 1);
	offer.message_id = 2;
	shop_open(&s, &offer, OPENING_OK);
	offer = shop_offer(&s, OTHER_BUYER, 2);
	shop_open(&s, &offer, OPENING_OK);
}

static void test_code_about_to_expire_is_not_sold(void **state)
{
	struct shop s;
	struct order_offer offer;

	shop_make(&s, *state, 2);
	db_test_exec(s.t,
		     "UPDATE card_codes SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 23 HOUR "
		     "ORDER BY id LIMIT 1");
	offer = shop_offer(&s, BUYER, 2);
	shop_open(&s, &offer, OPENING_SOLD_OUT);
	offer = shop_offer(&s, BUYER, 1);
	shop_open(&s, &offer, OPENING_OK);
}

static void test_oldest_expiring_first(void **state)
{
	struct shop s;
	struct order_offer offer;
	int64_t last;

	shop_make(&s, *state, 5);
	last = db_test_number(s.t, "SELECT MAX(id) FROM card_codes");
	db_test_exec(s.t,
		     "UPDATE card_codes SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 30 DAY "
		     "ORDER BY id DESC LIMIT 1");
	offer = shop_offer(&s, BUYER, 1);
	shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(
		db_test_number(s.t, "SELECT id FROM card_codes WHERE state = 'reserved'"),
		last);
}

static void test_cancel_is_the_buyer_s(void **state)
{
	struct shop s;
	struct order_offer offer;
	int64_t id;

	shop_make(&s, *state, 1);
	offer = shop_offer(&s, BUYER, 1);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(order_cancel(s.t->db, id, OTHER_BUYER), ERR_NOT_FOUND);
	assert_int_equal(order_cancel(s.t->db, id, BUYER), OK);
	assert_int_equal(order_cancel(s.t->db, id, BUYER), ERR_CONFLICT);
	assert_int_equal(shop_codes(&s, "available"), 1);
	shop_check(&s);
}

static void test_first_link_counts(void **state)
{
	struct shop s;
	struct order_offer offer;
	const char *url;
	int64_t id;
	bool mine;

	shop_make(&s, *state, 1);
	offer = shop_offer(&s, BUYER, 1);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(order_link_claim(s.t->db, id, 10, &mine), OK);
	assert_true(mine);
	assert_int_equal(order_link_claim(s.t->db, id, 10, &mine), OK);
	assert_false(mine);
	assert_int_equal(order_link_give_up(s.t->db, id), OK);
	assert_int_equal(order_link_claim(s.t->db, id, 10, &mine), OK);
	assert_true(mine);
	assert_int_equal(order_link_store(s.t->db, &s.t->arena, id, "https://a", &url), OK);
	assert_int_equal(order_link_store(s.t->db, &s.t->arena, id, "https://b", &url), OK);
	assert_string_equal(url, "https://a");
	assert_int_equal(order_link_claim(s.t->db, id, 10, &mine), OK);
	assert_false(mine);
}

/* Nobody is sent to the gateway for an order that has ended. */
static void test_no_link_for_what_has_ended(void **state)
{
	struct shop s;
	struct order_offer offer;
	int64_t id;
	bool mine;

	shop_make(&s, *state, 1);
	offer = shop_offer(&s, BUYER, 1);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(order_cancel(s.t->db, id, BUYER), OK);
	assert_int_equal(order_link_claim(s.t->db, id, 10, &mine), OK);
	assert_false(mine);
}

/* ---- many at once ---- */

enum { BROWSERS = 8, STOCK = 20, TRIES = 6 };

struct browser {
	struct db *db;
	const struct shop *s;
	struct order_offer offers[TRIES];
	int sold_out;
	int failures;
	int64_t order_id;
};

static void *browse(void *data)
{
	struct browser *b = data;
	AUTO_ARENA(a);

	for (int i = 0; i < TRIES; i++) {
		enum order_opening opening;
		struct order *order;
		struct money price;

		int const rc = order_open(b->db, &a, &b->offers[i], &b->s->terms, &opening,
					  &order, &price);

		if (!rc && opening == OPENING_SOLD_OUT)
			b->sold_out++;
		else if (!rc && opening == OPENING_OK)
			b->order_id = order->id;
		else
			b->failures++;
	}
	return NULL;
}

static void browse_all(struct browser *browsers)
{
	pthread_t threads[BROWSERS];
	int failures = 0;

	for (int i = 0; i < BROWSERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, browse, &browsers[i]), 0);
	for (int i = 0; i < BROWSERS; i++) {
		pthread_join(threads[i], NULL);
		failures += browsers[i].failures;
	}
	assert_int_equal(failures, 0);
}

static void test_one_link_in_many_browsers(void **state)
{
	struct browser browsers[BROWSERS];
	struct order_offer offer;
	struct shop s;

	shop_make(&s, *state, STOCK);
	offer = shop_offer(&s, BUYER, 2);
	for (int i = 0; i < BROWSERS; i++) {
		browsers[i] = (struct browser){ .db = db_test_open(s.t), .s = &s };
		for (int k = 0; k < TRIES; k++)
			browsers[i].offers[k] = offer;
	}
	browse_all(browsers);
	for (int i = 1; i < BROWSERS; i++)
		assert_int_equal(browsers[i].order_id, browsers[0].order_id);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM orders"), 1);
	assert_int_equal(shop_codes(&s, "reserved"), 2);
	shop_check(&s);
}

static void test_more_buyers_than_codes(void **state)
{
	struct browser browsers[BROWSERS];
	struct shop s;
	int sold_out = 0;

	shop_make(&s, *state, STOCK);
	for (int i = 0; i < BROWSERS; i++) {
		browsers[i] = (struct browser){ .db = db_test_open(s.t), .s = &s };
		for (int k = 0; k < TRIES; k++) {
			browsers[i].offers[k] = shop_offer(&s, i % 2 ? BUYER : OTHER_BUYER, 1);
			browsers[i].offers[k].message_id = 1000 + i * TRIES + k;
		}
	}
	browse_all(browsers);
	for (int i = 0; i < BROWSERS; i++)
		sold_out += browsers[i].sold_out;
	/* Everything is sold, and nobody is told sold out before that. */
	assert_int_equal(shop_codes(&s, "reserved"), STOCK);
	assert_int_equal(sold_out, BROWSERS * TRIES - STOCK);
	shop_check(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_opened_twice_is_once),
		DB_TEST(test_all_or_none),
		DB_TEST(test_newer_order_of_the_message_replaces),
		DB_TEST(test_paid_order_of_the_message_stays),
		DB_TEST(test_order_of_another_chat_stays),
		DB_TEST(test_replacing_in_vain_keeps_the_older),
		DB_TEST(test_message_without_number_is_replaced_for_its_value),
		DB_TEST(test_message_without_number_of_another_value_stays),
		DB_TEST(test_refusals),
		DB_TEST(test_limit_a_day),
		DB_TEST(test_code_about_to_expire_is_not_sold),
		DB_TEST(test_oldest_expiring_first),
		DB_TEST(test_cancel_is_the_buyer_s),
		DB_TEST(test_first_link_counts),
		DB_TEST(test_no_link_for_what_has_ended),
		DB_TEST(test_one_link_in_many_browsers),
		DB_TEST(test_more_buyers_than_codes),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
