/*
 * invariant.h: what must always hold, as SQL that finds what breaks it.  `kartka check` runs
 * them, the worker every hour, every end-to-end test at its end.
 */
#ifndef KARTKA_INVARIANT_H
#define KARTKA_INVARIANT_H

#include "shared/platform/db.h"

struct invariant {
	const char *name; /* sold_code_without_order, … */
	const char *says; /* what must hold, in words */
	const char *sql;  /* selects up to 10 offenders: one text column that names each */
};
size_t invariant_count(void);
const struct invariant *invariant_at(size_t n);

/* Offenders of one invariant; 0 rows: it holds. */
int invariant_check(struct db *db, struct arena *a, const struct invariant *inv,
		    struct db_rows *ret) MUST_CHECK;

#endif
