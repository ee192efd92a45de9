/*
 * webserver.h: nginx in front of `kartka run`: its configuration is made from
 * nginx/nginx.conf at each start.
 */
#ifndef KARTKA_WEBSERVER_H
#define KARTKA_WEBSERVER_H

#include "fcgi/kartka/supervise.h"
#include "shared/platform/config.h"

/* Write KARTKA_VAR/run/nginx.conf.  `account` is whom its workers run as; NULL: as we do. */
int webserver_configure(struct arena *a, const struct config *c, const struct account *account,
			struct str *problem) MUST_CHECK;

void webserver_start(struct supervisor *s, struct arena *a, const struct config *c);

/* The status /readyz answers, and the start of what it says; 0 without an answer. */
int webserver_ready(struct arena *a, const struct config *c, const char **ret_text);

#endif
