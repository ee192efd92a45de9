/*
 * process.h: what /proc tells about other processes: strays that became ours, what a
 * killed run left behind, whether make was interrupted.
 */
#ifndef KARTKA_PROCESS_H
#define KARTKA_PROCESS_H

#include "shared/base/arena.h"

#include <sys/types.h>

/* In the environment of everything a run starts, besides KARTKA_VAR. */
#define PROCESS_MARK SUPERVISED_MARK

/* A process's children, living or not, at most max of them. */
size_t process_children(pid_t parent, pid_t *ret, size_t max);

/* Not there, or only a zombie. */
bool process_is_gone(pid_t pid);

/* Does its program have this name (15 characters of it at most)? */
bool process_is_named(pid_t pid, const char *name);

/* End what an earlier run with this KARTKA_VAR left.  Returns when all of it is gone. */
void process_end_leftovers(const char *var);

/* ---- the chain of makes above us ---- */

enum { PROCESS_MAKES_MAX = 8 };

struct process_watch {
	bool on;
	pid_t parent;
	size_t count;
	struct {
		pid_t pid;
		uint64_t caught; /* which of the signals that end it had a handler */
	} makes[PROCESS_MAKES_MAX];
};

void process_watch_start(struct process_watch *watch);

/*
 * The parent is gone, or a make above us was interrupted: make hands SIGTERM on to its
 * children but not SIGINT; the first thing it does on a signal is to take its handler away.
 */
bool process_watch_ended(const struct process_watch *watch);

#endif
