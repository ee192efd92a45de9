/*
 * shelf.h: how long the stock of each value lasts, and what else of the shop waits for a
 * person.  Counts are bounded: they cost the same at any stock and any number of orders.
 */
#ifndef KARTKA_SHELF_H
#define KARTKA_SHELF_H

#include "shared/platform/db.h"

enum {
	SHELF_DAYS = 7,	  /* the rate of sale is that of these days */
	SHELF_AHEAD = 14, /* so many days' codes are counted, unless they are very many */
	NEEDS_MAX = 999,  /* counted exactly up to here, NEEDS_MAX + 1 for more */
};

struct shelf {
	int64_t value_id;
	int left; /* exact up to bound, bound + 1 for more */
	int bound;
	int low_stock; /* fewer than that are too few */
	int64_t sold;  /* codes in SHELF_DAYS */
};
/* Values that are offered.  today: its day (clock_day_of). */
int shelf_list(struct db *db, struct arena *a, int64_t today, struct shelf **ret,
	       size_t *ret_count) MUST_CHECK;

struct shop_needs {
	int64_t waiting;  /* orders paid, without codes */
	int64_t disputed; /* orders whose money was taken back */
	int64_t reviews;  /* payments that a person decides about */
	int64_t cases;	  /* buyers who wait for an answer */
	int64_t refunds;  /* on their way back for over an hour */
	int64_t dead;	  /* messages given up */
	int64_t unasked;  /* orders whose gateway should have been asked a minute ago */
	bool unsent;	  /* a message about an order is due for two minutes */
};
int shop_needs(struct db *db, struct shop_needs *ret) MUST_CHECK;

/* What is missing before anything can be sold. */
struct shop_begun {
	bool has_values;
	bool has_codes; /* ever */
	bool has_orders;
};
int shop_begun(struct db *db, struct shop_begun *ret) MUST_CHECK;

#endif
