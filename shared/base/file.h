/*
 * file.h: whole files of a bounded size.
 */
#ifndef KARTKA_FILE_H
#define KARTKA_FILE_H

#include "shared/base/arena.h"

/*
 * Read a regular file whole; a NUL follows its end.  ERR_NOT_FOUND: there is none;
 * ERR_TOO_LONG: longer than max; ERR_FAILED: anything else, errno says what.
 */
int file_read(struct arena *a, const char *path, size_t max, struct bytes *ret) MUST_CHECK;

#endif
