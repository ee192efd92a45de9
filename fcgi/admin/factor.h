/*
 * factor.h: is it really them?  The password (at most two hashes at once on a host) and the
 * second factor, each counted before it is looked at, each failure in the trail.
 */
#ifndef KARTKA_ADMIN_FACTOR_H
#define KARTKA_ADMIN_FACTOR_H

#include "fcgi/admin/visit.h"

#include "shared/domain/staff_login.h"

enum factor {
	FACTOR_RIGHT,
	FACTOR_WRONG,
	FACTOR_USED, /* right, but seen before */
	FACTOR_WAIT  /* too many were wrong: not looked at */
};

struct verdict {
	enum factor factor;
	int64_t wait_s;
	const char *text; /* what to tell them; NULL when it is right */
};

/* Whoever signs in.  ret_secrets is set when it is right. */
int factor_password(struct visit *v, const char *login, const char *password,
		    struct staff_secrets **ret_secrets, struct verdict *ret) MUST_CHECK;

/* The code of an authenticator, or a recovery code. */
int factor_code(struct visit *v, const struct staff_secrets *secrets, const char *code,
		struct verdict *ret) MUST_CHECK;

/* The code that proves that a seed was taken over; not of an account yet. */
int factor_seed(struct visit *v, const unsigned char *seed, const char *code, int64_t *ret_step,
		struct verdict *ret) MUST_CHECK;

/* A new hash, in its turn. */
int factor_hash(struct visit *v, const char *password, const char **ret) MUST_CHECK;

#endif
