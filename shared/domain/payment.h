/*
 * payment.h: money, as the gateway's own answer told it, and hints that there may be some.
 */
#ifndef KARTKA_PAYMENT_H
#define KARTKA_PAYMENT_H

#include "shared/domain/decision.h"
#include "shared/domain/order.h"

/* ---- evidence: one answer of a gateway to our question about one order ---- */

enum payment_kind { PAYMENT_IN, PAYMENT_RETURN };

struct payment_row {
	const char *id; /* the gateway's own */
	enum payment_kind kind;
	struct money amount;
	bool chargeback;
	const char *receipt_url; /* "" without */
	int64_t paid_at;	 /* 0: not told */
};

enum payment_answer {
	ANSWER_NONE,	 /* the gateway never saw the order, or only declined attempts */
	ANSWER_OPEN,	 /* somebody is paying: not finished */
	ANSWER_PAID,	 /* rows hold at least one payment */
	ANSWER_UNUSABLE, /* down, malformed, refused: nothing is known */
	ANSWER__COUNT
};

/* An administrator takes a payment that is in review for the one that pays the order. */
struct payment_acceptance {
	int64_t payment_id;
	const struct decision *decision;
};

struct payment_evidence {
	const char *gateway; /* "portmone" */
	enum payment_answer answer;
	const struct payment_row *rows; /* payments and returns; test money left out */
	size_t count;
	const struct payment_acceptance *accepted; /* NULL: the gateway's word alone */
};

/* ---- what is kept ---- */

enum payment_state { PAYMENT_OK, PAYMENT_REVIEW, PAYMENT_RESOLVED };
enum payment_state payment_state_read(const char *word); /* as in the database */

struct payment {
	int64_t id;
	const char *gateway;
	const char *gateway_payment_id;
	enum payment_kind kind;
	struct money amount;
	bool applied; /* this one paid the order */
	bool twin;    /* another order had a payment of this id before */
	enum payment_state state;
	const char *reason; /* "", "short", "second", "surplus", "twin", … */
	const char *receipt_url;
	int64_t received_at;
};
int payment_list_of_order(struct db *db, struct arena *a, int64_t order_id,
			  struct payment **ret, size_t *ret_count) MUST_CHECK;

/* What the gateway told, for the books; in the caller's transaction, the order locked. */
struct payment_entry {
	int64_t order_id;
	const char *gateway;
	const struct payment_row *row;
	bool applied;
	bool twin;
	const char *reason; /* why it is for a person to decide; "": it is not */
};
/*
 * A payment counts once: ERR_CONFLICT: another order has one of this id.  That may be booked
 * too, as a twin, and is nothing but a reason to look.  ret_id: of the row; may be NULL.
 */
int payment_book(struct db *db, const struct payment_entry *entry, int64_t *ret_id) MUST_CHECK;

/* ---- hints ---- */

enum hint_source { HINT_NOTIFY, HINT_RETURN };

/*
 * Somebody says that this order was paid: the worker asks the gateway at once.  A hundred
 * repeats are one row.  ERR_NOT_FOUND: no order has this number; nothing is stored.
 */
int payment_hint(struct db *db, const char *order_number, enum hint_source source,
		 const char *gateway_payment_id) MUST_CHECK;

/*
 * The gateway's receipt for that payment, as the buyer's browser brought it: kept with the
 * hint, and used once the gateway itself has told of a payment with this id.  If the codes were
 * sent before, the link follows them.  After payment_hint; an unknown order changes nothing.
 */
int payment_receipt(struct db *db, const char *order_number, const char *gateway_payment_id,
		    const char *url) MUST_CHECK;

#endif
