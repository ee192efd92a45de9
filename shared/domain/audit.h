/*
 * audit.h: who changed what.  Plain rows, written in the transaction of the change; never
 * a code in them.
 */
#ifndef KARTKA_AUDIT_H
#define KARTKA_AUDIT_H

#include "shared/platform/db.h"

struct audit_entry {
	int64_t staff_id;    /* 0: the command line or the shop itself */
	const char *actor;   /* login, or "command line" */
	const char *address; /* "" without */
	const char *action;  /* a constant word */
	const char *object;  /* "staff olena" */
	const char *detail;  /* a JSON object; NULL: {} */
};
int audit_add(struct db *db, const struct audit_entry *entry) MUST_CHECK;

#endif
