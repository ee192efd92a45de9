/*
 * order_ask.h: asking the gateway about orders, and expiring them.  Ask first, expire second.
 *
 * Asked 10, 20, 40 … 300 s after the page was opened, at once on a hint, within 2 s of the
 * order's end, for 48 h after it, then daily for 30 days.  At the end of the reservation:
 * paid settles; nothing there expires; somebody paying keeps the codes min(TTL/10, 120 s)
 * longer, then expires; no usable answer asks again, and after one more TTL the codes go
 * back to the shelf while the questions go on.
 */
#ifndef KARTKA_ORDER_ASK_H
#define KARTKA_ORDER_ASK_H

#include "shared/domain/order_settle.h"

struct order_question {
	int64_t order_id;
	const char *number;
	int64_t created_at; /* the question's dates begin here */
	int asks;	    /* so far */
};

/* Claim orders whose time to be asked has come, oldest first, for lease_seconds. */
int order_ask_claim(struct db *db, struct arena *a, int limit, int64_t lease_seconds,
		    struct order_question **ret, size_t *ret_count) MUST_CHECK;

enum ask_result {
	ASK_OPEN,    /* still pending, asked again later */
	ASK_SETTLED, /* see settlement */
	ASK_EXPIRED, /* just now: codes are on the shelf again, the buyer's message is in the
			outbox */
	ASK_ENDED,   /* over already; asked again later or never */
	ASK__COUNT
};

struct asking {
	enum ask_result result;
	struct settlement settlement;
};

/* The answer came (or none): settle, expire, or set the time of the next question. */
int order_answered(struct db *db, int64_t order_id, const struct payment_evidence *evidence,
		   struct asking *ret) MUST_CHECK;

/* Seconds until the next question is due, at most `most`. */
int order_ask_due(struct db *db, int64_t most, int64_t *ret) MUST_CHECK;

/* An administrator wants the gateway asked now. */
int order_ask_now(struct db *db, int64_t order_id) MUST_CHECK;

#endif
