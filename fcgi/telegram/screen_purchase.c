#include "fcgi/telegram/purchase.h"
#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

#include "shared/domain/order_refund.h"
#include "shared/domain/outbox.h"
#include "shared/service/button.h"
#include "shared/service/delivery.h"

int screen_purchases(struct turn *t, struct message *ret)
{
	struct bot *bot = t->bot;
	struct order *orders;
	size_t count;
	int rc = catalog_refresh(bot->catalog, bot->program->db, t->now_ms);

	if (!rc)
		rc = order_list_of_user(bot->program->db, t->a, t->user->id, t->args[0],
					PAGE_SIZE + 1, &orders, &count);
	if (!rc)
		view_purchases(t, orders, count, t->args[0], ret);
	return rc;
}

/* ---- one order ---- */

int purchase_mine(struct turn *t, struct order **ret)
{
	struct order *order;
	int const rc = order_find(t->bot->program->db, t->a, t->args[0], &order);

	if (rc)
		return rc;
	if (order->user_id != t->user->id)
		return ERR_NOT_FOUND;
	*ret = order;
	return OK;
}

int purchase_none(const struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.purchases.none");
	view_foot(t, ret, NULL);
	return OK;
}

static const char *const state_keys[] = {
	[ORDER_PENDING] = "bot.state.pending",	   [ORDER_PAID] = "bot.state.paid",
	[ORDER_DELIVERED] = "bot.state.delivered", [ORDER_REFUNDING] = "bot.state.refunding",
	[ORDER_REFUNDED] = "bot.state.refunded",   [ORDER_DISPUTED] = "bot.state.disputed",
	[ORDER_EXPIRED] = "bot.state.expired",	   [ORDER_CANCELLED] = "bot.state.cancelled",
};
_Static_assert(COUNT(state_keys) == ORDER__COUNT, "a text for every state");

int purchase_state(const struct turn *t, const struct order *order, struct message *ret)
{
	struct keyboard *k = &ret->buttons;

	ret->html = turn_html(t, state_keys[order->state], A("order", order->number),
			      A("total", turn_money(t, order->total)));
	if (order->state == ORDER_PAID)
		keyboard_data(t->a, k, turn_text(t, "bot.refund_wish.button"),
			      BUTTON_REFUND_WISH, (long long)order->id);
	if (order->state == ORDER_PENDING)
		keyboard_data(t->a, k, turn_text(t, "bot.cancel"), BUTTON_CANCEL,
			      (long long)order->id);
	if (order->state == ORDER_EXPIRED || order->state == ORDER_CANCELLED)
		keyboard_data(t->a, k, turn_text(t, "bot.buy_again"), BUTTON_VALUE,
			      (long long)order->value_id, order->quantity);
	view_foot(t, ret, arena_printf(t->a, BUTTON_PURCHASES, 0LL));
	return OK;
}

/* ---- telling administrators ---- */

/* Once an order, however often it is pressed. */
static int alert_add(struct turn *t, const struct order *order, const char *what)
{
	int const rc = outbox_add(
		t->bot->program->db,
		&(struct outbox_message){
			.fact = arena_printf(t->a, "buyer:%s:%lld", what, (long long)order->id),
			.kind = OUTBOX_ALERT,
			.priority = OUTBOX_ALERTS,
			.order_id = order->id,
			.data = arena_printf(t->a,
					     "{\"what\":\"%s\",\"order\":\"%s\",\"user\":%lld}",
					     what, order->number, (long long)order->user_id),
		});

	if (!rc)
		wake_outbox(t->bot->wake);
	return rc;
}

/* Nothing was delivered, so nobody need be asked. */
int screen_refund_wish(struct turn *t, struct message *ret)
{
	enum refund_result result;
	struct order *order;
	int rc = order_refund_by_buyer(t->bot->program->db, t->args[0], t->user->id, &result);

	if (!rc)
		rc = purchase_mine(t, &order);
	if (rc == ERR_NOT_FOUND)
		return purchase_none(t, ret);
	if (rc)
		return rc;
	/* The stock, or an earlier press, was faster: the order says how it stands. */
	if (result != REFUND_ASKED)
		return purchase_state(t, order, ret);
	wake_outbox(t->bot->wake);
	ret->html = turn_html(t, "bot.refund_wish.done", A("order", order->number),
			      A("total", turn_money(t, order->total)));
	t->toast = turn_text(t, "bot.refund_wish.toast");
	view_foot(t, ret, arena_printf(t->a, BUTTON_PURCHASES, 0LL));
	return OK;
}

/* ---- its codes again ---- */

/* A file can't be sent in the webhook's answer: the worker sends it, as it does the first time.
 */
static int file_send(struct turn *t, const struct order *order, struct message *ret)
{
	int const rc = outbox_add(
		t->bot->program->db,
		&(struct outbox_message){
			.fact = arena_printf(t->a, "again:%lld:%lld", (long long)order->id,
					     (long long)t->update->id),
			.kind = OUTBOX_DELIVERED,
			.priority = OUTBOX_ORDERS, /* those who wait for the first time come
						      first */
			.chat_id = t->update->chat_id,
			.order_id = order->id,
		});

	if (rc)
		return rc;
	wake_outbox(t->bot->wake);
	*ret = (struct message){ .html = turn_html(t, "bot.purchases.file",
						   A("order", order->number)) };
	return OK;
}

int screen_order(struct turn *t, struct message *ret)
{
	struct bot *bot = t->bot;
	struct order *order;
	int rc = catalog_refresh(bot->catalog, bot->program->db, t->now_ms);

	if (!rc)
		rc = purchase_mine(t, &order);
	if (rc == ERR_NOT_FOUND)
		return purchase_none(t, ret);
	if (rc)
		return rc;
	if (order->state != ORDER_DELIVERED)
		return purchase_state(t, order, ret);
	rc = delivery_message(bot->program->db, t->a, &bot->vault, bot->catalog, order, t->lang,
			      ret);
	if (rc == ERR_DENIED || rc == ERR_CONFLICT) {
		*ret = (struct message){ .html = turn_text(t, "bot.trouble") };
		return alert_add(t, order, "sealed");
	}
	return !rc && ret->file_name ? file_send(t, order, ret) : rc;
}

/* ---- giving it up ---- */

int screen_cancel(struct turn *t, struct message *ret)
{
	struct order *order;
	int rc = order_cancel(t->bot->program->db, t->args[0], t->user->id);

	/* Whoever was first, the buyer or the money: the order says how it stands. */
	if (!rc || rc == ERR_CONFLICT)
		rc = purchase_mine(t, &order);
	if (rc == ERR_NOT_FOUND)
		return purchase_none(t, ret);
	return rc ? rc : purchase_state(t, order, ret);
}
