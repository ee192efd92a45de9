/*
 * return.h: what of the return page can be tried without a database.
 */
#ifndef KARTKA_PORTMONE_RETURN_PAGE_H
#define KARTKA_PORTMONE_RETURN_PAGE_H

#include "fcgi/portmone/page.h"

enum { RETURN_ROUNDS_MAX = 1000 };

struct came_back {
	const char *number;	 /* of the order; NULL: none that could be one */
	const char *bill_id;	 /* as claimed; "" without */
	const char *receipt_url; /* as claimed; "" without */
	bool failed;		 /* the browser says that it was not paid */
	int64_t round;		 /* how often the page has looked already */
};

/* From the fields of the gateway, or ours in the query; what can't be read is left out. */
void return_read(struct arena *a, const struct web_request *req, struct came_back *ret);

/* Seconds until the page of this round looks again; 0: it stops. */
int return_wait_s(int64_t round);

/* order NULL: no order has the number. */
enum page_kind return_page(const struct order *order, const struct came_back *back);

#endif
