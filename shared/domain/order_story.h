/*
 * order_story.h: orders as administrators look at them: found by what people know of them, and
 * one with all that happened to it.  Lists go by key and cost the same at any number.
 */
#ifndef KARTKA_ORDER_STORY_H
#define KARTKA_ORDER_STORY_H

#include "shared/domain/order.h"

struct order_line {
	int64_t id;
	const char *number;
	int64_t user_id;
	const char *buyer; /* first name, "" after erasure */
	int64_t value_id;
	int quantity;
	struct money total;
	const char *state;
	int64_t created_at;
};

/* What is not given (NULL, 0) does not matter. */
struct order_filter {
	const char *state;
	int64_t value_id;
	int64_t user_id;
	int64_t from_at;   /* opened at or after */
	int64_t to_at;	   /* opened before */
	int64_t before_id; /* the page's key */
};

/* The newest first, at most limit. */
int order_lines(struct db *db, struct arena *a, const struct order_filter *filter, int limit,
		struct order_line **ret, size_t *ret_count) MUST_CHECK;

/* The order that a payment of the gateway's belongs to.  ERR_NOT_FOUND. */
int order_of_payment(struct db *db, const char *gateway_payment_id, int64_t *ret) MUST_CHECK;

struct order_message {
	const char *kind;
	const char *state;
	int64_t attempts;
	int64_t created_at;
	int64_t sent_at; /* 0: not yet */
	const char *error;
};
/* Oldest first, at most 100. */
int order_messages(struct db *db, struct arena *a, int64_t order_id, struct order_message **ret,
		   size_t *ret_count) MUST_CHECK;

struct order_code {
	int64_t id;
	int64_t slot;
	const char *serial;
	const char *state;
};
int order_codes(struct db *db, struct arena *a, int64_t order_id, struct order_code **ret,
		size_t *ret_count) MUST_CHECK;

/* The buyer gets the codes once more.  `wish` makes it once: a word of this wish. */
int order_send_again(struct db *db, const struct order *order, const char *wish) MUST_CHECK;

#endif
