/*
 * delivery.h: the message that carries an order's codes: sent when they are sold, shown
 * again in "my purchases".  More than INLINE_CODES_MAX codes, or more than
 * INLINE_CODES_BYTES, come as a .txt file.
 */
#ifndef KARTKA_DELIVERY_H
#define KARTKA_DELIVERY_H

#include "shared/clients/telegram_message.h"
#include "shared/domain/catalog.h"
#include "shared/domain/code.h"
#include "shared/domain/order.h"
#include "shared/platform/i18n.h"

/* "Lifecell, top-up 100", plain: what is bought, in messages.  value NULL: "?". */
const char *delivery_title(struct arena *a, const struct catalog *catalog,
			   const struct card_value *value, enum lang lang);

/*
 * The message without its chat.  Codes live in the arena, which wipes them.
 * ERR_DENIED: a code does not open: nothing of the order may be sent, an administrator looks.
 * ERR_CONFLICT: the order has not all its codes (it is not delivered).
 */
int delivery_message(struct db *db, struct arena *a, const struct code_vault *vault,
		     struct catalog *catalog, const struct order *order, enum lang lang,
		     struct message *ret) MUST_CHECK;

/* The receipt of what paid the order; "" without. */
int delivery_receipt(struct db *db, struct arena *a, const struct order *order,
		     const char **ret) MUST_CHECK;

/*
 * The message with the one code that now stands in this place of the order, after another
 * did not work.  Fails as above.
 */
int delivery_replacement(struct db *db, struct arena *a, const struct code_vault *vault,
			 struct catalog *catalog, const struct order *order, enum lang lang,
			 int slot, struct message *ret) MUST_CHECK;

#endif
