/*
 * place.h: where things are on this host: programs, the folders of a run, and whom its
 * processes may run as.
 */
#ifndef KARTKA_PLACE_H
#define KARTKA_PLACE_H

#include "fcgi/kartka/supervise.h"
#include "shared/platform/config.h"

/* A program of the system by PATH, and where only root's PATH looks.  NULL: not installed. */
const char *place_program(struct arena *a, const char *name);

/* One of the shop's: beside this program, as NAME or as kartka-NAME.  NULL: not there. */
const char *place_own_program(struct arena *a, const char *name);

/* The user we run as. */
const char *place_user_name(struct arena *a);

/*
 * The first of these users that exists and can pass to every one of the folders (all lists
 * end in NULL).  NULL: run as we do, because we are not root or because none can.
 */
const struct account *place_account(struct arena *a, const char *const *users,
				    const char *const *folders);

/* The one the folder belongs to; NULL when that is us, or the folder is not there. */
const struct account *place_owner(struct arena *a, const char *folder);

/* ERR_INVALID: KARTKA_VAR can't hold sockets or stand in nginx's configuration. */
int place_check(const struct config *c, struct str *problem) MUST_CHECK;

/* KARTKA_VAR and its run folder, where the database's user may make its socket. */
int place_make(struct arena *a, const struct config *c, struct str *problem) MUST_CHECK;
int place_open_run(struct arena *a, const struct config *c,
		   const struct account *database) MUST_CHECK;

/* Keep others from running here as long as we live.  ERR_CONFLICT: somebody does. */
int place_lock(struct arena *a, const struct config *c, struct str *problem) MUST_CHECK;

/* The port of this setting's address must be free.  ERR_CONFLICT: it is not. */
int place_check_port(struct arena *a, const char *key, const char *address,
		     struct str *problem) MUST_CHECK;

/*
 * All of these, and nothing left of an earlier run: from now on KARTKA_VAR is this process's,
 * and what it starts is known by it.
 */
int place_take(struct arena *a, const struct config *c, struct str *problem) MUST_CHECK;

/* Sockets and pid files that a killed run left in its run folder. */
void place_clean_run(struct arena *a, const struct config *c);

/* A folder with all that is in it. */
void place_remove(const char *folder);

#endif
