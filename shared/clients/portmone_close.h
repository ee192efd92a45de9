/*
 * portmone_close.h: closing a bill that nobody has paid (closeInvoice), so that a cancelled
 * order can't be paid any more.  Closing twice is harmless.  It is a kindness to the buyer,
 * not a promise: money may still arrive, and then it is late money.
 */
#ifndef KARTKA_PORTMONE_CLOSE_H
#define KARTKA_PORTMONE_CLOSE_H

#include "shared/clients/portmone_link.h"

/* The question, for http_call or http_start. */
struct http_request portmone_close_request(const struct portmone *p, struct arena *a,
					   const char *order_number);

/*
 * The answer: rc and answer as http_call gave them.  OK: closed.  ERR_DENIED: refused with an
 * error code (paid already, no such bill); ERR_DOWN: no usable answer, it may be asked again.
 * `why` has the reason, or Portmone's own words, for the log.
 */
int portmone_close_read(const struct portmone *p, struct arena *a, int rc,
			const struct http_answer *answer, const char **why) MUST_CHECK;

/* Both, blocking. */
int portmone_close(const struct portmone *p, struct arena *a, const char *order_number,
		   const char **why) MUST_CHECK;

#endif
