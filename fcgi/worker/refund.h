/*
 * refund.h: giving money back through Portmone, several refunds at once: what it has is asked
 * for, then it is told; what its answers mean is decided by the domain.
 */
#ifndef KARTKA_WORKER_REFUND_H
#define KARTKA_WORKER_REFUND_H

#include "fcgi/worker/worker.h"

int refund_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

#endif
