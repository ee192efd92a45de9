/*
 * order_open.h: the birth of an order: the payment page was opened.  The button's token
 * carries everything the buyer saw, signed; opening it twice is once (the nonce is unique).
 */
#ifndef KARTKA_ORDER_OPEN_H
#define KARTKA_ORDER_OPEN_H

#include "shared/domain/order.h"
#include "shared/domain/order_limit.h"
#include "shared/platform/crypto.h"

/* What a payment button offers. */
struct order_offer {
	int64_t user_id;
	int64_t chat_id;
	int64_t message_id; /* where it is drawn, 0 when not known */
	int64_t value_id;
	int quantity;
	struct money unit_price; /* as shown */
	int64_t promo_id;	 /* 0: none */
	struct money bonus;	 /* to be spent */
	unsigned char nonce[ORDER_NONCE_LEN];
};

/*
 * A nonce for this drawing, the same when the same update is answered again: from the
 * update's id, the chat and what is offered.
 */
void order_nonce_make(const unsigned char data_key[CRYPTO_KEY], int64_t update_id,
		      struct order_offer *offer);

/* [A-Za-z0-9_-]+, about 130 characters. */
const char *order_token_write(struct arena *a, const unsigned char data_key[CRYPTO_KEY],
			      const struct order_offer *offer);
/* ERR_DENIED: not ours or altered, in any way. */
int order_token_read(struct arena *a, const unsigned char data_key[CRYPTO_KEY],
		     const char *token, struct order_offer *ret) MUST_CHECK;

enum order_opening {
	OPENING_OK, /* there is an order, new or from the first opening: look at its state */
	OPENING_SOLD_OUT,      /* not enough codes; nothing owed */
	OPENING_PRICE_CHANGED, /* shown first: the buyer confirms a fresh token */
	OPENING_GONE,	       /* the value is hidden or can't be paid this way any more */
	OPENING_PAUSED,	       /* sales are paused */
	OPENING_BANNED,	       /* the buyer is banned, or disputed money is open */
	OPENING_TOO_MANY,      /* more than the value's limit per order or per day */
	OPENING_OPEN_LIMIT,    /* the buyer has as much open as a person may */
	OPENING_UNPAID,	       /* too many orders left unpaid: a pause first */
	OPENING__COUNT
};

struct order_terms {
	int64_t ttl;		    /* seconds a reservation lives */
	bool paused;		    /* SALES, unless the panel's switch says otherwise */
	int64_t ask_first;	    /* seconds until the gateway is asked for the first time */
	struct order_limits limits; /* all 0: none */
};

/*
 * Make the order and reserve the codes, all or none; a pending order of the same message is
 * cancelled.  Retried whole inside; call it outside a transaction.
 * OK: *ret says what came of it; *ret_order is set for OPENING_OK, *ret_price (the price now)
 * for OPENING_PRICE_CHANGED.
 */
int order_open(struct db *db, struct arena *a, const struct order_offer *offer,
	       const struct order_terms *terms, enum order_opening *ret,
	       struct order **ret_order, struct money *ret_price) MUST_CHECK;

/* Seconds until the buyer may open this offer again after orders left unpaid; 0: now. */
int order_open_wait(struct db *db, struct arena *a, const struct order_offer *offer,
		    const struct order_limits *limits, int64_t *ret) MUST_CHECK;

#endif
