/*
 * password.h: scrypt (RFC 7914) by OpenSSL.  128 MiB and about half a second a time, so
 * whoever checks passwords of strangers throttles first.
 */
#ifndef KARTKA_PASSWORD_H
#define KARTKA_PASSWORD_H

#include "shared/base/arena.h"

enum { PASSWORD_MIN = 12, PASSWORD_MAX = 128 }; /* characters */

/* scrypt$17$8$1$<salt hex>$<hash hex>: everything a later check needs. */
int password_hash(struct arena *a, const char *password, const char **ret) MUST_CHECK;

/* Is it the password?  With hash NULL the same time passes, and it never is. */
bool password_check(const char *password, const char *hash);

/*
 * A key from a passphrase: the same one from the same salt and costs.  ERR_INVALID: costs that
 * nobody has chosen here; ERR_FAILED: no memory for it.
 */
enum { PASSWORD_SALT = 16, PASSWORD_KEY = 32 };
struct password_cost {
	int64_t cost_log;
	int64_t block;
	int64_t parallel;
};
struct password_cost password_cost(void); /* of today */
int password_key(const char *passphrase, const unsigned char salt[PASSWORD_SALT],
		 const struct password_cost *cost, unsigned char ret[PASSWORD_KEY]) MUST_CHECK;

/* ERR_INVALID: too short or too long. */
int password_acceptable(const char *password) MUST_CHECK;

/* Among the first that anybody tries: known ones, one character or a run repeated. */
bool password_is_common(const char *password);

#endif
