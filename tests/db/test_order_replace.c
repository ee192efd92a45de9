/* A bad code and what stands for it; cases, and the shop's answers. */
#include "tests/db/shop.h"

#include "shared/domain/order_refund.h"
#include "shared/domain/order_replace.h"
#include "shared/domain/stock.h"
#include "shared/domain/support.h"
#include "shared/service/code_mask.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct order *delivered(struct shop *s, struct db_test *t, int quantity, int spare)
{
	struct payment_row const row = shop_payment("p1", (int64_t)quantity * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;

	shop_make(s, t, quantity + spare);
	offer = shop_offer(s, BUYER, quantity);
	order = shop_open(s, &offer, OPENING_OK);
	assert_int_equal(shop_settle(s, order->id, &evidence).result, SETTLE_DELIVERED);
	return order;
}

static struct decision decision_of(struct shop *s)
{
	return (struct decision){ .actor = "olena",
				  .why = "used before",
				  .wish = decision_wish(&s->t->arena, "test") };
}

/* What stands in this place; 0: nothing. */
static int64_t code_at(struct shop *s, const struct order *order, int slot)
{
	return db_test_number(s->t,
			      arena_printf(&s->t->arena,
					   "SELECT COALESCE(MAX(id), 0) FROM card_codes WHERE "
					   "order_id = %lld AND slot = %d",
					   (long long)order->id, slot));
}

static enum replace_result replace(struct shop *s, const struct order *order, int slot,
				   int64_t code_id)
{
	struct decision const decision = decision_of(s);
	struct replacement const what = {
		.order_id = order->id, .slot = slot, .code_id = code_id, .decision = &decision
	};
	enum replace_result result;

	assert_int_equal(order_replace(s->t->db, &what, &result), OK);
	return result;
}

static void test_replaced(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 3, 2);
	int64_t const old = code_at(&s, order, 2);
	struct stock_batch *batches;
	struct stock_code *codes;
	const char *plain;
	size_t count;

	assert_int_equal(replace(&s, order, 2, old), REPLACE_DONE);
	assert_int_not_equal(code_at(&s, order, 2), old);
	assert_int_equal(shop_codes(&s, "sold"), 3);
	assert_int_equal(shop_codes(&s, "defective"), 1);
	assert_int_equal(stock_of_order(s.t->db, &s.t->arena, order->id, &codes, &count), OK);
	assert_int_equal(count, 3);
	assert_int_equal(codes[1].slot, 2);
	assert_int_equal(code_open(&s.t->arena, &s.vault, s.value_id, &codes[1].sealed, &plain),
			 OK);
	assert_string_equal(plain, "CARD-0000000004");
	assert_int_equal(shop_told(&s, "replaced", order->id), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE action = "
					     "'code_replace' AND actor = 'olena'"),
			 1);
	assert_int_equal(stock_batches(s.t->db, &s.t->arena, s.value_id, &batches, &count), OK);
	assert_int_equal(count, 1);
	assert_int_equal(batches[0].counts.defective, 1);
	assert_int_equal(batches[0].replaced, 1);
	shop_check(&s);
	/* The new one does not work either. */
	assert_int_equal(replace(&s, order, 2, old), REPLACE_CHANGED);
	assert_int_equal(replace(&s, order, 2, code_at(&s, order, 2)), REPLACE_DONE);
	assert_int_equal(replace(&s, order, 2, code_at(&s, order, 2)), REPLACE_NO_STOCK);
	assert_int_equal(replace(&s, order, 4, old), REPLACE_NO_CODE);
	assert_int_equal(shop_codes(&s, "sold"), 3);
	assert_int_equal(shop_codes(&s, "defective"), 2);
	shop_check(&s);
}

static void test_a_wish_told_twice_is_one_code(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 1, 3);
	struct decision const decision = decision_of(&s);
	struct replacement const what = { .order_id = order->id,
					  .slot = 1,
					  .code_id = code_at(&s, order, 1),
					  .decision = &decision };
	enum replace_result result;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(order_replace(s.t->db, &what, &result), OK);
		assert_int_equal(result, REPLACE_DONE);
	}
	assert_int_equal(shop_codes(&s, "available"), 2);
	shop_check(&s);
}

static void test_only_what_is_delivered(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 1, 2);
	int64_t const code = code_at(&s, order, 1);
	struct decision const decision = decision_of(&s);
	struct refund_wish const wish = { .order_id = order->id, .decision = &decision };
	enum refund_result result;
	struct money amount;

	assert_int_equal(order_refund_ask(s.t->db, &wish, &result, &amount), OK);
	assert_int_equal(replace(&s, order, 1, code), REPLACE_NOT_DELIVERED);
	assert_int_equal(shop_codes(&s, "available"), 2);
	shop_check(&s);
}

/* ---- at once ---- */

enum { REPLACERS = 6 };

struct replacer {
	struct db *db;
	struct replacement what;
	struct decision decision;
	enum replace_result result;
	int rc;
};

static void *replacer_run(void *data)
{
	struct replacer *r = data;

	r->rc = order_replace(r->db, &r->what, &r->result);
	return NULL;
}

static void test_many_at_once_are_one(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 2, 10);
	struct replacer replacers[REPLACERS];
	pthread_t threads[REPLACERS];
	int done = 0;

	for (int i = 0; i < REPLACERS; i++) {
		replacers[i] = (struct replacer){
			.db = db_test_open(s.t),
			.decision = decision_of(&s),
			.what = { .order_id = order->id,
				  .slot = 1,
				  .code_id = code_at(&s, order, 1) },
		};
		replacers[i].what.decision = &replacers[i].decision;
	}
	for (int i = 0; i < REPLACERS; i++)
		pthread_create(&threads[i], NULL, replacer_run, &replacers[i]);
	for (int i = 0; i < REPLACERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(replacers[i].rc, OK);
		done += replacers[i].result == REPLACE_DONE;
	}
	assert_int_equal(done, 1);
	assert_int_equal(shop_codes(&s, "defective"), 1);
	shop_check(&s);
}

/* ---- cases ---- */

static int64_t problem(struct shop *s, const struct order *order, int slot, const char *fact)
{
	struct problem const problem = { .order_id = order->id,
					 .user_id = BUYER,
					 .slot = slot,
					 .text = "  it\nsays <used>  ",
					 .fact = fact };
	int64_t ticket;

	assert_int_equal(support_problem(s->t->db, &problem, &ticket), OK);
	return ticket;
}

static void test_case(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 2, 2);
	struct decision const decision = decision_of(&s);
	struct ticket_message *messages;
	struct ticket *tickets;
	int64_t ticket;
	int64_t answered;
	size_t count;

	ticket = problem(&s, order, 2, "update:1");
	assert_int_equal(problem(&s, order, 2, "update:1"), ticket);
	assert_int_equal(problem(&s, order, 2, "update:2"), ticket);
	assert_int_not_equal(problem(&s, order, 0, "update:3"), ticket);
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'alert'"), 3);
	assert_int_equal(
		ticket_list_of_order(s.t->db, &s.t->arena, order->id, &tickets, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(tickets[1].slot, 2);
	assert_int_equal(tickets[0].slot, 0);
	/* The code is replaced: its case is closed, the other one is not. */
	assert_int_equal(replace(&s, order, 2, tickets[1].code_id), REPLACE_DONE);
	assert_int_equal(
		ticket_list_of_order(s.t->db, &s.t->arena, order->id, &tickets, &count), OK);
	assert_int_equal(tickets[1].state, TICKET_CLOSED);
	assert_int_equal(tickets[0].state, TICKET_OPEN);
	/* The answer goes to the one that waits, once. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(support_answer(s.t->db, order->id, "It works & <well>.",
						&decision, &answered),
				 OK);
	assert_int_equal(answered, tickets[0].id);
	assert_int_equal(ticket_message_list(s.t->db, &s.t->arena, answered, &messages, &count),
			 OK);
	assert_int_equal(count, 2);
	assert_false(messages[0].from_shop);
	assert_string_equal(messages[0].text, "it says <used>");
	assert_true(messages[1].from_shop);
	assert_int_equal(shop_told(&s, "answer", order->id), 1);
	assert_string_equal(
		db_test_text(s.t, "SELECT state FROM tickets ORDER BY id DESC LIMIT 1"),
		"answered");
	shop_check(&s);
}

static void test_answer_without_a_case(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 1, 0);
	struct decision const decision = decision_of(&s);
	int64_t ticket;

	assert_int_equal(support_answer(s.t->db, 4711, "a", &decision, &ticket), ERR_NOT_FOUND);
	assert_int_equal(support_answer(s.t->db, order->id, "", &decision, &ticket),
			 ERR_INVALID);
	assert_int_equal(support_answer(s.t->db, order->id, "\xFF", &decision, &ticket),
			 ERR_INVALID);
	assert_int_equal(support_answer(s.t->db, order->id, "a", &decision, &ticket), OK);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM tickets"), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE "
					     "action = 'ticket_answer'"),
			 1);
}

static void test_nobody_else_s(void **state)
{
	struct shop s;
	struct order *order = delivered(&s, *state, 1, 0);
	struct problem other = { .order_id = order->id,
				 .user_id = OTHER_BUYER,
				 .slot = 1,
				 .text = "",
				 .fact = "update:1" };
	int64_t ticket;

	assert_int_equal(support_problem(s.t->db, &other, &ticket), ERR_NOT_FOUND);
	other.user_id = BUYER;
	other.slot = 2;
	assert_int_equal(support_problem(s.t->db, &other, &ticket), ERR_NOT_FOUND);
	other.slot = 1;
	db_test_exec(s.t, "UPDATE orders SET state = 'disputed'");
	assert_int_equal(support_problem(s.t->db, &other, &ticket), ERR_CONFLICT);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM tickets"), 0);
}

/* However the buyer sets it apart, the code is not kept. */
static void test_codes_are_masked(void **state)
{
	static const struct {
		const char *text;
		const char *masked;
	} cases[] = {
		{ "CARD-0000000001", "•••" },
		{ "my code card 0000-0000 01, it", "my code •••, it" },
		{ "CARD0000000001CARD-0000000002", "••••••" },
		{ "CARD-000000000", "CARD-000000000" },
		{ "код CARD-\n0000000002!", "код •••!" },
		{ "", "" },
	};
	struct shop s;
	struct order *order = delivered(&s, *state, 2, 0);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *masked;

		assert_int_equal(code_mask(s.t->db, &s.t->arena, &s.vault, order, cases[i].text,
					   &masked),
				 OK);
		assert_string_equal(masked, cases[i].masked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_replaced),
		DB_TEST(test_a_wish_told_twice_is_one_code),
		DB_TEST(test_only_what_is_delivered),
		DB_TEST(test_many_at_once_are_one),
		DB_TEST(test_case),
		DB_TEST(test_answer_without_a_case),
		DB_TEST(test_nobody_else_s),
		DB_TEST(test_codes_are_masked),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
