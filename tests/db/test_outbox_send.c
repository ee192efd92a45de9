/* What the worker makes of each of Telegram's answers, and whom it does not write to. */
#include "tests/db/worker_test.h"

#include "fcgi/worker/outbox_send.h"
#include "shared/base/clock.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FLOOD                                                                     \
	"{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests\"," \
	"\"parameters\":{\"retry_after\":17}}"

static const char sent[] = "{\"ok\":true,\"result\":{\"message_id\":7}}";

static const char *refusal(struct db_test *t, int code, const char *description)
{
	return arena_printf(&t->arena,
			    "{\"ok\":false,\"error_code\":%d,\"description\":\"%s\"}", code,
			    description);
}

/* A message that needs no order. */
static void add(struct db_test *t, const char *fact, int64_t chat)
{
	assert_int_equal(
		outbox_add(t->db, &(struct outbox_message){ .fact = fact,
							    .kind = OUTBOX_ALERT,
							    .priority = OUTBOX_ALERTS,
							    .chat_id = chat,
							    .data = "{\"what\":\"<b>\"}" }),
		OK);
}

static void run(void)
{
	worker_test_run(outbox_run);
}

static const char *state_of(struct db_test *t, const char *fact)
{
	return db_test_text(
		t, arena_printf(&t->arena, "SELECT state FROM outbox WHERE fact = '%s'", fact));
}

/* Milliseconds until it may be sent. */
static int64_t wait_of(struct db_test *t, const char *fact)
{
	return db_test_number(
		t, arena_printf(&t->arena,
				"SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), "
				"not_before) DIV 1000 FROM outbox WHERE fact = '%s'",
				fact));
}

static void user_add(struct db_test *t)
{
	db_test_exec(t, "INSERT INTO users (id, lang, created_at) VALUES (5, 'uk', "
			"UTC_TIMESTAMP(6))");
}

/* ---- answers ---- */

static void test_sent(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	peer_answers(200, sent);
	run();
	assert_string_equal(state_of(t, "a"), "sent");
	assert_int_equal(db_test_number(t, "SELECT telegram_message_id FROM outbox"), 7);
	assert_true(peer_heard("/bot42:token/sendMessage"));
	/* What came from outside is escaped. */
	assert_true(peer_heard("&lt;b&gt;"));
	assert_false(peer_heard("<b>:"));
	run();
	assert_int_equal(peer_asked(), 1);
}

static void test_flood_is_waited_out(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	peer_answers(429, FLOOD);
	run();
	assert_string_equal(state_of(t, "a"), "pending");
	assert_in_range(wait_of(t, "a"), 15000, 17000);
	/* Nobody else has to wait: one chat is not the bot. */
	add(t, "b", 6);
	run();
	assert_string_equal(state_of(t, "b"), "sent");
	assert_int_equal(peer_asked(), 2);
}

/* Its other messages wait as well, also those that another worker would send. */
static void test_flood_holds_the_chat(void **state)
{
	struct db_test *t = *state;

	AUTO_ARENA(a);

	add(t, "a", 5);
	add(t, "b", 5);
	peer_answers(429, FLOOD);
	assert_int_equal(outbox_run(&worker, &a, ""), OK);
	add(t, "c", 5);
	while (http_running(worker.http))
		assert_int_equal(http_pump(worker.http, NULL, 0, 20), OK);
	assert_int_equal(peer_asked(), 1);
	assert_in_range(wait_of(t, "b"), 15000, 17000);
	assert_in_range(wait_of(t, "c"), 15000, 17000);
}

static void test_flood_of_many_chats_pauses_all(void **state)
{
	struct db_test *t = *state;
	int64_t ms;

	for (int i = 1; i <= 3; i++) {
		add(t, arena_printf(&t->arena, "flood:%d", i), i);
		peer_answers(429, FLOOD);
	}
	run();
	assert_int_equal(peer_asked(), 3);
	assert_int_equal(pause_left(t->db, "telegram", &ms), OK);
	assert_in_range(ms, 15000, 17001);
	add(t, "d", 9);
	run();
	assert_int_equal(peer_asked(), 3);
	/* A worker that was not told reads it. */
	worker.telegram_pause_ms = 0;
	run();
	assert_int_equal(peer_asked(), 3);
	assert_string_equal(state_of(t, "d"), "pending");
}

static void test_trouble_comes_again_later(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	peer_answers(502, "<html>");
	run();
	assert_string_equal(state_of(t, "a"), "pending");
	assert_in_range(wait_of(t, "a"), 300, 1000);
	/* Each time twice as long. */
	db_test_exec(t, "UPDATE outbox SET attempts = 6, not_before = UTC_TIMESTAMP(6)");
	gate_report(worker.program.shm, GATE_TELEGRAM, true, clock_monotonic_ms());
	peer_answers(502, "<html>");
	run();
	assert_in_range(wait_of(t, "a"), 31000, 64000);
	assert_int_equal(peer_asked(), 2);
}

static void test_down_is_left_alone(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	add(t, "b", 6);
	gate_report(worker.program.shm, GATE_TELEGRAM, false, clock_monotonic_ms());
	run();
	assert_int_equal(peer_asked(), 0);
}

static void test_blocked_is_not_written_to(void **state)
{
	struct db_test *t = *state;

	user_add(t);
	add(t, "a", 5);
	peer_answers(403, refusal(t, 403, "Forbidden: bot was blocked by the user"));
	run();
	assert_string_equal(state_of(t, "a"), "undeliverable");
	assert_int_equal(db_test_number(t, "SELECT blocked_at IS NOT NULL FROM users"), 1);
	run();
	assert_int_equal(peer_asked(), 1);
}

static void test_refused_comes_plain(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	peer_answers(400, refusal(t, 400, "Bad Request: can't parse entities: x"));
	peer_answers(200, sent);
	run();
	assert_string_equal(state_of(t, "a"), "sent");
	assert_int_equal(peer_asked(), 2);
	assert_non_null(strstr(peer_question(0), "<b>"));
	assert_null(strstr(peer_question(1), "<b>"));
}

static void test_refused_twice_is_dead_and_told(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 0);
	assert_int_equal(
		outbox_add(s.t->db,
			   &(struct outbox_message){
				   .fact = "a",
				   .kind = OUTBOX_RESTOCK,
				   .priority = OUTBOX_ALERTS,
				   .chat_id = BUYER,
				   .data = arena_printf(&s.t->arena, "{\"value\":%lld}",
							(long long)s.value_id) }),
		OK);
	peer_answers(400, refusal(s.t, 400, "Bad Request: what is this"));
	peer_answers(400, refusal(s.t, 400, "Bad Request: what is this"));
	run();
	assert_string_equal(state_of(s.t, "a"), "dead");
	id = db_test_number(s.t, "SELECT id FROM outbox WHERE fact = 'a'");
	assert_int_equal(
		db_test_number(s.t, arena_printf(&s.t->arena,
						 "SELECT COUNT(*) FROM outbox WHERE fact = "
						 "'alert:dead:%lld'",
						 (long long)id)),
		1);
	/* An alert that dies makes no further alert. */
	add(s.t, "b", 6);
	for (int i = 0; i < 4; i++)
		peer_answers(400, refusal(s.t, 400, "Bad Request: what is this"));
	run();
	assert_string_equal(state_of(s.t, "b"), "dead");
	assert_int_equal(
		db_test_number(s.t,
			       "SELECT COUNT(*) FROM outbox WHERE fact LIKE 'alert:dead%'"),
		1);
}

/* Another worker was faster than our lease: what we think does not count. */
static void test_lost_lease(void **state)
{
	struct db_test *t = *state;

	add(t, "a", 5);
	peer_answers(403, refusal(t, 403, "Forbidden"));
	{
		AUTO_ARENA(a);

		assert_int_equal(outbox_run(&worker, &a, ""), OK);
	}
	db_test_exec(t, "UPDATE outbox SET lease_owner = 1");
	while (http_running(worker.http))
		assert_int_equal(http_pump(worker.http, NULL, 0, 20), OK);
	assert_string_equal(state_of(t, "a"), "pending");
	assert_true(sender_is_idle(&worker));
}

/* ---- to whom ---- */

static void test_alert_goes_to_every_administrator(void **state)
{
	struct db_test *t = *state;

	worker.program.config.admin_chats[0] = 11;
	worker.program.config.admin_chats[1] = -12;
	worker.program.config.admin_chat_count = 2;
	add(t, "a", 0);
	run();
	run();
	assert_int_equal(peer_asked(), 2);
	assert_true(peer_heard("\"chat_id\":11"));
	assert_true(peer_heard("\"chat_id\":-12"));
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM outbox WHERE state = 'sent'"),
			 3);
}

/* ---- codes ---- */

static int64_t delivered(struct shop *s, int64_t buyer)
{
	struct order_offer const offer = shop_offer(s, buyer, 1);
	int64_t const id = shop_open(s, &offer, OPENING_OK)->id;
	struct payment_row const row = shop_payment(
		arena_printf(&s->t->arena, "p%lld", (long long)id), PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);

	assert_int_equal(shop_settle(s, id, &evidence).result, SETTLE_DELIVERED);
	return id;
}

static void test_codes_first(void **state)
{
	struct shop s;

	shop_make(&s, *state, 1);
	worker.vault = s.vault;
	for (int i = 0; i < 5; i++)
		add(s.t, arena_printf(&s.t->arena, "alert:%d", i), 50 + i);
	delivered(&s, BUYER);
	run();
	run();
	assert_non_null(strstr(peer_question(0), "CARD-0000000001"));
	shop_check(&s);
}

/* A code of another row, or of a key that is not there: nothing is sent, somebody looks. */
/* A key that is missing may come back: the code stays the buyer's. */
static void test_key_that_is_missing(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 2);
	id = delivered(&s, BUYER);
	worker.vault = s.vault;
	worker.vault.keys[0].key[0] ^= 1;
	db_test_exec(s.t, "DELETE FROM outbox WHERE kind <> 'delivered'");
	run();
	assert_int_equal(peer_asked(), 0);
	assert_string_equal(
		db_test_text(s.t, "SELECT state FROM outbox WHERE kind = 'delivered'"),
		"pending");
	assert_in_range(
		wait_of(s.t, arena_printf(&s.t->arena, "delivered:%lld", (long long)id)),
		200000, 300000);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE "
					     "fact LIKE 'alert:sealed:%'"),
			 1);
	worker.vault = s.vault;
	db_test_exec(s.t, "UPDATE outbox SET not_before = UTC_TIMESTAMP(6)");
	run();
	assert_true(peer_heard("CARD-0000000001"));
	shop_check(&s);
}

static const char damage[] =
	"UPDATE card_codes SET ciphertext = CONCAT(LEFT(ciphertext, LENGTH(ciphertext) - 1), "
	"CHAR(ASCII(RIGHT(ciphertext, 1)) ^ 1)) WHERE state = 'sold'";

/* Its place is taken by another, and only that is sent. */
static void test_code_that_does_not_open(void **state)
{
	struct shop s;

	shop_make(&s, *state, 2);
	worker.vault = s.vault;
	delivered(&s, BUYER);
	db_test_exec(s.t, damage);
	db_test_exec(s.t, "DELETE FROM outbox WHERE kind <> 'delivered'");
	run();
	run();
	assert_int_equal(peer_asked(), 1);
	assert_true(peer_heard("CARD-0000000002"));
	assert_false(peer_heard("CARD-0000000001"));
	assert_int_equal(shop_codes(&s, "defective"), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE "
					     "fact LIKE 'alert:quarantined:%'"),
			 1);
	shop_check(&s);
}

/* There is no other: the buyer is told to wait, nothing else. */
static void test_code_without_another(void **state)
{
	struct shop s;

	shop_make(&s, *state, 1);
	worker.vault = s.vault;
	delivered(&s, BUYER);
	db_test_exec(s.t, damage);
	db_test_exec(s.t, "DELETE FROM outbox WHERE kind <> 'delivered'");
	run();
	run();
	assert_false(peer_heard("<code>"));
	assert_string_equal(db_test_text(s.t, "SELECT state FROM orders"), "paid");
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'waiting'"), 1);
	shop_check(&s);
}

/* Of two codes one is good, and goes nowhere without the other. */
static void test_code_beside_a_good_one(void **state)
{
	struct shop s;

	shop_make(&s, *state, 2);
	worker.vault = s.vault;
	delivered(&s, BUYER);
	db_test_exec(s.t, "UPDATE orders SET quantity = 2, total_kop = 2 * unit_price_kop");
	db_test_exec(s.t, "UPDATE payments SET amount_kop = 20000");
	db_test_exec(s.t, "UPDATE card_codes SET state = 'sold', slot = 2, order_id = "
			  "(SELECT id FROM orders) WHERE state = 'available'");
	db_test_exec(s.t, arena_printf(&s.t->arena, "%s AND slot = 2", damage));
	db_test_exec(s.t, "DELETE FROM outbox WHERE kind <> 'delivered'");
	run();
	assert_int_equal(peer_asked(), 0);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM outbox WHERE "
					     "fact LIKE 'alert:unreadable:%'"),
			 1);
	assert_string_equal(
		db_test_text(s.t, "SELECT state FROM outbox WHERE kind = 'delivered'"),
		"pending");
	shop_check(&s);
}

/* Between the claim and the drawing the order has moved on. */
static void test_what_is_not_true_any_more(void **state)
{
	struct shop s;
	int64_t id;

	shop_make(&s, *state, 1);
	worker.vault = s.vault;
	id = delivered(&s, BUYER);
	db_test_exec(s.t, "DELETE FROM outbox WHERE kind <> 'delivered'");
	db_test_exec(s.t, "UPDATE orders SET state = 'disputed'");
	run();
	assert_int_equal(peer_asked(), 0);
	assert_string_equal(
		state_of(s.t, arena_printf(&s.t->arena, "delivered:%lld", (long long)id)),
		"sent");
}

/* ---- an order was opened ---- */

static struct order *opened(struct shop *s)
{
	struct order_offer const offer = shop_offer(s, BUYER, 1);

	return shop_open(s, &offer, OPENING_OK);
}

/* Its message is edited, without a row; and only while it is true. */
static void test_opened_needs_no_row(void **state)
{
	struct shop s;
	const struct order *order;

	shop_make(&s, *state, 1);
	order = opened(&s);
	sender_opened(&worker, order->id, order->chat_id);
	run();
	assert_int_equal(peer_asked(), 1);
	assert_true(peer_heard("editMessageText"));
	assert_true(peer_heard("\"message_id\":77"));
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM outbox"), 0);
	assert_true(sender_is_idle(&worker));
	assert_int_equal(order_cancel(s.t->db, order->id, BUYER), OK);
	sender_opened(&worker, order->id, order->chat_id);
	run();
	assert_int_equal(peer_asked(), 1);
}

/* It takes no place from messages that must not be lost, and is not tried for ever. */
static void test_opened_is_forgotten(void **state)
{
	struct shop s;
	const struct order *order;

	shop_make(&s, *state, 1);
	order = opened(&s);
	for (int i = 0; i < 200; i++)
		sender_opened(&worker, order->id, 5000 + i);
	add(s.t, "a", 5);
	peer_answers(500, "{}");
	run();
	assert_string_equal(state_of(s.t, "a"), "sent");
	assert_true(sender_is_idle(&worker));
	assert_in_range(peer_asked(), 2, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_TEST(test_sent),
		WORKER_TEST(test_flood_is_waited_out),
		WORKER_TEST(test_flood_holds_the_chat),
		WORKER_TEST(test_flood_of_many_chats_pauses_all),
		WORKER_TEST(test_trouble_comes_again_later),
		WORKER_TEST(test_down_is_left_alone),
		WORKER_TEST(test_blocked_is_not_written_to),
		WORKER_TEST(test_refused_comes_plain),
		WORKER_TEST(test_refused_twice_is_dead_and_told),
		WORKER_TEST(test_lost_lease),
		WORKER_TEST(test_alert_goes_to_every_administrator),
		WORKER_TEST(test_codes_first),
		WORKER_TEST(test_key_that_is_missing),
		WORKER_TEST(test_code_that_does_not_open),
		WORKER_TEST(test_code_without_another),
		WORKER_TEST(test_code_beside_a_good_one),
		WORKER_TEST(test_what_is_not_true_any_more),
		WORKER_TEST(test_opened_needs_no_row),
		WORKER_TEST(test_opened_is_forgotten),
	};

	return cmocka_run_group_tests(tests, worker_test_start, worker_test_stop);
}
