/* What comes back from the gateway: the browser, its receipt, the notification. */
#include "tests/db/pay_test.h"

#include "shared/platform/form.h"
#include "shared/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct pay_reply come_back(struct db_test *t, const char *query, const char *body)
{
	return pay_test_asked(
		t, &(struct pay_ask){ .handle = return_show,
				      .method = body ? "POST" : "GET",
				      .query = query,
				      .content_type = "application/x-www-form-urlencoded",
				      .body = body });
}

static void test_return(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	const char *number;
	const char *query;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	number = shop_open(&s, &offer, OPENING_OK)->number;
	query = arena_printf(&t->arena, "order=%s", number);
	/* Whatever the browser says, the page tells what we know. */
	reply = come_back(t, query,
			  arena_printf(&t->arena,
				       "SHOPORDERNUMBER=%s&RESULT=0&SHOPBILLID=5&BILL_AMOUNT=1",
				       number));
	assert_true(pay_test_shows(reply, "web.checking.title"));
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM payment_hints"), 1);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM payments"), 0);
	assert_string_equal(db_test_text(t, "SELECT state FROM orders"), "pending");
	/* Looking again is not a further hint each time. */
	(void)come_back(t, arena_printf(&t->arena, "%s&n=1", query), NULL);
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 1);
	reply = come_back(t, query, "RESULT=%3Cscript%3E");
	assert_true(pay_test_shows(reply, "web.unfinished.title"));
	assert_null(strstr(reply.body, "script"));
	db_test_exec(t, "UPDATE orders SET state = 'delivered'");
	reply = come_back(t, arena_printf(&t->arena, "%s&failed=1", query), NULL);
	assert_true(pay_test_shows(reply, "web.delivered.title"));
	assert_false(reply.refreshes);
	/* A number that nobody has looks like one that nobody has paid. */
	reply = come_back(t, "order=ZZZZ-2222", NULL);
	assert_true(pay_test_shows(reply, "web.checking.title"));
}

static void bring_receipt(struct db_test *t, const char *number, const char *bill,
			  const char *address)
{
	(void)come_back(t, arena_printf(&t->arena, "order=%s", number),
			arena_printf(&t->arena, "RESULT=0&SHOPBILLID=%s&RECEIPT_URL=%s", bill,
				     form_encode(&t->arena, address)));
}

/* The browser's word for a receipt: kept when it is Portmone's page, used for what it paid. */
static void test_receipt(void **state)
{
	static const char good[] = "https://www.portmone.com.ua/r3/receipt/1";
	struct db_test *t = *state;
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;
	struct shop s;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	bring_receipt(t, order->number, "p1", "https://evil.example/r3/receipt/1");
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payment_hints"), "");
	bring_receipt(t, order->number, "p1", good);
	bring_receipt(t, order->number, "", good); /* of no payment */
	(void)come_back(t, arena_printf(&t->arena, "order=%s", order->number), NULL);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payment_hints"), good);
	shop_settle(&s, order->id, &evidence);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
	/* The message with the codes will have it; a second one is not worth a message. */
	bring_receipt(t, order->number, "p1", "https://www.portmone.com.ua/other");
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
	assert_int_equal(shop_told(&s, "receipt", order->id), 0);
}

/* The codes went before the browser came back: the link comes behind, once. */
static void test_receipt_behind_the_codes(void **state)
{
	static const char good[] = "https://www.portmone.com.ua/r3/receipt/1";
	struct db_test *t = *state;
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;
	struct shop s;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	shop_settle(&s, order->id, &evidence);
	db_test_exec(t, "UPDATE outbox SET state = 'sent'");
	bring_receipt(t, order->number, "p2", good); /* of another payment */
	assert_int_equal(shop_told(&s, "receipt", order->id), 0);
	bring_receipt(t, order->number, "p1", good);
	bring_receipt(t, order->number, "p1", good);
	assert_int_equal(shop_told(&s, "receipt", order->id), 1);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
}

static struct pay_reply notify(struct db_test *t, const char *type, const char *body)
{
	return pay_test_asked(t, &(struct pay_ask){ .handle = notify_take,
						    .method = "POST",
						    .content_type = type,
						    .body = body });
}

static void test_notify(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	const char *number;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	number = shop_open(&s, &offer, OPENING_OK)->number;
	for (int i = 0; i < 3; i++) {
		reply = notify(t, "application/json",
			       arena_printf(&t->arena,
					    "{\"shopOrderNumber\":\"%s\",\"shopBillId\":\"5\"}",
					    number));
		assert_int_equal(reply.status, 200);
		assert_non_null(strstr(reply.body, "\"errorCode\":\"0\""));
	}
	reply = notify(t, "application/x-www-form-urlencoded",
		       arena_printf(&t->arena,
				    "data=%%3CBILLS%%3E%%3CBILL%%3E%%3CBILL_ID%%3E6%%3C/"
				    "BILL_ID%%3E%%3CBILL_NUMBER%%3E%s%%3C/BILL_NUMBER%%3E%%3C/"
				    "BILL%%3E%%3C/BILLS%%3E",
				    number));
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.body, "<ERROR_CODE>0</ERROR_CODE>"));
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 4);
	assert_string_equal(db_test_text(t, "SELECT state FROM orders"), "pending");
	/* Unknown and malformed: nothing is stored, and they are answered all the same. */
	assert_int_equal(notify(t, "application/json",
				"{\"shopOrderNumber\":\"ZZZZ-2222\",\"shopBillId\":\"5\"}")
				 .status,
			 200);
	assert_int_equal(metric_get(pay_app.program.shm, METRIC_PAYMENTS_UNKNOWN_ORDER), 1);
	assert_int_equal(notify(t, "application/json", "{").status, 200);
	assert_int_equal(notify(t, "", "").status, 200);
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 4);
}

/* The mark that the database is down: everything says so in words, at once. */
static void test_database_down(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct pay_reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	gate_report(pay_app.program.shm, GATE_DB, false, clock_monotonic_ms());
	reply = pay_test_open(t, "GET", &offer);
	assert_int_equal(reply.status, 503);
	assert_true(pay_test_shows(reply, "web.down.title"));
	reply = come_back(t, "order=ZZZZ-2222", NULL);
	assert_int_equal(reply.status, 503);
	assert_non_null(strstr(reply.body, "n=0"));
	reply = notify(t, "application/json",
		       "{\"shopOrderNumber\":\"ZZZZ-2222\",\"shopBillId\":\"5\"}");
	assert_int_equal(reply.status, 503);
	assert_int_equal(pay_test_orders(t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAY_TEST(test_return),
		PAY_TEST(test_receipt),
		PAY_TEST(test_receipt_behind_the_codes),
		PAY_TEST(test_notify),
		PAY_TEST(test_database_down),
	};

	return cmocka_run_group_tests(tests, pay_test_start, pay_test_stop);
}
