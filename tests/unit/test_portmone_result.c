/* Questions about orders, and what is believed of the answers. */
#include "shared/clients/portmone_private.h"
#include "shared/clients/portmone_result.h"

#include "shared/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define PASSWORD "pass\\word\"1"
#define NEW_YEAR INT64_C(1767225600) /* 2026-01-01 00:00:00 UTC, 02:00 in Kyiv */

static struct arena arena;
static const struct portmone portmone = {
	.url = "https://www.portmone.com.ua/gateway/",
	.payee_id = "1185",
	.login = "WDISHOP",
	.password = PASSWORD,
	.key = "test_key",
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

/* ---- questions ---- */

static void test_result_request(void **state)
{
	int64_t const now = NEW_YEAR * CLOCK_SECOND;
	int64_t const day = 86400 * CLOCK_SECOND;
	struct {
		int64_t since;
		const char *start;
		const char *end;
	} const rows[] = {
		{ now - 3 * day, "29.12.2025", "01.01.2026" },
		{ now, "01.01.2026", "01.01.2026" },
		{ now + 5 * day, "01.01.2026", "01.01.2026" },	/* a clock that went back */
		{ now - 40 * day, "02.12.2025", "01.01.2026" }, /* the last 30 days */
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_request const r = portmone_result_request(
			&portmone, &arena, "K7F3-9QXA", rows[i].since, now);
		const struct json *data;
		AUTO_JSON doc = { 0 };

		assert_string_equal(r.url, portmone.url);
		assert_string_equal(r.content_type, "application/json");
		assert_int_equal(json_parse(r.body, 8, &doc), OK);
		assert_string_equal(json_text(json_get(doc.root, "method"), ""), "result");
		assert_string_equal(json_text(json_get(doc.root, "id"), ""), "1");
		data = json_get(json_get(doc.root, "params"), "data");
		assert_string_equal(json_text(json_get(data, "login"), ""), "WDISHOP");
		assert_string_equal(json_text(json_get(data, "password"), ""), PASSWORD);
		assert_string_equal(json_text(json_get(data, "payeeId"), ""), "1185");
		assert_string_equal(json_text(json_get(data, "shopOrderNumber"), ""),
				    "K7F3-9QXA");
		assert_string_equal(json_text(json_get(data, "status"), "x"), "");
		assert_string_equal(json_text(json_get(data, "startDate"), ""), rows[i].start);
		assert_string_equal(json_text(json_get(data, "endDate"), ""), rows[i].end);
	}
}

static int result_of(const char *body, struct portmone_rows *rows, const char **why)
{
	struct http_answer const answer = answer_of(200, body);

	*rows = (struct portmone_rows){ .count = 99 };
	return portmone_result_read(&portmone, &arena, "K7F3-9QXA", OK, &answer, rows, why);
}

static struct portmone_rows rows_of(const char *body)
{
	struct portmone_rows rows;
	const char *why;

	assert_int_equal(result_of(body, &rows, &why), OK);
	assert_string_equal(why, "");
	return rows;
}

#define ROW(more)                                                                        \
	"{\"status\":\"PAYED\",\"shopBillId\":\"867955508\",\"shopOrderNumber\":\"K7F3-" \
	"9QXA\","                                                                        \
	"\"billAmount\":\"100\",\"payee_id\":\"1185\",\"errorCode\":\"0\"" more "}"

static void test_result_row(void **state)
{
	struct portmone_rows rows = rows_of(
		"[{\"status\":\"PAYED\",\"shopBillId\":\"867955508\","
		"\"shopOrderNumber\":\"K7F3-9QXA\",\"description\":null,"
		"\"billAmount\":\"249.9\",\"payee_id\":\"1185\",\"payee_commission\":\"4.99\","
		"\"attribute1\":\"\",\"bank_id\":null,\"pay_date\":\"01.01.2026 02:00:00\","
		"\"chargeback\":\"N\",\"authCode\":\"366999\",\"cardMask\":\"444433******"
		"1111\","
		"\"gateType\":\"Card\",\"errorCode\":\"0\",\"errorMessage\":null,"
		"\"receiptUrl\":\"https://www.portmone.com.ua/r3/receipt/1\"}]");
	const struct portmone_row *row = rows.list;

	UNUSED(state);
	assert_int_equal(rows.count, 1);
	assert_int_equal(row->status, PORTMONE_PAYED);
	assert_string_equal(row->status_word, "PAYED");
	assert_string_equal(row->bill_id, "867955508");
	assert_int_equal(row->amount.kop, 24990);
	assert_false(row->test);
	assert_false(row->chargeback);
	assert_false(row->failed);
	assert_string_equal(row->receipt_url, "https://www.portmone.com.ua/r3/receipt/1");
	assert_true(row->paid_at == NEW_YEAR * CLOCK_SECOND);
	assert_int_equal(rows.foreign, 0);
	assert_int_equal(rows.broken, 0);
	assert_int_equal(rows_of("[]").count, 0);
}

static void test_result_forms(void **state)
{
	static const char *const same[] = {
		ROW(""),	       /* an object where an array is expected */
		"{\"1\":" ROW("") "}", /* PHP's list with a gap */
		"[{\"status\":\"PAYED\",\"shop_bill_id\":867955508,\"shop_order_number\":"
		"\"K7F3-9QXA\",\"bill_amount\":100,\"payee_id\":1185,\"error_code\":0}]",
		"{\"status\":\"PAYED\",\"shop_bill_id\":\"867955508\",\"shop_order_number\":"
		"\"K7F3-9QXA\",\"bill_amount\":100.0,\"error_code\":\"0\"}",
		"[{\"status\":\"PAYED\",\"shopBillId\":\"867955508\",\"shopOrderNumber\":"
		"\"K7F3-9QXA\",\"billAmount\":\"100.00\",\"payee_id\":null,\"errorCode\":null,"
		"\"chargeback\":null,\"authCode\":null,\"pay_date\":null,\"receipt_url\":null}"
		"]",
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(same); i++) {
		struct portmone_rows const rows = rows_of(same[i]);

		assert_int_equal(rows.count, 1);
		assert_int_equal(rows.list->status, PORTMONE_PAYED);
		assert_string_equal(rows.list->bill_id, "867955508");
		assert_int_equal(rows.list->amount.kop, 10000);
		assert_false(rows.list->failed);
		assert_int_equal(rows.list->paid_at, 0);
		assert_string_equal(rows.list->receipt_url, "");
	}
}

static void test_result_amounts(void **state)
{
	static const struct {
		const char *status;
		const char *amount;
		int64_t kop; /* -1: broken */
	} rows[] = {
		{ "PAYED", "\"100\"", 10000 },	  { "PAYED", "\"100.5\"", 10050 },
		{ "PAYED", "\"100.50\"", 10050 }, { "PAYED", "100", 10000 },
		{ "PAYED", "100.5", 10050 },	  { "PAYED", "0.1", 10 },
		{ "PAYED", "\"0\"", 0 },	  { "PAYED", "999999.99", 99999999 },
		{ "PAYED", "\"-100\"", -1 },	  { "PAYED", "\"\"", -1 },
		{ "PAYED", "null", -1 },	  { "PAYED", "\"100.005\"", -1 },
		{ "PAYED", "1e2", -1 },		  { "PAYED", "1e400", -1 },
		{ "PAYED", "\"1 000\"", -1 },	  { "PAYED", "\"100 UAH\"", -1 },
		{ "PAYED", "\" 100\"", -1 },	  { "PAYED", "99999999999999999999", -1 },
		{ "PAYED", "[100]", -1 },	  { "PAYED", "true", -1 },
		{ "PREAUTH", "null", -1 },	  { "RETURN", "\"-9\"", 900 },
		{ "RETURN", "-9.5", 950 },	  { "RETURN", "\"9\"", 900 },
		{ "RETURN", "\"--9\"", -1 },	  { "RETURN", "null", -1 },
		{ "CREATED", "null", 0 }, /* nothing moved: a sum is not needed */
		{ "REJECTED", "\"\"", 0 },	  { "REJECTED", "\"x\"", -1 },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct portmone_rows const got = rows_of(
			arena_printf(&arena,
				     "[{\"status\":\"%s\",\"shopBillId\":\"1\","
				     "\"shopOrderNumber\":\"K7F3-9QXA\",\"billAmount\":%s}]",
				     rows[i].status, rows[i].amount));

		assert_int_equal(got.count, rows[i].kop >= 0);
		assert_int_equal(got.broken, rows[i].kop < 0);
		if (got.count)
			assert_int_equal(got.list->amount.kop, rows[i].kop);
	}
}

static void test_result_statuses(void **state)
{
	static const struct {
		const char *word;
		enum portmone_status status;
	} rows[] = {
		{ "CREATED", PORTMONE_CREATED },   { "PREAUTH", PORTMONE_PREAUTH },
		{ "PAYED", PORTMONE_PAYED },	   { "REJECTED", PORTMONE_REJECTED },
		{ "RETURN", PORTMONE_RETURN },	   { "payed", PORTMONE_UNKNOWN },
		{ "PAYED ", PORTMONE_UNKNOWN },	   { "UNKNOWN", PORTMONE_UNKNOWN },
		{ "SOMETHING", PORTMONE_UNKNOWN }, { "PAID", PORTMONE_UNKNOWN },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct portmone_rows const got = rows_of(
			arena_printf(&arena,
				     "[{\"status\":\"%s\",\"shopBillId\":\"1\","
				     "\"shopOrderNumber\":\"K7F3-9QXA\",\"billAmount\":\"1\"}]",
				     rows[i].word));

		assert_int_equal(got.count, 1);
		assert_int_equal(got.list->status, rows[i].status);
		if (rows[i].status != PORTMONE_UNKNOWN)
			assert_string_equal(portmone_status_name(got.list->status),
					    rows[i].word);
	}
}

static void test_result_marks(void **state)
{
	static const struct {
		const char *body;
		bool test;
		bool chargeback;
		bool failed;
	} rows[] = {
		{ ROW(""), false, false, false },
		{ ROW(",\"authCode\":\"TESTPM\""), true, false, false },
		{ ROW(",\"auth_code\":\"testpm\""), true, false, false },
		{ ROW(",\"authCode\":\"TESTPM1\""), false, false, false },
		{ ROW(",\"chargeback\":\"Y\""), false, true, false },
		{ ROW(",\"chargeback\":\"N\""), false, false, false },
		{ ROW(",\"chargeback\":\"\""), false, false, false },
		{ ROW(",\"chargeback\":1"), false, true, false },
		{ ROW(",\"chargeback\":true"), false, true, false },
		{ ROW(",\"chargeback\":false"), false, false, false },
		{ ROW(",\"errorCode\":\"5\""), false, false,
		  true }, /* the last of a name counts */
		{ ROW(",\"errorCode\":5"), false, false, true },
		/* What a refund of a part leaves on the row that was paid. */
		{ ROW(",\"errorMessage\":\"Отменен на сумму 9, ID отмены 434226706\""), false,
		  false, false },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct portmone_rows const got = rows_of(rows[i].body);

		assert_int_equal(got.count, 1);
		assert_int_equal(got.list->test, rows[i].test);
		assert_int_equal(got.list->chargeback, rows[i].chargeback);
		assert_int_equal(got.list->failed, rows[i].failed);
	}
}

/* Scenario 10. */
static void test_result_of_others(void **state)
{
	/* clang-format off */
	struct portmone_rows const rows = rows_of("["
		ROW(",\"payee_id\":\"1186\"") ","
		ROW(",\"payeeId\":\"9\"") ","
		ROW(",\"shopOrderNumber\":\"K7F3-9QXB\"") ","
		ROW(",\"shopOrderNumber\":\"k7f3-9qxa\"") ","
		ROW(",\"shopOrderNumber\":null") ","
		ROW(",\"shopOrderNumber\":\"K7F3-9QXA_1767225599\"") "]");
	/* clang-format on */

	UNUSED(state);
	assert_int_equal(rows.count, 0);
	assert_int_equal(rows.foreign, 6);
	assert_int_equal(rows.broken, 0);
}

static void test_result_broken_rows(void **state)
{
	/* clang-format off */
	struct portmone_rows const rows = rows_of("[null,7,\"x\",[],"
		ROW(",\"shopBillId\":null") ","
		ROW(",\"shopBillId\":\"<script>\"") ","
		ROW(",\"status\":null") ","
		ROW(",\"status\":\"\"") ","
		ROW(",\"billAmount\":\"?\"") ","
		ROW("") "]");
	/* clang-format on */

	UNUSED(state);
	assert_int_equal(rows.count, 1);
	assert_int_equal(rows.foreign, 0);
	assert_int_equal(rows.broken, 9);
	assert_string_equal(rows.list[0].bill_id, "867955508");
	assert_int_equal(rows.list[0].amount.kop, 10000);
}

static void test_result_indexed(void **state)
{
	struct portmone_rows const rows = rows_of(
		"{\"0\":" ROW("") ",\"2\":" ROW(",\"shopBillId\":\"2\"") "}");
	struct portmone_rows got;
	const char *why;

	UNUSED(state);
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.list[1].bill_id, "2");
	assert_int_equal(result_of("{\"0\":" ROW("") ",\"x\":1}", &got, &why), ERR_DOWN);
}

/* As it was recorded: the refund first, and what was paid stays PAYED. */
static void test_result_several_rows(void **state)
{
	struct portmone_rows const rows = rows_of("[" ROW(
		",\"status\":\"RETURN\",\"shopBillId\":\"434226706\","
		"\"billAmount\":\"-9\"") "," ROW(",\"shopBillId\":\"432722352\",\"billAmount\":"
						 "\"50\"") "," ROW(",\"shopBillId\":"
								   "\"432722351\",\"status\":"
								   "\"REJECTED\","
								   "\"errorCode\":\"6\"") "]");

	UNUSED(state);
	assert_int_equal(rows.count, 3);
	assert_int_equal(rows.list[0].status, PORTMONE_RETURN);
	assert_int_equal(rows.list[0].amount.kop, 900);
	assert_string_equal(rows.list[0].bill_id, "434226706");
	assert_int_equal(rows.list[1].status, PORTMONE_PAYED);
	assert_int_equal(rows.list[1].amount.kop, 5000);
	assert_int_equal(rows.list[2].status, PORTMONE_REJECTED);
	assert_true(rows.list[2].failed);
}

static void test_result_no_usable_answer(void **state)
{
	static const struct {
		const char *body;
		const char *why;
	} rows[] = {
		{ "<html><body><div class=\"response error\">Невірний "
		  "логін</div></body></html>",
		  "HTML, not JSON" },
		{ "", "not JSON" },
		{ "[", "not JSON" },
		{ "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", "not JSON" },
		{ "null", "not a list of rows" },
		{ "\"x\"", "not a list of rows" },
		{ "{}", "neither a row nor an error" },
		{ "{\"errorCode\":\"0\"}", "neither a row nor an error" },
		{ "{\"errorCode\":\"1\",\"error\":\"Невірний пароль pass\\\\word\\\"1\"}",
		  "error 1: Невірний пароль …" },
		{ "{\"error_code\":12,\"error_message\":\"not found\"}",
		  "error 12: not found" },
		{ "[{\"errorCode\":\"1\",\"error\":\"x\"}]", "error 1: x" },
	};
	struct http_answer const late = answer_of(504, "[]");
	struct portmone_rows got;
	const char *why;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(result_of(rows[i].body, &got, &why), ERR_DOWN);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(got.count, 99);
	}
	assert_int_equal(
		portmone_result_read(&portmone, &arena, "K7F3-9QXA", OK, &late, &got, &why),
		ERR_DOWN);
	assert_string_equal(why, "status 504");
	assert_int_equal(portmone_result_read(&portmone, &arena, "K7F3-9QXA", ERR_DOWN, &late,
					      &got, &why),
			 ERR_DOWN);
	assert_string_equal(why, "no answer");
}

static void test_result_too_many_rows(void **state)
{
	struct str body = STR(&arena, 1024 * 1024);
	struct portmone_rows got;
	const char *why;

	UNUSED(state);
	str_add(&body, "[" ROW(""));
	for (int i = 1; i < 1000; i++)
		str_add(&body, "," ROW(""));
	str_add(&body, "]");
	assert_int_equal(rows_of(str_text(&body)).count, 1000);
	str_cut(&body, body.len - 1);
	str_add(&body, ",7]");
	assert_int_equal(result_of(str_text(&body), &got, &why), ERR_DOWN);
}

/* Nobody listens: the whole way down and back. */
static void test_result(void **state)
{
	struct portmone p = portmone;
	struct portmone_rows rows;
	const char *why;

	UNUSED(state);
	p.url = "http://127.0.0.1:1/gateway/";
	assert_int_equal(http_new(&p.http), OK);
	assert_int_equal(portmone_result(&p, &arena, "K7F3-9QXA", 0, 1, &rows, &why), ERR_DOWN);
	assert_string_equal(why, "no answer");
	http_free(p.http);
}

static void test_receipts_of_theirs(void **state)
{
	static const char gateway[] = "http://127.0.0.1:18080/portmone/gateway/";
	static const struct {
		const char *url;
		bool theirs;
	} cases[] = {
		{ "https://www.portmone.com.ua/r3/services/receipts/1", true },
		{ "http://127.0.0.1:18080/portmone/pay/1/receipt", true },
		{ "http://www.portmone.com.ua/r3/", false },
		{ "https://www.portmone.com.ua.evil.example/", false },
		{ "https://www.portmone.com.ua@evil.example/", false },
		{ "http://127.0.0.1:18080@evil.example/", false },
		{ "http://127.0.0.1:180801/", false },
		{ "javascript:alert(1)", false },
		{ "https://www.portmone.com.ua/\"><b>", false },
		{ "https://www.portmone.com.ua/\xFF", false },
		{ "", false },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(portmone_receipt_is_theirs(gateway, cases[i].url),
				 cases[i].theirs);
	assert_false(portmone_receipt_is_theirs("nonsense", "nonsense"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_receipts_of_theirs),
		cmocka_unit_test(test_result_request),
		cmocka_unit_test(test_result_row),
		cmocka_unit_test(test_result_forms),
		cmocka_unit_test(test_result_amounts),
		cmocka_unit_test(test_result_statuses),
		cmocka_unit_test(test_result_marks),
		cmocka_unit_test(test_result_of_others),
		cmocka_unit_test(test_result_broken_rows),
		cmocka_unit_test(test_result_indexed),
		cmocka_unit_test(test_result_several_rows),
		cmocka_unit_test(test_result_no_usable_answer),
		cmocka_unit_test(test_result_too_many_rows),
		cmocka_unit_test(test_result),
	};

	return cmocka_run_group_tests_name("portmone_result", tests, arena_new_test,
					   arena_free_test);
}
