/*
 * purchase.h: what the screens about one order share.
 */
#ifndef KARTKA_PURCHASE_H
#define KARTKA_PURCHASE_H

#include "fcgi/telegram/bot.h"
#include "shared/domain/order.h"

/* args: order.  ERR_NOT_FOUND: there is none, or it is somebody else's. */
int purchase_mine(struct turn *t, struct order **ret) MUST_CHECK;

/* You have no such order. */
int purchase_none(const struct turn *t, struct message *ret);

/* How it stands, and what can be done about it. */
int purchase_state(const struct turn *t, const struct order *order, struct message *ret);

#endif
