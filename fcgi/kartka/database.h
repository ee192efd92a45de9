/*
 * database.h: the private database of `kartka run`: a mariadbd under KARTKA_VAR/db that
 * listens on KARTKA_VAR/run/db.sock only.
 */
#ifndef KARTKA_DATABASE_H
#define KARTKA_DATABASE_H

#include "fcgi/kartka/supervise.h"
#include "shared/platform/config.h"

/*
 * Install it at the first start, start it, wait until it answers.  ERR_FAILED: `problem` says
 * why in one line; ERR_DENIED: everything is to stop.
 */
int database_start(struct supervisor *s, struct arena *a, const struct config *c,
		   struct str *problem) MUST_CHECK;

#endif
