/*
 * refund_send.h: telling the gateway to give money back.  There is no key that would make a
 * repeat harmless, so
 *
 *	claim (a lease) → ask the gateway what it has → "sent" is written → it is told
 *
 * and whatever is not known afterwards is asked for, never told again: only when several
 * usable answers, over longer than any call can hang, show no trace of it.
 */
#ifndef KARTKA_REFUND_SEND_H
#define KARTKA_REFUND_SEND_H

#include "shared/domain/order_settle.h"
#include "shared/domain/refund.h"

/* One refund that is looked after. */
struct refund_task {
	int64_t refund_id;
	int64_t order_id;
	const char *number;
	int64_t since; /* the question's dates begin here */
	int64_t owner;
	int claims;
};

/* Claim up to limit refunds whose time has come, for lease_seconds. */
int refund_claim(struct db *db, struct arena *a, int64_t owner, int limit,
		 int64_t lease_seconds, struct refund_task **ret, size_t *ret_count) MUST_CHECK;

/* What the gateway is to be told. */
struct refund_order {
	const struct order *order;
	const char *payment_id; /* the gateway's; "" where the order has only one */
	struct money amount;
	bool whole; /* all that the order was paid with, in one go */
	const char *reason;
};

enum refund_step {
	REFUND_STEP_TELL, /* "sent" is written: tell the gateway now, then refund_told() */
	REFUND_STEP_WAIT, /* looked at again later */
	REFUND_STEP_OVER, /* done, refused, or somebody else's by now */
	REFUND_STEP__COUNT
};

/* The gateway's answer came: settled first, as any other; then what is to be done. */
int refund_answered(struct db *db, struct arena *a, const struct refund_task *task,
		    const struct payment_evidence *evidence, enum refund_step *ret,
		    struct refund_order *ret_order) MUST_CHECK;

/*
 * It was told.  outcome OK: given back, return_id is the row's own ("" when not told);
 * ERR_DENIED: refused; ERR_DOWN: it did not get there; ERR_UNSURE: it got there, and nobody
 * knows.  `why` has the gateway's words.  *ret: OVER, or WAIT.
 */
int refund_told(struct db *db, const struct refund_task *task, const char *gateway, int outcome,
		const char *return_id, const char *why, enum refund_step *ret) MUST_CHECK;

/* Seconds until the next is due, at most `most`. */
int refund_due(struct db *db, int64_t most, int64_t *ret) MUST_CHECK;

#endif
