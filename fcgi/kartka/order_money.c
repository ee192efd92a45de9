#include "fcgi/kartka/order.h"

#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/domain/order_dispute.h"
#include "shared/domain/payment_review.h"

/* ---- order refund ---- */

static const char *const refund_words[] = {
	[REFUND_ASKED] = "is going back",
	[REFUND_UNDER_WAY] = "another refund of this order is under way: wait for its end",
	[REFUND_NOT_PAID] = "the order is in no state to be refunded",
	[REFUND_TOO_MUCH] = "so much is not left of the payment",
	[REFUND_NOT_OURS] = "there is no such payment to give back",
	[REFUND_DECIDED] = "it was decided already",
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
	const char *why = command_option(&argc, argv, "why");
	struct decision decision;
	struct refund_wish wish;
	struct order *order;
	struct db *db;
	int status;

	if (argc != 1 || command_left_options(argc, argv))
		return command_usage(env);
	wish = (struct refund_wish){ .decision = &decision };
	if (!amount_read(env, typed, &wish.amount))
		return 1;
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	if (!why || !*why)
		why = arena_printf(env->arena, "refund of %s", order->number);
	decision = order_decision(env, why);
	wish.order_id = order->id;
	status = refund_ask(env, db, order, &wish);
	return status;
}

/* ---- order review, order resolve ---- */

enum { CASES_MAX = 1000 };

static void case_show(const struct command_env *env, const struct payment_case *c)
{
	printf("#%-8lld %s  %-10s  %10s of %10s  %-10s  %s%s\n", (long long)c->payment_id,
	       c->order_number, order_state_name(c->order_state),
	       money_plain(env->arena, c->amount), money_plain(env->arena, c->order_total),
	       c->reason, clock_iso(env->arena, c->received_at),
	       c->refunding ? "  (on its way back)" : "");
}

int command_order_review(struct command_env *env, int argc, char **argv)
{
	struct payment_case *cases;
	struct order *order = NULL;
	struct db *db;
	size_t count;
	int rc;

	if (argc > 1)
		return command_usage(env);
	db = outside_db(env);
	if (!db || (argc && !(order = order_named(env, db, argv[0]))))
		return 1;
	rc = payment_review_list(db, env->arena, order ? order->id : 0, 0, CASES_MAX, &cases,
				 &count);
	if (rc)
		return outside_db_failed(env, db, rc);
	for (size_t i = 0; i < count; i++)
		case_show(env, &cases[i]);
	if (!count)
		printf("no payment waits for a decision\n");
	if (count == CASES_MAX)
		printf("… and more\n");
	return 0;
}

static const char *const review_words[] = {
	[REVIEW_DELIVERED] = "taken for the order's payment, the codes are on their way",
	[REVIEW_WAITING] = "taken for the order's payment, which waits for codes",
	[REVIEW_REFUNDING] = "is going back",
	[REVIEW_DISMISSED] = "dismissed",
	[REVIEW_OVER] = "no such payment of this order waits for a decision",
	[REVIEW_CANNOT_DELIVER] = "the order is paid already, or this money is gone",
	[REVIEW_CANNOT_REFUND] = "there is nothing of it to give back",
	[REVIEW_REFUND_UNDER_WAY] = "a refund of this order is under way: wait for its end",
	[REVIEW_TOO_MUCH] = "so much is not left of it",
	[REVIEW_DISPUTED] = "the order is in dispute: see `order dispute`",
};
_Static_assert(COUNT(review_words) == REVIEW__COUNT, "words for every result");

static bool choice_read(const struct command_env *env, const char *word,
			enum review_choice *ret)
{
	static const char *const choices[] = {
		[REVIEW_DELIVER] = "deliver",
		[REVIEW_REFUND] = "refund",
		[REVIEW_DISMISS] = "dismiss",
	};

	for (size_t i = 0; i < COUNT(choices); i++)
		if (!strcmp(choices[i], word)) {
			*ret = (enum review_choice)i;
			return true;
		}
	command_fail(env, "deliver, refund or dismiss, not %s", word);
	return false;
}

/* NUMBER and CHOICE, the options taken out.  False: stderr says what is wrong. */
static bool resolve_read(const struct command_env *env, int argc, char **argv,
			 struct review_decision *ret, const char **ret_why)
{
	const char *payment = command_option(&argc, argv, "payment");
	const char *amount = command_option(&argc, argv, "amount");

	if (!order_why(env, &argc, argv, ret_why))
		return false;
	if (argc != 2 || !payment || command_left_options(argc, argv)) {
		command_usage(env);
		return false;
	}
	if (parse_int(payment + (*payment == '#'), 1, INT64_MAX, &ret->payment_id)) {
		command_fail(env, "--payment: %s is no payment of `order review`", payment);
		return false;
	}
	return amount_read(env, amount, &ret->amount) &&
	       choice_read(env, argv[1], &ret->choice);
}

int command_order_resolve(struct command_env *env, int argc, char **argv)
{
	struct review_decision what = { 0 };
	struct decision decision;
	enum review_result result;
	struct order *order;
	const char *why;
	struct db *db;
	int rc;

	if (!resolve_read(env, argc, argv, &what, &why))
		return 1;
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	decision = order_decision(env, why);
	what.order_id = order->id;
	what.decision = &decision;
	if ((rc = payment_review_decide(db, &what, &result)))
		return outside_db_failed(env, db, rc);
	if (result > REVIEW_DISMISSED)
		return command_fail(env, "%s", review_words[result]);
	printf("order %s, payment #%lld: %s\n", order->number, (long long)what.payment_id,
	       review_words[result]);
	return 0;
}

/* ---- order dispute ---- */

int command_order_dispute(struct command_env *env, int argc, char **argv)
{
	struct decision decision;
	enum order_state state;
	struct order *order;
	const char *why;
	struct db *db;
	bool lift;
	int rc;

	if (!order_why(env, &argc, argv, &why))
		return 1;
	if (argc != 2 || command_left_options(argc, argv) ||
	    (strcmp(argv[1], "keep") != 0 && strcmp(argv[1], "lift") != 0))
		return command_usage(env);
	lift = !strcmp(argv[1], "lift");
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	decision = order_decision(env, why);
	rc = order_dispute_decide(db, order->id, lift ? DISPUTE_LIFT : DISPUTE_KEEP, &decision,
				  &state);
	if (rc == ERR_CONFLICT)
		return command_fail(env, "the order is not in dispute: it is %s",
				    order_state_name(order->state));
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("order %s: the dispute is %s; it is %s\n", order->number,
	       lift ? "lifted" : "kept", order_state_name(state));
	return 0;
}
