/*
 * invariant.h: what must always hold, as SQL that finds what breaks it.  `kartka check` runs
 * all of it, every end-to-end test at its end; the worker every hour a part.
 *
 * Most rules look at what an index names, a handful of rows.  Some go through all orders or all
 * codes: these are asked part by part, so that no statement takes long, however large the shop.
 */
#ifndef KARTKA_INVARIANT_H
#define KARTKA_INVARIANT_H

#include "shared/platform/db.h"

enum invariant_walk {
	INVARIANT_INDEXED, /* the statement as it is */
	INVARIANT_ORDERS,  /* for orders with ids above ?, up to ? */
	INVARIANT_CODES,
	INVARIANT_WALK__COUNT
};

struct invariant {
	const char *name; /* sold_code_without_order, … */
	const char *says; /* what must hold, in words */
	const char *sql;  /* selects up to 10 offenders: one text column that names each */
	enum invariant_walk walk;
};
size_t invariant_count(void);
const struct invariant *invariant_at(size_t n);

/* Offenders of one invariant, the first ones; 0 rows: it holds. */
int invariant_check(struct db *db, struct arena *a, const struct invariant *inv,
		    struct db_rows *ret) MUST_CHECK;

/*
 * The same among the orders of the last two days, and among a 24th part of all: another one
 * each hour, so that a day's runs have seen everything.  hour: any that goes on by one.
 */
int invariant_check_hourly(struct db *db, struct arena *a, const struct invariant *inv,
			   int64_t hour, struct db_rows *ret) MUST_CHECK;

#endif
