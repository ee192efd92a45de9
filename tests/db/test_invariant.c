/* Each rule of `kartka check` finds what breaks it, and nothing in a shop that is whole. */
#include "tests/db/shop.h"

#include "shared/domain/invariant.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A delivered order with two codes, a waiting one, a pending one; a code on the shelf. */
static void shop_busy(struct shop *s, struct db_test *t)
{
	struct payment_row row = shop_payment("p1", 2 * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	int64_t id;

	shop_make(s, t, 4);
	offer = shop_offer(s, BUYER, 2);
	id = shop_open(s, &offer, OPENING_OK)->id;
	shop_settle(s, id, &evidence);
	offer = shop_offer(s, OTHER_BUYER, 2);
	id = shop_open(s, &offer, OPENING_OK)->id;
	assert_int_equal(order_cancel(t->db, id, OTHER_BUYER), OK);
	offer = shop_offer(s, BUYER, 1);
	shop_open(s, &offer, OPENING_OK);
	row.id = "p2";
	assert_int_equal(shop_settle(s, id, &evidence).result, SETTLE_WAITING);
	shop_check(s);
}

/* The rules that are broken, in one line. */
static const char *broken(struct shop *s)
{
	struct arena *a = &s->t->arena;
	const char *names = "";

	for (size_t i = 0; i < invariant_count(); i++) {
		const struct invariant *inv = invariant_at(i);
		struct db_rows rows;

		assert_int_equal(invariant_check(s->t->db, a, inv, &rows), OK);
		if (rows.count)
			names = arena_printf(a, "%s %s", names, inv->name);
	}
	return names;
}

/* A refund of the delivered order's payment: how far it is, and what it holds. */
#define REFUND(state, open, amount, age)                                                      \
	"INSERT INTO refunds (order_id, payment_id, open_order_id, fact, amount_kop, whole, " \
	"reason, actor, state, not_before, created_at) SELECT p.order_id, p.id, " open        \
	", 'f', " amount ", 0, '', '', '" state "', UTC_TIMESTAMP(6), "                       \
	"UTC_TIMESTAMP(6) - INTERVAL " age " DAY FROM payments p "                            \
	"WHERE p.gateway_payment_id = 'p1'"

/* The first sold code was replaced by this one. */
#define REPLACEMENT(code)                                                                 \
	"INSERT INTO code_replacements (order_id, slot, old_code_id, new_code_id, fact, " \
	"actor, why, created_at) SELECT c.order_id, c.slot, c.id, (" code                 \
	"), 'f', '', '', UTC_TIMESTAMP(6) FROM card_codes c WHERE c.state = 'sold' LIMIT 1"

static const struct {
	const char *rule;
	const char *sql;
} breaches[] = {
	{ "sold_code_has_order",
	  "UPDATE card_codes SET order_id = 4711 WHERE state = 'sold' LIMIT 1" },
	{ "delivered_order_is_whole",
	  "UPDATE card_codes SET state = 'defective' WHERE state = 'sold' LIMIT 1" },
	{ "code_matches_order_value",
	  "UPDATE card_codes SET value_id = 9 WHERE state = 'sold' LIMIT 1" },
	{ "waiting_order_has_no_codes",
	  "UPDATE card_codes SET state = 'sold', slot = 1, order_id = (SELECT id FROM orders "
	  "WHERE state = 'paid') WHERE state = 'available' LIMIT 1" },
	{ "reserved_code_has_pending_order",
	  "UPDATE orders SET state = 'expired' WHERE state = 'pending'" },
	{ "ended_order_has_no_codes",
	  "UPDATE orders SET state = 'expired' WHERE state = 'delivered'" },
	{ "pending_order_has_its_codes",
	  "UPDATE card_codes SET state = 'available', order_id = NULL, slot = NULL "
	  "WHERE state = 'reserved'" },
	{ "reservation_ends",
	  "UPDATE orders SET created_at = UTC_TIMESTAMP(6) - INTERVAL 9 HOUR, "
	  "expires_at = UTC_TIMESTAMP(6) - INTERVAL 8 HOUR WHERE state = 'pending'" },
	{ "paid_order_has_payment", "UPDATE payments SET applied = 0 LIMIT 1" },
	{ "unpaid_order_has_no_applied_payment",
	  "UPDATE payments SET order_id = (SELECT id FROM orders WHERE state = 'pending') "
	  "LIMIT 1" },
	{ "payment_covers_order", "UPDATE payments SET amount_kop = 1" },
	{ "delivered_order_is_told", "DELETE FROM outbox WHERE kind = 'delivered'" },
	{ "unpaid_order_is_asked", "UPDATE orders SET ask_at = NULL WHERE state = 'pending'" },
	{ "outbox_moves", "UPDATE outbox SET not_before = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR" },
	{ "refund_within_payment", REFUND("done", "NULL", "99999999", "0") },
	{ "refund_open_is_marked", REFUND("pending", "NULL", "1", "0") },
	{ "refunding_order_has_refund",
	  "UPDATE orders SET state = 'refunding' WHERE state = 'delivered'" },
	{ "done_refund_is_booked", REFUND("done", "NULL", "1", "0") },
	{ "refunded_order_money_is_back",
	  "UPDATE orders SET state = 'refunded' WHERE state = 'delivered'" },
	{ "refunded_order_has_no_sold_codes",
	  "UPDATE orders SET state = 'refunded' WHERE state = 'delivered'" },
	{ "refund_moves", REFUND("sent", "p.order_id", "1", "2") },
	{ "replaced_code_is_defective",
	  REPLACEMENT("SELECT MAX(id) FROM card_codes WHERE state = 'sold'") },
	{ "replacement_is_the_order_s",
	  REPLACEMENT("SELECT MAX(id) FROM card_codes WHERE state = 'available'") },
	{ "bonus_balance_not_negative",
	  "INSERT INTO bonus_entries (user_id, fact, amount_kop, created_at) "
	  "VALUES (1001, 'f', -1, UTC_TIMESTAMP(6))" },
};

static void test_each_finds_its_breach(void **state)
{
	struct db_test *t = *state;

	for (size_t i = 0; i < COUNT(breaches); i++) {
		struct shop s;

		db_test_clean(t);
		shop_busy(&s, t);
		db_test_exec(t, "SET SESSION foreign_key_checks = 0");
		db_test_exec(t, breaches[i].sql);
		if (!strstr(broken(&s), breaches[i].rule))
			fail_msg("%s finds nothing; found:%s", breaches[i].rule, broken(&s));
	}
}

/* Offenders of one rule in this hour's part. */
static size_t hourly(struct shop *s, const char *name, int64_t hour)
{
	struct db_rows rows = { 0 };

	for (size_t i = 0; i < invariant_count(); i++)
		if (!strcmp(invariant_at(i)->name, name))
			assert_int_equal(invariant_check_hourly(s->t->db, &s->t->arena,
								invariant_at(i), hour, &rows),
					 OK);
	return rows.count;
}

/* What is old has its hour in each day; what is new is looked at in all of them. */
static void test_a_day_of_hours_sees_everything(void **state)
{
	struct shop s;
	int found = 0;

	shop_busy(&s, *state);
	for (int64_t hour = 0; hour < 24; hour++)
		for (size_t i = 0; i < invariant_count(); i++)
			assert_int_equal(hourly(&s, invariant_at(i)->name, hour), 0);
	db_test_exec(s.t, "SET SESSION foreign_key_checks = 0");
	db_test_exec(s.t, "UPDATE card_codes SET order_id = 4711 WHERE state = 'sold' LIMIT 1");
	for (int64_t hour = 1000; hour < 1024; hour++)
		found += hourly(&s, "sold_code_has_order", hour) != 0;
	assert_int_equal(found, 1);
	/* A new order is whole or is found, whatever the hour. */
	for (int64_t hour = 0; hour < 24; hour++)
		assert_int_equal(hourly(&s, "delivered_order_is_whole", hour), 1);
	/* An old one is found once. */
	db_test_exec(s.t, "UPDATE orders SET created_at = created_at - INTERVAL 3 DAY");
	found = 0;
	for (int64_t hour = 0; hour < 24; hour++)
		found += hourly(&s, "delivered_order_is_whole", hour) != 0;
	assert_int_equal(found, 1);
}

/* More of them than one statement looks at: the last is found like the first. */
static void test_part_by_part(void **state)
{
	struct shop s;

	shop_busy(&s, *state);
	db_test_exec(s.t, "SET SESSION foreign_key_checks = 0");
	db_test_exec(s.t, "UPDATE orders SET id = id + 1000000 WHERE state = 'delivered'");
	db_test_exec(s.t, "UPDATE outbox SET order_id = order_id + 1000000 WHERE kind = "
			  "'delivered'");
	if (!strstr(broken(&s), "delivered_order_is_whole"))
		fail_msg("found:%s", broken(&s));
	assert_null(strstr(broken(&s), "delivered_order_is_told"));
}

/* A code on the shelf that belongs to an order is kept out by the schema itself. */
static void test_every_rule_is_tried(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < invariant_count(); i++) {
		const char *name = invariant_at(i)->name;
		bool tried = !strcmp(name, "free_code_has_no_order");

		for (size_t n = 0; n < COUNT(breaches); n++)
			tried = tried || !strcmp(breaches[n].rule, name);
		if (!tried)
			fail_msg("%s is not tried", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_each_finds_its_breach),
		DB_TEST(test_a_day_of_hours_sees_everything),
		DB_TEST(test_part_by_part),
		cmocka_unit_test(test_every_rule_is_tried),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
