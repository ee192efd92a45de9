/*
 * sale_notice.h: administrators hear of what is sold.  One sale by itself is told with what it
 * was; when more come than a chat could take, several are summed up in one message.
 */
#ifndef KARTKA_SALE_NOTICE_H
#define KARTKA_SALE_NOTICE_H

#include "shared/platform/db.h"

/*
 * Tell what was paid since `noted`, which is where the lease says that the last message ended
 * ("": there was none, and the past is not told).  Message and note are one transaction of
 * the lease's owner.  Silent until the gap between two messages is over.  A payment whose
 * transaction was open for longer than some seconds may go untold: it is news, not an
 * account.  ret: was anything told?  ERR_CONFLICT: the lease is another's by now.
 */
int sale_notice_tell(struct db *db, const char *lease, int64_t owner, const char *noted,
		     bool *ret) MUST_CHECK;

#endif
