/*
 * session.h: browsers that are signed in.  The cookie is 256 random bits; the database holds
 * only its SHA-256.  A session ends after SESSION_IDLE_S without a page, SESSION_LONGEST_S
 * after the sign-in, by signing out, and with the account.
 */
#ifndef KARTKA_SESSION_H
#define KARTKA_SESSION_H

#include "shared/domain/staff.h"
#include "shared/platform/crypto.h"

enum {
	SESSION_IDLE_S = 30 * 60,
	SESSION_LONGEST_S = 12 * 3600,
	SESSION_HALF_S = 10 * 60, /* from the password to the second factor */
	SESSION_STEP_UP_S = 5 * 60,
};

enum session_stage { SESSION_PASSWORD, SESSION_FULL };

struct session {
	int64_t id;
	enum session_stage stage;
	struct staff staff;
	int64_t created_at;
	int64_t seen_at;
	bool stepped_up; /* within SESSION_STEP_UP_S */
	const char *address;
	const char *agent;
	struct bytes totp_seed; /* being enrolled, sealed; {NULL,0} without */
	const char *flash;	/* JSON, "" without */
};

struct session_new {
	int64_t staff_id;
	enum session_stage stage;
	const char *address;
	const char *agent;	     /* valid UTF-8, at most 200 characters */
	int64_t replaces;	     /* id of the half-way session it follows; 0: none */
	bool stepped_up;	     /* the second factor was entered just now */
	const struct audit_who *who; /* for the trail's row of a full sign-in */
};

/* Everything that may be told of the cookie's value. */
void session_hash(struct bytes token, unsigned char ret[CRYPTO_SHA256]);

/* A new one.  ERR_CONFLICT: the half-way session it replaces has ended meanwhile. */
int session_open(struct db *db, const unsigned char hash[CRYPTO_SHA256],
		 const struct session_new *session) MUST_CHECK;

/* The session that is alive, and notes that it was seen.  ERR_NOT_FOUND. */
int session_find(struct db *db, struct arena *a, const unsigned char hash[CRYPTO_SHA256],
		 struct session **ret) MUST_CHECK;

/* A fresh second factor: the cookie changes too.  ERR_CONFLICT: it has ended meanwhile. */
int session_step_up(struct db *db, int64_t id,
		    const unsigned char hash[CRYPTO_SHA256]) MUST_CHECK;

/* One person's that are alive, the last seen first. */
int session_list(struct db *db, struct arena *a, int64_t staff_id, struct session **ret,
		 size_t *ret_count) MUST_CHECK;

/* One of this person's.  ERR_NOT_FOUND: it is somebody else's, or has ended. */
int session_end(struct db *db, int64_t staff_id, int64_t id) MUST_CHECK;
/* All of this person's but one (0: none is kept). */
int session_end_others(struct db *db, int64_t staff_id, int64_t keep_id) MUST_CHECK;

/* What the next page says; "" for nothing. */
int session_set_flash(struct db *db, int64_t id, const char *flash) MUST_CHECK;
/* The seed that is being enrolled, sealed; {NULL,0}: none. */
int session_set_seed(struct db *db, int64_t id, struct bytes sealed) MUST_CHECK;

#endif
