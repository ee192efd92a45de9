#include "fcgi/kartka/order.h"

#include "shared/base/parse.h"
#include "shared/domain/order_refund.h"

/* ---- order refund ---- */

static const char *const refund_words[] = {
	[REFUND_ASKED] = "is going back",
	[REFUND_UNDER_WAY] = "another refund of this order is under way: wait for its end",
	[REFUND_NOT_PAID] = "the order is in no state to be refunded",
	[REFUND_TOO_MUCH] = "so much is not left of the payment",
	[REFUND_NOT_OURS] = "there is no such payment to give back",
};
_Static_assert(COUNT(refund_words) == REFUND__COUNT, "words for every result");

/* Nothing given: 0, all that is left.  False: no sum, and stderr says so. */
static bool amount_read(const struct command_env *env, const char *typed, struct money *ret)
{
	*ret = MONEY(0);
	if (!typed)
		return true;
	if (!parse_money(typed, ret) && ret->kop > 0)
		return true;
	command_fail(env, "--amount: %s is no sum like 50.00", typed);
	return false;
}

static int refund_ask(const struct command_env *env, struct db *db, const struct order *order,
		      const struct refund_wish *wish)
{
	enum refund_result result;
	struct money amount;
	int const rc = order_refund_ask(db, wish, &result, &amount);

	if (rc)
		return outside_db_failed(env, db, rc);
	if (result != REFUND_ASKED)
		return command_fail(env, "%s (it is %s)", refund_words[result],
				    order_state_name(order->state));
	printf("order %s: %s %s\n", order->number, money_plain(env->arena, amount),
	       refund_words[result]);
	return 0;
}

int command_order_refund(struct command_env *env, int argc, char **argv)
{
	const char *typed = command_option(&argc, argv, "amount");
	struct decision decision;
	struct refund_wish wish;
	struct order *order;
	const char *why;
	struct db *db;
	int status;

	if (!order_why(env, &argc, argv, &why))
		return 1;
	if (argc != 1 || command_left_options(argc, argv))
		return command_usage(env);
	wish = (struct refund_wish){ .decision = &decision };
	if (!amount_read(env, typed, &wish.amount))
		return 1;
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	decision = order_decision(env, why);
	wish.order_id = order->id;
	status = refund_ask(env, db, order, &wish);
	db_free(db);
	return status;
}
