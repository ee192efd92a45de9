/*
 * loop.h: the one event loop: jobs when they are due, calls as they come back, datagrams
 * as they arrive.  The table of jobs is in loop.c.
 */
#ifndef KARTKA_LOOP_H
#define KARTKA_LOOP_H

#include "fcgi/worker/worker.h"

/*
 * Until SIGTERM or SIGINT; then what is under way is finished or, after a few seconds,
 * left: the leases in the database end, and somebody does it again.
 */
void loop_run(struct worker *w);

#endif
