/*
 * checkup.h: once an hour somebody looks whether the invariants hold, and tells the
 * administrators what does not.  Some of them go through many rows, so a child does it, with
 * a connection of its own, while the worker goes on: what is new each time, what is old once
 * a day.
 */
#ifndef KARTKA_CHECKUP_H
#define KARTKA_CHECKUP_H

#include "fcgi/worker/worker.h"

#define CHECKUP_LEASE "checkup"
enum { CHECKUP_LEASE_S = 300 };

struct checkup *checkup_new(void);
/* Ends the child, if there is one. */
void checkup_free(struct checkup *c);

int checkup_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

/* Has the child ended? */
void checkup_reap(struct worker *w);

int checkup_release(struct worker *w) MUST_CHECK;

#endif
