/*
 * order.h: an order as it stands, and finding orders.  How it is born is order_open.h,
 * how it is paid order_settle.h, how its gateway is asked order_ask.h.
 *
 *	pending ──paid──► paid ──codes──► delivered ──► refunding ──► refunded
 *	   ├─► expired   ─┐
 *	   └─► cancelled ─┴─ money arrives late: paid, codes taken anew, or waiting
 */
#ifndef KARTKA_ORDER_H
#define KARTKA_ORDER_H

#include "shared/platform/db.h"

enum order_state {
	ORDER_PENDING,
	ORDER_PAID, /* money is in, codes are not: waiting for stock */
	ORDER_DELIVERED,
	ORDER_REFUNDING,
	ORDER_REFUNDED,
	ORDER_DISPUTED,
	ORDER_EXPIRED,
	ORDER_CANCELLED,
	ORDER__COUNT
};
const char *order_state_name(enum order_state state); /* as in the database */
enum order_state order_state_read(const char *word);  /* ORDER__COUNT: it is none */

enum { ORDER_NUMBER_LEN = 9, ORDER_NONCE_LEN = 16 };

struct order {
	int64_t id;
	const char *number; /* K7F3-9QXA */
	int64_t user_id;
	int64_t value_id;
	int quantity;
	struct money unit_price;
	struct money discount;
	struct money bonus;
	struct money total;
	enum order_state state;
	int64_t chat_id;
	int64_t message_id; /* 0: not known */
	const char *lang;
	const char *link_url; /* NULL: not made yet */
	int64_t created_at;
	int64_t expires_at;
	int64_t paid_at; /* 0: not yet; so the next two */
	int64_t delivered_at;
	int64_t ended_at;
	int64_t seconds_left; /* until expires_at by the database's clock; negative: past */
	unsigned char nonce[ORDER_NONCE_LEN]; /* of the payment button it was opened with */
};

/* ERR_NOT_FOUND.  A number is looked up as it is; order_number_read() tidies what people type.
 */
int order_find(struct db *db, struct arena *a, int64_t id, struct order **ret) MUST_CHECK;
int order_by_number(struct db *db, struct arena *a, const char *number,
		    struct order **ret) MUST_CHECK;
int order_by_nonce(struct db *db, struct arena *a, const unsigned char nonce[ORDER_NONCE_LEN],
		   struct order **ret) MUST_CHECK;
/* Locked until the transaction ends. */
int order_lock(struct db *db, struct arena *a, int64_t id, struct order **ret) MUST_CHECK;

/*
 * A person's purchases, newest first: paid, delivered and later states.  Pages by key:
 * before 0 is the newest page, else orders with a smaller id.
 */
int order_list_of_user(struct db *db, struct arena *a, int64_t user_id, int64_t before,
		       int limit, struct order **ret, size_t *ret_count) MUST_CHECK;

/* "k7f3 9qxa" → "K7F3-9QXA".  ERR_INVALID: it can't be a number. */
int order_number_read(struct arena *a, const char *typed, const char **ret) MUST_CHECK;

/*
 * The buyer gives the order up: pending → cancelled, codes back to the shelf.
 * ERR_NOT_FOUND: not this person's; ERR_CONFLICT: it is not pending any more.
 */
int order_cancel(struct db *db, int64_t order_id, int64_t user_id) MUST_CHECK;

/* ---- the gateway's page ---- */

/*
 * May this process ask the gateway for the order's page?  One may at a time, for `seconds`.
 * False: somebody else is asking, or there is a page already.
 */
int order_link_claim(struct db *db, int64_t order_id, int64_t seconds, bool *ret) MUST_CHECK;
/* Store it unless there is one; ret is the one that counts. */
int order_link_store(struct db *db, struct arena *a, int64_t order_id, const char *url,
		     const char **ret) MUST_CHECK;
/* It could not be made: the next one may try at once. */
int order_link_give_up(struct db *db, int64_t order_id) MUST_CHECK;

#endif
