/*
 * outside.h: what commands need of the outside: the database, Telegram, Portmone; opened
 * when asked for, with words for the operator when that fails.
 */
#ifndef KARTKA_OUTSIDE_H
#define KARTKA_OUTSIDE_H

#include "fcgi/kartka/command.h"
#include "shared/clients/portmone_link.h"
#include "shared/clients/telegram_call.h"
#include "shared/platform/db.h"

/* One for all that a command asks.  NULL: it does not answer, and stderr says why. */
struct db *outside_db(const struct command_env *env);

/* Close what was opened.  Does nothing when nothing was. */
void outside_end(void);

/* A database call failed: says so; returns 1. */
int outside_db_failed(const struct command_env *env, const struct db *db, int rc);

/* ERR_FAILED: libcurl can't be had, and stderr says so. */
int outside_telegram(const struct command_env *env, struct telegram *ret) MUST_CHECK;
int outside_portmone(const struct command_env *env, struct portmone *ret) MUST_CHECK;

/* Read a whole file, at most max bytes.  NULL, and stderr says why. */
const char *outside_read_file(const struct command_env *env, const char *path, size_t max,
			      size_t *ret_len);

#endif
