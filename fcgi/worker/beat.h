/*
 * beat.h: small jobs: the worker's sign of life, the bot's name, stock that came back for
 * those who wait, stock that runs out, and what was sold.
 */
#ifndef KARTKA_WORKER_BEAT_H
#define KARTKA_WORKER_BEAT_H

#include "fcgi/worker/worker.h"

/* Every second: /readyz looks at it. */
int beat_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

/*
 * What workers that died had begun is begun again.  After an outage the others are given time
 * to show that they live.
 */
int bury_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

/* Paid orders get their codes, however these came back to the shelf. */
int waiting_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;
/* Those who asked to be told. */
int restock_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

/* Administrators hear of values that run out. */
int low_stock_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;
#define LOW_STOCK_LEASE "low_stock"
enum { LOW_STOCK_LEASE_S = 60 };

/* … and of what is sold. */
int sales_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;
#define SALES_LEASE "sales"
enum { SALES_LEASE_S = 30 };

/* Old messages are forgotten, some at a time. */
int sweep_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;
#define SWEEP_LEASE "sweep"
enum { SWEEP_LEASE_S = 300 };

/* getMe, until it succeeds once: pages link back to the bot by its name. */
int bot_name_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

#endif
