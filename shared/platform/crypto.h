/*
 * crypto.h: what OpenSSL does for the shop: randomness, HMAC, AES-256-GCM, comparison
 * in constant time, base64url.
 */
#ifndef KARTKA_CRYPTO_H
#define KARTKA_CRYPTO_H

#include "shared/base/arena.h"

enum { CRYPTO_KEY = 32, CRYPTO_NONCE = 12, CRYPTO_TAG = 16, CRYPTO_SHA256 = 32 };

/* Ends the process when the system has no randomness. */
void crypto_random(void *ret, size_t len);

void crypto_hmac(const void *key, size_t key_len, struct bytes text,
		 unsigned char ret[CRYPTO_SHA256]);
void crypto_sha256(struct bytes text, unsigned char ret[CRYPTO_SHA256]);

/* SHA-256 of what comes piece by piece; its end frees it. */
struct crypto_hash;
struct crypto_hash *crypto_hash_new(void);
void crypto_hash_add(struct crypto_hash *hash, struct bytes piece);
void crypto_hash_end(struct crypto_hash *hash, unsigned char ret[CRYPTO_SHA256]);

/* Equal?  Takes the same time wherever they differ; lengths are not secret. */
bool crypto_same(struct bytes a, struct bytes b);

/*
 * AES-256-GCM.  Sealed form: nonce (12) ‖ ciphertext ‖ tag (16).  The associated data
 * must be the same at opening: it ties a sealed code to its row.
 */
struct bytes crypto_seal(struct arena *a, const unsigned char key[CRYPTO_KEY],
			 struct bytes text, struct bytes associated);
/* ERR_DENIED: wrong key, altered, or another row's.  The text ends in NUL. */
int crypto_open(struct arena *a, const unsigned char key[CRYPTO_KEY], struct bytes sealed,
		struct bytes associated, struct bytes *ret) MUST_CHECK;

void crypto_wipe(void *data, size_t len);

const char *crypto_hex(struct arena *a, struct bytes b); /* lower case */
const char *crypto_hex_upper(struct arena *a, struct bytes b);
const char *crypto_base64url(struct arena *a, struct bytes b); /* RFC 4648 §5, no padding */
/* ERR_INVALID: a foreign character, or bits left over. */
int crypto_base64url_read(struct arena *a, const char *text, struct bytes *ret) MUST_CHECK;

#endif
