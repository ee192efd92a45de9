/* Nobody keeps codes from others: open orders have a limit, unpaid ones lead to a pause. */
#include "tests/db/shop.h"

#include "shared/base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

static void test_open_orders_are_limited(void **state)
{
	struct order_offer offer;
	struct shop s;

	shop_make(&s, *state, 20);
	s.terms.limits = (struct order_limits){ .open_orders = 2, .reserved_codes = 10 };
	for (int i = 1; i <= 3; i++) {
		offer = shop_offer(&s, BUYER, 1);
		offer.message_id = i;
		shop_open(&s, &offer, i <= 2 ? OPENING_OK : OPENING_OPEN_LIMIT);
	}
	/* Another quantity in one of the same messages replaces, so it does not add up. */
	offer = shop_offer(&s, BUYER, 9);
	offer.message_id = 2;
	shop_open(&s, &offer, OPENING_OK);
	offer = shop_offer(&s, BUYER, 10);
	offer.message_id = 2;
	shop_open(&s, &offer, OPENING_OPEN_LIMIT);
	offer = shop_offer(&s, OTHER_BUYER, 1);
	shop_open(&s, &offer, OPENING_OK);
	shop_check(&s);
}

/* Two links to two values, each drawn in a message whose number nobody knows. */
static void test_unknown_messages_are_told_apart_by_value(void **state)
{
	struct order_offer offer;
	struct shop s;
	int64_t first;
	int64_t other;
	int64_t id;

	shop_make(&s, *state, 20);
	db_test_exec(s.t, "INSERT INTO card_values (category_id, slug, title_uk, price_kop, "
			  "created_at) SELECT category_id, 'other', 'x', price_kop, created_at "
			  "FROM card_values");
	other = db_test_number(s.t, "SELECT MAX(id) FROM card_values");
	db_test_exec(s.t, "INSERT INTO value_gateways SELECT MAX(id), 'portmone' "
			  "FROM card_values");
	db_test_exec(s.t, "UPDATE card_codes SET value_id = (SELECT MAX(id) FROM card_values) "
			  "LIMIT 5");
	offer = shop_offer(&s, BUYER, 1);
	offer.message_id = 0;
	first = shop_open(&s, &offer, OPENING_OK)->id;
	offer = shop_offer(&s, BUYER, 1);
	offer.message_id = 0;
	offer.value_id = other;
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(shop_order(&s, first)->state, ORDER_PENDING);
	/* A key was pressed in the first: now it is known, and its order is replaced. */
	offer = shop_offer(&s, BUYER, 2);
	shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(shop_order(&s, first)->state, ORDER_CANCELLED);
	assert_int_equal(shop_order(&s, id)->state, ORDER_PENDING);
	shop_check(&s);
}

static int64_t expire_one(struct shop *s, int64_t message_id)
{
	struct payment_evidence const none = { .gateway = "portmone", .answer = ANSWER_NONE };
	struct order_offer offer = shop_offer(s, BUYER, 1);
	struct asking asking;
	int64_t id;

	offer.message_id = message_id;
	id = shop_open(s, &offer, OPENING_OK)->id;
	shop_end_reservation(s, id, 1);
	assert_int_equal(order_answered(s->t->db, id, &none, &asking), OK);
	assert_int_equal(asking.result, ASK_EXPIRED);
	return id;
}

static void test_pause_after_unpaid_orders_grows(void **state)
{
	struct order_offer offer;
	int64_t wait_s;
	struct shop s;

	shop_make(&s, *state, 20);
	s.terms.limits = (struct order_limits){ .unpaid_free = 2, .unpaid_pause_s = 60 };
	(void)expire_one(&s, 1);
	(void)expire_one(&s, 2);
	offer = shop_offer(&s, BUYER, 1);
	shop_open(&s, &offer, OPENING_UNPAID);
	assert_int_equal(
		order_open_wait(s.t->db, &s.t->arena, &offer, &s.terms.limits, &wait_s), OK);
	assert_in_range(wait_s, 50, 60);
	/* The pause is over; one more unpaid, and it is twice as long. */
	db_test_exec(s.t, "UPDATE orders SET ended_at = ended_at - INTERVAL 61 SECOND");
	(void)expire_one(&s, 3);
	shop_open(&s, &offer, OPENING_UNPAID);
	assert_int_equal(
		order_open_wait(s.t->db, &s.t->arena, &offer, &s.terms.limits, &wait_s), OK);
	assert_in_range(wait_s, 110, 120);
	/* It does not last for ever. */
	db_test_exec(s.t, "UPDATE orders SET ended_at = ended_at - INTERVAL 121 SECOND");
	shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(
		order_open_wait(s.t->db, &s.t->arena, &offer, &s.terms.limits, &wait_s), OK);
	assert_int_equal(wait_s, 0);
	shop_check(&s);
}

static void test_paying_forgives(void **state)
{
	struct payment_row const row = shop_payment("late", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct shop s;
	int64_t last;

	shop_make(&s, *state, 20);
	s.terms.limits = (struct order_limits){ .unpaid_free = 3, .unpaid_pause_s = 60 };
	(void)expire_one(&s, 1);
	(void)expire_one(&s, 2);
	last = expire_one(&s, 3);
	offer = shop_offer(&s, BUYER, 1);
	shop_open(&s, &offer, OPENING_UNPAID);
	assert_int_equal(shop_settle(&s, last, &evidence).result, SETTLE_DELIVERED);
	s.terms.limits.unpaid_free = 1;
	shop_open(&s, &offer, OPENING_OK);
}

static void test_limits_are_settings(void **state)
{
	struct order_limits limits;
	struct shop s;

	shop_make(&s, *state, 0);
	assert_int_equal(order_limits_read(s.t->db, &s.t->arena, &limits), OK);
	assert_int_equal(limits.open_orders, LIMIT_OPEN_ORDERS);
	db_test_exec(
		s.t,
		"INSERT INTO settings VALUES ('limit_open_orders', '3', UTC_TIMESTAMP(6)), "
		"('limit_unpaid_pause', 'nonsense', UTC_TIMESTAMP(6))");
	assert_int_equal(order_limits_read(s.t->db, &s.t->arena, &limits), OK);
	assert_int_equal(limits.open_orders, 3);
	assert_int_equal(limits.unpaid_pause_s, LIMIT_UNPAID_PAUSE_S);
	db_test_exec(s.t, "DELETE FROM settings WHERE name LIKE 'limit%'");
}

/* ---- two at once ---- */

struct tab {
	struct db *db;
	const struct shop *s;
	struct order_offer offer;
	enum order_opening opening;
	int rc;
};

static void *tab_open(void *data)
{
	struct tab *tab = data;
	AUTO_ARENA(a);
	struct order *order;
	struct money price;

	tab->rc = order_open(tab->db, &a, &tab->offer, &tab->s->terms, &tab->opening, &order,
			     &price);
	return NULL;
}

/* The other tab's order, between the lock of the person's row and the commit. */
static int other_open(struct db *db, struct arena *a, const struct shop *s, pthread_t *thread,
		      struct tab *tab)
{
	struct timespec const pause = { .tv_nsec = 300000000 };
	const struct db_cell *row;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = db_one(db, a, "SELECT id FROM users WHERE id = ? FOR UPDATE",
					 PARAMS(P((int64_t)BUYER)), &row)))
		return rc;
	if (pthread_create(thread, NULL, tab_open, tab))
		return ERR_FAILED;
	nanosleep(&pause, NULL);
	rc = db_exec(db,
		     "INSERT INTO orders (number, nonce, user_id, value_id, quantity, "
		     "unit_price_kop, total_kop, gateway, state, chat_id, message_id, lang, "
		     "created_at, expires_at, ask_at) VALUES ('ZZZZ-2222', 'nonce of another', "
		     "?, ?, 1, 100, 100, 'portmone', 'pending', 1, 1, 'uk', UTC_TIMESTAMP(6), "
		     "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
		     PARAMS(P((int64_t)BUYER), P(s->value_id)), NULL);
	return rc ? rc : db_tx_commit(&tx);
}

/* Opening two links at the same moment is no way round the limit. */
static void test_limit_holds_at_once(void **state)
{
	pthread_t thread;
	struct shop s;
	struct tab tab;
	int rc;

	shop_make(&s, *state, 5);
	s.terms.limits = (struct order_limits){ .open_orders = 1 };
	tab = (struct tab){ .db = db_test_open(s.t), .s = &s };
	tab.offer = shop_offer(&s, BUYER, 1);
	rc = other_open(s.t->db, &s.t->arena, &s, &thread, &tab);
	pthread_join(thread, NULL);
	assert_int_equal(rc, OK);
	assert_int_equal(tab.rc, OK);
	assert_int_equal(tab.opening, OPENING_OPEN_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_open_orders_are_limited),
		DB_TEST(test_unknown_messages_are_told_apart_by_value),
		DB_TEST(test_pause_after_unpaid_orders_grows),
		DB_TEST(test_paying_forgives),
		DB_TEST(test_limits_are_settings),
		DB_TEST(test_limit_holds_at_once),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
