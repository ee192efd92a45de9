/*
 * log.h: one line per event, to the console and, when named, to a rotated file
 * that all processes of a host share.  Programs log; library code returns.
 *
 *	log_event(LOG_INFO, "order_paid", "order=%s kop=%lld", number, kop);
 *	2026-12-31T12:35:59.123456Z info worker[812] order_paid req=7f… order=K7F3-9QXA
 *kop=10000
 *
 * The event is a constant word.  Never a token, a password, a code, a card mask.
 * Control characters in values are shown as \xNN, so a value can't forge a line.
 */
#ifndef KARTKA_LOG_H
#define KARTKA_LOG_H

#include "shared/base/base.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG__COUNT };

struct log_options {
	const char *program;
	enum log_level level;
	const char *file; /* NULL: console only */
	int64_t max_bytes;
	int keep; /* rotated files kept: file.1 … file.keep */
};

/* "error", "warn", "info", "debug".  ERR_INVALID for anything else. */
int log_level_parse(const char *name, enum log_level *ret) MUST_CHECK;

/* Open (and make) the file.  ERR_FAILED when that can't be done; errno says why. */
int log_open(const struct log_options *options) MUST_CHECK;

/* Written into every line until changed; "" for none. */
void log_request_id(const char *id);

void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF(3, 4);

/* Lines that could not be written to the file (disk full, …) since the start. */
uint64_t log_dropped(void);

#endif
