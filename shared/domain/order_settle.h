/*
 * order_settle.h: the one function that settles payments, whoever calls it: the worker's
 * questions, a notification or return that made it ask, an administrator.  Calling it again
 * with the same evidence changes nothing and succeeds.
 *
 * One READ COMMITTED transaction, run again whole when the database says so:
 *	order locked → each payment recorded once → paid → codes sold → message in the outbox
 * No network call happens inside.
 */
#ifndef KARTKA_ORDER_SETTLE_H
#define KARTKA_ORDER_SETTLE_H

#include "shared/domain/payment.h"

enum settle_result {
	SETTLE_NOTHING,	  /* no money that was not known before */
	SETTLE_DELIVERED, /* paid just now, codes sold, message in the outbox */
	SETTLE_WAITING,	  /* paid just now, not enough codes: the next upload fills it */
	SETTLE_REVIEW,	  /* money that does not fit: a person decides; the order as before */
	SETTLE__COUNT
};
const char *settle_result_name(enum settle_result result);

struct settlement {
	enum settle_result result;
	enum order_state state; /* of the order afterwards */
	bool surplus;		/* more than the total was paid: that part is in review */
};

/*
 * ERR_NOT_FOUND: no such order.  Evidence with an acceptance: ERR_NOT_FOUND: the order has no
 * such payment; ERR_CONFLICT: it can't pay the order (any more).
 */
int order_settle(struct db *db, int64_t order_id, const struct payment_evidence *evidence,
		 struct settlement *ret) MUST_CHECK;

#endif
