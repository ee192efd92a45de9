/*
 * audit_seal.h: the trail as a chain: each row's seal is an HMAC over the row and the seal
 * before it, so a row that was altered, removed or put in between shows; and the last seal is
 * kept apart (settings, and once a day the administrators' chats), so that a chain cut off at
 * its end shows too.
 *
 * The chain's order is seal_no, not id: rows are committed in another order than numbered.
 */
#ifndef KARTKA_AUDIT_SEAL_H
#define KARTKA_AUDIT_SEAL_H

#include "shared/platform/crypto.h"
#include "shared/platform/db.h"

struct audit_head {
	int64_t count; /* rows sealed so far */
	unsigned char seal[CRYPTO_SHA256];
};

/*
 * Seal up to limit rows that are not, oldest first.  One at a time: a lease or a test sees to
 * that; two would merely wait for each other.  ret_head: the chain's end after it.
 */
int audit_seal(struct db *db, const unsigned char data_key[CRYPTO_KEY], int limit,
	       size_t *ret_sealed, struct audit_head *ret_head) MUST_CHECK;

enum audit_flaw {
	AUDIT_WHOLE,
	AUDIT_REMOVED, /* places from first_no to last_no are empty */
	AUDIT_ALTERED, /* the row in first_no, or its seal */
	AUDIT_CUT_OFF, /* the chain ends before first_no, but was longer */
	AUDIT__COUNT
};

struct audit_finding {
	enum audit_flaw flaw;
	int64_t first_no;
	int64_t last_no;
	int64_t row_id;	 /* of an altered one */
	int64_t checked; /* rows looked at */
	int64_t unsealed;
	bool seal_known; /* the seal one asked for is in the chain */
};

/*
 * Look at all of the chain up to its first flaw.  known: a seal that was told once, to be found
 * in it; {NULL,0}: none.
 */
int audit_verify(struct db *db, const unsigned char data_key[CRYPTO_KEY], struct bytes known,
		 struct audit_finding *ret) MUST_CHECK;

#endif
