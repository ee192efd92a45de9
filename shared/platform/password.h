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

/* ERR_INVALID: too short or too long. */
int password_acceptable(const char *password) MUST_CHECK;

/* Among the first that anybody tries: known ones, one character or a run repeated. */
bool password_is_common(const char *password);

#endif
