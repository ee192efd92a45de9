/*
 * refund.h: money on its way back by our own wish: what is known of it, which of the
 * gateway's rows it is, and how it ends.  How it is wished for is order_refund.h, how the
 * gateway is told refund_send.h.
 *
 *	pending ──told──► sent ──there──► done
 *	   └────────────────┴── refused
 *
 * One refund of an order at a time: so a row of money that went back is known for ours.
 */
#ifndef KARTKA_REFUND_H
#define KARTKA_REFUND_H

#include "shared/domain/decision.h"
#include "shared/domain/payment.h"

enum refund_state {
	REFUND_PENDING, /* nobody was told yet */
	REFUND_SENT,	/* the gateway was told; whether it arrived is not known */
	REFUND_DONE,
	REFUND_REFUSED,
	REFUND_STATE__COUNT
};
const char *refund_state_name(enum refund_state state); /* as in the database */

struct refund {
	int64_t id;
	int64_t order_id;
	int64_t payment_id;
	struct money amount;
	bool whole; /* the order ends with it */
	enum refund_state state;
	const char *reason;
	const char *actor;
	const char *return_id; /* the gateway's own id of the money back; "" before */
	const char *last_error;
	int64_t lease_owner; /* 0: nobody's */
	int64_t created_at;
};
int refund_list_of_order(struct db *db, struct arena *a, int64_t order_id, struct refund **ret,
			 size_t *ret_count) MUST_CHECK;

bool refund_is_open(const struct refund *refund);

/* ---- what came of it; in the caller's transaction, the order's row locked ---- */

/* An order's money: what came in, what went back, what is on its way. */
struct refund_books {
	const struct payment *payments;
	size_t payment_count;
	const struct refund *refunds;
	size_t refund_count;
};
int refund_books_read(struct db *db, struct arena *a, int64_t order_id,
		      struct refund_books *ret) MUST_CHECK;

/* What can still go back of the payment; of all the order's together, if that is less. */
struct money refund_left(const struct refund_books *books, int64_t payment_id);

/* The payment that this row of money back is our own refund of; NULL: it went without us. */
const struct payment *refund_payment_of(const struct refund_books *books,
					const struct payment *back);

/*
 * Does what is left pay the order?  What went back may have been a second payment or a surplus.
 * A part of what paid it that went back by our own wish was agreed on, and is not missed; nor
 * is what a person did without who took less than the total for it.
 */
bool refund_covers(const struct refund_books *books, struct money total);

/*
 * Money was taken back without us, nobody has decided about it, and what is left does not
 * cover the order: it is in dispute.
 */
bool refund_is_dispute(const struct refund_books *books, struct money total);

/*
 * For each row of the evidence the refund of ours that it is, by its id, else the one under
 * way of that sum; NULL: no money that went back, or without us.
 */
const struct refund **refund_match(struct arena *a, const struct refund_books *books,
				   const struct payment_evidence *evidence);

/* The money is back: booked, the order ended where it was whole, codes marked, buyer told. */
int refund_finish(struct db *db, struct arena *a, struct order *order,
		  const struct refund *refund, const char *gateway,
		  const char *return_id) MUST_CHECK;

/* It will not be: the order is as before, administrators are told. */
int refund_refuse(struct db *db, struct arena *a, struct order *order,
		  const struct refund *refund, const char *why) MUST_CHECK;

/*
 * The order is delivered again: its codes' message, if that was due meanwhile and came to
 * nothing.  `why` makes the fact one of its own.
 */
int refund_tell_codes(struct db *db, struct arena *a, const struct order *order,
		      const char *why) MUST_CHECK;

#endif
