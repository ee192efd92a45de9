/*
 * code.h: one card code: sealed at rest, known by its fingerprint.
 */
#ifndef KARTKA_CODE_H
#define KARTKA_CODE_H

#include "shared/base/arena.h"
#include "shared/platform/crypto.h"

enum { CODE_VAULT_KEYS = 16 };

/* The keys; filled from the configuration by each program. */
struct code_vault {
	struct code_vault_key {
		int64_t id;
		unsigned char key[CRYPTO_KEY];
	} keys[CODE_VAULT_KEYS]; /* the last encrypts, all decrypt */
	size_t count;
	unsigned char fingerprint_key[CRYPTO_KEY];
};

/* NULL: it is not among them. */
const struct code_vault_key *code_vault_find(const struct code_vault *vault, int64_t id);

/* A code as it is stored. */
struct code_sealed {
	int64_t key_id;
	struct bytes ciphertext;
	unsigned char fingerprint[CRYPTO_SHA256];
};

/*
 * HMAC-SHA256 of the code without blanks and hyphens, so that one code typed in two
 * ways is one code; over all values.
 */
void code_fingerprint(const struct code_vault *vault, const char *code,
		      unsigned char ret[CRYPTO_SHA256]);

/* Seal for a value: the ciphertext opens only with the same value and fingerprint. */
void code_seal(struct arena *a, const struct code_vault *vault, int64_t value_id,
	       const char *code, struct code_sealed *ret);
/* The same for a code that was stored before: ret->fingerprint is its own, and stays. */
void code_seal_again(struct arena *a, const struct code_vault *vault, int64_t value_id,
		     const char *code, struct code_sealed *ret);

/* ERR_DENIED: altered, another row's, or the key is not known.  Lives as long as the arena,
 * wiped at its end. */
int code_open(struct arena *a, const struct code_vault *vault, int64_t value_id,
	      const struct code_sealed *sealed, const char **ret) MUST_CHECK;

#endif
