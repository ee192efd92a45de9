/*
 * portmone_link.h: our account with Portmone, and making a bill (createLinkPayment).
 * Protocol: the merchant protocol §12.5 (JSON), as Portmone's own plugins speak it.
 */
#ifndef KARTKA_PORTMONE_LINK_H
#define KARTKA_PORTMONE_LINK_H

#include "shared/base/money.h"
#include "shared/platform/http.h"

struct portmone {
	struct http *http;
	const char *url; /* with its slash */
	const char *payee_id;
	const char *login;
	const char *password;
	const char *key;
};

/* The line of the fiscal receipt: an order is for one card value. */
struct portmone_goods {
	const char *code; /* our own name for it */
	const char *name; /* UTF-8, cut at 128 characters */
	struct money price;
	int quantity;
	struct money discount; /* of the whole line */
};

struct portmone_bill {
	const char *order_number; /* [A-Za-z0-9_-] */
	struct money amount;
	const char *description; /* UTF-8, cut at 255 characters */
	const char *lang;	 /* "uk", "en", "ru" */
	const char *success_url;
	const char *failure_url;
	int64_t seconds; /* until the bill ends by itself (expTime), at least 1 */
	int64_t now;	 /* µs: dt */
	const struct portmone_goods *goods; /* NULL: not fiscal */
};

/*
 * UPPER(hex(HMAC-SHA256(key, S))), S = UPPER(payee + dt + hex(order) + amount) +
 * UPPER(hex(login)).
 */
const char *portmone_signature(struct arena *a, const struct portmone *p, const char *dt,
			       const char *order_number, const char *amount);

/* The question, for http_call or http_start. */
struct http_request portmone_link_request(const struct portmone *p, struct arena *a,
					  const struct portmone_bill *bill);

/*
 * The answer: rc and answer as http_call gave them.  OK: an address (https, or http on
 * loopback).  ERR_DOWN: no usable answer (connection, status, HTML); ERR_DENIED: refused with
 * an error code.  `why` has the reason, or Portmone's own words, for the log.
 */
int portmone_link_read(const struct portmone *p, struct arena *a, int rc,
		       const struct http_answer *answer, const char **ret_url,
		       const char **why) MUST_CHECK;

/* Both, blocking. */
int portmone_link(const struct portmone *p, struct arena *a, const struct portmone_bill *bill,
		  const char **ret_url, const char **why) MUST_CHECK;

#endif
