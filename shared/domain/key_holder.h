/*
 * key_holder.h: the processes that open codes, and the keys each of them knows.  Codes are
 * sealed anew with a key only when all of them know it: so nobody meets a code it can't open.
 */
#ifndef KARTKA_KEY_HOLDER_H
#define KARTKA_KEY_HOLDER_H

#include "shared/domain/code.h"
#include "shared/platform/db.h"

struct key_holder {
	int64_t id; /* a random number of the process */
	const char *program;
	const char *host;
	int64_t pid;
	const char *known; /* as key_holder_known() writes it */
	const char *version;
	int64_t started_at;
};

/* "1:5f0c…,2:a1…": each key's id and check value; two keys of one id are not the same. */
const char *key_holder_known(struct arena *a, const struct code_vault *vault);

/* It lives, and knows these: said every KEY_HOLDER_BEAT_MS. */
int key_holder_beat(struct db *db, const struct key_holder *holder) MUST_CHECK;
int key_holder_gone(struct db *db, int64_t id) MUST_CHECK;
/*
 * Forget those that have said nothing for KEY_HOLDER_DEAD_S.  Only for who knows that all the
 * others could have said something: after an outage of the database everybody was silent.
 */
int key_holder_sweep(struct db *db) MUST_CHECK;

/* How many have said something within KEY_HOLDER_FRESH_S. */
int key_holder_fresh(struct db *db, int *ret) MUST_CHECK;
/* Those not forgotten that don't know this key, the oldest word first. */
int key_holder_lacking(struct db *db, struct arena *a, const struct code_vault_key *key,
		       struct key_holder **ret, size_t *ret_count) MUST_CHECK;

#endif
