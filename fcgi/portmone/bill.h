/*
 * bill.h: the gateway's page of an order: made once, by whichever process is first, and
 * then used by all.
 */
#ifndef KARTKA_PORTMONE_BILL_H
#define KARTKA_PORTMONE_BILL_H

#include "fcgi/portmone/app.h"

#include "shared/domain/order.h"

enum bill_result {
	BILL_READY, /* the order's link_url */
	BILL_BUSY,  /* another process is still asking for it */
	BILL_DOWN,  /* the gateway gave none; the order stays as it is */
	BILL_ENDED  /* the order is not pending any more */
};

/*
 * Get the page of a pending order that has none; *order is read anew when another process was
 * first.  `goods` is what is bought, in the buyer's language.  Fails as the database does.
 */
int bill_get(struct app *app, struct arena *a, const char *goods, struct order **order,
	     enum bill_result *ret) MUST_CHECK;

#endif
