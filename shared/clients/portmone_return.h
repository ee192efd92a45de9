/*
 * portmone_return.h: giving money back (return), the whole of a payment or a part of it.
 *
 * There is no key that would make a repeat harmless: asked twice, Portmone pays back twice.
 * So the caller holds a lock over the refund, and after ERR_UNSURE looks for the RETURN row
 * with portmone_result before anything else.
 * Protocol: the merchant protocol §9.1.2 (JSON).
 */
#ifndef KARTKA_PORTMONE_RETURN_H
#define KARTKA_PORTMONE_RETURN_H

#include "shared/clients/portmone_link.h"

struct portmone_refund {
	const char *order_number;
	const char *bill_id; /* of the PAYED row; NULL or "": whatever was paid for the order */
	struct money amount;
	const char *reason; /* for Portmone's cabinet; UTF-8, cut at 255 characters */
	const struct portmone_goods *goods; /* NULL: not fiscal */
};

/* The question, for http_call or http_start. */
struct http_request portmone_return_request(const struct portmone *p, struct arena *a,
					    const struct portmone_refund *refund);

/*
 * The answer: rc and answer as http_call gave them; an array or an object, in either casing.
 * OK: given back; *ret_bill_id is the RETURN row's own id, "" when it is not told.
 * ERR_DENIED: refused, nothing was given back; ERR_DOWN: it did not get there, nothing was
 * given back; ERR_UNSURE: it got there, and what came back does not say how it ended.
 * `why` has the reason, or Portmone's own words, for the log and for administrators.
 */
int portmone_return_read(const struct portmone *p, struct arena *a,
			 const struct portmone_refund *refund, int rc,
			 const struct http_answer *answer, const char **ret_bill_id,
			 const char **why) MUST_CHECK;

/* Both, blocking. */
int portmone_return(const struct portmone *p, struct arena *a,
		    const struct portmone_refund *refund, const char **ret_bill_id,
		    const char **why) MUST_CHECK;

#endif
