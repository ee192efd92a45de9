/*
 * order_notice.h: what becomes of an order is told in the transaction that makes it so: to its
 * buyer, and to the administrators.
 */
#ifndef KARTKA_ORDER_NOTICE_H
#define KARTKA_ORDER_NOTICE_H

#include "shared/domain/order.h"
#include "shared/domain/outbox.h"

/* To the buyer, once an order for each kind. */
int order_tell(struct db *db, struct arena *a, const struct order *order, enum outbox_kind kind,
	       enum outbox_priority priority) MUST_CHECK;

/*
 * To the administrators: the phrase notice.alert.<what>.  Once for each payment by its
 * gateway's id; payment_id "": about the order, once.
 */
int order_alert(struct db *db, struct arena *a, const struct order *order, const char *what,
		const char *payment_id) MUST_CHECK;

#endif
