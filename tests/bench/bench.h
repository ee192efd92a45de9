/*
 * bench.h: what the programs of the benchmark share: latencies, and a crew of processes that
 * do the same work side by side, as the responders do.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "shared/base/base.h"

/* Microseconds on CLOCK_MONOTONIC, the same for all processes of the machine. */
int64_t bench_now_us(void);

/* A whole number from the command line; ends the program when it is none. */
int64_t bench_number(const char *text, int64_t min, int64_t max);

/* ---- latencies: buckets of about 1.5 % ---- */

enum { LATENCY_FINE = 6, LATENCY_BUCKETS = 32 << LATENCY_FINE };

struct latency {
	uint64_t count;
	uint32_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, int64_t us);
void latency_join(struct latency *to, const struct latency *from);
/* The latency that this share (0.99) of all did not pass, in microseconds. */
int64_t latency_at(const struct latency *l, double share);

/* ---- a crew ---- */

struct crew {
	int workers;
	double seconds;
	void *data;
	/* Called once in each worker's process, before the common start; returns its state. */
	void *(*begin)(int worker, void *data);
	/* One piece of work.  False: it failed; the whole run then counts for nothing. */
	bool (*work)(void *state);
};

/* Run it and print one line of JSON.  Returns the exit status. */
int crew_run(const struct crew *crew);

/* The line: {"count":…,"seconds":…,"per_second":…,"p50_us":…,"p99_us":…,"failed":…MORE} */
void bench_print(const struct latency *l, double seconds, uint64_t failed, const char *more);

#endif
