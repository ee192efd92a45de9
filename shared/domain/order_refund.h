/*
 * order_refund.h: wishing an order's money back, whole or in part.
 *
 *	paid, delivered ──whole──► refunding ──given back──► refunded
 *	                              └── refused: back, and an administrator is told
 *
 * A part, or a payment in review that never paid the order, leaves the order where it is.
 * Two wishes at once are one refund.  What becomes of it is refund.h.
 */
#ifndef KARTKA_ORDER_REFUND_H
#define KARTKA_ORDER_REFUND_H

#include "shared/domain/refund.h"

enum refund_result {
	REFUND_ASKED,	  /* on its way, now or by an earlier telling of the same wish */
	REFUND_UNDER_WAY, /* another one of this order is */
	REFUND_NOT_PAID,  /* the order is in no state to be refunded */
	REFUND_TOO_MUCH,  /* less than that is left of the payment */
	REFUND_NOT_OURS,  /* the bank took this payment back itself, or there is none such */
	REFUND_DECIDED,	  /* in_review: it does not wait any more */
	REFUND__COUNT
};

struct refund_wish {
	int64_t order_id;
	int64_t payment_id;  /* 0: the one that paid the order */
	struct money amount; /* 0: all that is left of it */
	bool in_review;	     /* only while it waits for a decision */
	const struct decision *decision;
};

/* ERR_NOT_FOUND: no such order.  *ret_amount is set for REFUND_ASKED. */
int order_refund_ask(struct db *db, const struct refund_wish *wish, enum refund_result *ret,
		     struct money *ret_amount) MUST_CHECK;

/*
 * The buyer of an order that waits for stock wants the money back: at once, nothing was
 * delivered.  ERR_NOT_FOUND: no such order of this person; REFUND_NOT_PAID: it does not wait.
 */
int order_refund_by_buyer(struct db *db, int64_t order_id, int64_t user_id,
			  enum refund_result *ret) MUST_CHECK;

#endif
