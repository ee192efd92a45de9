/*
 * key_report.h: a process that opens codes tells the others that it lives and which keys it
 * knows (key_holder.h): `kartka keys rotate` waits for that.
 */
#ifndef KARTKA_KEY_REPORT_H
#define KARTKA_KEY_REPORT_H

#include "shared/domain/code.h"
#include "shared/service/program.h"

struct key_report {
	struct program *program;
	int64_t id; /* a random number of the process */
	const char *host;
	const char *known;
	int64_t started_at;
	int64_t due_ms;
};

void key_report_init(struct key_report *report, struct program *program,
		     const struct code_vault *vault);

/* Called about once a second; says so every KEY_HOLDER_BEAT_MS, when the database is there. */
void key_report_tick(struct key_report *report);

/* The process ends: nobody need wait for it. */
void key_report_end(struct key_report *report);

#endif
