/*
 * slot.h: at most so many at once on a host: locks on files, which the kernel lets go of when
 * a process is killed.
 */
#ifndef KARTKA_SLOT_H
#define KARTKA_SLOT_H

#include "shared/base/arena.h"

/*
 * Wait for one of `count` slots: files "<path>.0", "<path>.1" …  Waiting, the callers of a host
 * are spread over them.  ERR_FAILED: a file can't be opened; errno says why.
 */
int slot_take(struct arena *a, const char *path, int count, int *ret_fd) MUST_CHECK;
void slot_give(int fd);

#endif
