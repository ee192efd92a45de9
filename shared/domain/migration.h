/*
 * migration.h: the schema's versions: sql/migrations/NNNN_what.sql, forward only.
 *
 * A statement ends with ; at the end of a line; a line that begins with -- is a comment.
 * What changes rows is one transaction with the note that it was done; what changes tables
 * commits itself on these servers, so a run that died is resumed at the statement it died in.
 * Any number of runs may be started at once: one works, the others wait and find it done.
 */
#ifndef KARTKA_MIGRATION_H
#define KARTKA_MIGRATION_H

#include "shared/base/str.h"
#include "shared/platform/db.h"

struct migration {
	int64_t version;
	const char *name;     /* "0001_core" */
	const char *checksum; /* SHA-256 of the file, hex */
	int64_t applied_at;   /* 0: not yet, or not wholly */
	bool now;	      /* by this run */
};

struct migration_list {
	struct migration *list; /* by version */
	size_t count;
	size_t pending;
};

/*
 * What there is in the folder, and what of it the database has.
 * ERR_INVALID: the folder holds something else, two of one version, or nothing.
 * ERR_CONFLICT: a file was changed after it was applied, is gone, or is older than one
 * that was applied.  `problem` holds one line then, and for every other error.
 */
int migration_status(struct db *db, struct arena *a, const char *folder,
		     struct migration_list *ret, struct str *problem) MUST_CHECK;

/* Apply what is pending, over connections of its own. */
int migration_run(const char *db_url, struct arena *a, const char *folder,
		  struct migration_list *ret, struct str *problem) MUST_CHECK;

#endif
