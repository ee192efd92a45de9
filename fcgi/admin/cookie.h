/*
 * cookie.h: the panel's cookies: for this host alone ("__Host-", Secure) exactly when the
 * shop's address is https, SameSite=Strict always.
 */
#ifndef KARTKA_ADMIN_COOKIE_H
#define KARTKA_ADMIN_COOKIE_H

#include "shared/platform/web.h"

/* A cookie's value; NULL without, and when it came twice, so that nobody plants a second. */
const char *cookie_get(struct arena *a, const struct web_request *req, bool secure,
		       const char *name);

struct cookie {
	const char *name;
	const char *value; /* "": the browser forgets it */
	int64_t max_age_s; /* 0: until the browser is closed */
	bool script;	   /* admin.js may read and write it */
};
void cookie_set(struct arena *a, struct web_response *res, bool secure,
		const struct cookie *cookie);

#endif
