/* Keys of codes: which are trusted, who has to know them, sealing all codes anew. */
#include "shared/base/limits.h"
#include "shared/domain/code_key.h"
#include "shared/domain/code_rotate.h"
#include "shared/domain/key_holder.h"
#include "shared/domain/stock.h"
#include "shared/domain/stock_import.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OLD = 7, NEW = 8, CODES = 250 };

/* The shop's vault with a further key at its end. */
static struct code_vault with_new(const struct shop *s)
{
	struct code_vault vault = s->vault;

	vault.keys[1].id = NEW;
	memset(vault.keys[1].key, 9, CRYPTO_KEY);
	vault.count = 2;
	return vault;
}

static struct code_rotation rotate(struct shop *s, const struct code_vault *vault)
{
	struct code_rotation rotation = { 0 };

	while (!rotation.over)
		assert_int_equal(code_rotate_next(s->t->db, vault, false, &rotation), OK);
	return rotation;
}

static int64_t of_key(struct shop *s, int key_id)
{
	return db_test_number(s->t,
			      arena_printf(&s->t->arena,
					   "SELECT COUNT(*) FROM card_codes WHERE key_id = %d",
					   key_id));
}

static int64_t unreadable(struct shop *s, const struct code_vault *vault)
{
	struct code_rotation look = { 0 };

	while (!look.over)
		assert_int_equal(code_rotate_next(s->t->db, vault, true, &look), OK);
	return look.unreadable;
}

static struct order *buy(struct shop *s, int quantity)
{
	struct order_offer const offer = shop_offer(s, BUYER, quantity);
	struct order *order = shop_open(s, &offer, OPENING_OK);
	struct payment_row const row = shop_payment(order->number, quantity * PRICE);
	struct payment_evidence const paid = shop_paid(&row, 1);

	assert_int_equal(shop_settle(s, order->id, &paid).result, SETTLE_DELIVERED);
	return order;
}

/* ---- sealing anew ---- */

static void test_all_codes(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct code_vault only_new = { 0 };
	struct code_rotation rotation;
	struct stock_code *codes;
	struct order *order;
	const char *plain;
	size_t count;

	shop_make(&s, *state, CODES);
	order = buy(&s, 2); /* sold ones are shown again for years */
	vault = with_new(&s);
	rotation = rotate(&s, &vault);
	assert_int_equal(rotation.sealed, CODES);
	assert_int_equal(rotation.unreadable, 0);
	assert_int_equal(of_key(&s, NEW), CODES);
	only_new = vault;
	only_new.keys[0] = vault.keys[1];
	only_new.count = 1;
	assert_int_equal(unreadable(&s, &only_new), 0);
	assert_int_equal(stock_of_order(s.t->db, &s.t->arena, order->id, &codes, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(
		code_open(&s.t->arena, &only_new, s.value_id, &codes[0].sealed, &plain), OK);
	assert_string_equal(plain, "CARD-0000000001");
	/* Once more: nothing is left to do. */
	assert_int_equal(rotate(&s, &vault).sealed, 0);
	shop_check(&s);
}

static void test_goes_on(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct code_rotation rotation = { 0 };

	shop_make(&s, *state, CODES);
	vault = with_new(&s);
	assert_int_equal(code_rotate_next(s.t->db, &vault, false, &rotation), OK);
	assert_int_equal(rotation.sealed, ROTATE_BATCH);
	assert_false(rotation.over);
	/* That one was killed; another begins from the start. */
	assert_int_equal(rotate(&s, &vault).sealed, CODES - ROTATE_BATCH);
	assert_int_equal(unreadable(&s, &vault), 0);
}

/* What does not open stays as it is, and is named. */
static void test_unreadable(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct code_rotation rotation = { 0 };
	const char *before;

	shop_make(&s, *state, 5);
	vault = with_new(&s);
	db_test_exec(s.t,
		     "UPDATE card_codes SET ciphertext = CONCAT(LEFT(ciphertext, "
		     "LENGTH(ciphertext) - 1), CHAR(ASCII(RIGHT(ciphertext, 1)) ^ 1)) "
		     "WHERE fingerprint = (SELECT fingerprint FROM (SELECT fingerprint FROM "
		     "card_codes ORDER BY id LIMIT 1 OFFSET 2) x)");
	before = db_test_text(s.t, "SELECT HEX(ciphertext) FROM card_codes "
				   "ORDER BY id LIMIT 1 OFFSET 2");
	assert_int_equal(code_rotate_next(s.t->db, &vault, false, &rotation), OK);
	assert_int_equal(rotation.sealed, 4);
	assert_int_equal(rotation.unreadable, 1);
	assert_int_equal(rotation.bad_count, 1);
	assert_int_equal(rotation.bad_ids[0],
			 db_test_number(s.t, "SELECT id FROM card_codes ORDER BY id "
					     "LIMIT 1 OFFSET 2"));
	assert_int_equal(of_key(&s, OLD), 1);
	assert_string_equal(db_test_text(s.t, "SELECT HEX(ciphertext) FROM card_codes "
					      "WHERE key_id = 7"),
			    before);
}

/* Two at once: a row that changed under the other's hands is not changed back. */
static void test_row_names_its_key(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct code_rotation rotation = { 0 };

	shop_make(&s, *state, 3);
	vault = with_new(&s);
	/* As if it had been sealed with a third key between our reading and our writing. */
	db_test_exec(s.t, "CREATE TRIGGER sneak BEFORE INSERT ON code_keys FOR EACH ROW "
			  "UPDATE card_codes SET key_id = 99 ORDER BY id LIMIT 1");
	assert_int_equal(code_rotate_next(s.t->db, &vault, false, &rotation), OK);
	db_test_exec(s.t, "DROP TRIGGER sneak");
	assert_int_equal(rotation.sealed, 2);
	assert_int_equal(of_key(&s, 99), 1);
	assert_int_equal(of_key(&s, NEW), 2);
}

/* ---- keys that are not what they were ---- */

static int import(struct shop *s, const struct code_vault *vault, const char *line)
{
	struct import_options const options = { .value_id = s->value_id, .batch = "b" };
	struct stock_import *import;
	struct import_report report;
	int rc = stock_import_begin(s->t->db, vault, &options, &import);

	if (rc)
		return rc;
	rc = stock_import_feed(import, (struct bytes){ line, strlen(line) });
	if (!rc)
		rc = stock_import_end(import, &report);
	stock_import_free(import);
	return rc;
}

static void test_wrong_key(void **state)
{
	struct shop s;
	struct code_vault wrong;
	bool there;

	shop_make(&s, *state, 1);
	wrong = s.vault;
	assert_int_equal(code_key_is_there(s.t->db, &wrong, OLD, &there), OK);
	assert_true(there);
	wrong.keys[0].key[31] ^= 1;
	assert_int_equal(code_key_is_there(s.t->db, &wrong, OLD, &there), OK);
	assert_false(there);
	assert_int_equal(code_key_is_there(s.t->db, &s.vault, NEW, &there), OK);
	assert_false(there);
	assert_int_equal(import(&s, &wrong, "AAAA\n"), ERR_DENIED);
	/* With another FINGERPRINT_KEY a code sold long ago would be taken for a new one. */
	wrong = s.vault;
	wrong.fingerprint_key[0] ^= 1;
	assert_int_equal(import(&s, &wrong, "CARD-0000000001\n"), ERR_DENIED);
	assert_int_equal(import(&s, &s.vault, "AAAA\n"), OK);
	assert_int_equal(shop_codes(&s, "available"), 2);
}

static void test_drop(void **state)
{
	struct shop s;
	struct code_vault vault;
	struct code_key *keys;
	int64_t left = -1;
	size_t count;

	shop_make(&s, *state, 3);
	vault = with_new(&s);
	assert_int_equal(code_key_drop(s.t->db, &vault.keys[0], &left), OK);
	assert_int_equal(left, 3);
	/* Refused, so it goes on to seal. */
	assert_int_equal(import(&s, &s.vault, "AAAA\n"), OK);
	rotate(&s, &vault);
	assert_int_equal(code_key_drop(s.t->db, &vault.keys[0], &left), OK);
	assert_int_equal(left, 0);
	/* A process that was not started anew would seal with it still. */
	assert_int_equal(import(&s, &s.vault, "BBBB\n"), ERR_DENIED);
	assert_int_equal(import(&s, &vault, "BBBB\n"), OK);
	assert_int_equal(code_key_list(s.t->db, &s.t->arena, &keys, &count), OK);
	assert_int_equal(count, 2);
	assert_true(keys[0].dropped);
	assert_int_equal(keys[0].codes, 0);
	assert_false(keys[1].dropped);
	assert_int_equal(keys[1].codes, 5);
	/* Nor can anything be sealed anew with it. */
	vault.keys[0] = vault.keys[1];
	vault.keys[1] = s.vault.keys[0];
	assert_int_equal(code_rotate_next(s.t->db, &vault, false, &(struct code_rotation){ 0 }),
			 ERR_DENIED);
}

/* ---- who knows it ---- */

static size_t lacking(struct db_test *t, const struct code_vault_key *key)
{
	struct key_holder *holders;
	size_t count;

	assert_int_equal(key_holder_lacking(t->db, &t->arena, key, &holders, &count), OK);
	return count;
}

static int fresh(struct db_test *t)
{
	int count;

	assert_int_equal(key_holder_fresh(t->db, &count), OK);
	return count;
}

static void test_holders(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct code_vault vault;
	struct key_holder holder = { .id = 1, .program = "telegram", .host = "h", .pid = 5 };
	struct code_vault_key other;

	shop_make(&s, t, 1);
	vault = with_new(&s);
	other = vault.keys[1];
	other.key[5] ^= 1;
	assert_int_equal(lacking(t, &vault.keys[1]), 0); /* nobody is there */
	holder.known = key_holder_known(&t->arena, &s.vault);
	assert_int_equal(key_holder_beat(t->db, &holder), OK);
	assert_int_equal(lacking(t, &vault.keys[0]), 0);
	assert_int_equal(lacking(t, &vault.keys[1]), 1);
	holder.known = key_holder_known(&t->arena, &vault);
	assert_int_equal(key_holder_beat(t->db, &holder), OK);
	assert_int_equal(lacking(t, &vault.keys[0]), 0);
	assert_int_equal(lacking(t, &vault.keys[1]), 0);
	assert_int_equal(lacking(t, &other), 1); /* of the same number */
	/* A number that only begins like ours. */
	other = vault.keys[1];
	other.id = 1;
	assert_int_equal(lacking(t, &other), 1);
	/* One that has said nothing for long may live, until it is forgotten. */
	assert_int_equal(fresh(t), 1);
	db_test_exec(t, "UPDATE key_holders SET beat_at = UTC_TIMESTAMP(6) - "
			"INTERVAL 61 SECOND");
	assert_int_equal(fresh(t), 0);
	assert_int_equal(lacking(t, &other), 1);
	assert_int_equal(key_holder_sweep(t->db), OK);
	assert_int_equal(lacking(t, &other), 0);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM key_holders"), 0);
	assert_int_equal(key_holder_beat(t->db, &holder), OK);
	assert_int_equal(key_holder_sweep(t->db), OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM key_holders"), 1);
	assert_int_equal(key_holder_gone(t->db, 1), OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM key_holders"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_all_codes),  DB_TEST(test_goes_on),
		DB_TEST(test_unreadable), DB_TEST(test_row_names_its_key),
		DB_TEST(test_wrong_key),  DB_TEST(test_drop),
		DB_TEST(test_holders),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
