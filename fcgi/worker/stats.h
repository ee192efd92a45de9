/*
 * stats.h: sales are counted for the panel's first page.
 */
#ifndef KARTKA_WORKER_STATS_H
#define KARTKA_WORKER_STATS_H

#include "fcgi/worker/worker.h"

#define STATS_LEASE "stats"
enum {
	STATS_MS = 10000, /* the page's numbers are about as old */
	STATS_LEASE_S = 30,
};

int stats_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

#endif
