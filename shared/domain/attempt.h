/*
 * attempt.h: sign-ins that fail, counted in the database: per login whether anybody has it or
 * not, per address, per second factor.  An attempt is charged before anything is looked at,
 * so a thousand at once are a thousand failures, and given back when it succeeds.
 */
#ifndef KARTKA_ATTEMPT_H
#define KARTKA_ATTEMPT_H

#include "shared/platform/db.h"

enum { ATTEMPT_NAMES_MAX = 2 };

struct attempt {
	const char *names[ATTEMPT_NAMES_MAX]; /* each at most 80 bytes; NULL: none */
	int allowed[ATTEMPT_NAMES_MAX];	      /* failures of each without a wait */
};

/*
 * May it be looked at?  ret_wait 0: yes, and it is charged.  Otherwise the seconds until the
 * next one may be.
 */
int attempt_begin(struct db *db, const struct attempt *attempt, int64_t *ret_wait) MUST_CHECK;

/* It succeeded: the first name's failures are forgotten, of the others one is. */
int attempt_end(struct db *db, const struct attempt *attempt) MUST_CHECK;

/* How long a name that failed so often waits: 0 up to that many allowed, then 2, 4, 8 … 900 s.
 */
int64_t attempt_wait_s(int failures, int allowed);

#endif
