/* An upload in two steps: nothing is doubled, whoever clicks how often; a dead worker is
 * followed. */
#include "tests/db/shop.h"

#include "shared/base/str.h"
#include "shared/domain/staging.h"
#include "shared/domain/stock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct audit_who olena = { .staff_id = 5, .actor = "olena", .address = "" };
static const struct audit_who other = { .staff_id = 6, .actor = "other", .address = "" };

static const char *codes_text(struct shop *s, int count)
{
	struct str text = STR(&s->t->arena, 1 << 20);

	for (int i = 0; i < count; i++)
		str_addf(&text, "UPLOAD-%d\n", i);
	return str_text(&text);
}

static int64_t upload(struct shop *s, const char *text, const char *batch)
{
	struct staging_new const file = { .value_id = s->value_id,
					  .batch = batch,
					  .supplier = "постачальник",
					  .cost = MONEY(9000),
					  .file = { text, strlen(text) } };
	int64_t id;

	assert_int_equal(staging_make(s->t->db, &s->vault, &olena, &file, &id), OK);
	return id;
}

static struct staging *look(struct shop *s, int64_t id)
{
	struct staging *staging;

	assert_int_equal(staging_find(s->t->db, &s->t->arena, id, &staging), OK);
	return staging;
}

static int move_all(struct shop *s)
{
	bool more = true;
	int steps = 0;

	while (more && steps < 100) {
		assert_int_equal(staging_move(s->t->db, &more), OK);
		steps++;
	}
	return steps;
}

static void test_preview_then_confirm(void **state)
{
	struct staging *staging;
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 0);
	shop_stock(&s, "OLD", 1);
	id = upload(&s, "A1\nA2\nA2\nOLD-0000000001\nbad\x01line\n", "b1");
	staging = look(&s, id);
	assert_int_equal(staging->state, STAGING_PREVIEW);
	assert_int_equal(staging->total, 3);
	assert_int_equal(staging->known, 1);
	assert_int_equal(staging->repeated, 1);
	assert_int_equal(staging->bad, 1);
	assert_string_equal(staging->bad_lines, "5:text");
	assert_int_equal(shop_codes(&s, "available"), 1);
	assert_int_equal(staging_confirm(s.t->db, &other, id), ERR_NOT_FOUND);
	assert_int_equal(staging_confirm(s.t->db, &olena, id), OK);
	assert_int_equal(staging_confirm(s.t->db, &olena, id), ERR_CONFLICT);
	move_all(&s);
	staging = look(&s, id);
	assert_int_equal(staging->state, STAGING_DONE);
	assert_int_equal(staging->added, 2);
	assert_int_equal(shop_codes(&s, "available"), 3);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM staged_codes"), 0);
	assert_string_equal(
		db_test_text(s.t, "SELECT supplier FROM code_batches WHERE name = 'b1'"),
		"постачальник");
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE action = "
					     "'codes_upload' AND actor = 'olena'"),
			 1);
}

static void test_the_same_file_twice(void **state)
{
	struct shop s;
	int64_t one;
	int64_t two;

	shop_make(&s, *state, 0);
	one = upload(&s, codes_text(&s, 1200), "b");
	two = upload(&s, codes_text(&s, 1200), "b");
	assert_int_equal(staging_confirm(s.t->db, &olena, one), OK);
	assert_int_equal(staging_confirm(s.t->db, &olena, two), OK);
	assert_int_equal(move_all(&s), 7); /* three chunks each, and once for nothing */
	assert_int_equal(shop_codes(&s, "available"), 1200);
	assert_int_equal(look(&s, one)->added + look(&s, two)->added, 1200);
	shop_check(&s);
}

static void test_codes_open_on_the_shelf(void **state)
{
	struct stock_code *codes;
	struct order_offer offer;
	struct payment_row row = shop_payment("p", PRICE);
	struct payment_evidence evidence = shop_paid(&row, 1);
	struct order *order;
	const char *plain;
	struct shop s;
	size_t count;
	int64_t id;

	shop_make(&s, *state, 0);
	id = upload(&s, "ONLY-ONE\n", "b");
	assert_int_equal(staging_confirm(s.t->db, &olena, id), OK);
	move_all(&s);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	shop_settle(&s, order->id, &evidence);
	assert_int_equal(stock_of_order(s.t->db, &s.t->arena, order->id, &codes, &count), OK);
	assert_int_equal(code_open(&s.t->arena, &s.vault, s.value_id, &codes[0].sealed, &plain),
			 OK);
	assert_string_equal(plain, "ONLY-ONE");
}

static void test_waiting_order_is_filled(void **state)
{
	struct payment_row row = shop_payment("p", PRICE);
	struct payment_evidence evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(order_cancel(s.t->db, order->id, BUYER), OK);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn'");
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_WAITING);
	id = upload(&s, "X1\nX2\n", "b");
	assert_int_equal(staging_confirm(s.t->db, &olena, id), OK);
	move_all(&s);
	assert_int_equal(shop_order(&s, order->id)->state, ORDER_DELIVERED);
	assert_int_equal(look(&s, id)->filled, 1);
	shop_check(&s);
}

static void test_discarded_and_forgotten_are_swept(void **state)
{
	struct shop s;
	bool more = true;
	int64_t id;

	shop_make(&s, *state, 0);
	id = upload(&s, codes_text(&s, 30), "b");
	assert_int_equal(staging_discard(s.t->db, &olena, id), OK);
	assert_int_equal(staging_confirm(s.t->db, &olena, id), ERR_CONFLICT);
	(void)upload(&s, codes_text(&s, 30), "b");
	db_test_exec(s.t, "UPDATE stagings SET created_at = created_at - INTERVAL 61 MINUTE");
	id = upload(&s, codes_text(&s, 5), "b"); /* fresh: stays */
	for (int i = 0; more && i < 20; i++)
		assert_int_equal(staging_sweep(s.t->db, &more), OK);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM stagings"), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM staged_codes"), 5);
	assert_int_equal(look(&s, id)->state, STAGING_PREVIEW);
}

/* At the very end of its hour. */
static void test_confirmed_while_swept(void **state)
{
	struct shop s;
	struct db *owner;
	bool more = true;
	int64_t id;

	shop_make(&s, *state, 0);
	id = upload(&s, codes_text(&s, 30), "b");
	db_test_exec(s.t, "UPDATE stagings SET created_at = created_at - INTERVAL 61 MINUTE");
	owner = db_test_open(s.t);
	{
		DB_TX(tx, owner);
		assert_int_equal(tx.rc, OK);
		assert_int_equal(db_exec_one(owner,
					     "UPDATE stagings SET state = 'confirmed' "
					     "WHERE id = ? AND state = 'preview'",
					     PARAMS(P(id))),
				 OK);
		assert_int_equal(staging_sweep(s.t->db, &more), OK);
		assert_false(more);
		assert_int_equal(db_tx_commit(&tx), OK);
	}
	assert_int_equal(staging_sweep(s.t->db, &more), OK);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM staged_codes"), 30);
}

static void test_no_code_in_clear(void **state)
{
	struct shop s;

	shop_make(&s, *state, 0);
	upload(&s, "SECRET-CODE-12345\n", "b");
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM staged_codes WHERE "
					     "INSTR(ciphertext, 'SECRET') OR "
					     "INSTR(ciphertext, '12345')"),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_preview_then_confirm),
		DB_TEST(test_the_same_file_twice),
		DB_TEST(test_codes_open_on_the_shelf),
		DB_TEST(test_waiting_order_is_filled),
		DB_TEST(test_discarded_and_forgotten_are_swept),
		DB_TEST(test_confirmed_while_swept),
		DB_TEST(test_no_code_in_clear),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
