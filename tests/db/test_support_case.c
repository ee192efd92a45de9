/* Cases as administrators work through them: lists, answers, refusals, ends. */
#include "shared/domain/support_case.h"
#include "shared/domain/order_note.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct decision decision_of(struct shop *s)
{
	return (struct decision){ .actor = "olena",
				  .why = "",
				  .wish = decision_wish(&s->t->arena, "test") };
}

static struct order *delivered(struct shop *s, int64_t buyer, const char *payment)
{
	struct payment_row const row = shop_payment(payment, PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer const offer = shop_offer(s, buyer, 1);
	struct order *order = shop_open(s, &offer, OPENING_OK);

	assert_int_equal(shop_settle(s, order->id, &evidence).result, SETTLE_DELIVERED);
	return order;
}

static int64_t complain(struct shop *s, const struct order *order, const char *fact)
{
	int64_t id;

	assert_int_equal(support_problem(s->t->db,
					 &(struct problem){ .order_id = order->id,
							    .user_id = order->user_id,
							    .slot = 1,
							    .text = "не працює",
							    .fact = fact },
					 &id),
			 OK);
	return id;
}

static size_t listed(struct shop *s, struct case_filter filter)
{
	struct case_line *lines;
	size_t count;

	assert_int_equal(case_list(s->t->db, &s->t->arena, &filter, 10, &lines, &count), OK);
	for (size_t i = 1; i < count; i++)
		assert_true(lines[i].id < lines[i - 1].id);
	return count;
}

static struct support_case *found(struct shop *s, int64_t id)
{
	struct support_case *c;

	assert_int_equal(case_find(s->t->db, &s->t->arena, id, &c), OK);
	return c;
}

static void test_lists(void **state)
{
	struct case_line *lines;
	struct shop s;
	struct order *one;
	struct order *two;
	int64_t first;
	int64_t second;
	size_t count;

	shop_make(&s, *state, 3);
	one = delivered(&s, BUYER, "p1");
	two = delivered(&s, OTHER_BUYER, "p2");
	first = complain(&s, one, "m1");
	second = complain(&s, two, "m2");
	assert_int_equal(listed(&s, (struct case_filter){ .state = NULL }), 2);
	assert_int_equal(listed(&s, (struct case_filter){ .state = "open" }), 2);
	assert_int_equal(listed(&s, (struct case_filter){ .state = "closed" }), 0);
	assert_int_equal(listed(&s, (struct case_filter){ .user_id = BUYER }), 1);
	assert_int_equal(listed(&s, (struct case_filter){ .order_id = two->id }), 1);
	assert_int_equal(
		listed(&s, (struct case_filter){ .state = "open", .before_id = second }), 1);
	assert_int_equal(case_list(s.t->db, &s.t->arena,
				   &(struct case_filter){ .user_id = BUYER }, 10, &lines,
				   &count),
			 OK);
	assert_int_equal(lines[0].id, first);
	assert_string_equal(lines[0].last_words, "не працює");
	assert_string_equal(lines[0].order_number, one->number);
	/* One of no order is there too, and is only read. */
	db_test_exec(s.t, "INSERT INTO tickets (user_id, state, created_at, updated_at) VALUES "
			  "(1001, 'open', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))");
	assert_int_equal(listed(&s, (struct case_filter){ .state = "open" }), 3);
	first = db_test_number(s.t, "SELECT MAX(id) FROM tickets");
	assert_int_equal(found(&s, first)->ticket.order_id, 0);
	assert_int_equal(case_answer(s.t->db, first, "?", false,
				     &(struct decision){
					     .actor = "olena", .why = "", .wish = "test:1" }),
			 ERR_NOT_FOUND);
}

static void test_answer_and_refusal(void **state)
{
	struct decision decision;
	struct ticket_message *said;
	struct order *order;
	struct shop s;
	size_t count;
	int64_t id;

	shop_make(&s, *state, 2);
	order = delivered(&s, BUYER, "p1");
	id = complain(&s, order, "m1");
	assert_true(found(&s, id)->code_is_there);
	decision = decision_of(&s);
	assert_int_equal(case_answer(s.t->db, id, "", false, &decision), ERR_INVALID);
	assert_int_equal(case_answer(s.t->db, id + 1, "?", false, &decision), ERR_NOT_FOUND);
	for (int i = 0; i < 2; i++) /* a form sent twice */
		assert_int_equal(case_answer(s.t->db, id, "Перевіряємо", false, &decision), OK);
	assert_int_equal(found(&s, id)->ticket.state, TICKET_ANSWERED);
	assert_int_equal(shop_told(&s, "answer", order->id), 1);
	decision = decision_of(&s);
	assert_int_equal(case_answer(s.t->db, id, "Код уже активовано", true, &decision), OK);
	assert_int_equal(found(&s, id)->ticket.state, TICKET_CLOSED);
	assert_int_equal(shop_told(&s, "answer", order->id), 2);
	assert_int_equal(ticket_message_list(s.t->db, &s.t->arena, id, &said, &count), OK);
	assert_int_equal(count, 3);
	assert_true(said[2].from_shop);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE action IN "
					     "('ticket_answer', 'ticket_close')"),
			 2);
	/* Told again, it is another case. */
	assert_int_not_equal(complain(&s, order, "m2"), id);
}

static void test_closed_without_a_word(void **state)
{
	struct decision decision;
	struct order *order;
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 2);
	order = delivered(&s, BUYER, "p1");
	id = complain(&s, order, "m1");
	decision = decision_of(&s);
	assert_int_equal(case_close(s.t->db, id, &decision), OK);
	assert_int_equal(case_close(s.t->db, id, &decision), OK);
	assert_int_equal(found(&s, id)->ticket.state, TICKET_CLOSED);
	assert_int_equal(shop_told(&s, "answer", order->id), 0);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE action = "
					     "'ticket_close'"),
			 1);
}

static void test_notes(void **state)
{
	struct decision decision;
	struct order_note *notes;
	struct order *order;
	struct shop s;
	size_t count;

	shop_make(&s, *state, 1);
	order = delivered(&s, BUYER, "p1");
	decision = decision_of(&s);
	decision.why = "дзвонив двічі";
	for (int i = 0; i < 2; i++)
		assert_int_equal(order_note_add(s.t->db, order->id, order->number, &decision),
				 OK);
	decision = decision_of(&s);
	decision.why = "усе гаразд";
	assert_int_equal(order_note_add(s.t->db, order->id, order->number, &decision), OK);
	assert_int_equal(order_note_list(s.t->db, &s.t->arena, order->id, &notes, &count), OK);
	assert_int_equal(count, 2);
	assert_string_equal(notes[0].text, "усе гаразд");
	assert_string_equal(notes[1].actor, "olena");
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM audit WHERE action = 'order_note'"),
		2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_lists),
		DB_TEST(test_answer_and_refusal),
		DB_TEST(test_closed_without_a_word),
		DB_TEST(test_notes),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
