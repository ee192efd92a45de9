/* static.h: the pages' files, as they lie in tests/sandbox/static. */
#ifndef SANDBOX_STATIC_H
#define SANDBOX_STATIC_H

#include "tests/sandbox/http.h"

/* A file of that folder. */
void static_answer(const char *name, struct http_answer *ret);

http_handler static_index;
http_handler static_file;

#endif
