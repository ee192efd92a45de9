/*
 * staging.h: an upload of codes in two steps.  The first reads the file into a staging
 * batch, encrypted like stock, and counts; the second, a person's confirmation, lets the
 * worker move it to the shelf in chunks, each one transaction, so a worker that dies is
 * followed by another.  What nobody confirms is gone after STAGING_HOURS.
 */
#ifndef KARTKA_STAGING_H
#define KARTKA_STAGING_H

#include "shared/domain/audit.h"
#include "shared/domain/stock_import.h"

enum staging_state { STAGING_READING, STAGING_PREVIEW, STAGING_CONFIRMED, STAGING_DONE };

struct staging {
	int64_t id;
	int64_t value_id;
	int64_t staff_id;
	const char *batch;
	const char *supplier;
	struct money cost;
	enum staging_state state;
	int64_t total; /* codes of the file, each once */
	int64_t known; /* of these, when previewed */
	int64_t repeated;
	int64_t bad;
	const char *bad_lines; /* "12:length,40:text" */
	int64_t moved;	       /* of total */
	int64_t added;
	int64_t filled;
	int64_t created_at;
};

struct staging_new {
	int64_t value_id;
	const char *batch; /* as stock_import's */
	const char *supplier;
	struct money cost;
	struct bytes file; /* the whole upload */
};

/*
 * Read the file.  ERR_INVALID: the value's pattern is no regular expression; ERR_NOT_FOUND: no
 * such value.
 */
int staging_make(struct db *db, const struct code_vault *vault, const struct audit_who *who,
		 const struct staging_new *upload, int64_t *ret_id) MUST_CHECK;

int staging_find(struct db *db, struct arena *a, int64_t id, struct staging **ret) MUST_CHECK;
/* The latest ones of a value, newest first. */
int staging_list(struct db *db, struct arena *a, int64_t value_id, int limit,
		 struct staging **ret, size_t *ret_count) MUST_CHECK;

/* By whom it was uploaded.  ERR_CONFLICT: it is confirmed already; ERR_NOT_FOUND: not theirs,
 * or gone. */
int staging_confirm(struct db *db, const struct audit_who *who, int64_t id) MUST_CHECK;
int staging_discard(struct db *db, const struct audit_who *who, int64_t id) MUST_CHECK;

/* Move one chunk of a confirmed one to the shelf.  ret: there is more to do. */
int staging_move(struct db *db, bool *ret) MUST_CHECK;

/* Remove a piece of what nobody confirmed.  ret: there is more. */
int staging_sweep(struct db *db, bool *ret) MUST_CHECK;

#endif
