/*
 * order_dispute.h: an order whose money was taken back without us.  Nothing happens to it by
 * itself, and its buyer opens no new orders, until somebody decides:
 *
 *	keep  the money stays gone: the order stays in dispute, and its buyer outside
 *	lift  it was in order, or has come back: the order is what it was; refunded, where
 *	      everything that was paid for it went back
 */
#ifndef KARTKA_ORDER_DISPUTE_H
#define KARTKA_ORDER_DISPUTE_H

#include "shared/domain/refund.h"

enum dispute_choice { DISPUTE_KEEP, DISPUTE_LIFT };

/*
 * *ret: the order's state afterwards.  Decided already in the same way: nothing changes.
 * ERR_NOT_FOUND: no such order; ERR_CONFLICT: it is not in dispute.
 */
int order_dispute_decide(struct db *db, int64_t order_id, enum dispute_choice choice,
			 const struct decision *decision, enum order_state *ret) MUST_CHECK;

#endif
