/*
 * secret.h: what the panel derives from DATA_KEY and from randomness.  Each use has a key of
 * its own.
 */
#ifndef KARTKA_ADMIN_SECRET_H
#define KARTKA_ADMIN_SECRET_H

#include "fcgi/admin/visit.h"

#include "shared/platform/totp.h"

/* A new session's cookie; ret_hash is what the database holds of it. */
const char *secret_token_new(struct arena *a, unsigned char ret_hash[CRYPTO_SHA256]);
/* ERR_INVALID: it is no such cookie. */
int secret_token_hash(struct arena *a, const char *token,
		      unsigned char ret[CRYPTO_SHA256]) MUST_CHECK;

/* The token in the forms of a session; of a browser that is not signed in. */
const char *secret_csrf(struct visit *v, const struct session *session);
const char *secret_csrf_pre(struct visit *v, const char *pre);

/* A seed as the database holds it, tied to its owner.  ERR_DENIED: another's or altered. */
struct bytes secret_seed_seal(struct visit *v, int64_t staff_id,
			      const unsigned char seed[TOTP_SEED]);
int secret_seed_open(struct visit *v, int64_t staff_id, struct bytes sealed,
		     unsigned char ret[TOTP_SEED]) MUST_CHECK;

/* ---- recovery codes: "k7f3m-9qxan", shown once, kept as hashes ---- */
enum { RECOVERY_CODES = 10, RECOVERY_HASH = 16 };
const char *secret_recovery_new(struct arena *a);
/* ERR_INVALID: it does not look like one.  Case, blanks and hyphens do not matter. */
int secret_recovery_hash(struct visit *v, int64_t staff_id, const char *code,
			 unsigned char ret[RECOVERY_HASH]) MUST_CHECK;

/* A password to be given to somebody, once: 20 characters that can be dictated. */
const char *secret_password_new(struct arena *a);

#endif
