/*
 * order_quarantine.h: an order that was paid, whose codes can't be sent because one of them
 * does not open.  Settling knows no keys, so this comes out at the moment of sending.
 *
 *	the key is missing, or is another one		nothing changes: it can be given back
 *	altered, or another row's			defective and no order's; others in its
 *							place, in one transaction
 *	the same, the shelf is empty			nothing of the order is left: it waits,
 *							paid; else it stays as it is
 *
 * What was sold never goes back to the shelf: somebody may have seen it.
 */
#ifndef KARTKA_ORDER_QUARANTINE_H
#define KARTKA_ORDER_QUARANTINE_H

#include "shared/domain/code.h"
#include "shared/domain/order.h"

enum quarantine_result {
	QUARANTINE_NOTHING,  /* every code opens, or the order has moved on */
	QUARANTINE_REPLACED, /* the order has others: it can be sent */
	QUARANTINE_WAITING,  /* it is paid and waits; the buyer's message is in the outbox */
	QUARANTINE_NO_STOCK, /* readable codes are left of it, and none for the others' places
			      */
	QUARANTINE_KEYS,     /* it is the vault that is wrong */
	QUARANTINE__COUNT
};

/* ERR_NOT_FOUND: no such order.  Administrators are told of each code that was taken away. */
int order_quarantine(struct db *db, const struct code_vault *vault, int64_t order_id,
		     enum quarantine_result *ret) MUST_CHECK;

#endif
