/*
 * batch.h: batches of codes for administrators: where codes came from, what is left of them,
 * and what is done with all that is left at once.
 */
#ifndef KARTKA_BATCH_H
#define KARTKA_BATCH_H

#include "shared/domain/audit.h"

struct batch_row {
	int64_t id;
	int64_t value_id;
	const char *name;
	const char *supplier;
	struct money cost;
	int64_t created_at;
};
int batch_find(struct db *db, struct arena *a, int64_t id, struct batch_row **ret) MUST_CHECK;
/* Of a value, newest first, older than before_id (0: the newest). */
int batch_list(struct db *db, struct arena *a, int64_t value_id, int64_t before_id, int limit,
	       struct batch_row **ret, size_t *ret_count) MUST_CHECK;
/* Codes of a batch in a state, exact up to limit, limit + 1 for more. */
int batch_bounded(struct db *db, int64_t id, const char *state, int limit, int *ret) MUST_CHECK;

/*
 * Codes on the shelf that end within so many days, exact up to limit, limit + 1 for more.
 * Reads those of its value that end by then, not the batch.
 */
int batch_expiring(struct db *db, const struct batch_row *b, int days, int limit,
		   int *ret) MUST_CHECK;

/*
 * All its codes that are on the shelf: withdrawn, or defective; or their last day (at 0, day
 * "": none).  In pieces, each with a row in the trail; again goes on.  ret: how many.
 */
int batch_take_off(struct db *db, const struct audit_who *who, int64_t id, bool defective,
		   int64_t *ret) MUST_CHECK;
int batch_set_expiry(struct db *db, const struct audit_who *who, int64_t id, const char *day,
		     int64_t at, int64_t *ret) MUST_CHECK;

#endif
