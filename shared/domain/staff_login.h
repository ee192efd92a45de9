/*
 * staff_login.h: what signing in needs of an account: the hash to compare with, the second
 * factor and its single use, the recovery codes.  What is secret comes and goes sealed or
 * hashed; whoever calls does the arithmetic.
 */
#ifndef KARTKA_STAFF_LOGIN_H
#define KARTKA_STAFF_LOGIN_H

#include "shared/domain/staff.h"

struct staff_secrets {
	struct staff staff;
	const char *password_hash;
	struct bytes totp_seed; /* sealed; {NULL,0}: none is enrolled */
	int64_t totp_step;	/* the last one used */
	struct bytes recovery;	/* hashes of the codes left, one behind the other */
};

/* ERR_NOT_FOUND: nobody of that login may sign in. */
int staff_secrets_by_login(struct db *db, struct arena *a, const char *login,
			   struct staff_secrets **ret) MUST_CHECK;
int staff_secrets(struct db *db, struct arena *a, int64_t id,
		  struct staff_secrets **ret) MUST_CHECK;

/* Use a step of time, once.  ERR_CONFLICT: it or a later one was used already. */
int staff_use_step(struct db *db, int64_t id, int64_t step) MUST_CHECK;

/* Use a recovery code: left is what remains of was.  ERR_CONFLICT: another was used just now.
 */
int staff_use_recovery(struct db *db, const struct audit_who *who, struct bytes was,
		       struct bytes left) MUST_CHECK;

struct staff_totp {
	struct bytes seed; /* sealed */
	int64_t step;	   /* the one that proved it; used by that */
	struct bytes recovery;
};
/* Enrolled, in place of any other; who is the account itself.  Other sessions end but keep_id.
 */
int staff_enrol(struct db *db, const struct audit_who *who, const struct staff_totp *totp,
		int64_t keep_id) MUST_CHECK;

/* By the account itself.  Other sessions end but keep_id. */
int staff_change_password(struct db *db, const struct audit_who *who, const char *hash,
			  int64_t keep_id) MUST_CHECK;

#endif
