/*
 * route.h: the panel's addresses, each with what it asks of whoever comes.
 */
#ifndef KARTKA_ADMIN_ROUTE_H
#define KARTKA_ADMIN_ROUTE_H

#include "fcgi/admin/visit.h"

/* Beside enum role, in `need`: those who are not signed in, or half-way. */
enum { NEED_NOTHING = -2, NEED_PASSWORD = -1 };

enum {
	ROUTE_STEP_UP = 1, /* the second factor anew, not longer than five minutes ago */
	ROUTE_UPLOAD = 2,  /* the form is multipart and may bring one file */
};

struct route {
	unsigned methods; /* WEB_GET | WEB_POST */
	const char *path; /* "/admin/staff/{}" */
	int need;	  /* enum role: at least this one; or NEED_… */
	page *page;
	const char *may; /* admin.may.<may>: what this lets one do; NULL: everybody may */
	unsigned flags;
	const char *menu; /* admin.menu.<menu> and its icon; NULL: not in the menu */
};

size_t route_count(void);
const struct route *route_at(size_t n);

/* NULL: *ret_status 404, or 405 with the methods there are in ret_methods. */
const struct route *route_find(struct visit *v, int *ret_status, unsigned *ret_methods);

/* A line for each row, for tests: GET /admin/staff owner step-up */
void route_print(FILE *to);

#endif
