/*
 * courier.h: the thread that carries updates and notifications to the shop, many at once.
 */
#ifndef SANDBOX_COURIER_H
#define SANDBOX_COURIER_H

#include <curl/curl.h>

#include "tests/sandbox/base.h"

bool courier_start(void) MUST_CHECK;
void courier_stop(void);

#endif
