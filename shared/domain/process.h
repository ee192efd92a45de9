/*
 * process.h: which programs run on which hosts, as they say themselves, and what the database
 * says of itself: for the health page.
 */
#ifndef KARTKA_DOMAIN_PROCESS_H
#define KARTKA_DOMAIN_PROCESS_H

#include "shared/platform/db.h"

struct process {
	const char *program;
	const char *host;
	int64_t pid;
	const char *version; /* "" of an older release */
	int64_t started_at;  /* 0: of an older release */
	int64_t beat_at;
	int64_t silent_s; /* since its last sign of life, by the database's clock */
	bool fresh;	  /* that is as it should be */
};
/* Workers, and responders that open codes (telegram, admin), of all hosts; by host. */
int process_list(struct db *db, struct arena *a, struct process **ret,
		 size_t *ret_count) MUST_CHECK;

struct database_facts {
	const char *version;
	const char *engine;  /* "MariaDB", "MySQL" */
	const char *comment; /* whose build: "Debian 12" */
	int64_t now;
};
int database_facts(struct db *db, struct arena *a, struct database_facts *ret) MUST_CHECK;

#endif
