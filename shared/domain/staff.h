/*
 * staff.h: administrators.
 */
#ifndef KARTKA_STAFF_H
#define KARTKA_STAFF_H

#include "shared/platform/db.h"

enum role { ROLE_VIEWER, ROLE_SUPPORT, ROLE_MANAGER, ROLE_OWNER, ROLE__COUNT };
const char *role_name(enum role role);
int role_read(const char *name, enum role *ret) MUST_CHECK;

enum { LOGIN_MAX = 64 };

struct staff {
	int64_t id;
	const char *login;
	enum role role;
	bool has_totp;
	bool disabled;
	int64_t created_at;
};

/* [a-z0-9._-]{1,64}, lower case. */
bool staff_is_login(const char *login);

/* ERR_CONFLICT: the login is taken.  The hash is password_hash()'s. */
int staff_add(struct db *db, const char *login, const char *hash, enum role role) MUST_CHECK;

int staff_list(struct db *db, struct arena *a, struct staff **ret,
	       size_t *ret_count) MUST_CHECK;

/* The next sign-in enrols a new one; all sessions end.  ERR_NOT_FOUND. */
int staff_reset_totp(struct db *db, const char *login) MUST_CHECK;
/* No sign-in any more; all sessions end.  ERR_NOT_FOUND; ERR_CONFLICT: disabled already. */
int staff_disable(struct db *db, const char *login) MUST_CHECK;

#endif
