/*
 * keys.h: what the commands `keys …` share: CODE_KEYS as they are, and changing them.
 */
#ifndef KARTKA_KEYS_H
#define KARTKA_KEYS_H

#include "fcgi/kartka/outside.h"
#include "shared/domain/code.h"

/* "1:0a1b…,2:…": as the setting is written. */
const char *keys_text(struct arena *a, const struct config_key *keys, size_t count);

/*
 * Put these in force: into secrets.json, or, where CODE_KEYS is given elsewhere, tell what to
 * set there.  *ret: it is done; an operator has nothing to set.  Returns the exit status.
 */
int keys_store(const struct command_env *env, const struct config_key *keys, size_t count,
	       bool *ret);

/* Who decided, for the audit trail: "keys_rotate", 2. */
int keys_audit(const struct command_env *env, struct db *db, const char *action,
	       int64_t key_id) MUST_CHECK;

#endif
