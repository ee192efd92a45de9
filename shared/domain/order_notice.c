#include "shared/domain/order_notice.h"

int order_tell(struct db *db, struct arena *a, const struct order *order, enum outbox_kind kind,
	       enum outbox_priority priority)
{
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "%s:%lld", outbox_kind_name(kind),
							   (long long)order->id),
				      .kind = kind,
				      .priority = priority,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
			      });
}

int order_alert(struct db *db, struct arena *a, const struct order *order, const char *what,
		const char *payment_id)
{
	/* The column holds the longest id a gateway may give. */
	const char *fact = *payment_id ? arena_printf(a, "pay:%s:%s", what, payment_id)
				       : arena_printf(a, "alert:%s:%lld", what,
						      (long long)order->id);

	return outbox_add(db,
			  &(struct outbox_message){
				  .fact = fact,
				  .kind = OUTBOX_ALERT,
				  .priority = OUTBOX_ALERTS,
				  .order_id = order->id,
				  .data = arena_printf(a, "{\"what\":\"%s\",\"order\":\"%s\"}",
						       what, order->number),
			  });
}
