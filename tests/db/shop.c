#include "tests/db/shop.h"

#include "shared/domain/catalog.h"
#include "shared/domain/invariant.h"
#include "shared/domain/stock_import.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int64_t shop_value(struct shop *s, const char *slug)
{
	struct value_edit const value = { .category_id = s->category_id,
					  .slug = slug,
					  .title = { "Поповнення 100", "Top-up 100", "" },
					  .instruction = { "Наберіть *123#", "", "" },
					  .price = MONEY(PRICE),
					  .code_pattern = "",
					  .picture_url = "" };
	int64_t id;

	assert_int_equal(value_put(s->t->db, &value, &id), OK);
	return id;
}

void shop_make(struct shop *s, struct db_test *t, int codes)
{
	struct category_edit const category = { .slug = "cards",
						.title = { "Картки", "", "" } };

	*s = (struct shop){ .t = t, .terms = { .ttl = 900, .ask_first = 10 } };
	s->vault.count = 1;
	s->vault.keys[0].id = 7;
	memset(s->vault.keys[0].key, 1, CRYPTO_KEY);
	memset(s->vault.fingerprint_key, 2, CRYPTO_KEY);
	db_test_exec(t, "INSERT INTO users (id, first_name, lang, created_at) VALUES "
			"(1001, 'Оксана', 'uk', UTC_TIMESTAMP(6)), (1002, 'Alex', 'en', "
			"UTC_TIMESTAMP(6))");
	assert_int_equal(category_put(t->db, &category, &s->category_id), OK);
	s->value_id = shop_value(s, "card");
	if (codes)
		shop_stock(s, "CARD", codes);
}

int shop_stock(struct shop *s, const char *prefix, int codes)
{
	struct import_options const options = { .value_id = s->value_id, .batch = prefix };
	struct stock_import *import;
	struct import_report report;

	assert_int_equal(stock_import_begin(s->t->db, &s->vault, &options, &import), OK);
	for (int i = 1; i <= codes; i++) {
		const char *line = arena_printf(&s->t->arena, "%s-%010d\n", prefix, i);

		assert_int_equal(
			stock_import_feed(import, (struct bytes){ line, strlen(line) }), OK);
	}
	assert_int_equal(stock_import_end(import, &report), OK);
	stock_import_free(import);
	assert_int_equal(report.added, codes);
	return (int)report.filled;
}

struct order_offer shop_offer(const struct shop *s, int64_t buyer, int quantity)
{
	struct order_offer offer = { .user_id = buyer,
				     .chat_id = buyer,
				     .message_id = 77,
				     .value_id = s->value_id,
				     .quantity = quantity,
				     .unit_price = MONEY(PRICE) };

	crypto_random(offer.nonce, sizeof(offer.nonce));
	return offer;
}

struct order *shop_open(struct shop *s, const struct order_offer *offer,
			enum order_opening expected)
{
	enum order_opening opening;
	struct order *order = NULL;
	struct money price;

	assert_int_equal(
		order_open(s->t->db, &s->t->arena, offer, &s->terms, &opening, &order, &price),
		OK);
	assert_int_equal(opening, expected);
	return order;
}

struct order *shop_order(struct shop *s, int64_t id)
{
	struct order *order;

	assert_int_equal(order_find(s->t->db, &s->t->arena, id, &order), OK);
	return order;
}

struct payment_row shop_payment(const char *id, int64_t kop)
{
	return (struct payment_row){
		.id = id, .kind = PAYMENT_IN, .amount = MONEY(kop), .receipt_url = ""
	};
}

struct payment_evidence shop_paid(const struct payment_row *rows, size_t count)
{
	return (struct payment_evidence){
		.gateway = "portmone", .answer = ANSWER_PAID, .rows = rows, .count = count
	};
}

struct settlement shop_settle(struct shop *s, int64_t order_id,
			      const struct payment_evidence *evidence)
{
	struct settlement settlement;

	assert_int_equal(order_settle(s->t->db, order_id, evidence, &settlement), OK);
	return settlement;
}

int64_t shop_codes(struct shop *s, const char *state)
{
	return db_test_number(s->t,
			      arena_printf(&s->t->arena,
					   "SELECT COUNT(*) FROM card_codes WHERE state = '%s'",
					   state));
}

int64_t shop_told(struct shop *s, const char *kind, int64_t order_id)
{
	return db_test_number(
		s->t,
		arena_printf(
			&s->t->arena,
			"SELECT COUNT(*) FROM outbox WHERE kind = '%s' AND order_id = %lld",
			kind, (long long)order_id));
}

void shop_check(struct shop *s)
{
	for (size_t i = 0; i < invariant_count(); i++) {
		const struct invariant *inv = invariant_at(i);
		struct db_rows rows;

		assert_int_equal(invariant_check(s->t->db, &s->t->arena, inv, &rows), OK);
		if (rows.count)
			fail_msg("%s: %s", inv->name, db_row(&rows, 0)[0].text);
	}
}

void shop_end_reservation(struct shop *s, int64_t order_id, int seconds_ago)
{
	db_test_exec(
		s->t,
		arena_printf(&s->t->arena,
			     "UPDATE orders SET "
			     "created_at = UTC_TIMESTAMP(6) - INTERVAL %d SECOND, "
			     "expires_at = UTC_TIMESTAMP(6) - INTERVAL %d SECOND, "
			     "ask_at = UTC_TIMESTAMP(6) + INTERVAL 30 SECOND WHERE id = %lld",
			     seconds_ago + 900, seconds_ago, (long long)order_id));
}
