/* The worker's questions to Portmone: what it answers, and what it must not be believed. */
#include "tests/db/worker_test.h"

#include "fcgi/worker/ask.h"
#include "shared/base/clock.h"
#include "shared/clients/portmone_result.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct asked_shop {
	struct shop s;
	int64_t id;
	const char *number;
};

static void shop_ask(struct asked_shop *a, struct db_test *t)
{
	struct order_offer offer;
	struct order *order;

	shop_make(&a->s, t, 1);
	offer = shop_offer(&a->s, BUYER, 1);
	order = shop_open(&a->s, &offer, OPENING_OK);
	a->id = order->id;
	a->number = order->number;
}

/* A row as Portmone has them; further members may replace some. */
static const char *row(const struct asked_shop *a, const char *payee, const char *number,
		       const char *amount, const char *more)
{
	return arena_printf(&a->s.t->arena,
			    "[{\"status\":\"PAYED\",\"shopBillId\":\"5\",\"payeeId\":\"%s\","
			    "\"shopOrderNumber\":\"%s\",\"billAmount\":\"%s\","
			    "\"errorCode\":\"0\"%s}]",
			    payee, number, amount, more);
}

/* The gateway is asked, and says this. */
static void ask(struct asked_shop *a, int status, const char *body)
{
	int const before = peer_asked();

	db_test_exec(a->s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	peer_answers(status, body);
	worker_test_run(ask_run);
	assert_int_equal(peer_asked(), before + 1);
}

static void expect_state(struct asked_shop *a, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&a->s, a->id)->state),
			    order_state_name(state));
}

static void test_paid(void **state)
{
	struct asked_shop a;

	shop_ask(&a, *state);
	ask(&a, 200, row(&a, "1185", a.number, "100.00", ""));
	expect_state(&a, ORDER_DELIVERED);
	assert_true(peer_heard(a.number));
	assert_true(peer_heard("\"method\":\"result\""));
	shop_check(&a.s);
}

static void test_not_ours(void **state)
{
	struct asked_shop a;

	shop_ask(&a, *state);
	ask(&a, 200, row(&a, "9999", a.number, "100.00", ""));
	ask(&a, 200, row(&a, "1185", "ZZZZ-2222", "100.00", ""));
	expect_state(&a, ORDER_PENDING);
	assert_int_equal(db_test_number(a.s.t, "SELECT COUNT(*) FROM payments"), 0);
}

static void test_less(void **state)
{
	struct asked_shop a;

	shop_ask(&a, *state);
	ask(&a, 200, row(&a, "1185", a.number, "99.99", ""));
	expect_state(&a, ORDER_PENDING);
	assert_string_equal(db_test_text(a.s.t, "SELECT reason FROM payments"), "short");
	assert_int_equal(metric_get(worker.program.shm, METRIC_PAYMENTS_REVIEW), 1);
}

static void test_test_money(void **state)
{
	static const char mark[] = ",\"authCode\":\"TESTPM\"";
	struct asked_shop a;

	shop_ask(&a, *state);
	ask(&a, 200, row(&a, "1185", a.number, "100.00", mark));
	expect_state(&a, ORDER_PENDING);
	worker.program.config.portmone_test = true;
	ask(&a, 200, row(&a, "1185", a.number, "100.00", mark));
	expect_state(&a, ORDER_DELIVERED);
}

/* Asked first, expired second; and no answer is not the answer "no". */
static void test_expired(void **state)
{
	struct asked_shop a;

	shop_ask(&a, *state);
	shop_end_reservation(&a.s, a.id, 1);
	ask(&a, 500, "oh");
	ask(&a, 200, "<html>wrong password");
	ask(&a, 200, "{\"errorCode\":\"7\",\"error\":\"no\"}");
	expect_state(&a, ORDER_PENDING);
	assert_int_equal(metric_get(worker.program.shm, METRIC_PORTMONE_ERRORS), 3);
	ask(&a, 200, "[]");
	expect_state(&a, ORDER_EXPIRED);
	assert_int_equal(shop_codes(&a.s, "available"), 1);
	shop_check(&a.s);
}

/* Words of any sort show that somebody is there; silence that nobody is. */
static void test_mark(void **state)
{
	struct asked_shop a;

	shop_ask(&a, *state);
	ask(&a, 500, "oh");
	assert_false(gate_is_down(worker.program.shm, GATE_PORTMONE));
	worker.portmone.url = "http://127.0.0.1:1/";
	db_test_exec(a.s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6)");
	worker_test_run(ask_run);
	assert_true(gate_is_down(worker.program.shm, GATE_PORTMONE));
	/* While it is down one question a second is asked, not all of them. */
	db_test_exec(a.s.t, "UPDATE orders SET ask_at = UTC_TIMESTAMP(6), asks = 0");
	worker_test_run(ask_run);
	assert_int_equal(db_test_number(a.s.t, "SELECT asks FROM orders"), 0);
}

/* A command looks into all of an old order's life, a month at a time. */
static void test_span_after_span(void **state)
{
	int64_t const now = INT64_C(1767225600) * CLOCK_SECOND; /* 2026-01-01, in Kyiv too */
	int64_t const day = 86400 * CLOCK_SECOND;
	struct portmone_rows rows;
	struct asked_shop a;
	const char *why;

	shop_ask(&a, *state);
	peer_answers(200, row(&a, "1185", a.number, "100", ""));
	peer_answers(200, row(&a, "1185", a.number, "100", ""));
	peer_answers(200, "[]");
	assert_int_equal(portmone_result(&worker.portmone, &a.s.t->arena, a.number,
					 now - 70 * day, now, &rows, &why),
			 OK);
	assert_int_equal(peer_asked(), 3);
	assert_non_null(strstr(peer_question(0), "\"startDate\":\"23.10.2025\""));
	assert_non_null(strstr(peer_question(0), "\"endDate\":\"22.11.2025\""));
	assert_non_null(strstr(peer_question(1), "\"startDate\":\"22.11.2025\""));
	assert_non_null(strstr(peer_question(2), "\"endDate\":\"01.01.2026\""));
	/* The day between two of them is in both: its row is one. */
	assert_int_equal(rows.count, 1);
	/* One of them without an answer: nothing is known. */
	peer_answers(200, "[]");
	peer_answers(500, "");
	assert_int_equal(portmone_result(&worker.portmone, &a.s.t->arena, a.number,
					 now - 70 * day, now, &rows, &why),
			 ERR_DOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_TEST(test_paid),
		WORKER_TEST(test_not_ours),
		WORKER_TEST(test_less),
		WORKER_TEST(test_test_money),
		WORKER_TEST(test_expired),
		WORKER_TEST(test_mark),
		WORKER_TEST(test_span_after_span),
	};

	return cmocka_run_group_tests(tests, worker_test_start, worker_test_stop);
}
