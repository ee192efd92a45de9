/*
 * code_rotate.h: sealing stored codes anew, with another key, while the shop sells: batch
 * after batch by primary key.  Each row names the key it leaves; nothing else of it changes.
 * One that does not open is left alone.  Running it again goes on with what is left.
 */
#ifndef KARTKA_CODE_ROTATE_H
#define KARTKA_CODE_ROTATE_H

#include "shared/domain/code.h"
#include "shared/platform/db.h"

enum { ROTATE_BATCH = 100 }; /* rows locked at once: a few milliseconds for who buys them */

struct code_rotation {
	int64_t after_id; /* where it stands; 0 at first */
	int64_t sealed;	  /* anew, so far */
	int64_t unreadable;
	bool over;
	/* of the last batch: those that don't open */
	int64_t bad_ids[ROTATE_BATCH];
	size_t bad_count;
};

/*
 * The next batch: the vault's last key seals, all open.  With look_only nothing is changed, and
 * codes of the last key are opened as well.
 */
int code_rotate_next(struct db *db, const struct code_vault *vault, bool look_only,
		     struct code_rotation *rotation) MUST_CHECK;

#endif
