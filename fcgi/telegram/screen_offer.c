#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

#include "shared/base/parse.h"
#include "shared/domain/order_open.h"
#include "shared/domain/restock.h"
#include "shared/platform/json.h"
#include "shared/service/button.h"

enum { DIALOG_DEPTH = 4, NUMBER_BYTES_MAX = 32 };

/* ---- what is offered ---- */

/* Back to the page of the list the value stands on. */
static const char *list_data(struct turn *t, const struct category *category,
			     const struct card_value *value)
{
	const struct card_value *values = catalog_values(t->bot->catalog, category);
	int before = 0;

	for (const struct card_value *v = values; v < value; v++)
		before += !v->hidden && v->by_portmone;
	if (before < PAGE_SIZE)
		return arena_printf(t->a, BUTTON_CATEGORY, (long long)category->id);
	return arena_printf(t->a, BUTTON_CATEGORY_PAGE, (long long)category->id,
			    before / PAGE_SIZE);
}

/*
 * What can be had of a value now; max 0: it is sold out.  ERR_NOT_FOUND: it is not sold here
 * (any more).
 */
static int offer_find(struct turn *t, int64_t value_id, int64_t quantity,
		      struct view_offer *ret)
{
	struct bot *bot = t->bot;
	const struct card_value *value;
	int stock;
	int rc = catalog_refresh_now(bot->catalog, bot->program->db, t->now_ms);

	if (rc)
		return rc;
	value = catalog_value(bot->catalog, value_id);
	if (!value || value->hidden || !value->by_portmone)
		return ERR_NOT_FOUND;
	rc = catalog_stock(bot->catalog, bot->program->db, value_id, t->now_ms, &stock);
	if (rc)
		return rc;
	*ret = (struct view_offer){ .value = value, .max = value->max_per_order };
	ret->category = catalog_category(bot->catalog, value->category_id);
	if (!ret->category)
		return ERR_NOT_FOUND;
	if (stock < ret->max)
		ret->max = stock;
	ret->limited = quantity > ret->max;
	ret->quantity = ret->limited ? ret->max : (int)(quantity < 1 ? 1 : quantity);
	ret->back = list_data(t, ret->category, value);
	return money_times(value->price, ret->quantity, &ret->total);
}

/* The address of the payment page: everything that was shown, signed. */
static const char *pay_url(struct turn *t, const struct view_offer *o)
{
	const struct config *config = &t->bot->program->config;
	struct order_offer offer = { .user_id = t->user->id,
				     .chat_id = t->update->chat_id,
				     .message_id = t->edit_id,
				     .value_id = o->value->id,
				     .quantity = o->quantity,
				     .unit_price = o->value->price };

	order_nonce_make(config->data_key, t->update->id, &offer);
	return arena_printf(t->a, "%s/pay/%s", config->public_url,
			    order_token_write(t->a, config->data_key, &offer));
}

static int offer_draw(struct turn *t, struct view_offer *o, struct message *ret)
{
	int rc;

	if (!o->max) {
		view_sold_out(t, o, ret);
		return OK;
	}
	rc = bot_paused(t, &o->paused);
	if (rc)
		return rc;
	if (!o->paused)
		o->pay_url = pay_url(t, o);
	view_offer(t, o, ret);
	return OK;
}

int screen_value(struct turn *t, struct message *ret)
{
	struct view_offer offer;
	int const rc = offer_find(t, t->args[0], t->args[1], &offer);

	if (rc == ERR_NOT_FOUND)
		return screen_gone(t, ret);
	return rc ? rc : offer_draw(t, &offer, ret);
}

int screen_value_fresh(struct turn *t, struct message *ret)
{
	t->args[1] = 1;
	return screen_value(t, ret);
}

/* ---- a typed quantity ----
 *
 * The open question holds the value and, once answered, the update that answered: the same
 * update again gets the same answer again, a later number is ordinary text.
 */

static int question_store(struct turn *t, int64_t value_id, int64_t answered)
{
	struct str s = STR(t->a, 256);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_int(&j, "value", value_id);
	json_add_int(&j, "answered", answered);
	json_close(&j, '}');
	return dialog_ask(t->bot->program->db, t->user->id, "quantity", str_text(&s),
			  DIALOG_TTL_S);
}

static void question_read(const char *data, int64_t *ret_value, int64_t *ret_answered)
{
	AUTO_JSON doc = { 0 };

	*ret_value = 0;
	*ret_answered = 0;
	if (json_parse((struct bytes){ data, strlen(data) }, DIALOG_DEPTH, &doc))
		return;
	*ret_value = json_int(json_get(doc.root, "value"), 0);
	*ret_answered = json_int(json_get(doc.root, "answered"), 0);
}

int screen_quantity(struct turn *t, struct message *ret)
{
	struct view_offer offer;
	int rc = offer_find(t, t->args[0], 1, &offer);

	if (rc == ERR_NOT_FOUND)
		return screen_gone(t, ret);
	if (rc || !offer.max)
		return rc ? rc : offer_draw(t, &offer, ret);
	rc = question_store(t, offer.value->id, 0);
	if (rc)
		return rc;
	ret->html = turn_html(t, "bot.quantity.ask",
			      A("category", view_title(t, offer.category->title)),
			      A("value", view_title(t, offer.value->title)),
			      A("max", arena_printf(t->a, "%d", offer.max)));
	view_foot(t, ret, arena_printf(t->a, BUTTON_VALUE, (long long)offer.value->id, 1));
	return OK;
}

/* What people send as a number: "3", " 3 ", "3 шт".  ERR_INVALID: none. */
static int number_read(struct arena *a, const char *text, int64_t *ret)
{
	const char *digits = text + strspn(text, " \t\n");
	size_t const len = strspn(digits, "0123456789");

	/* "1 000" is not 1, nor is "1.5". */
	if (strlen(text) > NUMBER_BYTES_MAX || strpbrk(digits + len, "0123456789") ||
	    (digits[len] && !strchr(" \t\n", digits[len])))
		return ERR_INVALID;
	return parse_int(arena_strndup(a, digits, len), 1, INT32_MAX, ret);
}

int dialog_quantity(struct turn *t, struct message *ret)
{
	struct view_offer offer;
	int64_t value_id;
	int64_t answered;
	int64_t quantity = 1;
	bool readable;
	int rc;

	question_read(t->user->dialog_data, &value_id, &answered);
	if (answered && answered != t->update->id)
		return screen_unknown(t, ret);
	readable = !number_read(t->a, t->text, &quantity);
	rc = offer_find(t, value_id, quantity, &offer);
	if (rc == ERR_NOT_FOUND)
		return screen_gone(t, ret);
	if (rc)
		return rc;
	if (!readable && offer.max) {
		ret->html = turn_html(t, "bot.quantity.not_number",
				      A("max", arena_printf(t->a, "%d", offer.max)));
		view_foot(t, ret, arena_printf(t->a, BUTTON_VALUE, (long long)value_id, 1));
		return OK;
	}
	rc = question_store(t, value_id, t->update->id);
	return rc ? rc : offer_draw(t, &offer, ret);
}

/* ---- tell me when it is back ---- */

int screen_restock(struct turn *t, struct message *ret)
{
	struct view_offer offer;
	int rc = offer_find(t, t->args[0], 1, &offer);

	if (rc == ERR_NOT_FOUND)
		return screen_gone(t, ret);
	if (rc || offer.max)
		return rc ? rc : offer_draw(t, &offer, ret);
	rc = restock_wait(t->bot->program->db, offer.value->id, t->user->id);
	if (rc)
		return rc;
	ret->html = turn_html(t, "bot.restock.done",
			      A("category", view_title(t, offer.category->title)),
			      A("value", view_title(t, offer.value->title)));
	view_foot(t, ret, offer.back);
	return OK;
}
