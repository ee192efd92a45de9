/*
 * backoff.h: how long to wait before something is tried again.
 */
#ifndef KARTKA_BACKOFF_H
#define KARTKA_BACKOFF_H

#include "shared/base/base.h"

/*
 * Milliseconds before try `attempts` + 1: 1 s, doubling, at most 5 minutes; the last half
 * of it is chance, so that those that failed together don't come back together.
 */
int64_t backoff_ms(int attempts, uint64_t chance);

/* The same with chance of its own. */
int64_t backoff_next_ms(int attempts);

#endif
