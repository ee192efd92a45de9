/*
 * staging.h: uploads of codes that somebody confirmed are moved to the shelf; what nobody
 * confirmed is swept.
 */
#ifndef KARTKA_WORKER_STAGING_H
#define KARTKA_WORKER_STAGING_H

#include "fcgi/worker/worker.h"

int staging_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

#endif
