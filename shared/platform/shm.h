/*
 * shm.h: what the processes of one host share without the database: a file of fixed
 * size mapped by all (KARTKA_VAR/run/shared.mem), lock-free.  Losing it loses nothing but
 * counts.
 */
#ifndef KARTKA_SHM_H
#define KARTKA_SHM_H

#include "shared/base/base.h"

struct shm;

/* Map (and make) the file.  ERR_FAILED: errno says why. */
int shm_open_file(const char *path, struct shm **ret) MUST_CHECK;
void shm_close(struct shm *shm);

/* ---- throttle: a token bucket per person, shared by all copies ---- */

enum throttle_verdict {
	THROTTLE_PASS,
	THROTTLE_HINT,	/* too fast, and not told yet in this spell */
	THROTTLE_SILENT /* too fast, told already */
};
/*
 * rate a second after a burst (at most 8000); a rate or burst below 1 lets everybody pass.
 * A spell ends when the bucket is full again: somebody who goes on is told once.
 */
enum throttle_verdict throttle_take(struct shm *shm, int64_t user_id, int64_t rate,
				    int64_t burst, int64_t now_ms);

/* ---- gate: the mark that something outside is down ----
 *
 * While it is set everybody answers at once, but one caller a second (GATE_PROBE_MS) may try.
 */
enum gate { GATE_DB, GATE_TELEGRAM, GATE_PORTMONE, GATE__COUNT };

/* May I call?  False: it is down and this is not the second's probe. */
bool gate_try(struct shm *shm, enum gate gate, int64_t now_ms);
/* What came of a call that was tried.  The first failure sets the mark, any success clears it.
 */
void gate_report(struct shm *shm, enum gate gate, bool up, int64_t now_ms);
bool gate_is_down(struct shm *shm, enum gate gate);

/* ---- heartbeat: which processes of this host are alive ---- */

/* BEAT_PAY: copies of portmone that serve the payment pages. */
enum beat { BEAT_TELEGRAM, BEAT_PORTMONE, BEAT_PAY, BEAT_ADMIN, BEAT_WORKER, BEAT__COUNT };
void beat_stamp(struct shm *shm, enum beat beat, int64_t now_ms);
/* Processes of that kind that stamped within HEARTBEAT_FRESH_MS. */
int beat_alive(struct shm *shm, enum beat beat, int64_t now_ms);

/* ---- counters, for /metrics ---- */

enum metric {
	METRIC_UPDATES,
	METRIC_UPDATES_REFUSED,
	METRIC_THROTTLED,
	METRIC_ORDERS_OPENED,
	METRIC_ORDERS_PAID,
	METRIC_ORDERS_WAITING,
	METRIC_ORDERS_EXPIRED,
	METRIC_PAYMENTS_REVIEW,
	METRIC_PAYMENTS_UNKNOWN_ORDER,
	METRIC_NOTIFICATIONS,
	METRIC_RETURNS,
	METRIC_MESSAGES_SENT,
	METRIC_MESSAGES_FAILED,
	METRIC_CALLBACKS_ANSWERED,
	METRIC_CALLBACKS_DROPPED,
	METRIC_TELEGRAM_ERRORS,
	METRIC_PORTMONE_ERRORS,
	METRIC_DB_ERRORS,
	METRIC_LOG_DROPPED,
	METRIC__COUNT
};
void metric_add(struct shm *shm, enum metric metric, uint64_t n);
uint64_t metric_get(struct shm *shm, enum metric metric);
const char *metric_name(enum metric metric); /* kartka_updates_total … */
const char *metric_help(enum metric metric);

#endif
