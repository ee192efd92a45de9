/* The payment page against a database and a gateway of the test's: one order, one bill. */
#include "tests/db/pay_test.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/platform/i18n.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_once(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	for (int i = 0; i < 3; i++) {
		reply = pay_test_open(t, i == 1 ? "POST" : "GET", &offer);
		assert_int_equal(reply.status, 303);
		assert_string_equal(reply.location, "https://pay.example/1");
	}
	assert_int_equal(pay_test_orders(t), 1);
	assert_int_equal(pay_gateway.bills, 1);
	assert_int_equal(shop_codes(&s, "reserved"), 1);
	shop_check(&s);
}

static void test_head_makes_nothing(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	reply = pay_test_open(t, "HEAD", &offer);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.body, "");
	assert_int_equal(pay_test_orders(t), 0);
}

static void test_forged(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	char *token;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	token = arena_strdup(
		&t->arena,
		order_token_write(&t->arena, pay_app.program.config.data_key, &offer));
	token[60] = token[60] == 'A' ? 'B' : 'A';
	reply = pay_test_asked(
		t, &(struct pay_ask){ .handle = pay_show, .method = "GET", .part = token });
	assert_int_equal(reply.status, 404);
	assert_true(pay_test_shows(reply, "web.bad.title"));
	assert_int_equal(pay_test_orders(t), 0);
}

static void test_refusals(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 2);
	assert_true(pay_test_shows(pay_test_open(t, "GET", &offer), "web.sold_out.title"));
	offer = shop_offer(&s, BUYER, QUANTITY_MAX);
	db_test_exec(t, "UPDATE card_values SET max_per_order = 5");
	assert_true(pay_test_shows(pay_test_open(t, "GET", &offer), "web.too_many.title"));
	offer = shop_offer(&s, BUYER, 1);
	db_test_exec(t, "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6)");
	assert_true(pay_test_shows(pay_test_open(t, "GET", &offer), "web.gone.title"));
	db_test_exec(t, "UPDATE card_values SET hidden_at = NULL");
	pay_app.program.config.sales_paused = true;
	assert_true(pay_test_shows(pay_test_open(t, "GET", &offer), "web.paused.title"));
	pay_app.program.config.sales_paused = false;
	db_test_exec(t, "UPDATE users SET banned_at = UTC_TIMESTAMP(6)");
	reply = pay_test_open(t, "GET", &offer);
	assert_int_equal(reply.status, 403);
	assert_true(pay_test_shows(reply, "web.banned.title"));
	assert_int_equal(pay_test_orders(t), 0);
	assert_int_equal(pay_gateway.bills, 0);
	/* The buyer's language, not the browser's. */
	offer = shop_offer(&s, OTHER_BUYER, 1);
	reply = pay_test_open(t, "GET", &offer);
	assert_non_null(strstr(reply.body, i18n_text(LANG_EN, "web.banned.title")));
}

static void test_price(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;
	const char *link;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	db_test_exec(t, "UPDATE card_values SET price_kop = 12050");
	reply = pay_test_open(t, "GET", &offer);
	assert_int_equal(reply.status, 409);
	assert_true(pay_test_shows(reply, "web.price.title"));
	assert_non_null(strstr(reply.body, "120,50"));
	assert_int_equal(pay_test_orders(t), 0);
	/* The same fresh link each time, and confirming it twice is one order. */
	link = strstr(reply.body, "/pay/");
	link = arena_strndup(&t->arena, link, strcspn(link, "\""));
	assert_non_null(strstr(pay_test_open(t, "GET", &offer).body, link));
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			pay_test_asked(t, &(struct pay_ask){ .handle = pay_show,
							     .method = "GET",
							     .part = link + strlen("/pay/") })
				.status,
			303);
	assert_int_equal(pay_test_orders(t), 1);
	assert_int_equal(db_test_number(t, "SELECT total_kop FROM orders"), 12050);
}

static void test_gateway_down(void **state)
{
	static const enum gateway_mood moods[] = { GATEWAY_BROKEN, GATEWAY_REFUSING };
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 2);
	for (size_t i = 0; i < COUNT(moods); i++) {
		offer = shop_offer(&s, i ? OTHER_BUYER : BUYER, 1);
		pay_gateway.mood = moods[i];
		reply = pay_test_open(t, "GET", &offer);
		assert_int_equal(reply.status, 503);
		assert_non_null(strstr(reply.body, "href=\"/pay/"));
		assert_int_equal(pay_test_orders(t), (int64_t)i + 1);
		assert_int_equal(shop_codes(&s, "reserved"), (int64_t)i + 1);
		/* Trying again may succeed at once: nobody holds the claim. */
		pay_gateway.mood = GATEWAY_WELL;
		gate_report(pay_app.program.shm, GATE_PORTMONE, true, clock_monotonic_ms());
		assert_int_equal(pay_test_open(t, "GET", &offer).status, 303);
	}
	assert_int_equal(metric_get(pay_app.program.shm, METRIC_PORTMONE_ERRORS), 2);
}

/* The mark that Portmone is down: nobody waits for it again. */
static void test_gateway_silent(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	int64_t before;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	pay_gateway.mood = GATEWAY_SILENT;
	before = clock_monotonic_ms();
	assert_int_equal(pay_test_open(t, "GET", &offer).status, 503);
	assert_in_range(clock_monotonic_ms() - before, CALL_TIMEOUT_MS - 500,
			CALL_TIMEOUT_MS + 1000);
	before = clock_monotonic_ms();
	assert_int_equal(pay_test_open(t, "GET", &offer).status, 503);
	assert_true(clock_monotonic_ms() - before < 500);
}

/* Another process asks for the bill, and is not done within our patience. */
static void test_gateway_asked_by_another(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;
	int64_t const before = clock_monotonic_ms();
	int64_t id;
	bool ours;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(order_link_claim(t->db, id, 60, &ours), OK);
	assert_true(ours);
	reply = pay_test_open(t, "GET", &offer);
	assert_int_equal(reply.status, 200);
	assert_true(pay_test_shows(reply, "web.making.title"));
	assert_true(reply.refreshes);
	assert_true(clock_monotonic_ms() - before < CALL_TIMEOUT_MS + 1000);
	assert_int_equal(pay_gateway.bills, 0);
	/* It was killed: when its claim has run out we ask. */
	db_test_exec(t, "UPDATE orders SET link_lease_until = UTC_TIMESTAMP(6) - INTERVAL 1 "
			"SECOND");
	assert_int_equal(pay_test_open(t, "GET", &offer).status, 303);
}

/* We were so slow that the claim ran out: the bill that was stored first is the order's. */
static void test_first_bill_counts(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	pay_gateway.overtaker = db_test_open(t);
	reply = pay_test_open(t, "GET", &offer);
	assert_int_equal(pay_gateway.bills, 1);
	assert_int_equal(reply.status, 303);
	assert_string_equal(reply.location, "https://pay.example/first");
	assert_string_equal(pay_test_open(t, "GET", &offer).location,
			    "https://pay.example/first");
}

static void test_ended(void **state)
{
	static const struct {
		const char *set;
		const char *title;
	} ends[] = {
		{ "state = 'paid'", "web.waiting.title" },
		{ "state = 'delivered'", "web.delivered.title" },
		{ "state = 'refunding'", "web.refunding.title" },
		{ "state = 'refunded'", "web.refunded.title" },
		{ "state = 'disputed'", "web.disputed.title" },
		{ "state = 'cancelled'", "web.cancelled.title" },
		{ "state = 'expired'", "web.expired.title" },
		{ "state = 'pending', expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND",
		  "web.expired.title" },
	};
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	assert_int_equal(pay_test_open(t, "GET", &offer).status, 303);
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct pay_reply reply;

		db_test_exec(t, arena_printf(&t->arena, "UPDATE orders SET %s", ends[i].set));
		reply = pay_test_open(t, "GET", &offer);
		assert_int_equal(reply.status, 200);
		assert_true(pay_test_shows(reply, ends[i].title));
	}
	assert_int_equal(pay_test_orders(t), 1);
	assert_int_equal(pay_gateway.bills, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAY_TEST(test_once),
		PAY_TEST(test_head_makes_nothing),
		PAY_TEST(test_forged),
		PAY_TEST(test_refusals),
		PAY_TEST(test_price),
		PAY_TEST(test_gateway_down),
		PAY_TEST(test_gateway_asked_by_another),
		PAY_TEST(test_first_bill_counts),
		PAY_TEST(test_ended),
		PAY_TEST(test_gateway_silent), /* last: the gateway sleeps on */
	};

	return cmocka_run_group_tests(tests, pay_test_start, pay_test_stop);
}
