/*
 * lease.h: what only one worker does at a time (polling, daily work), and the pause that
 * all of them keep when Telegram asks for it.  Rows of the table leases.
 */
#ifndef KARTKA_LEASE_H
#define KARTKA_LEASE_H

#include "shared/platform/db.h"

/* Take or keep the lease for so long.  ret: do we have it?  data: where the work stands, "" at
 * first. */
int lease_take(struct db *db, struct arena *a, const char *name, int64_t owner, int64_t seconds,
	       bool *ret, const char **ret_data) MUST_CHECK;
/* Write down where the work stands.  ERR_CONFLICT: the lease is not ours any more. */
int lease_note(struct db *db, const char *name, int64_t owner, const char *data) MUST_CHECK;
int lease_release(struct db *db, const char *name, int64_t owner) MUST_CHECK;

/* A pause for everybody: prolonged, never shortened.  ret: ms left, 0 without. */
int pause_set(struct db *db, const char *name, int64_t seconds) MUST_CHECK;
int pause_left(struct db *db, const char *name, int64_t *ret_ms) MUST_CHECK;

/* ---- heartbeats of workers ---- */
struct worker_beat {
	int64_t id; /* a random number of the process */
	const char *host;
	int64_t pid;
	const char *version;
	int64_t started_at;
};
int worker_beat(struct db *db, const struct worker_beat *beat) MUST_CHECK;
/* Workers that beat within HEARTBEAT_FRESH_MS. */
int worker_alive(struct db *db, int *ret) MUST_CHECK;
int worker_gone(struct db *db, int64_t id) MUST_CHECK;
/*
 * Workers that have not beaten for WORKER_DEAD_S: what they had claimed of the outbox is due
 * again at once, not only when the lease ends.  One that was merely slow may so send a message
 * that another sends too: the same code twice, at worst.  ret: how many were buried.
 */
int worker_bury(struct db *db, int *ret) MUST_CHECK;

#endif
