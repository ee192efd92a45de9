/*
 * portmone_result.h: asking Portmone about an order (result).  This answer is the only
 * thing a payment is believed from.
 */
#ifndef KARTKA_PORTMONE_RESULT_H
#define KARTKA_PORTMONE_RESULT_H

#include "shared/clients/portmone_link.h"

enum { PORTMONE_SPAN_DAYS = 30 }; /* the longest one may ask for at a time */

enum portmone_status {
	PORTMONE_CREATED,
	PORTMONE_PREAUTH,
	PORTMONE_PAYED,
	PORTMONE_REJECTED,
	PORTMONE_RETURN,
	PORTMONE_UNKNOWN, /* a word we don't know: pending, and logged */
	PORTMONE__COUNT
};
const char *portmone_status_name(enum portmone_status status);

struct portmone_row {
	enum portmone_status status;
	const char *bill_id;	 /* Portmone's own id of this row */
	const char *status_word; /* as sent */
	struct money amount;	 /* of RETURN: positive too */
	bool test;		 /* authCode TESTPM */
	bool chargeback;	 /* chargeback is anything but N or empty */
	bool failed;		 /* errorCode is not 0 */
	const char *receipt_url; /* "" without */
	int64_t paid_at;	 /* µs UTC from Kyiv time, 0 when unreadable */
};

struct portmone_rows {
	size_t count;
	struct portmone_row *list; /* only rows of this payee and this order number */
	size_t foreign;		   /* rows left out because payee or number were not ours */
	size_t broken; /* rows left out because id, amount or status could not be read */
};

/*
 * The question, by our order number; days old orders need their dates: from `since` (µs) to
 * today, of older ones the last 30 days, which is as far as Portmone looks at a time.  For
 * http_call or http_start.
 */
struct http_request portmone_result_request(const struct portmone *p, struct arena *a,
					    const char *order_number, int64_t since,
					    int64_t now);

/*
 * The answer.  OK, also with no rows ([]): it was never opened there.  ERR_DOWN: no usable
 * answer: no connection, a status other than 200, HTML, no JSON, an error object (a wrong
 * password, …; `why` says what).  Accepts array or single object, camel and snake case,
 * numbers or strings.
 */
int portmone_result_read(const struct portmone *p, struct arena *a, const char *order_number,
			 int rc, const struct http_answer *answer, struct portmone_rows *ret,
			 const char **why) MUST_CHECK;

/*
 * Is this address, which the buyer's browser brought (RECEIPT_URL), one of Portmone's own?
 * https, or as gateway_url is; whether it is this payment's, nobody has said.
 */
bool portmone_receipt_is_theirs(const char *gateway_url, const char *url);

/* Both, blocking: for commands.  Of an old order as many questions as there are spans. */
int portmone_result(const struct portmone *p, struct arena *a, const char *order_number,
		    int64_t since, int64_t now, struct portmone_rows *ret,
		    const char **why) MUST_CHECK;

#endif
