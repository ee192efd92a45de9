/*
 * shop.h: a small shop for tests of the domain: a buyer, a value, codes, and evidence as a
 * gateway would give it.
 */
#ifndef KARTKA_TEST_SHOP_H
#define KARTKA_TEST_SHOP_H

#include "shared/domain/code.h"
#include "shared/domain/order_ask.h"
#include "shared/domain/order_fill.h"
#include "shared/domain/order_open.h"
#include "tests/db/db_test.h"

enum { BUYER = 1001, OTHER_BUYER = 1002, PRICE = 10000 };

struct shop {
	struct db_test *t;
	struct code_vault vault;
	int64_t category_id;
	int64_t value_id; /* slug "card", 100.00 */
	struct order_terms terms;
};

/* Two buyers, one category, one value, so many codes CARD-0000000001 …. */
void shop_make(struct shop *s, struct db_test *t, int codes);
/* A further value of the same price. */
int64_t shop_value(struct shop *s, const char *slug);
/* Import further codes, "PREFIX-1" …; returns how many waiting orders were filled. */
int shop_stock(struct shop *s, const char *prefix, int codes);

/* An offer as a payment button carries it; each call has a nonce of its own. */
struct order_offer shop_offer(const struct shop *s, int64_t buyer, int quantity);
/* Open it and expect this. */
struct order *shop_open(struct shop *s, const struct order_offer *offer,
			enum order_opening expected);
struct order *shop_order(struct shop *s, int64_t id);

/* One payment row; by default of PRICE. */
struct payment_row shop_payment(const char *id, int64_t kop);
struct payment_evidence shop_paid(const struct payment_row *rows, size_t count);
struct settlement shop_settle(struct shop *s, int64_t order_id,
			      const struct payment_evidence *evidence);

int64_t shop_codes(struct shop *s, const char *state);
int64_t shop_told(struct shop *s, const char *kind, int64_t order_id);
/* Every invariant holds. */
void shop_check(struct shop *s);
/* Move the order's times as if its reservation had ended so many seconds ago and a worker were
 * asking. */
void shop_end_reservation(struct shop *s, int64_t order_id, int seconds_ago);

#endif
