/*
 * child.h: programs of the system that a command pipes bytes through.  What they say on
 * stderr is kept for the operator's one line.
 */
#ifndef KARTKA_CHILD_H
#define KARTKA_CHILD_H

#include "shared/base/arena.h"

#include <sys/types.h>

struct child {
	pid_t pid;
	int words; /* a file in memory with what it says */
};

/*
 * Input and output are these descriptors, -1: /dev/null; all others are closed but `kept`
 * (-1: none).  argv[0] is a path.  False: it can't be started, errno says why.
 */
bool child_start(const char *const *argv, int in, int out, int kept, struct child *ret);

/* Its end: NULL, or why it failed, in one line. */
const char *child_end(struct arena *a, struct child *child);

/* A file in memory, for this user's eyes only.  -1: errno says why. */
int child_file(const char *name, const char *text);

#endif
