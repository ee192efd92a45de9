/* The bot after the purchase: codes again, a wish for the money, a code that does not work. */
#include "tests/db/bot_test.h"

#include "shared/base/clock.h"
#include "shared/domain/order_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- orders ---- */

static void test_codes_again(void **state)
{
	struct reply r;
	SHOP(s);

	(void)say(&s, "/start");
	(void)say_as(&s, OTHER, bot_test_update(), "/start");
	bot_test_order(*state, 1, BUYER, "delivered");
	bot_test_sell(&s, 1, "SECRET-1234");
	assert_non_null(strstr(tap(&s, "p:0").markup, "\"o:1\""));
	r = tap(&s, "o:1");
	assert_string_equal(r.method, "sendMessage"); /* whatever message it hangs on */
	assert_non_null(strstr(r.html, "SECRET-1234"));
	r = tap_as(&s, OTHER, 0, "o:1");
	assert_false(holds(r, "SECRET"));
	assert_true(says(r, "bot.purchases.none"));
	bot_test_close(&s);
}

/* A code that does not open is not shown; an administrator hears of it once. */
static void test_code_altered(void **state)
{
	SHOP(s);

	(void)say(&s, "/start");
	bot_test_order(*state, 1, BUYER, "delivered");
	bot_test_sell(&s, 1, "SECRET-1234");
	db_test_exec(*state, "UPDATE card_codes SET ciphertext = REVERSE(ciphertext) "
			     "WHERE order_id = 1");
	assert_true(says(tap(&s, "o:1"), "bot.trouble"));
	assert_true(says(tap(&s, "o:1"), "bot.trouble"));
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM outbox"), 1);
	bot_test_close(&s);
}

static void test_wishes(void **state)
{
	SHOP(s);

	(void)say(&s, "/start");
	(void)say_as(&s, OTHER, bot_test_update(), "/start");
	bot_test_order(*state, 1, BUYER, "paid");
	db_test_exec(*state,
		     "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
		     "amount_kop, applied, state, received_at) VALUES ('portmone', '5', "
		     "1, 'payment', 10000, 1, 'ok', UTC_TIMESTAMP(6))");
	bot_test_order(*state, 2, BUYER, "delivered");
	(void)tap_as(&s, OTHER, 0, "r:1");
	(void)tap(&s, "r:2"); /* has its codes */
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM outbox"), 0);
	for (int i = 0; i < 3; i++) {
		assert_non_null(strstr(tap(&s, "r:1").html, "K7F3-0001"));
	}
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM refunds"), 1);
	assert_string_equal(db_test_text(*state, "SELECT state FROM orders WHERE id = 1"),
			    "refunding");
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM outbox"), 0);
	bot_test_close(&s);
}

/* ---- a code that does not work ---- */

static int64_t tickets(struct db_test *t)
{
	return db_test_number(t, "SELECT COUNT(*) FROM tickets");
}

static void test_problem(void **state)
{
	SHOP(s);
	int64_t const update = bot_test_update();

	(void)say(&s, "/start");
	(void)say_as(&s, OTHER, bot_test_update(), "/start");
	bot_test_order(*state, 1, BUYER, "paid");
	bot_test_order(*state, 2, BUYER, "delivered");
	bot_test_sell(&s, 2, "SECRET-1234");
	(void)tap(&s, "s:1"); /* has none yet */
	(void)tap_as(&s, OTHER, 0, "s:2");
	(void)tap_as(&s, OTHER, 0, "s:2:1");
	(void)tap_as(&s, OTHER, 0, "t:2:1");
	assert_int_equal(tickets(*state), 0);
	assert_int_equal(tap(&s, "s:2").edited, 0); /* the code's message stays */
	/* A sticker is no word: asked again. */
	assert_true(holds(say(&s, ""), "t:2:1"));
	for (int i = 0; i < 3; i++)
		assert_true(holds(say_as(&s, BUYER, update, "<b>does not & secret 12-34 work"),
				  "K7F3-0002"));
	assert_int_equal(tickets(*state), 1);
	/* The code itself is not kept. */
	assert_string_equal(db_test_text(*state, "SELECT text FROM ticket_messages"),
			    "<b>does not & ••• work");
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM outbox WHERE kind = "
						"'alert' AND chat_id = 0"),
			 1);
	assert_int_equal(db_test_number(*state, "SELECT t.code_id = c.id FROM tickets t "
						"JOIN card_codes c ON c.order_id = 2"),
			 1);
	/* What comes later is ordinary text. */
	assert_true(says(say(&s, "hello"), "bot.unknown"));
	/* Complained of again: one more message in the same case, also without a word. */
	(void)tap(&s, "s:2");
	(void)tap(&s, "t:2:1");
	assert_int_equal(tickets(*state), 1);
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM ticket_messages"), 2);
	bot_test_close(&s);
}

static void test_problem_with_one_of_many(void **state)
{
	SHOP(s);
	struct reply r;

	(void)say(&s, "/start");
	bot_test_order(*state, 2, BUYER, "delivered");
	db_test_exec(*state, "UPDATE orders SET quantity = 3, total_kop = 30000");
	bot_test_sell(&s, 2, "SECRET-0001");
	bot_test_sell(&s, 2, "SECRET-0002");
	bot_test_sell(&s, 2, "SECRET-0003");
	r = tap(&s, "s:2");
	assert_non_null(strstr(r.markup, "\"s:2:3\""));
	assert_non_null(strstr(r.markup, "\"s:2:0\""));
	assert_null(strstr(r.markup, "\"s:2:4\""));
	(void)tap(&s, "s:2:4");
	(void)tap(&s, "t:2:4");
	(void)say(&s, "of none");
	assert_int_equal(tickets(*state), 0);
	(void)tap(&s, "s:2:2");
	(void)say(&s, "used already");
	(void)tap(&s, "s:2:0");
	(void)say(&s, "all of them");
	assert_int_equal(tickets(*state), 2);
	assert_int_equal(db_test_number(*state, "SELECT c.slot FROM tickets t JOIN card_codes "
						"c ON c.id = t.code_id"),
			 2);
	assert_int_equal(
		db_test_number(*state, "SELECT COUNT(*) FROM tickets WHERE code_id IS NULL"),
		1);
	bot_test_close(&s);
}

static void test_cancel(void **state)
{
	SHOP(s);

	(void)say(&s, "/start");
	(void)say_as(&s, OTHER, bot_test_update(), "/start");
	bot_test_order(*state, 1, BUYER, "pending");
	bot_test_order(*state, 2, BUYER, "delivered");
	(void)tap_as(&s, OTHER, 0, "x:1");
	assert_string_equal(db_test_text(*state, "SELECT state FROM orders WHERE id = 1"),
			    "pending");
	assert_non_null(strstr(tap(&s, "x:1").html, "скасовано"));
	assert_non_null(strstr(tap(&s, "x:1").html, "скасовано"));
	assert_string_equal(db_test_text(*state, "SELECT state FROM orders WHERE id = 1"),
			    "cancelled");
	assert_non_null(strstr(tap(&s, "x:2").html, "вже оплачено"));
	bot_test_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_codes_again),
		DB_TEST(test_code_altered),
		DB_TEST(test_wishes),
		DB_TEST(test_problem),
		DB_TEST(test_problem_with_one_of_many),
		DB_TEST(test_cancel),
	};

	return cmocka_run_group_tests(tests, bot_test_start, bot_test_stop);
}
