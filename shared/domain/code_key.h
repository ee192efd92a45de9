/*
 * code_key.h: the keys of CODE_KEYS as the database knows them: by id and a check value that
 * tells one key from another and nothing of either.  So a key file that is not the right one
 * is told from a code that was altered, and a key that was dropped seals nothing any more.
 */
#ifndef KARTKA_CODE_KEY_H
#define KARTKA_CODE_KEY_H

#include "shared/domain/code.h"
#include "shared/platform/db.h"

enum { CODE_KEY_CHECK = 8 };

void code_key_check(const struct code_vault_key *key, unsigned char ret[CODE_KEY_CHECK]);

/*
 * Codes are sealed with it: in the transaction that stores them, so that it is not dropped
 * meanwhile.  ERR_DENIED: other codes were sealed with another key of this id, or it was
 * dropped.
 */
int code_key_use(struct db *db, const struct code_vault_key *key) MUST_CHECK;

/* The same for FINGERPRINT_KEY, which is never changed: else codes would not be known again. */
int code_key_use_fingerprint(struct db *db, const struct code_vault *vault) MUST_CHECK;

/* Does the vault have the key that codes of this key id were sealed with? */
int code_key_is_there(struct db *db, const struct code_vault *vault, int64_t id,
		      bool *ret) MUST_CHECK;

/*
 * Nobody seals with it any more.  *ret: codes that need it, in any state or not yet on the
 * shelf; it stays in use unless there are none.
 */
int code_key_drop(struct db *db, const struct code_vault_key *key, int64_t *ret) MUST_CHECK;

/* Every key that is known of, by id: of the table, and of the codes.  Reads all codes. */
struct code_key {
	int64_t id;
	int64_t codes; /* sealed with it, in any state */
	bool dropped;
	bool used; /* it has a check value, because codes were sealed with it */
	unsigned char check[CODE_KEY_CHECK];
};
int code_key_list(struct db *db, struct arena *a, struct code_key **ret,
		  size_t *ret_count) MUST_CHECK;

#endif
