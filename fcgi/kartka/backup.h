/*
 * backup.h: what backup and restore share.
 */
#ifndef KARTKA_BACKUP_H
#define KARTKA_BACKUP_H

#include "fcgi/kartka/child.h"
#include "fcgi/kartka/outside.h"

/*
 * The passphrase: with from_stdin the first line of the standard input, else
 * KARTKA_BACKUP_PASSPHRASE, else the first line of what is piped in.  NULL: there is none, or
 * it is too short, and stderr says so.
 */
const char *backup_passphrase(const struct command_env *env, bool from_stdin);

/* "2 h", "13 days": for people. */
const char *backup_age(struct arena *a, int64_t made_at);

/*
 * A program of the database's own, with where the server is in a file in memory, so that the
 * password is on no command line: argv[1] is for "--defaults-file=…".  False: stderr says why.
 */
struct backup_tool {
	const char *const *argv;
	int options; /* the file */
	const char *database;
};
bool backup_tool(const struct command_env *env, const struct db *db, const char *const *names,
		 const char *const *arguments, struct backup_tool *ret);

/* gzip's path; NULL: stderr says that it is not there. */
const char *backup_gzip(const struct command_env *env);

#endif
