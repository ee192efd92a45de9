/* Money back, and bills closed: what is asked, and what each answer is taken for. */
#include "shared/clients/portmone_close.h"
#include "shared/clients/portmone_return.h"
#include "shared/platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena arena;
static const struct portmone portmone = {
	.url = "https://www.portmone.com.ua/gateway/",
	.payee_id = "1185",
	.login = "WDISHOP",
	.password = "sesame",
	.key = "opener",
};
static const struct portmone_refund refund = {
	.order_number = "K7F3-9QXA",
	.amount = MONEY(9550),
	.reason = "Код не підійшов",
};

static int arena_new_test(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return 0;
}

static int arena_free_test(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

static struct http_answer answer_of(int status, const char *body)
{
	return (struct http_answer){ .status = status,
				     .retry_after = -1,
				     .body = { body, strlen(body) },
				     .sent = true };
}

static const char *asked(const struct http_request *r, const char *method, const char *field)
{
	const struct json *data;
	const char *text;
	AUTO_JSON doc = { 0 };

	assert_string_equal(r->url, portmone.url);
	assert_string_equal(r->content_type, "application/json");
	assert_int_equal(json_parse(r->body, 8, &doc), OK);
	assert_string_equal(json_text(json_get(doc.root, "method"), ""), method);
	data = json_get(json_get(doc.root, "params"), "data");
	text = json_text(json_get(data, field), NULL);
	return text ? arena_strdup(&arena, text) : NULL;
}

static void test_return_request(void **state)
{
	struct portmone_goods const goods = {
		.code = "steam-100", .name = "Steam", .price = MONEY(9550), .quantity = 1
	};
	struct portmone_refund part = refund;
	struct http_request r = portmone_return_request(&portmone, &arena, &refund);

	UNUSED(state);
	assert_string_equal(asked(&r, "return", "login"), "WDISHOP");
	assert_string_equal(asked(&r, "return", "password"), "sesame");
	assert_string_equal(asked(&r, "return", "payeeId"), "1185");
	assert_string_equal(asked(&r, "return", "shopOrderNumber"), "K7F3-9QXA");
	assert_null(asked(&r, "return", "shopbillId"));
	assert_true(r.once);
	assert_string_equal(asked(&r, "return", "returnAmount"), "95.50");
	assert_string_equal(asked(&r, "return", "message"), "Код не підійшов");
	assert_string_equal(asked(&r, "return", "attribute5"), "");
	assert_null(strstr(r.body.data, "goods"));
	part.bill_id = "432722352";
	part.amount = MONEY(1);
	part.goods = &goods;
	r = portmone_return_request(&portmone, &arena, &part);
	assert_null(asked(&r, "return", "shopOrderNumber"));
	assert_string_equal(asked(&r, "return", "shopbillId"), "432722352");
	assert_string_equal(asked(&r, "return", "returnAmount"), "0.01");
	assert_non_null(strstr(r.body.data, "\"goods\":[{\"internalCode\":\"steam-100\""));
}

static void test_return_answers(void **state)
{
	static const struct {
		int status;
		const char *body;
		int rc;
		const char *words; /* the row's id, or why */
	} rows[] = {
		{ 200,
		  "[{\"status\":\"RETURN\",\"shopBillId\":\"434226706\",\"billAmount\":\"-95."
		  "5\","
		  "\"shopOrderNumber\":\"K7F3-9QXA\",\"errorCode\":\"0\",\"errorMessage\":\"\"}"
		  "]",
		  OK, "434226706" },
		{ 200,
		  "{\"status\":\"RETURN\",\"shop_bill_id\":434226706,\"bill_amount\":-95.50,"
		  "\"shop_order_number\":\"K7F3-9QXA\",\"error_code\":0}",
		  OK, "434226706" },
		{ 200, "[{\"status\":\"RETURN\",\"billAmount\":\"95.50\"}]", OK, "" },
		{ 200, "{\"status\":\"RETURN\",\"shopBillId\":null,\"billAmount\":null}", OK,
		  "" },
		{ 200, "{\"status\":\"RETURN\",\"shopBillId\":\"<b>\"}", OK, "" },
		{ 200,
		  "[{\"status\":null,\"shopBillId\":null,\"errorCode\":\"1\",\"errorMessage\":"
		  "\"ORA-20001: Рахунок не оплачено.\"}]",
		  ERR_DENIED, "error 1: ORA-20001: Рахунок не оплачено." },
		{ 200, "{\"error_code\":\"12\",\"error_message\":\"x\"}", ERR_DENIED,
		  "error 12: x" },
		{ 200, "{\"errorCode\":\"3\",\"error\":\"password sesame\"}", ERR_DENIED,
		  "error 3: password …" },
		{ 200, "[{\"status\":\"RETURN\",\"errorCode\":\"5\",\"error\":\"x\"}]",
		  ERR_DENIED, "error 5: x" },
		/* What does not say how it ended. */
		{ 200, "[{\"status\":\"RETURN\",\"billAmount\":\"-95.51\"}]", ERR_UNSURE,
		  "the answer is for another order or sum" },
		{ 200, "[{\"status\":\"RETURN\",\"billAmount\":\"?\"}]", ERR_UNSURE,
		  "the answer is for another order or sum" },
		{ 200, "[{\"status\":\"RETURN\",\"shopOrderNumber\":\"K7F3-9QXB\"}]",
		  ERR_UNSURE, "the answer is for another order or sum" },
		{ 200,
		  "[{\"status\":\"RETURN\",\"shopBillId\":\"434226706\",\"billAmount\":"
		  "\"-95.50\",\"shopOrderNumber\":\"K7F3-9QXB\"}]",
		  ERR_UNSURE, "the answer is for another order or sum" },
		{ 200, "[{\"status\":\"PAYED\",\"errorCode\":\"0\"}]", ERR_UNSURE,
		  "the answer is no RETURN" },
		{ 200, "[]", ERR_UNSURE, "the answer is no RETURN" },
		{ 200, "{}", ERR_UNSURE, "the answer is no RETURN" },
		{ 200, "null", ERR_UNSURE, "the answer is no RETURN" },
		{ 200, "[[]]", ERR_UNSURE, "the answer is no RETURN" },
		{ 200, "", ERR_UNSURE, "not JSON" },
		{ 200, "<html>error</html>", ERR_UNSURE, "HTML, not JSON" },
		{ 502, "", ERR_UNSURE, "status 502" },
		{ 504, "[{\"status\":\"RETURN\"}]", ERR_UNSURE, "status 504" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_answer const answer = answer_of(rows[i].status, rows[i].body);
		const char *id = NULL;
		const char *why = NULL;
		int const rc = portmone_return_read(&portmone, &arena, &refund, OK, &answer,
						    &id, &why);

		assert_int_equal(rc, rows[i].rc);
		assert_string_equal(rc ? why : id, rows[i].words);
		assert_true(rc == OK || !id);
	}
}

/* Only what certainly never got there may be asked again without looking. */
static void test_return_without_answer(void **state)
{
	struct http_answer answer = { .sent = true };
	const char *id = NULL;
	const char *why;

	UNUSED(state);
	assert_int_equal(
		portmone_return_read(&portmone, &arena, &refund, ERR_DOWN, &answer, &id, &why),
		ERR_UNSURE);
	answer.sent = false;
	assert_int_equal(
		portmone_return_read(&portmone, &arena, &refund, ERR_DOWN, &answer, &id, &why),
		ERR_DOWN);
	assert_int_equal(portmone_return_read(&portmone, &arena, &refund, ERR_FAILED, &answer,
					      &id, &why),
			 ERR_DOWN);
	assert_null(id);
}

static void test_close(void **state)
{
	static const struct {
		int status;
		const char *body;
		int rc;
		const char *why;
	} rows[] = {
		{ 200, "{\"errorCode\":\"0\",\"error\":\"\"}", OK, "" },
		{ 200, "{\"error_code\":0}", OK, "" },
		{ 200, "[{\"errorCode\":\"0\"}]", OK, "" },
		{ 200, "{\"errorCode\":\"6\",\"error\":\"Рахунок вже оплачено\"}", ERR_DENIED,
		  "error 6: Рахунок вже оплачено" },
		{ 200, "[{\"error_code\":\"12\"}]", ERR_DENIED, "error 12:" },
		{ 200, "[]", ERR_DOWN, "not an object" },
		{ 200, "true", ERR_DOWN, "not an object" },
		{ 200, "<html/>", ERR_DOWN, "HTML, not JSON" },
		{ 503, "{\"errorCode\":\"0\"}", ERR_DOWN, "status 503" },
	};
	struct http_request const r = portmone_close_request(&portmone, &arena, "K7F3-9QXA");

	UNUSED(state);
	assert_string_equal(asked(&r, "closeInvoice", "shopOrderNumber"), "K7F3-9QXA");
	assert_string_equal(asked(&r, "closeInvoice", "payeeId"), "1185");
	assert_string_equal(asked(&r, "closeInvoice", "login"), "WDISHOP");
	assert_string_equal(asked(&r, "closeInvoice", "password"), "sesame");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_answer const answer = answer_of(rows[i].status, rows[i].body);
		const char *why = NULL;

		assert_int_equal(portmone_close_read(&portmone, &arena, OK, &answer, &why),
				 rows[i].rc);
		assert_string_equal(why, rows[i].why);
	}
}

/* Nobody listens: the whole way down and back. */
static void test_calls(void **state)
{
	struct portmone p = portmone;
	const char *id;
	const char *why;

	UNUSED(state);
	p.url = "http://127.0.0.1:1/gateway/";
	assert_int_equal(http_new(&p.http), OK);
	assert_int_equal(portmone_return(&p, &arena, &refund, &id, &why), ERR_DOWN);
	assert_string_equal(why, "no answer");
	assert_int_equal(portmone_close(&p, &arena, "K7F3-9QXA", &why), ERR_DOWN);
	http_free(p.http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_return_request),
		cmocka_unit_test(test_return_answers),
		cmocka_unit_test(test_return_without_answer),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests_name("portmone_return", tests, arena_new_test,
					   arena_free_test);
}
