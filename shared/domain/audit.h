/*
 * audit.h: who changed what.  Plain rows, written in the transaction of the change; never
 * a code in them.  audit_seal.h chains them.
 */
#ifndef KARTKA_AUDIT_H
#define KARTKA_AUDIT_H

#include "shared/platform/db.h"

/* Who does it: what every function that changes something for a person takes. */
struct audit_who {
	int64_t staff_id;    /* 0: the command line or the shop itself */
	const char *actor;   /* login, or "command line" */
	const char *address; /* "" without */
};
#define AUDIT_COMMAND_LINE (&(const struct audit_who){ .actor = "command line", .address = "" })

struct audit_entry {
	int64_t staff_id;
	const char *actor;
	const char *address; /* "" without */
	const char *action;  /* a constant word */
	const char *object;  /* "staff olena" */
	const char *detail;  /* a JSON object; NULL: {} */
};
int audit_add(struct db *db, const struct audit_entry *entry) MUST_CHECK;

/* The same by somebody. */
int audit_write(struct db *db, const struct audit_who *who, const char *action,
		const char *object, const char *detail) MUST_CHECK;

/* {"name": "text"} for a detail. */
const char *audit_detail(struct arena *a, const char *name, const char *text);

/* ---- reading ---- */

struct audit_row {
	int64_t id;
	int64_t at;
	const char *actor;
	const char *address;
	const char *action;
	const char *object;
	const char *detail;
	bool sealed;
};

/* What is not given (NULL, 0) does not matter. */
struct audit_filter {
	const char *actor;  /* as written */
	const char *action; /* as written */
	const char *object; /* as written: a thing's history */
	int64_t from_at;    /* at or after */
	int64_t to_at;	    /* before */
	int64_t before_id;  /* the page's key: older than this row */
};

/* The newest first, at most limit. */
int audit_list(struct db *db, struct arena *a, const struct audit_filter *filter, int limit,
	       struct audit_row **ret, size_t *ret_count) MUST_CHECK;

/* Every action that was ever written, in their order: for a filter's choice. */
int audit_actions(struct db *db, struct arena *a, const char ***ret,
		  size_t *ret_count) MUST_CHECK;

#endif
