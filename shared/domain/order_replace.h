/*
 * order_replace.h: another code in the place of one that does not work.  The old one becomes
 * defective and no order's, the new one is sold in its place; which stood for which is kept.
 */
#ifndef KARTKA_ORDER_REPLACE_H
#define KARTKA_ORDER_REPLACE_H

#include "shared/domain/decision.h"
#include "shared/domain/order.h"

enum replace_result {
	REPLACE_DONE,	       /* the buyer's message is in the outbox */
	REPLACE_NOT_DELIVERED, /* the order has no codes that could be replaced */
	REPLACE_NO_CODE,       /* it has none in that place */
	REPLACE_CHANGED,       /* another one stands there by now */
	REPLACE_NO_STOCK,      /* there is none to put there: upload, or refund */
	REPLACE__COUNT
};

struct replacement {
	int64_t order_id;
	int slot;
	int64_t code_id; /* the one that does not work; so two at once are one */
	const struct decision *decision;
};

/* ERR_NOT_FOUND: no such order. */
int order_replace(struct db *db, const struct replacement *what,
		  enum replace_result *ret) MUST_CHECK;

#endif
