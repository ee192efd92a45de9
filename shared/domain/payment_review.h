/*
 * payment_review.h: money that did not fit its order waits here for a person, and each way
 * out is usable:
 *
 *	deliver  it is taken for the order's payment, by the settlement like any other
 *	refund   it goes back, whole or in part
 *	dismiss  nothing happens with it, and it is written why
 */
#ifndef KARTKA_PAYMENT_REVIEW_H
#define KARTKA_PAYMENT_REVIEW_H

#include "shared/domain/order_refund.h"
#include "shared/domain/order_settle.h"

/* One that waits, and its order. */
struct payment_case {
	int64_t payment_id;
	const char *order_number;
	enum order_state order_state;
	struct money order_total;
	struct money amount;
	const char *reason; /* short, second, surplus, return, chargeback, … */
	const char *gateway_payment_id;
	int64_t received_at;
	bool refunding; /* it is on its way back already */
};

/* Oldest first; order_id 0: of all orders.  after_id: a page goes on behind this payment. */
int payment_review_list(struct db *db, struct arena *a, int64_t order_id, int64_t after_id,
			int limit, struct payment_case **ret, size_t *ret_count) MUST_CHECK;

enum review_choice { REVIEW_DELIVER, REVIEW_REFUND, REVIEW_DISMISS };

enum review_result {
	REVIEW_DELIVERED, /* paid by it: codes sold */
	REVIEW_WAITING,	  /* paid by it: not enough codes, the next upload fills it */
	REVIEW_REFUNDING, /* on its way back; resolved when it has arrived */
	REVIEW_DISMISSED,
	REVIEW_OVER, /* it does not wait (any more), or is no payment of the order's */
	REVIEW_CANNOT_DELIVER,	 /* the order is paid, or this money is gone */
	REVIEW_CANNOT_REFUND,	 /* the bank or somebody else moved it: nothing to give back */
	REVIEW_REFUND_UNDER_WAY, /* another refund of this order is */
	REVIEW_TOO_MUCH,	 /* less than that is left of it */
	REVIEW_DISPUTED,	 /* the order is in dispute: that is decided first */
	REVIEW__COUNT
};

struct review_decision {
	int64_t order_id;
	int64_t payment_id;
	enum review_choice choice;
	struct money amount; /* of a refund; 0: all of it, of a surplus what is too much */
	const struct decision *decision;
};
int payment_review_decide(struct db *db, const struct review_decision *what,
			  enum review_result *ret) MUST_CHECK;

#endif
