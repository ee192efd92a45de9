/*
 * code_look.h: single codes for administrators: found by the code itself (by its
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

#endif
