/*
 * portmone_notify.h: the server-to-server notification: JSON, or XML in the form field
 * `data` (BILLS, PAY_ORDERS, REQUESTS).  It is a hint, never evidence: only order
 * numbers and bill ids are read.
 */
#ifndef KARTKA_PORTMONE_NOTIFY_H
#define KARTKA_PORTMONE_NOTIFY_H

#include "shared/base/arena.h"

enum { NOTIFY_BILLS_MAX = 256, NOTIFY_XML_DEPTH_MAX = 16 };

enum notify_form { NOTIFY_JSON, NOTIFY_XML };

struct notify_bill {
	const char *order_number; /* [A-Za-z0-9_-]{1,120} */
	const char *bill_id;	  /* [A-Za-z0-9_-]{0,64} */
};

struct notification {
	enum notify_form form;
	size_t count;
	struct notify_bill bills[NOTIFY_BILLS_MAX];
};

/*
 * By content type: application/json, bare XML (text/xml, application/xml), or
 * application/x-www-form-urlencoded with `data`, or with the fields of the buyer's return.
 * What has another type, or none, or is no form, counts what it looks like.  ret->form is set
 * even on failure, so that the answer can be of the right form.  ERR_INVALID: malformed;
 * entities and DOCTYPE in XML are refused.
 */
int notification_read(struct arena *a, const char *content_type, struct bytes body,
		      struct notification *ret) MUST_CHECK;

/* What is to be answered: OK, or not stored (try again).  Content type and body. */
const char *notification_answer(struct arena *a, enum notify_form form, bool stored,
				int64_t now, const char **ret_content_type);

#endif
