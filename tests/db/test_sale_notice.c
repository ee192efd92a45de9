/* Administrators hear of what is sold: at once, and summed up when much is. */
#include "tests/db/shop.h"

#include "shared/domain/lease.h"
#include "shared/domain/sale_notice.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define LEASE "sales"
enum { OWNER = 7 };

/* As the worker's turn does. */
static bool told(struct shop *s)
{
	const char *noted;
	bool ours;
	bool told;

	assert_int_equal(lease_take(s->t->db, &s->t->arena, LEASE, OWNER, 60, &ours, &noted),
			 OK);
	assert_true(ours);
	assert_int_equal(sale_notice_tell(s->t->db, LEASE, OWNER, noted, &told), OK);
	return told;
}

static int64_t sell(struct shop *s, const char *payment, int quantity)
{
	struct payment_row const row = shop_payment(payment, (int64_t)quantity * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer const offer = shop_offer(s, BUYER, quantity);
	int64_t const id = shop_open(s, &offer, OPENING_OK)->id;

	assert_int_equal(shop_settle(s, id, &evidence).result, SETTLE_DELIVERED);
	return id;
}

/* All that has happened, so many seconds earlier. */
static void earlier(struct shop *s, int seconds)
{
	db_test_exec(s->t, arena_printf(&s->t->arena,
					"UPDATE payments SET received_at = received_at - "
					"INTERVAL %d SECOND",
					seconds));
	db_test_exec(s->t,
		     arena_printf(&s->t->arena,
				  "UPDATE leases SET data = CAST(data AS SIGNED) - %d000000",
				  seconds));
}

static const char *last_alert(struct shop *s)
{
	return db_test_text(s->t, "SELECT data FROM outbox WHERE kind = 'alert' "
				  "ORDER BY id DESC LIMIT 1");
}

static void test_one_by_itself(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 9);
	sell(&s, "p0", 1);
	earlier(&s, 100);
	assert_false(told(&s)); /* what was before anybody listened is not news */
	earlier(&s, 100);
	assert_false(told(&s));
	id = sell(&s, "p1", 2);
	assert_false(told(&s)); /* its transaction might still be open */
	earlier(&s, 5);
	assert_true(told(&s));
	assert_string_equal(last_alert(&s), "{\"what\":\"sold\"}");
	assert_int_equal(shop_told(&s, "alert", id), 1);
	assert_false(told(&s));
	earlier(&s, 100);
	assert_false(told(&s));
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'alert'"), 1);
}

static void test_many_are_one_message(void **state)
{
	struct shop s;

	shop_make(&s, *state, 9);
	assert_false(told(&s));
	earlier(&s, 100);
	sell(&s, "p1", 1);
	earlier(&s, 5);
	assert_true(told(&s));
	sell(&s, "p2", 1);
	earlier(&s, 5);
	assert_false(told(&s)); /* too soon after the last one */
	sell(&s, "p3", 2);
	earlier(&s, 20);
	assert_true(told(&s));
	assert_string_equal(last_alert(&s),
			    "{\"what\":\"sold_many\",\"orders\":2,\"kop\":30000}");
}

static void test_nothing_that_paid_no_order(void **state)
{
	struct payment_row const row = shop_payment("short", PRICE - 1);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct shop s;

	shop_make(&s, *state, 1);
	assert_false(told(&s));
	earlier(&s, 100);
	offer = shop_offer(&s, BUYER, 1);
	shop_settle(&s, shop_open(&s, &offer, OPENING_OK)->id, &evidence);
	earlier(&s, 100);
	assert_false(told(&s));
}

/* Two workers, one of which lost the lease meanwhile: it tells nothing. */
static void test_only_the_lease_s_owner_tells(void **state)
{
	const char *noted;
	struct shop s;
	bool ours;
	bool told_too;

	shop_make(&s, *state, 1);
	assert_false(told(&s));
	earlier(&s, 100);
	sell(&s, "p1", 1);
	earlier(&s, 5);
	assert_int_equal(lease_take(s.t->db, &s.t->arena, LEASE, OWNER, 60, &ours, &noted), OK);
	assert_int_equal(sale_notice_tell(s.t->db, LEASE, OWNER + 1, noted, &told_too),
			 ERR_CONFLICT);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'alert'"), 0);
	assert_true(told(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_one_by_itself),
		DB_TEST(test_many_are_one_message),
		DB_TEST(test_nothing_that_paid_no_order),
		DB_TEST(test_only_the_lease_s_owner_tells),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
