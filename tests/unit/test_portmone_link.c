/* Bills: what is signed and sent, and which answers are taken for a page; Portmone's clock. */
#include "shared/clients/portmone_private.h"

#include "shared/base/clock.h"
#include "shared/base/utf8.h"

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

/* ---- bills ---- */

static void test_signature(void **state)
{
	static const struct {
		const char *payee;
		const char *dt;
		const char *order;
		const char *amount;
		const char *login;
		const char *key;
		const char *signature;
	} vectors[] = {
		{ "1185", "20240102030405", "ORDER_1", "100.00", "WDISHOP", "test_key",
		  "26B93DC2A00D7B1170386E0F86D240094EB96FA1EF6467CB237FEE4B4FC31681" },
		{ "1185", "20240102030405", "ORDER_1", "100", "WDISHOP", "test_key",
		  "E98CDC37D2CBA3F2D196462BDAEE369DBEBB4BEC3515B6993A3471ACD03EEC54" },
		{ "1185", "20240102030405", "ORDER_1", "100.00", "wdishop", "test_key",
		  "F414697893E0418711B9A1E99D2D619B39F9DA526DA6D93891E8B7EC556F5C59" },
		{ "1185", "20261231235959", "42_1767225599", "0.01", "WDISHOP", "k",
		  "39944FF3B42654DAD748BC8DD98B8D39EA26EB6FBE4634BA94C3AF2154E67CD0" },
		{ "99999", "20260301120000", "tg-7f3a9c-Jj~/._", "249.90", "SHOPLOGIN",
		  "0123456789abcdef0123456789abcdef",
		  "9B1E43E9C1681C6C2D2B0AA3A80FB6C97A35DDA7E92806B1D82A074538F9F016" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		struct portmone const p = {
			.payee_id = vectors[i].payee,
			.login = vectors[i].login,
			.key = vectors[i].key,
		};

		assert_string_equal(portmone_signature(&arena, &p, vectors[i].dt,
						       vectors[i].order, vectors[i].amount),
				    vectors[i].signature);
	}
}

static struct portmone_bill bill_of(const char *description)
{
	return (struct portmone_bill){
		.order_number = "K7F3-9QXA",
		.amount = MONEY(24990),
		.description = description,
		.lang = "uk",
		.success_url = "https://shop.example/portmone/return",
		.failure_url = "https://shop.example/portmone/return?x=1",
		.seconds = 900,
		.now = NEW_YEAR * CLOCK_SECOND,
	};
}

static const char *member(const struct json *v, const char *group, const char *name)
{
	return json_text(json_get(json_get(v, group), name), "(none)");
}

static void test_link_request(void **state)
{
	struct portmone_bill bill = bill_of("Steam \"100\"\n<b>");
	struct http_request r = portmone_link_request(&portmone, &arena, &bill);
	AUTO_JSON doc = { 0 };

	UNUSED(state);
	assert_string_equal(r.url, portmone.url);
	assert_string_equal(r.content_type, "application/json");
	assert_null(strstr(r.body.data, "pass"));
	assert_int_equal(json_parse(r.body, 8, &doc), OK);
	assert_string_equal(json_text(json_get(doc.root, "method"), ""), "createLinkPayment");
	assert_string_equal(member(doc.root, "payee", "payeeId"), "1185");
	assert_string_equal(member(doc.root, "payee", "login"), "WDISHOP");
	assert_string_equal(member(doc.root, "payee", "dt"), "20260101020000");
	assert_string_equal(
		member(doc.root, "payee", "signature"),
		portmone_signature(&arena, &portmone, "20260101020000", "K7F3-9QXA", "249.90"));
	assert_string_equal(member(doc.root, "order", "billAmount"), "249.90");
	assert_string_equal(member(doc.root, "order", "shopOrderNumber"), "K7F3-9QXA");
	assert_string_equal(member(doc.root, "order", "description"), "Steam \"100\" <b>");
	assert_string_equal(member(doc.root, "order", "successUrl"), bill.success_url);
	assert_string_equal(member(doc.root, "order", "failureUrl"), bill.failure_url);
	assert_string_equal(member(doc.root, "order", "preauthFlag"), "N");
	assert_string_equal(member(doc.root, "order", "billCurrency"), "UAH");
	assert_string_equal(member(doc.root, "order", "expTime"), "900");
	assert_string_equal(member(doc.root, "order", "encoding"), "UTF-8");
	assert_string_equal(member(doc.root, "payer", "lang"), "uk");
	assert_int_equal(json_type(json_get(doc.root, "goods")), JSON_NONE);
}

static void test_link_request_at_its_limits(void **state)
{
	struct str words = STR(&arena, 4096);
	struct portmone_goods const goods = { .code = "steam-100",
					      .name = "Поповнення 100",
					      .price = MONEY(10000),
					      .quantity = 3,
					      .discount = MONEY(1500) };
	struct portmone_bill bill = bill_of("");
	struct http_request r;
	AUTO_JSON doc = { 0 };
	const struct json *line;

	UNUSED(state);
	for (int i = 0; i < 300; i++)
		str_add(&words, "Ж");
	bill.description = str_text(&words);
	bill.seconds = 0;
	bill.lang = "de";
	bill.goods = &goods;
	r = portmone_link_request(&portmone, &arena, &bill);
	assert_int_equal(json_parse(r.body, 8, &doc), OK);
	assert_int_equal(utf8_len(member(doc.root, "order", "description")), 255);
	assert_string_equal(member(doc.root, "order", "expTime"), "1");
	assert_string_equal(member(doc.root, "payer", "lang"), "uk");
	line = json_at(json_get(doc.root, "goods"), 0);
	assert_string_equal(json_text(json_get(line, "price"), ""), "100.00");
	assert_string_equal(json_text(json_get(line, "quantity"), ""), "3");
	assert_string_equal(json_text(json_get(line, "discount"), ""), "15.00");
	assert_string_equal(json_text(json_get(line, "amount"), ""), "285.00");
}

static void test_link_answers(void **state)
{
	static const struct {
		int status;
		const char *body;
		int rc;
		const char *words; /* the address, or why */
	} rows[] = {
		{ 200,
		  "{\"linkPayment\":\"https://www.portmone.com.ua/r3/pg/1?is=ab\","
		  "\"errorCode\":\"0\",\"error\":\"\"}",
		  OK, "https://www.portmone.com.ua/r3/pg/1?is=ab" },
		{ 200, "{\"linkPayment\":\"https://prt.mn/x\",\"errorCode\":0}", OK,
		  "https://prt.mn/x" },
		{ 200, "[{\"link_payment\":\"https://prt.mn/x\",\"error_code\":0}]", OK,
		  "https://prt.mn/x" },
		{ 200, "{\"linkPayment\":\"https://prt.mn/x\"}", OK, "https://prt.mn/x" },
		{ 200, "{\"linkPayment\":\"http://127.0.0.1:18080/portmone/pay/1\"}", OK,
		  "http://127.0.0.1:18080/portmone/pay/1" },
		{ 200, "{\"linkPayment\":\"http://localhost/1\"}", OK, "http://localhost/1" },
		{ 200, "{\"linkPayment\":\"http://www.portmone.com.ua/1\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"http://127.0.0.1.evil.example/\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"http://127.0.0.1@evil.example/\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"https://good@evil.example/\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"javascript:alert(1)//://\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"https://\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"https://x.example/\\r\\nSet-Cookie: a\"}", ERR_DOWN,
		  "linkPayment is no address" },
		{ 200, "{\"linkPayment\":\"\",\"errorCode\":\"0\"}", ERR_DOWN,
		  "no linkPayment" },
		{ 200, "{\"linkPayment\":7}", ERR_DOWN, "linkPayment is no address" },
		{ 200, "{}", ERR_DOWN, "no linkPayment" },
		{ 200, "[]", ERR_DOWN, "no linkPayment" },
		{ 200, "null", ERR_DOWN, "no linkPayment" },
		{ 200,
		  "{\"errorCode\":\"5\",\"error\":\"Невірний підпис\","
		  "\"linkPayment\":\"https://prt.mn/x\"}",
		  ERR_DENIED, "error 5: Невірний підпис" },
		{ 200, "{\"error_code\":12,\"error\":\"x\"}", ERR_DENIED, "error 12: x" },
		{ 200, "{\"error\":{\"message\":\"no\"}}", ERR_DENIED, "error: no" },
		{ 200, "<html><div class=\"response error\">…</div></html>", ERR_DOWN,
		  "HTML, not JSON" },
		{ 200, "", ERR_DOWN, "not JSON" },
		{ 200, "{\"linkPayment\":", ERR_DOWN, "not JSON" },
		{ 500, "{\"linkPayment\":\"https://prt.mn/x\"}", ERR_DOWN, "status 500" },
		{ 302, "", ERR_DOWN, "status 302" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct http_answer const answer = answer_of(rows[i].status, rows[i].body);
		const char *url = NULL;
		const char *why = NULL;
		int const rc = portmone_link_read(&portmone, &arena, OK, &answer, &url, &why);

		assert_int_equal(rc, rows[i].rc);
		assert_string_equal(rc ? why : url, rows[i].words);
		assert_true(rc == OK || !url);
	}
}

/* What a browser might take for something else than the place it is sent to. */
static void test_link_characters(void **state)
{
	static const char *const bad[] = { " ",	  "\\\"", "<",	 ">",	    "`",      "\\\\",
					   "\\t", "\\r",  "\\n", "\\u007f", "\u00A0", "ї" };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++) {
		const char *body = arena_printf(
			&arena, "{\"linkPayment\":\"https://x.example/a%sb\"}", bad[i]);
		struct http_answer const answer = answer_of(200, body);
		const char *url = NULL;
		const char *why;

		assert_int_equal(portmone_link_read(&portmone, &arena, OK, &answer, &url, &why),
				 ERR_DOWN);
		assert_string_equal(why, "linkPayment is no address");
	}
}

static void test_words_hold_no_secret(void **state)
{
	struct http_answer const answer = answer_of(
		200, "{\"errorCode\":\"1\",\"error\":\"login WDISHOP password "
		     "pass\\\\word\\\"1 key test_key card 444433******1111 bill "
		     "867955508\\r\\nlevel=error\"}");
	const char *url;
	const char *why;

	UNUSED(state);
	assert_int_equal(portmone_link_read(&portmone, &arena, OK, &answer, &url, &why),
			 ERR_DENIED);
	assert_string_equal(why, "error 1: login WDISHOP password … key … card … bill "
				 "867955508 level=error");
}

/* Nobody listens: the whole way down and back. */
static void test_link(void **state)
{
	struct portmone p = portmone;
	struct portmone_bill const bill = bill_of("x");
	const char *url;
	const char *why;

	UNUSED(state);
	p.url = "http://127.0.0.1:1/gateway/";
	assert_int_equal(http_new(&p.http), OK);
	assert_int_equal(portmone_link(&p, &arena, &bill, &url, &why), ERR_DOWN);
	assert_string_equal(why, "no answer");
	http_free(p.http);
}

/* ---- the clock over there ---- */

static void test_time(void **state)
{
	static const struct {
		int64_t utc;
		const char *dt;
		const char *text;
	} rows[] = {
		{ 1767225600, "20260101020000", "01.01.2026 02:00:00" },
		{ 1774745999, "20260329025959", "29.03.2026 02:59:59" }, /* the spring change */
		{ 1774746000, "20260329040000", "29.03.2026 04:00:00" },
		{ 1792889999, "20261025035959", "25.10.2026 03:59:59" }, /* autumn: the first */
		{ 1792897200, "20261025050000", "25.10.2026 05:00:00" },
		{ 1783857600, "20260712150000", "12.07.2026 15:00:00" },
		{ 1709164800, "20240229020000", "29.02.2024 02:00:00" },
		{ 1542787200, "20181121100000", "21.11.2018 10:00:00" },
	};
	static const char *const unreadable[] = {
		"",
		"21.11.2018",
		"21.11.2018 10:54",
		"31.02.2026 10:00:00",
		"00.01.2026 10:00:00",
		"01.13.2026 10:00:00",
		"01.01.2026 25:00:00",
		"01.01.2026 10:61:00",
		"1.1.2026 10:00:00",
		"01.01.2026 10:00:00 ",
		"2026-01-01 10:00:00",
		"01.01.0026 10:00:00",
		"++.01.2026 10:00:00",
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t const at = rows[i].utc * CLOCK_SECOND;

		assert_string_equal(portmone_dt(&arena, at), rows[i].dt);
		assert_true(portmone_time_read(rows[i].text) == at);
	}
	/* The hour that autumn has twice. */
	assert_string_equal(portmone_dt(&arena, INT64_C(1792893599) * CLOCK_SECOND),
			    "20261025035959");
	for (size_t i = 0; i < COUNT(unreadable); i++)
		assert_int_equal(portmone_time_read(unreadable[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_link_request),
		cmocka_unit_test(test_link_request_at_its_limits),
		cmocka_unit_test(test_link_answers),
		cmocka_unit_test(test_link_characters),
		cmocka_unit_test(test_words_hold_no_secret),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_link),
	};

	return cmocka_run_group_tests_name("portmone_link", tests, arena_new_test,
					   arena_free_test);
}
