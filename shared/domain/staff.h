/*
 * staff.h: administrators.
 */
#ifndef KARTKA_STAFF_H
#define KARTKA_STAFF_H

#include "shared/domain/audit.h"

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
	bool must_change; /* the password was given by somebody else */
	int64_t created_at;
};

/* In this order for staff_read(); t is the table. */
#define STAFF_COLUMNS                                                           \
	"t.id, t.login, t.role, t.totp_seed IS NOT NULL, t.disabled_at IS NOT " \
	"NULL, t.must_change, t.created_at"
enum { STAFF_COLUMN_COUNT = 7 };
int staff_read(const struct db_cell *c, struct staff *ret) MUST_CHECK;

/* [a-z0-9._-]{1,64}, lower case. */
bool staff_is_login(const char *login);

struct staff_new {
	const char *login;
	const char *hash; /* password_hash()'s */
	enum role role;
	bool must_change;
};
/* ERR_CONFLICT: the login is taken. */
int staff_add(struct db *db, const struct audit_who *who,
	      const struct staff_new *staff) MUST_CHECK;

int staff_list(struct db *db, struct arena *a, struct staff **ret,
	       size_t *ret_count) MUST_CHECK;
/* ERR_NOT_FOUND. */
int staff_find(struct db *db, struct arena *a, int64_t id, struct staff **ret) MUST_CHECK;

/* The next sign-in enrols a new one; all sessions end.  ERR_NOT_FOUND. */
int staff_reset_totp(struct db *db, const struct audit_who *who, const char *login) MUST_CHECK;

/*
 * No sign-in any more; all sessions end.  ERR_NOT_FOUND; ERR_CONFLICT: disabled already;
 * ERR_DENIED: the last owner stays.
 */
int staff_disable(struct db *db, const struct audit_who *who, const char *login) MUST_CHECK;
/* May sign in again.  ERR_NOT_FOUND; ERR_CONFLICT: may already. */
int staff_enable(struct db *db, const struct audit_who *who, const char *login) MUST_CHECK;

/* All sessions end.  ERR_NOT_FOUND; ERR_CONFLICT: it is that already; ERR_DENIED: last owner.
 */
int staff_set_role(struct db *db, const struct audit_who *who, const char *login,
		   enum role role) MUST_CHECK;

/* A password given by an owner: must be changed; all sessions end.  ERR_NOT_FOUND. */
int staff_give_password(struct db *db, const struct audit_who *who, const char *login,
			const char *hash) MUST_CHECK;

#endif
