/*
 * order_fill.h: an order that was paid gets its codes, or waits for them.
 *
 * What is reserved for an order is its own, whoever waits.  Else codes come from the shelf,
 * whole orders only, and the order of the value that has waited longest comes first: neither a
 * smaller one behind it nor late money for a new one overtakes it.  So codes may lie on the
 * shelf while orders wait, too few for the oldest.  Whoever does not want to wait asks for the
 * money.  What replaces a bad code is taken before all of them: its order was paid earlier
 * still.
 */
#ifndef KARTKA_ORDER_FILL_H
#define KARTKA_ORDER_FILL_H

#include "shared/domain/order.h"

/*
 * The order is paid: delivered, or waiting.  In the caller's transaction, its row locked.
 * *ret: the state it is in then.
 */
int order_fill(struct db *db, struct arena *a, const struct order *order,
	       enum order_state *ret) MUST_CHECK;

/*
 * Give the waiting orders of a value their codes, oldest first, whole orders only; each in a
 * transaction of its own.  ret: how many were filled.
 */
int order_fill_waiting(struct db *db, int64_t value_id, int *ret) MUST_CHECK;

/* The next value after this id that has waiting orders and codes on the shelf; 0: none. */
int order_waiting_value(struct db *db, int64_t after_value_id, int64_t *ret) MUST_CHECK;

#endif
