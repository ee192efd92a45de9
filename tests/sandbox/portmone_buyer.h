/* portmone_buyer.h: what a buyer does on the payment page.  With the world locked; a bill goes
 * by its name. */
#ifndef SANDBOX_PORTMONE_BUYER_H
#define SANDBOX_PORTMONE_BUYER_H

#include "tests/sandbox/json.h"

/* The page is opened: the attempt begins. */
void buyer_open(const char *name);

struct payment {
	const char *card;   /* NULL: one that is accepted */
	int64_t kopiykas;   /* 0: the bill's */
	const char *notify; /* "json", "xml", "none"; NULL: as the faults say */
	bool test;
	bool force; /* though the bill is expired or closed: money that was under way */
};

/*
 * {shopBillId, declined, return}.  NULL: the bill takes no money (`why`: a constant text).  The
 * return form is null when the browser never comes back.
 */
struct json_object *buyer_pay(const char *name, const struct payment *p, const char **why);
struct json_object *buyer_decline(const char *name);

#endif
