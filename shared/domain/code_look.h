/*
 * code_look.h: single codes and batches for administrators: found by the code itself (by its
 * fingerprint), shown with a reason that is kept, taken off the shelf.  Never a code in the
 * trail.
 */
#ifndef KARTKA_CODE_LOOK_H
#define KARTKA_CODE_LOOK_H

#include "shared/domain/audit.h"
#include "shared/domain/code.h"

struct code_row {
	int64_t id;
	int64_t value_id;
	const char *value_slug;
	const char *value_title; /* uk */
	int64_t batch_id;
	const char *batch;
	const char *state;	  /* "available", … */
	const char *order_number; /* "" without */
	const char *serial;
	int64_t expires_at;
	bool expires;	 /* ever */
	int64_t sold_at; /* 0: not yet */
	struct code_sealed sealed;
};

/* ERR_NOT_FOUND: no such code, in any value and any state. */
int code_find(struct db *db, struct arena *a, int64_t id, struct code_row **ret) MUST_CHECK;
int code_find_by_text(struct db *db, struct arena *a, const struct code_vault *vault,
		      const char *typed, int64_t *ret_id) MUST_CHECK;

/*
 * The code itself, with its row in the trail written first: who, why.  ERR_DENIED: it does not
 * open.
 */
int code_reveal(struct db *db, struct arena *a, const struct code_vault *vault,
		const struct audit_who *who, int64_t id, const char *why,
		const char **ret) MUST_CHECK;

/* Off the shelf: to 'withdrawn' or 'defective'.  ERR_CONFLICT: it is not on the shelf. */
int code_take_off(struct db *db, const struct audit_who *who, int64_t id,
		  bool defective) MUST_CHECK;

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

/* All its codes that are on the shelf are withdrawn.  ret: how many. */
int batch_withdraw(struct db *db, const struct audit_who *who, int64_t id,
		   int64_t *ret) MUST_CHECK;

#endif
