/*
 * poll.h: TELEGRAM_MODE=polling: for a machine that Telegram can't reach.  One worker of all
 * holds the lease, asks getUpdates, and feeds each update to the same responder that the
 * webhook would reach; what that answers is called.  Where it stands is the lease's data:
 * the next update's number.
 */
#ifndef KARTKA_POLL_H
#define KARTKA_POLL_H

#include "fcgi/worker/worker.h"

#define POLL_LEASE "polling"
enum { POLL_LEASE_S = 30 };

struct poller *poller_new(void);
void poller_free(struct poller *p); /* NULL: nothing */

/* The lease is ours for POLL_LEASE_S from now on. */
int poll_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

int poller_release(struct worker *w) MUST_CHECK;

#endif
