/*
 * program.h: what every long-running program has from its start on: the settings, the log,
 * the zone, the phrases, the memory shared by the copies, and the database behind its mark.
 */
#ifndef KARTKA_PROGRAM_H
#define KARTKA_PROGRAM_H

#include "shared/platform/config.h"
#include "shared/platform/db.h"
#include "shared/platform/shm.h"

struct program {
	const char *name;
	struct arena arena; /* ends with the process */
	struct config config;
	struct shm *shm;
	struct db *db; /* not connected yet */
};

/* ERR_FAILED: it can't start, and one line on stderr says why. */
int program_start(const char *name, struct program *ret) MUST_CHECK;
void program_end(struct program *p);

/* "portmone: …" on stderr; returns the exit status 1. */
int program_fail(const struct program *p, const char *fmt, ...) PRINTF(2, 3);

/* Each second: this copy lives, and so many lines of its log were not written. */
void program_beat(const struct program *p, enum beat beat);

/*
 * May the database be asked?  False: it is down and this is not the second's probe, so answer
 * at once.  After true comes program_db_done() with what the last call returned.
 */
bool program_db_try(struct program *p);
/* Sets or clears the mark; what is a failure and not an outcome is logged and counted. */
void program_db_done(struct program *p, int rc);

#endif
