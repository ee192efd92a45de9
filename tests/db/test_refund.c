/* The worker gives money back: what Portmone is asked and told, and what is made of its words.
 */
#include "tests/db/worker_test.h"

#include "fcgi/worker/refund.h"
#include "shared/base/clock.h"
#include "shared/domain/order_refund.h"
#include "shared/service/portmone_fiscal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct refund_shop {
	struct shop s;
	struct order *order;
};

static void shop_sell(struct refund_shop *r, struct db_test *t, int quantity)
{
	struct payment_row const row = shop_payment("5", (int64_t)quantity * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;

	shop_make(&r->s, t, quantity);
	offer = shop_offer(&r->s, BUYER, quantity);
	r->order = shop_open(&r->s, &offer, OPENING_OK);
	assert_int_equal(shop_settle(&r->s, r->order->id, &evidence).result, SETTLE_DELIVERED);
}

static void wish(struct refund_shop *r, int64_t kop)
{
	struct decision const decision = { .actor = "a", .why = "so \"it\" was", .wish = "w" };
	struct refund_wish const wish = { .order_id = r->order->id,
					  .amount = MONEY(kop),
					  .decision = &decision };
	enum refund_result result;
	struct money amount;

	assert_int_equal(order_refund_ask(r->s.t->db, &wish, &result, &amount), OK);
	assert_int_equal(result, REFUND_ASKED);
}

/* A row as Portmone has them. */
static const char *row(const struct refund_shop *r, const char *status, const char *id,
		       const char *amount)
{
	return arena_printf(&r->s.t->arena,
			    "{\"status\":\"%s\",\"shopBillId\":\"%s\",\"payeeId\":\"1185\","
			    "\"shopOrderNumber\":\"%s\",\"billAmount\":\"%s\","
			    "\"errorCode\":\"0\"}",
			    status, id, r->order->number, amount);
}

static const char *list(const struct refund_shop *r, const char *first, const char *second)
{
	return arena_printf(&r->s.t->arena, "[%s%s%s]", first, *second ? "," : "", second);
}

static const char *paid_row(const struct refund_shop *r)
{
	return row(r, "PAYED", "5",
		   money_plain(&r->s.t->arena, MONEY((int64_t)r->order->quantity * PRICE)));
}

/* All that comes of one look. */
static void look(struct refund_shop *r)
{
	db_test_exec(r->s.t, "UPDATE refunds SET not_before = UTC_TIMESTAMP(6)");
	worker_test_run(refund_run);
	assert_int_equal(worker.refunds, 0);
}

static void expect_state(struct refund_shop *r, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&r->s, r->order->id)->state),
			    order_state_name(state));
}

static void test_given_back(void **state)
{
	struct refund_shop r;

	shop_sell(&r, *state, 1);
	wish(&r, 0);
	peer_answers(200, list(&r, paid_row(&r), ""));
	peer_answers(200, list(&r, row(&r, "RETURN", "6", "-100"), ""));
	look(&r);
	assert_int_equal(peer_asked(), 2);
	assert_non_null(strstr(peer_question(0), "\"method\":\"result\""));
	assert_non_null(strstr(peer_question(1), "\"method\":\"return\""));
	assert_non_null(strstr(peer_question(1), "\"returnAmount\":\"100.00\""));
	assert_non_null(strstr(peer_question(1), "so \\\"it\\\" was"));
	assert_non_null(strstr(peer_question(1), r.order->number));
	assert_null(strstr(peer_question(1), "goods"));
	expect_state(&r, ORDER_REFUNDED);
	look(&r);
	assert_int_equal(peer_asked(), 2);
	shop_check(&r.s);
}

/* Nothing is told while it is not clear what there is. */
static void test_unclear_answers(void **state)
{
	struct refund_shop r;
	const char *unclear[4];

	shop_sell(&r, *state, 1);
	wish(&r, 0);
	unclear[0] = "<html>wrong password";
	unclear[1] = "{\"errorCode\":\"7\",\"error\":\"no\"}";
	unclear[2] = list(&r, paid_row(&r), row(&r, "RETURNING", "6", "-100"));
	unclear[3] = list(&r, paid_row(&r), row(&r, "RETURN", "6", "a lot"));
	for (size_t i = 0; i < COUNT(unclear); i++) {
		peer_answers(200, unclear[i]);
		look(&r);
	}
	assert_int_equal(peer_asked(), (int)COUNT(unclear));
	assert_false(peer_heard("\"method\":\"return\""));
	expect_state(&r, ORDER_REFUNDING);
	shop_check(&r.s);
}

static void test_lost_answer(void **state)
{
	struct refund_shop r;

	shop_sell(&r, *state, 1);
	wish(&r, 0);
	peer_answers(200, list(&r, paid_row(&r), ""));
	peer_answers(502, "Bad Gateway");
	look(&r);
	expect_state(&r, ORDER_REFUNDING);
	peer_answers(200, list(&r, row(&r, "RETURN", "6", "-100"), paid_row(&r)));
	look(&r);
	expect_state(&r, ORDER_REFUNDED);
	assert_int_equal(peer_asked(), 3);
	shop_check(&r.s);
}

static void test_refused(void **state)
{
	struct refund_shop r;

	shop_sell(&r, *state, 1);
	wish(&r, 0);
	peer_answers(200, list(&r, paid_row(&r), ""));
	peer_answers(200, "[{\"status\":null,\"errorCode\":\"1\",\"errorMessage\":\"no\"}]");
	look(&r);
	expect_state(&r, ORDER_DELIVERED);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM outbox WHERE kind = "
					       "'alert' AND data LIKE '%refund_refused%'"),
			 1);
	shop_check(&r.s);
}

static void test_portmone_down(void **state)
{
	struct refund_shop r;

	shop_sell(&r, *state, 1);
	wish(&r, 0);
	worker.portmone.url = "http://127.0.0.1:1/";
	look(&r);
	assert_true(gate_is_down(worker.program.shm, GATE_PORTMONE));
	/* One try a second, of all that there is. */
	look(&r);
	assert_int_equal(db_test_number(r.s.t, "SELECT claims FROM refunds"), 1);
	assert_string_equal(db_test_text(r.s.t, "SELECT state FROM refunds"), "pending");
}

/* ---- fiscal lines ---- */

static void test_goods(void **state)
{
	static const struct {
		int64_t kop;
		const char *line;
	} cases[] = {
		{ 0, "\"price\":\"100.00\",\"quantity\":\"3\",\"amount\":\"300.00\"" },
		{ 2 * PRICE, "\"price\":\"100.00\",\"quantity\":\"2\",\"amount\":\"200.00\"" },
		{ 2550, "\"price\":\"25.50\",\"quantity\":\"1\",\"amount\":\"25.50\"" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct refund_shop r;
		int const asked = peer_asked();

		db_test_clean(*state);
		catalog_free(worker.catalog);
		worker.catalog = catalog_new();
		shop_sell(&r, *state, 3);
		wish(&r, cases[i].kop);
		worker.program.config.portmone_goods = true;
		peer_answers(200, list(&r, paid_row(&r), ""));
		peer_answers(200, "[]");
		look(&r);
		assert_non_null(strstr(peer_question(asked + 1), cases[i].line));
		assert_non_null(strstr(peer_question(asked + 1),
				       "\"name\":\"Картки, Поповнення 100\""));
	}
}

/* The bill's line comes to the bill's sum, whatever was taken off. */
static void test_goods_of_a_bill(void **state)
{
	struct refund_shop r;
	const struct portmone_goods *line;

	shop_sell(&r, *state, 3);
	assert_int_equal(catalog_refresh(worker.catalog, r.s.t->db, clock_monotonic_ms()), OK);
	r.order->total = MONEY(3 * PRICE - 1234);
	line = portmone_fiscal_bill(&r.s.t->arena, worker.catalog, r.order);
	assert_string_equal(line->code,
			    arena_printf(&r.s.t->arena, "%lld", (long long)r.s.value_id));
	assert_int_equal(line->price.kop * line->quantity - line->discount.kop,
			 r.order->total.kop);
	/* A value that the catalogue has lost. */
	r.order->value_id = 4711;
	line = portmone_fiscal_bill(&r.s.t->arena, worker.catalog, r.order);
	assert_string_equal(line->code, "4711");
	assert_true(*line->name != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_TEST(test_given_back),	   WORKER_TEST(test_unclear_answers),
		WORKER_TEST(test_lost_answer),	   WORKER_TEST(test_refused),
		WORKER_TEST(test_portmone_down),   WORKER_TEST(test_goods),
		WORKER_TEST(test_goods_of_a_bill),
	};

	return cmocka_run_group_tests(tests, worker_test_start, worker_test_stop);
}
