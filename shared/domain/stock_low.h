/*
 * stock_low.h: a value whose codes run out.  Administrators are told when fewer than its
 * low_stock are left, and again each day that it stays so, until it is filled.
 */
#ifndef KARTKA_STOCK_LOW_H
#define KARTKA_STOCK_LOW_H

#include "shared/platform/db.h"

/*
 * Look at every value that is shown and has ever had codes.  What is reserved counts as there:
 * it comes back or is sold, and a shelf that is full of open orders is not told of each time.
 * Some index entries a value, however large the stock.  ret: alerts written.
 */
int stock_low_tell(struct db *db, int *ret) MUST_CHECK;

#endif
