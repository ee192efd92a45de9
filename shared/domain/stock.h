/*
 * stock.h: the codes on the shelf.  A code is issued to at most one order, ever: the row
 * holds the one order it belongs to, and every change names the state it leaves.
 *
 * Lock order everywhere: the order's row, then its codes.  Codes are taken oldest-expiring
 * first with SKIP LOCKED, so buyers of one value don't queue behind each other.
 */
#ifndef KARTKA_STOCK_H
#define KARTKA_STOCK_H

#include "shared/domain/code.h"
#include "shared/platform/db.h"

/*
 * Take codes off the shelf for an order, all or none, into state 'reserved' or, with sold,
 * straight into 'sold'.  In the caller's transaction.  ERR_NOT_FOUND: not enough, looked at
 * twice, the second time waiting for codes that others hold.
 */
int stock_take(struct db *db, int64_t value_id, int64_t order_id, int quantity,
	       bool sold) MUST_CHECK;

/*
 * One code off the shelf, sold into this place of the order, which must be free.  ret: its id.
 * ERR_NOT_FOUND: there is none.
 */
int stock_take_into(struct db *db, int64_t value_id, int64_t order_id, int slot,
		    int64_t *ret) MUST_CHECK;

/* The order's reserved codes become sold.  ret: how many. */
int stock_sell_reserved(struct db *db, int64_t order_id, int *ret) MUST_CHECK;

/* The order's reserved codes go back to the shelf. */
int stock_release(struct db *db, int64_t order_id) MUST_CHECK;

/* The order's money went back: its sold codes become defective, and stay its own. */
int stock_spoil(struct db *db, int64_t order_id) MUST_CHECK;

/* A code of the order's does not work: it becomes defective, and nobody's. */
int stock_spoil_one(struct db *db, int64_t code_id, int64_t order_id) MUST_CHECK;

/* A sold code as it is stored, for the moment it is sent or shown. */
struct stock_code {
	int64_t id;
	int64_t value_id;
	struct code_sealed sealed;
	const char *serial;
	int64_t expires_at;
	int slot; /* 1 … quantity */
};

/* The codes sold to an order, by slot. */
int stock_of_order(struct db *db, struct arena *a, int64_t order_id, struct stock_code **ret,
		   size_t *ret_count) MUST_CHECK;

/* Codes of a value in a state, exact up to limit, limit + 1 for more: cheap at any stock. */
int stock_bounded(struct db *db, int64_t value_id, const char *state, int limit,
		  int *ret) MUST_CHECK;

/* What a list of all values shows of one, in one question; counts as stock_bounded()'s. */
struct stock_shelf {
	int available;
	int reserved;
	int64_t low_stock; /* administrators are told when fewer are left */
};
int stock_shelf(struct db *db, int64_t value_id, int limit, struct stock_shelf *ret) MUST_CHECK;

/* Codes of a value by state, for `codes count`: no bound, not for taps. */
struct stock_counts {
	int64_t available;
	int64_t reserved;
	int64_t sold;
	int64_t defective;
	int64_t withdrawn;
};
int stock_count(struct db *db, int64_t value_id, struct stock_counts *ret) MUST_CHECK;
/* The same of one batch. */
int stock_count_batch(struct db *db, int64_t batch_id, struct stock_counts *ret) MUST_CHECK;

/* The same by batch, oldest first, with those that were replaced for their buyers. */
struct stock_batch {
	const char *name;
	const char *supplier;
	struct stock_counts counts;
	int64_t replaced; /* of the defective ones */
};
int stock_batches(struct db *db, struct arena *a, int64_t value_id, struct stock_batch **ret,
		  size_t *ret_count) MUST_CHECK;

#endif
