#include "fcgi/kartka/order.h"

#include "shared/base/clock.h"
#include "shared/domain/order_ask.h"
#include "shared/domain/order_story.h"
#include "shared/domain/refund.h"
#include "shared/domain/support.h"
#include "shared/service/portmone_evidence.h"

struct order *order_named(const struct command_env *env, struct db *db, const char *typed)
{
	struct order *order;
	const char *number;
	int rc;

	if (order_number_read(env->arena, typed, &number)) {
		command_fail(env, "%s is no order number", typed);
		return NULL;
	}
	rc = order_by_number(db, env->arena, number, &order);
	if (rc == ERR_NOT_FOUND)
		command_fail(env, "there is no order %s", number);
	else if (rc)
		outside_db_failed(env, db, rc);
	return rc ? NULL : order;
}

bool order_why(const struct command_env *env, int *argc, char **argv, const char **ret)
{
	*ret = command_option(argc, argv, "why");
	if (*ret && **ret)
		return true;
	command_fail(env, "--why TEXT is needed: it stays in the audit trail");
	return false;
}

struct decision order_decision(const struct command_env *env, const char *why)
{
	return (struct decision){
		.actor = "command line",
		.why = why,
		.wish = decision_wish(env->arena, "cli"),
	};
}

static void time_show(struct arena *a, const char *what, int64_t at)
{
	if (at)
		printf("%-11s %s\n", what, clock_iso(a, at));
}

static void order_show(struct arena *a, const struct order *o)
{
	printf("%-11s %s\n", "order", o->number);
	printf("%-11s %s%s\n", "state", order_state_name(o->state),
	       o->state == ORDER_PAID ? " (waiting for stock)" : "");
	printf("%-11s %lld\n", "buyer", (long long)o->user_id);
	printf("%-11s value %lld, %d × %s\n", "bought", (long long)o->value_id, o->quantity,
	       money_plain(a, o->unit_price));
	printf("%-11s %s\n", "total", money_plain(a, o->total));
	printf("%-11s %s\n", "bill", o->link_url ? "made" : "not made");
	time_show(a, "opened", o->created_at);
	time_show(a, "expires", o->expires_at);
	time_show(a, "paid", o->paid_at);
	time_show(a, "delivered", o->delivered_at);
	time_show(a, "ended", o->ended_at);
}

static int payments_show(const struct command_env *env, struct db *db,
			 const struct order *order)
{
	static const char *const states[] = { "ok", "review", "resolved" };
	struct payment *payments;
	size_t count;
	int const rc = payment_list_of_order(db, env->arena, order->id, &payments, &count);

	if (rc)
		return outside_db_failed(env, db, rc);
	for (size_t i = 0; i < count; i++)
		printf("%-11s #%lld %s %s %s%s%s%s%s\n",
		       payments[i].kind == PAYMENT_IN ? "payment" : "return",
		       (long long)payments[i].id, payments[i].gateway_payment_id,
		       money_plain(env->arena, payments[i].amount), states[payments[i].state],
		       payments[i].applied ? ", paid the order" : "",
		       *payments[i].reason ? " (" : "", payments[i].reason,
		       *payments[i].reason ? ")" : "");
	return 0;
}

static int refunds_show(const struct command_env *env, struct db *db, const struct order *order)
{
	struct refund *refunds;
	size_t count;
	int const rc = refund_list_of_order(db, env->arena, order->id, &refunds, &count);

	if (rc)
		return outside_db_failed(env, db, rc);
	for (size_t i = 0; i < count; i++)
		printf("%-11s %s %s, %s: %s%s%s%s\n", "refund",
		       money_plain(env->arena, refunds[i].amount),
		       refund_state_name(refunds[i].state), refunds[i].actor, refunds[i].reason,
		       *refunds[i].last_error ? " (" : "", refunds[i].last_error,
		       *refunds[i].last_error ? ")" : "");
	return 0;
}

/* What the buyer was told, and what could not be. */
static int messages_show(const struct command_env *env, struct db *db,
			 const struct order *order)
{
	struct order_message *messages;
	size_t count;
	int const rc = order_messages(db, env->arena, order->id, &messages, &count);

	if (rc)
		return outside_db_failed(env, db, rc);
	for (size_t i = 0; i < count; i++)
		printf("%-11s %s %s %s%s%s\n", "message",
		       clock_iso(env->arena, messages[i].created_at), messages[i].kind,
		       messages[i].state, *messages[i].error ? ": " : "", messages[i].error);
	return 0;
}

/* What was written about the order, both ways. */
static int cases_show(const struct command_env *env, struct db *db, const struct order *order)
{
	struct arena *a = env->arena;
	struct ticket_message *messages;
	struct ticket *tickets;
	size_t message_count;
	size_t count;
	int rc = ticket_list_of_order(db, a, order->id, &tickets, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		printf("%-11s %lld, %s%s\n", "case", (long long)tickets[i].id,
		       ticket_state_name(tickets[i].state),
		       tickets[i].slot ? arena_printf(a, ", code %d", tickets[i].slot) : "");
		rc = ticket_message_list(db, a, tickets[i].id, &messages, &message_count);
		for (size_t m = 0; !rc && m < message_count; m++)
			printf("%-11s %s %s: %s\n", "", clock_iso(a, messages[m].created_at),
			       messages[m].from_shop ? "the shop" : "the buyer",
			       messages[m].text);
	}
	return rc ? outside_db_failed(env, db, rc) : 0;
}

int command_order_show(struct command_env *env, int argc, char **argv)
{
	struct order *order;
	struct db *db;
	int status;

	if (argc != 1)
		return command_usage(env);
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])))
		return 1;
	order_show(env->arena, order);
	status = payments_show(env, db, order);
	if (!status)
		status = refunds_show(env, db, order);
	if (!status)
		status = messages_show(env, db, order);
	if (!status)
		status = cases_show(env, db, order);
	return status;
}

static const char *settle_words(const struct asking *asking)
{
	switch (asking->result) {
	case ASK_SETTLED:
		return settle_result_name(asking->settlement.result);
	case ASK_EXPIRED:
		return "expired: Portmone has no payment and its time is over";
	case ASK_OPEN:
		return "not paid yet";
	case ASK_ENDED:
	case ASK__COUNT:
		break;
	}
	return "nothing new";
}

int command_order_settle(struct command_env *env, int argc, char **argv)
{
	struct portmone portmone;
	struct portmone_rows rows = { 0 };
	struct payment_evidence evidence;
	struct asking asking;
	struct order *order;
	const char *why = "";
	struct db *db;
	bool test;
	int rc;

	if (argc != 1)
		return command_usage(env);
	db = outside_db(env);
	if (!db || !(order = order_named(env, db, argv[0])) || outside_portmone(env, &portmone))
		return 1;
	rc = portmone_result(&portmone, env->arena, order->number, order->created_at,
			     clock_now(), &rows, &why);
	if (rc)
		return command_fail(env, "Portmone gave no usable answer%s%s", *why ? ": " : "",
				    why);
	portmone_evidence(env->arena, rc, &rows, env->config->portmone_test, &evidence, &test);
	if (test)
		fprintf(stderr,
			"kartka: test money is there and does not count (PORTMONE_TEST)\n");
	rc = order_answered(db, order->id, &evidence, &asking);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("order %s: %s; it is %s\n", order->number, settle_words(&asking),
	       order_state_name(asking.settlement.state));
	return 0;
}
