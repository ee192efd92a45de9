/*
 * restock.h: tell me when it is back.
 */
#ifndef KARTKA_RESTOCK_H
#define KARTKA_RESTOCK_H

#include "shared/platform/db.h"

/* Asked once however often; first come, first told. */
int restock_wait(struct db *db, int64_t value_id, int64_t user_id) MUST_CHECK;
/*
 * Turn waiters of a value that is on the shelf again into outbox rows, up to limit.  ret: how
 * many; 0: nobody waits for what is there.
 */
int restock_tell(struct db *db, int limit, int *ret) MUST_CHECK;

#endif
