/*
 * A code that does not work: which one, what is wrong with it in the buyer's words, and a case
 * is open.  The question survives a restart, like any other.
 */
#include "fcgi/telegram/purchase.h"
#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

#include "shared/domain/support.h"
#include "shared/platform/json.h"
#include "shared/service/button.h"
#include "shared/service/code_mask.h"

enum { DIALOG_DEPTH = 4, CODES_ROW = 5 };

/* ---- the open question ----
 *
 * Once answered it holds the update that answered: the same update again gets the same answer
 * again, a later text is ordinary text.
 */

struct question {
	int64_t order_id;
	int64_t slot;
	int64_t answered;
};

static int question_store(struct turn *t, const struct question *q)
{
	struct str s = STR(t->a, 256);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_int(&j, "order", q->order_id);
	json_add_int(&j, "slot", q->slot);
	json_add_int(&j, "answered", q->answered);
	json_close(&j, '}');
	return dialog_ask(t->bot->program->db, t->user->id, "problem", str_text(&s),
			  DIALOG_TTL_S);
}

static struct question question_read(const char *data)
{
	AUTO_JSON doc = { 0 };

	if (json_parse((struct bytes){ data, strlen(data) }, DIALOG_DEPTH, &doc))
		return (struct question){ 0 };
	return (struct question){ json_int(json_get(doc.root, "order"), 0),
				  json_int(json_get(doc.root, "slot"), 0),
				  json_int(json_get(doc.root, "answered"), 0) };
}

/* ---- which code, and what is wrong ---- */

static void ask_draw(const struct turn *t, const struct order *order, int64_t slot,
		     struct message *ret)
{
	ret->html = slot && order->quantity > 1
			    ? turn_html(t, "bot.problem.ask_code", N("n", slot),
					A("order", order->number))
			    : turn_html(t, "bot.problem.ask", A("order", order->number));
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.problem.send"),
		      BUTTON_PROBLEM_SEND, (long long)order->id, (int)slot);
	view_foot(t, ret, NULL);
}

static int ask(struct turn *t, const struct order *order, int64_t slot, struct message *ret)
{
	int const rc = question_store(t, &(struct question){ order->id, slot, 0 });

	if (!rc)
		ask_draw(t, order, slot, ret);
	return rc;
}

static void pick_draw(const struct turn *t, const struct order *order, struct message *ret)
{
	struct keyboard *k = &ret->buttons;

	ret->html = turn_html(t, "bot.problem.pick", A("order", order->number));
	for (int slot = 1; slot <= order->quantity; slot++) {
		if (slot % CODES_ROW == 1)
			keyboard_row(t->a, k);
		keyboard_data(t->a, k, turn_label(t, "notice.code", N("n", slot)),
			      BUTTON_PROBLEM_CODE, (long long)order->id, slot);
	}
	keyboard_row(t->a, k);
	keyboard_data(t->a, k, turn_text(t, "bot.problem.all"), BUTTON_PROBLEM_CODE,
		      (long long)order->id, 0);
	view_foot(t, ret, NULL);
}

/* The person's delivered order; false: *rc and the message say what there is instead. */
static bool delivered(struct turn *t, struct order **ret, struct message *m, int *rc)
{
	*rc = purchase_mine(t, ret);
	if (*rc == ERR_NOT_FOUND)
		*rc = purchase_none(t, m);
	else if (!*rc && (*ret)->state != ORDER_DELIVERED)
		*rc = purchase_state(t, *ret, m);
	else
		return !*rc;
	return false;
}

int screen_problem(struct turn *t, struct message *ret)
{
	struct order *order;
	int rc;

	if (!delivered(t, &order, ret, &rc))
		return rc;
	if (order->quantity == 1)
		return ask(t, order, 1, ret);
	pick_draw(t, order, ret);
	return OK;
}

int screen_problem_code(struct turn *t, struct message *ret)
{
	struct order *order;
	int rc;

	if (!delivered(t, &order, ret, &rc))
		return rc;
	if (t->args[1] > order->quantity)
		return purchase_none(t, ret);
	return ask(t, order, t->args[1], ret);
}

/* ---- the case ---- */

static int tell(struct turn *t, const struct order *order, int64_t slot, const char *text,
		struct message *ret)
{
	struct bot *bot = t->bot;
	struct problem problem = {
		.order_id = order->id,
		.user_id = t->user->id,
		.slot = (int)slot,
		.fact = arena_printf(t->a, "update:%lld", (long long)t->update->id),
	};
	int64_t ticket;
	/* People send the code along, asked not to or not. */
	int rc = code_mask(bot->program->db, t->a, &bot->vault, order, text, &problem.text);

	if (!rc)
		rc = support_problem(bot->program->db, &problem, &ticket);

	/* Refunded or replaced at this very moment. */
	if (rc == ERR_CONFLICT || rc == ERR_NOT_FOUND)
		return purchase_state(t, order, ret);
	if (rc)
		return rc;
	wake_outbox(bot->wake);
	ret->html = turn_html(t, "bot.problem.done", A("order", order->number),
			      N("ticket", ticket));
	t->toast = turn_text(t, "bot.told");
	view_foot(t, ret, NULL);
	return OK;
}

int screen_problem_send(struct turn *t, struct message *ret)
{
	struct order *order;
	int rc;

	if (!delivered(t, &order, ret, &rc))
		return rc;
	if (t->args[1] > order->quantity)
		return purchase_none(t, ret);
	return tell(t, order, t->args[1], "", ret);
}

int dialog_problem(struct turn *t, struct message *ret)
{
	struct question question = question_read(t->user->dialog_data);
	struct order *order;
	int rc;

	if (question.answered && question.answered != t->update->id)
		return screen_unknown(t, ret);
	t->args[0] = question.order_id;
	if (!delivered(t, &order, ret, &rc))
		return rc;
	/* A sticker, a picture: words are needed, or none. */
	if (!*t->text) {
		ask_draw(t, order, question.slot, ret);
		return OK;
	}
	rc = tell(t, order, question.slot, t->text, ret);
	if (rc)
		return rc;
	question.answered = t->update->id;
	return question_store(t, &question);
}
