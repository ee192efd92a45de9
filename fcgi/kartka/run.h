/*
 * run.h: `kartka run`: the shop in the foreground: database, responders, worker, nginx,
 * each started again when it dies, all stopped in order at the end.
 */
#ifndef KARTKA_RUN_H
#define KARTKA_RUN_H

#include "fcgi/kartka/command.h"

enum { RUN_ALSO_MAX = 8 };

struct run_options {
	bool stop_with_parent;		/* end when make, our parent, is interrupted */
	const char *also[RUN_ALSO_MAX]; /* "NAME=COMMAND": further commands to keep alive */
	size_t also_count;
	const char *needs_port;	   /* "NAME=ADDRESS:PORT" that must be free */
	const char *after_migrate; /* a shell command, once the schema is there */
	const char *after_ready;   /* … once /readyz says 200 */
	const char *ready;	   /* the line printed then; NULL: the shop's address */
};

/* Returns the exit status: 0 after SIGINT or SIGTERM, 1 when something can't start. */
int run_all(struct command_env *env, const struct run_options *options);

#endif
