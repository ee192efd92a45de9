/*
 * payment_list.h: all payments and returns, newest first, for the books: by key, at the same
 * cost at any number.
 */
#ifndef KARTKA_PAYMENT_LIST_H
#define KARTKA_PAYMENT_LIST_H

#include "shared/domain/payment.h"

struct payment_line {
	struct payment payment;
	const char *state; /* "ok", "review", "resolved" */
	int64_t order_id;
	const char *order_number;
	int64_t user_id; /* who bought */
};

/* What is not given (NULL, 0) does not matter. */
struct payment_filter {
	const char *state;
	int64_t from_at;   /* heard of at or after */
	int64_t to_at;	   /* heard of before */
	int64_t before_id; /* the page's key */
};

int payment_lines(struct db *db, struct arena *a, const struct payment_filter *filter,
		  int limit, struct payment_line **ret, size_t *ret_count) MUST_CHECK;

#endif
