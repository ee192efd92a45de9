#include "fcgi/kartka/order.h"

#include "shared/base/parse.h"
#include "shared/domain/order_replace.h"
#include "shared/domain/stock.h"
#include "shared/domain/support.h"

/* ---- order replace ---- */

static const char *const replace_words[] = {
	[REPLACE_DONE] = "replaced, the new code is on its way",
	[REPLACE_NOT_DELIVERED] = "the order has no codes that could be replaced",
	[REPLACE_NO_CODE] = "the order has no such code",
	[REPLACE_CHANGED] = "another code stands there by now",
	[REPLACE_NO_STOCK] = "there is no code left to put there: import some, or refund",
};
_Static_assert(COUNT(replace_words) == REPLACE__COUNT, "words for every result");

/* The code of the newest case that nobody has closed; 0: none says which. */
static int64_t complained_of(const struct ticket *tickets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tickets[i].state != TICKET_CLOSED && tickets[i].slot)
			return tickets[i].code_id;
	return 0;
}

/*
 * Which of the order's codes: --code 2, --code all, else the one that was complained of, or the
 * only one.  Those stay in *codes; false: stderr says what is wrong.
 */
static bool codes_pick(const struct command_env *env, struct db *db, const char *typed,
		       const struct order *order, struct stock_code *codes, size_t *count)
{
	struct ticket *tickets;
	size_t ticket_count;
	int64_t slot = 0;
	int64_t code_id;
	int rc;

	if (typed && !strcmp(typed, "all"))
		return true;
	if (typed && parse_int(typed, 1, order->quantity, &slot)) {
		command_fail(env, "--code: 1 to %d, or all, not %s", order->quantity, typed);
		return false;
	}
	if ((rc = ticket_list_of_order(db, env->arena, order->id, &tickets, &ticket_count))) {
		outside_db_failed(env, db, rc);
		return false;
	}
	code_id = complained_of(tickets, ticket_count);
	for (size_t i = 0; i < *count; i++)
		if (slot ? codes[i].slot == slot : *count == 1 || codes[i].id == code_id) {
			codes[0] = codes[i];
			*count = 1;
			return true;
		}
	command_fail(env, "the order has %zu codes: say --code 1 … %d, or all", *count,
		     order->quantity);
	return false;
}

static int replace_one(const struct command_env *env, struct db *db, const struct order *order,
		       const struct stock_code *code, const char *why)
{
	struct decision const decision = order_decision(env, why);
	struct replacement const what = { .order_id = order->id,
					  .slot = code->slot,
					  .code_id = code->id,
					  .decision = &decision };
	enum replace_result result;
	int const rc = order_replace(db, &what, &result);

	if (rc)
		return outside_db_failed(env, db, rc);
	if (result != REPLACE_DONE)
		return command_fail(env, "code %d: %s", code->slot, replace_words[result]);
	printf("order %s, code %d: %s\n", order->number, code->slot, replace_words[result]);
	return 0;
}

int command_order_replace(struct command_env *env, int argc, char **argv)
{
	const char *typed = command_option(&argc, argv, "code");
	const char *why = command_option(&argc, argv, "why");
	struct stock_code *codes;
	struct order *order;
	struct db *db;
	size_t count;
	int status = 0;
	int rc;

	if (argc != 1 || command_left_options(argc, argv))
		return command_usage(env);
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	if ((rc = stock_of_order(db, env->arena, order->id, &codes, &count)))
		return outside_db_failed(env, db, rc);
	if (!count)
		return command_fail(env, "%s (it is %s)", replace_words[REPLACE_NOT_DELIVERED],
				    order_state_name(order->state));
	if (!codes_pick(env, db, typed, order, codes, &count))
		return 1;
	for (size_t i = 0; !status && i < count; i++)
		status = replace_one(env, db, order, &codes[i], why ? why : "");
	if (!status && typed && !strcmp(typed, "all"))
		status = support_mended(db, order->id, 0) ? 1 : 0;
	return status;
}

/* ---- order answer ---- */

int command_order_answer(struct command_env *env, int argc, char **argv)
{
	const char *text = command_option(&argc, argv, "text");
	struct decision decision;
	struct order *order;
	int64_t ticket;
	struct db *db;
	int rc;

	if (argc != 1 || !text || command_left_options(argc, argv))
		return command_usage(env);
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	decision = order_decision(env, "");
	rc = support_answer(db, order->id, text, &decision, &ticket);
	if (rc == ERR_INVALID)
		return command_fail(env, "--text: 1 to %d characters", TICKET_ANSWER_MAX);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("order %s, case %lld: the answer is on its way\n", order->number,
	       (long long)ticket);
	return 0;
}
