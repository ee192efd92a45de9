/*
 * totp.h: one-time passwords by time (RFC 6238: SHA-1, 30 s, 6 digits: what every
 * authenticator knows), by liboath.
 */
#ifndef KARTKA_TOTP_H
#define KARTKA_TOTP_H

#include "shared/base/arena.h"

enum { TOTP_SEED = 20, TOTP_DIGITS = 6, TOTP_PERIOD_S = 30 };

/* For typing into an authenticator: base32 in groups of four. */
const char *totp_secret(struct arena *a, const unsigned char seed[TOTP_SEED]);

/* For its camera: otpauth://totp/Kartka:login?secret=… */
const char *totp_uri(struct arena *a, const char *issuer, const char *account,
		     const unsigned char seed[TOTP_SEED]);

/* The password of a step, which is seconds since 1970 by TOTP_PERIOD_S. */
void totp_at(const unsigned char seed[TOTP_SEED], int64_t step, char ret[TOTP_DIGITS + 1]);

/*
 * Does it fit now, or one step before or after, and later than `last` (the last step that was
 * used)?  Blanks in it do not matter.  ERR_DENIED: no.  What is returned must be written down
 * as used by a conditional UPDATE, or it was used by two.
 */
int totp_check(const unsigned char seed[TOTP_SEED], const char *code, int64_t now_s,
	       int64_t last, int64_t *ret_step) MUST_CHECK;

#endif
