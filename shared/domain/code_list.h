/*
 * code_list.h: the codes of a value as a list, without the codes themselves: what is on the
 * shelf in the order in which it will be sold, what was sold, what was taken off.  By key, in
 * one state, so that a page costs the same at any stock.
 */
#ifndef KARTKA_CODE_LIST_H
#define KARTKA_CODE_LIST_H

#include "shared/platform/db.h"

struct code_line {
	int64_t id;
	int64_t batch_id;
	const char *batch;
	const char *serial;
	int64_t order_id;	  /* 0: none */
	const char *order_number; /* "" without */
	int64_t expires_at;
	bool expires;	 /* ever */
	int64_t sold_at; /* 0: not yet */
};

struct code_filter {
	int64_t value_id;
	int64_t batch_id;  /* 0: of any batch */
	const char *state; /* "available", …: is asked for */
	int64_t after_at;  /* the page's key: the last line's expires_at … */
	int64_t after_id;  /* … and id; 0: the first page */
};

/* Those that expire first come first; of one batch, in the order of its file.  At most limit.
 */
int code_lines(struct db *db, struct arena *a, const struct code_filter *filter, int limit,
	       struct code_line **ret, size_t *ret_count) MUST_CHECK;

#endif
