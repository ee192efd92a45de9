/*
 * decision.h: somebody decided something about an order: who, and why.  Kept in the audit
 * trail, in the transaction of what was decided.
 */
#ifndef KARTKA_DECISION_H
#define KARTKA_DECISION_H

#include "shared/domain/audit.h"

struct decision {
	int64_t staff_id;    /* 0: the command line, the buyer, the shop itself */
	const char *actor;   /* login, "command line", "buyer" */
	const char *address; /* NULL without */
	const char *why;     /* in words; "" where there is nothing to say */
	/*
	 * A word of this one wish, made before it is tried: tried again after a lost answer it
	 * is the same wish.  At most DECISION_WISH_MAX characters of [a-z0-9:].
	 */
	const char *wish;
};

enum { DECISION_WISH_MAX = 64, DECISION_WHY_MAX = 200 /* characters */ };

/* A wish that nobody had before: "cli:1f0c…". */
const char *decision_wish(struct arena *a, const char *from);

/* A further word in the audit row. */
struct decision_fact {
	const char *name;
	const char *text;
};
#define DECISION_FACTS(...) ((const struct decision_fact[]){ __VA_ARGS__, { NULL, NULL } })

/* "order K7F3-9QXA": action, why, and what else there is to know.  facts may be NULL. */
int decision_audit(struct db *db, struct arena *a, const struct decision *d, const char *action,
		   const char *order_number, const struct decision_fact *facts) MUST_CHECK;

/* "command line: bank's mistake": for a row that says by whom and why. */
const char *decision_words(struct arena *a, const char *what, const struct decision *d);

#endif
