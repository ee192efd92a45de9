/* Administrators hear that codes run out: once a day, and anew when they were filled meanwhile.
 */
#include "tests/db/shop.h"

#include "shared/domain/stock_low.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int told(struct shop *s)
{
	int told;

	assert_int_equal(stock_low_tell(s->t->db, &told), OK);
	return told;
}

static const char *last_alert(struct shop *s)
{
	return db_test_text(s->t, "SELECT data FROM outbox WHERE kind = 'alert' "
				  "ORDER BY id DESC LIMIT 1");
}

/* Sell so many. */
static void sell(struct shop *s, const char *payment, int quantity)
{
	struct payment_row const row = shop_payment(payment, (int64_t)quantity * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer const offer = shop_offer(s, BUYER, quantity);
	int64_t const id = shop_open(s, &offer, OPENING_OK)->id;

	assert_int_equal(shop_settle(s, id, &evidence).result, SETTLE_DELIVERED);
}

static void test_once_a_day(void **state)
{
	struct shop s;

	shop_make(&s, *state, 7);
	assert_int_equal(told(&s), 0);
	sell(&s, "p1", 2);
	assert_int_equal(told(&s), 0); /* five are not fewer than five */
	sell(&s, "p2", 1);
	assert_int_equal(told(&s), 1);
	assert_string_equal(
		last_alert(&s),
		arena_printf(&s.t->arena,
			     "{\"what\":\"low_stock\",\"value\":%lld,\"left\":4,\"limit\":5}",
			     (long long)s.value_id));
	sell(&s, "p3", 1);
	assert_int_equal(told(&s), 0);
	db_test_exec(s.t, "UPDATE card_values SET low_told_at = low_told_at - INTERVAL 1 DAY");
	sell(&s, "p4", 3);
	assert_int_equal(told(&s), 1);
	assert_non_null(strstr(last_alert(&s), "sold_out"));
	assert_int_equal(told(&s), 0);
}

static void test_filled_and_low_again(void **state)
{
	struct shop s;

	shop_make(&s, *state, 4);
	assert_int_equal(told(&s), 1);
	shop_stock(&s, "MORE", 1);
	assert_int_equal(told(&s), 0);
	sell(&s, "p1", 1);
	assert_int_equal(told(&s), 1);
	assert_int_equal(told(&s), 0);
}

/* An open order takes codes off the shelf for a while, and is no reason to call anybody. */
static void test_reserved_is_there(void **state)
{
	struct order_offer offer;
	struct shop s;

	shop_make(&s, *state, 5);
	offer = shop_offer(&s, BUYER, 3);
	shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(told(&s), 0);
}

static void test_not_of_every_value(void **state)
{
	struct shop s;

	shop_make(&s, *state, 4);
	/* One that never had codes, one that is not shown, one that nobody wants to hear of. */
	db_test_exec(s.t, "INSERT INTO card_values (category_id, slug, title_uk, price_kop, "
			  "created_at) SELECT category_id, 'none', 'x', 1, created_at "
			  "FROM card_values");
	db_test_exec(s.t, "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6) "
			  "WHERE slug = 'card'");
	assert_int_equal(told(&s), 0);
	db_test_exec(s.t, "UPDATE card_values SET hidden_at = NULL, low_stock = 0");
	assert_int_equal(told(&s), 0);
	db_test_exec(s.t, "UPDATE card_values SET low_stock = 5");
	db_test_exec(s.t, "UPDATE categories SET hidden_at = UTC_TIMESTAMP(6)");
	assert_int_equal(told(&s), 0);
	db_test_exec(s.t, "UPDATE categories SET hidden_at = NULL");
	assert_int_equal(told(&s), 1);
}

/* Codes that are too near their end to be sold are none. */
static void test_about_to_expire(void **state)
{
	struct shop s;

	shop_make(&s, *state, 7);
	db_test_exec(s.t, "UPDATE card_codes SET expires_at = UTC_TIMESTAMP(6) + "
			  "INTERVAL 1 HOUR LIMIT 3");
	assert_int_equal(told(&s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_once_a_day),	 DB_TEST(test_filled_and_low_again),
		DB_TEST(test_reserved_is_there), DB_TEST(test_not_of_every_value),
		DB_TEST(test_about_to_expire),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
