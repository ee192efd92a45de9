/* Codes that don't open: never sent, others in their place, or the order waits. */
#include "shared/domain/order_quarantine.h"
#include "shared/domain/order_settle.h"
#include "shared/domain/stock.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct order *buy(struct shop *s, int quantity)
{
	struct order_offer const offer = shop_offer(s, BUYER, quantity);
	struct order *order = shop_open(s, &offer, OPENING_OK);
	struct payment_row const row = shop_payment(order->number, quantity * PRICE);
	struct payment_evidence const paid = shop_paid(&row, 1);

	assert_int_equal(shop_settle(s, order->id, &paid).result, SETTLE_DELIVERED);
	return order;
}

static enum quarantine_result quarantine(struct shop *s, const struct code_vault *vault,
					 const struct order *order)
{
	enum quarantine_result result;

	assert_int_equal(order_quarantine(s->t->db, vault, order->id, &result), OK);
	return result;
}

/* One bit of the tag of the n-th code, from 0. */
static void flip(struct shop *s, int n)
{
	db_test_exec(s->t,
		     arena_printf(&s->t->arena,
				  "UPDATE card_codes c JOIN (SELECT id FROM card_codes ORDER "
				  "BY id LIMIT 1 OFFSET %d) x ON x.id = c.id SET c.ciphertext "
				  "= CONCAT(LEFT(ciphertext, LENGTH(ciphertext) - 1), "
				  "CHAR(ASCII(RIGHT(ciphertext, 1)) ^ 1))",
				  n));
}

/* The code in this place of the order, in clear text; NULL: none that opens. */
static const char *code_in(struct shop *s, const struct order *order, int slot)
{
	struct stock_code *codes;
	const char *plain = NULL;
	size_t count;

	assert_int_equal(stock_of_order(s->t->db, &s->t->arena, order->id, &codes, &count), OK);
	for (size_t i = 0; i < count; i++)
		if (codes[i].slot == slot &&
		    code_open(&s->t->arena, &s->vault, s->value_id, &codes[i].sealed, &plain))
			return NULL;
	return plain;
}

static int64_t alerts(struct shop *s, const char *what)
{
	return db_test_number(
		s->t, arena_printf(&s->t->arena,
				   "SELECT COUNT(*) FROM outbox WHERE kind = 'alert' AND "
				   "fact LIKE 'alert:%s:%%'",
				   what));
}

static const char *state_of(struct shop *s, const struct order *order)
{
	return order_state_name(shop_order(s, order->id)->state);
}

/* ---- others in their place ---- */

/* Scenario 44. */
static void test_flipped_bit(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 3);
	order = buy(&s, 1);
	flip(&s, 0);
	assert_null(code_in(&s, order, 1));
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_REPLACED);
	assert_string_equal(code_in(&s, order, 1), "CARD-0000000002");
	assert_string_equal(state_of(&s, order), "delivered");
	assert_int_equal(shop_codes(&s, "defective"), 1);
	assert_int_equal(shop_codes(&s, "sold"), 1);
	assert_int_equal(alerts(&s, "quarantined"), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE "
					     "action = 'code_quarantine'"),
			 1);
	/* Again, by another worker: there is nothing to do. */
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NOTHING);
	shop_check(&s);
}

/* Scenario 44: Each is a good code, of the same value, in the other's row. */
static void test_swapped(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 5);
	order = buy(&s, 3);
	db_test_exec(s.t, "UPDATE card_codes a JOIN card_codes b ON a.slot + b.slot = 3 "
			  "JOIN (SELECT slot, ciphertext FROM card_codes) o ON o.slot = b.slot "
			  "SET a.ciphertext = o.ciphertext WHERE a.slot IN (1, 2)");
	assert_null(code_in(&s, order, 1));
	assert_null(code_in(&s, order, 2));
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_REPLACED);
	assert_string_equal(code_in(&s, order, 1), "CARD-0000000004");
	assert_string_equal(code_in(&s, order, 2), "CARD-0000000005");
	assert_string_equal(code_in(&s, order, 3), "CARD-0000000003");
	assert_int_equal(shop_codes(&s, "defective"), 2);
	shop_check(&s);
}

/* It is not the codes' fault: they are all kept for when the key is back. */
static void test_keys(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct order *order;

	shop_make(&s, *state, 3);
	order = buy(&s, 1);
	vault = s.vault;
	vault.keys[0].key[0] ^= 1;
	assert_int_equal(quarantine(&s, &vault, order), QUARANTINE_KEYS);
	vault = s.vault;
	vault.keys[0].id++;
	assert_int_equal(quarantine(&s, &vault, order), QUARANTINE_KEYS);
	assert_int_equal(shop_codes(&s, "defective"), 0);
	assert_string_equal(state_of(&s, order), "delivered");
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NOTHING);
	assert_string_equal(code_in(&s, order, 1), "CARD-0000000001");
	shop_check(&s);
}

/* ---- nothing for their place ---- */

static void test_waits(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 1);
	order = buy(&s, 1);
	flip(&s, 0);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_WAITING);
	assert_string_equal(state_of(&s, order), "paid");
	assert_int_equal(shop_codes(&s, "defective"), 1);
	assert_int_equal(shop_told(&s, "delivered", order->id), 0);
	assert_int_equal(shop_told(&s, "waiting", order->id), 1);
	assert_int_equal(alerts(&s, "quarantined\\_waiting"), 1);
	shop_check(&s);
	/* The next upload fills it, and its message is told. */
	assert_int_equal(shop_stock(&s, "MORE", 1), 1);
	assert_string_equal(state_of(&s, order), "delivered");
	assert_string_equal(code_in(&s, order, 1), "MORE-0000000001");
	assert_int_equal(shop_told(&s, "delivered", order->id), 1);
	shop_check(&s);
	/* That one as well: the buyer is told once more. */
	flip(&s, 1);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_WAITING);
	assert_int_equal(shop_told(&s, "waiting", order->id), 2);
	shop_check(&s);
}

/* What was sold with it may have been seen: it stays the order's. */
static void test_part(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 2);
	order = buy(&s, 2);
	flip(&s, 1);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NO_STOCK);
	assert_string_equal(state_of(&s, order), "delivered");
	assert_int_equal(shop_codes(&s, "sold"), 2);
	assert_int_equal(shop_codes(&s, "defective"), 0);
	shop_check(&s);
	shop_stock(&s, "MORE", 1);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_REPLACED);
	assert_string_equal(code_in(&s, order, 1), "CARD-0000000001");
	assert_string_equal(code_in(&s, order, 2), "MORE-0000000001");
	shop_check(&s);
}

/* Who was sent the code once does not become somebody who may have the money back. */
static void test_sent_does_not_wait(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 1);
	order = buy(&s, 1);
	db_test_exec(s.t, "UPDATE outbox SET state = 'sent' WHERE kind = 'delivered'");
	flip(&s, 0);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NO_STOCK);
	assert_string_equal(state_of(&s, order), "delivered");
	shop_check(&s);
}

/* A whole shelf that does not open is not eaten up code by code. */
static void test_too_many(void **state)
{
	struct shop s;
	struct order *order;
	int replaced = 0;

	shop_make(&s, *state, 20);
	order = buy(&s, 1);
	for (int i = 0; i < 20; i++)
		flip(&s, i);
	while (quarantine(&s, &s.vault, order) == QUARANTINE_REPLACED)
		assert_true(++replaced < 20);
	assert_int_equal(replaced, 5);
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NO_STOCK);
	assert_int_equal(shop_codes(&s, "available"), 14);
	assert_string_equal(state_of(&s, order), "delivered");
	shop_check(&s);
}

static void test_moved_on(void **state)
{
	struct shop s;
	struct order *order;

	shop_make(&s, *state, 2);
	order = buy(&s, 1);
	flip(&s, 0);
	db_test_exec(s.t, "UPDATE orders SET state = 'disputed'");
	assert_int_equal(quarantine(&s, &s.vault, order), QUARANTINE_NOTHING);
	assert_int_equal(shop_codes(&s, "sold"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_flipped_bit), DB_TEST(test_swapped),
		DB_TEST(test_keys),	   DB_TEST(test_waits),
		DB_TEST(test_part),	   DB_TEST(test_sent_does_not_wait),
		DB_TEST(test_too_many),	   DB_TEST(test_moved_on),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
