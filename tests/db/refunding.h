/*
 * refunding.h: an order that was paid, its refunds, and what the gateway has of them, for
 * tests.
 */
#ifndef KARTKA_TEST_REFUNDING_H
#define KARTKA_TEST_REFUNDING_H

#include "shared/domain/order_refund.h"
#include "shared/domain/refund_send.h"
#include "tests/db/shop.h"

struct refunding {
	struct shop s;
	struct order *order;
	struct payment_row rows[4]; /* what the gateway has */
	size_t count;
};

/* An order of so many codes, paid: delivered, or waiting where no code is left. */
void refunding_begin(struct refunding *r, struct db_test *t, int quantity, bool waits);

/* The gateway has a further row. */
void refunding_row(struct refunding *r, const char *id, int64_t kop, enum payment_kind kind);
/* It is asked about the order. */
struct settlement refunding_settle(struct refunding *r);

/* An administrator's; payment 0: what paid the order; kop 0: all of it. */
enum refund_result refunding_wish(struct refunding *r, int64_t payment, int64_t kop);

/* The worker's turn, whenever it would be. */
struct refund_task refunding_claim(struct refunding *r);
enum refund_step refunding_answered(struct refunding *r, const struct refund_task *task,
				    enum payment_answer answer, struct refund_order *told);
/* One look: what the gateway has, and what is to be done. */
enum refund_step refunding_look(struct refunding *r, struct refund_task *task);
/* What came of telling it. */
enum refund_step refunding_told(struct refunding *r, const struct refund_task *task,
				int outcome, const char *id);

void refunding_expect(struct refunding *r, enum order_state state);
void refunding_expect_refund(struct refunding *r, const char *state); /* of the latest */
int64_t refunding_alerts(struct refunding *r, const char *what);

#endif
