/*
 * sink.h: for benchmarks: every call of the Bot API is answered ok as fast as can be, counted
 * and forgotten.
 */
#ifndef SANDBOX_SINK_H
#define SANDBOX_SINK_H

#include "tests/sandbox/http.h"

http_handler sink_telegram;
http_handler sink_count;
http_handler sink_reset;

#endif
