/*
 * id_range.h: days as a range of ids, for lists that page by id: ids grow with time, so an old
 * month's rows are met by their keys alone.
 */
#ifndef KARTKA_ID_RANGE_H
#define KARTKA_ID_RANGE_H

#include "shared/platform/db.h"

struct id_range {
	int64_t from; /* from ≤ id < to */
	int64_t to;
};

/*
 * since: the statement that finds the first id of a time or later, by the index of times.  The
 * bounds that are 0 bound nothing.
 */
int id_range_find(struct db *db, const char *since, int64_t from_at, int64_t to_at,
		  int64_t before_id, struct id_range *ret) MUST_CHECK;

#endif
