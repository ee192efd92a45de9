/* Notifications: three forms of a hint, and much that only looks like one. */
#include "shared/clients/portmone_notify.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/platform/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define BILL(number, id)                                                                     \
	"<BILL><PAYEE><NAME>Shop</NAME><CODE>1185</CODE></PAYEE><BANK><NAME/><CODE/>"        \
	"<ACCOUNT/></BANK><BILL_ID>" id "</BILL_ID><BILL_NUMBER>" number                     \
	"</BILL_NUMBER><BILL_DATE>2026-01-01</BILL_DATE><PAYED_AMOUNT>120.10</PAYED_AMOUNT>" \
	"<AUTH_CODE>366999</AUTH_CODE><PAYER><CONTRACT_NUMBER>&lt;b&gt;</CONTRACT_NUMBER>"   \
	"</PAYER></BILL>"

static struct arena arena;

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

static int read_body(const char *type, struct bytes body, struct notification *ret)
{
	*ret = (struct notification){ .form = NOTIFY_JSON, .count = 777 };
	return notification_read(&arena, type, body, ret);
}

static int read_text(const char *type, const char *text, struct notification *ret)
{
	return read_body(type, (struct bytes){ text, strlen(text) }, ret);
}

static int read_form(const char *xml, struct notification *ret)
{
	return read_text("application/x-www-form-urlencoded",
			 arena_printf(&arena, "data=%s", form_encode(&arena, xml)), ret);
}

static void assert_bill(const struct notification *n, size_t i, const char *number,
			const char *id)
{
	assert_true(i < n->count);
	assert_string_equal(n->bills[i].order_number, number);
	assert_string_equal(n->bills[i].bill_id, id);
}

static void test_json(void **state)
{
	static const char *const same[] = {
		"{\"shopOrderNumber\":\"K7F3-9QXA\",\"shopBillId\":\"867955508\"}",
		("{\"shopBillId\":867955508,\"status\":\"PAYED\",\"more\":[{\"x\":null}],"
		 "\"shopOrderNumber\":\"K7F3-9QXA\"}"),
		"{\"shop_order_number\":\"K7F3-9QXA\",\"shop_bill_id\":\"867955508\"}",
	};
	static const char *const types[] = { "application/json",
					     "application/json; charset=utf-8",
					     "Application/JSON;charset=UTF-8" };
	struct notification n;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(read_text(types[i], same[i], &n), OK);
		assert_int_equal(n.form, NOTIFY_JSON);
		assert_int_equal(n.count, 1);
		assert_bill(&n, 0, "K7F3-9QXA", "867955508");
	}
	assert_int_equal(read_text(types[0], "{\"shopOrderNumber\":\"A\"}", &n), OK);
	assert_bill(&n, 0, "A", "");
	assert_int_equal(read_text(types[0],
				   "[{\"shopOrderNumber\":\"A\"},{\"shopBillId\":1},"
				   "{\"shopOrderNumber\":\"B\",\"shopBillId\":2}]",
				   &n),
			 OK);
	assert_int_equal(n.count, 2);
	assert_bill(&n, 1, "B", "2");
}

static void test_json_that_says_nothing(void **state)
{
	static const char *const nothing[] = {
		"{}",
		"{\"shopOrderNumber\":null,\"shopBillId\":\"1\"}",
		"{\"shopOrderNumber\":\"\",\"shopBillId\":\"1\"}",
		"{\"shopOrderNumber\":\"<script>\"}",
		"{\"shopOrderNumber\":\"a b\"}",
		"{\"shopOrderNumber\":[\"A\"]}",
		"{\"shopOrderNumber\":\"'; DROP TABLE orders; --\"}",
	};
	static const char *const malformed[] = {
		"", "{", "[]", "[1]", "\"x\"", "null", "data=%3CBILLS/%3E", "{\"a\":\"\xFF\"}",
	};
	struct notification n;
	struct str longer = STR(&arena, 4096);

	UNUSED(state);
	for (size_t i = 0; i < COUNT(nothing); i++) {
		assert_int_equal(read_text("application/json", nothing[i], &n), OK);
		assert_int_equal(n.count, 0);
	}
	for (size_t i = 0; i < COUNT(malformed); i++) {
		assert_int_equal(read_text("application/json", malformed[i], &n), ERR_INVALID);
		assert_int_equal(n.form, NOTIFY_JSON);
		assert_int_equal(n.count, 777);
	}
	/* A number has at most 120 characters, a bill's id 64. */
	for (int i = 0; i < 120; i++)
		str_add(&longer, "9");
	assert_int_equal(read_text("application/json",
				   arena_printf(&arena,
						"{\"shopOrderNumber\":\"%s\",\"shopBillId\":"
						"\"%s\"}",
						str_text(&longer), str_text(&longer)),
				   &n),
			 OK);
	assert_bill(&n, 0, str_text(&longer), "");
	assert_int_equal(read_text("application/json",
				   arena_printf(&arena, "{\"shopOrderNumber\":\"%s9\"}",
						str_text(&longer)),
				   &n),
			 OK);
	assert_int_equal(n.count, 0);
}

static void test_bills(void **state)
{
	static const char one[] = XML "<BILLS>" BILL("K7F3-9QXA", "867955508") "</BILLS>";
	static const char *const types[] = { "text/xml", "application/xml; charset=UTF-8" };
	struct notification n;

	UNUSED(state);
	assert_int_equal(read_form(one, &n), OK);
	assert_int_equal(n.form, NOTIFY_XML);
	assert_int_equal(n.count, 1);
	assert_bill(&n, 0, "K7F3-9QXA", "867955508");
	for (size_t i = 0; i < COUNT(types); i++) {
		assert_int_equal(read_text(types[i], one, &n), OK);
		assert_int_equal(n.form, NOTIFY_XML);
		assert_bill(&n, 0, "K7F3-9QXA", "867955508");
	}
	/* Another order of the fields, several bills, blanks, a CDATA, other encoding's name.
	 */
	assert_int_equal(
		read_form("<?xml version='1.0' encoding='utf-8'?>\n<BILLS>\n"
			  "<BILL><BILL_NUMBER>\n A-1 \n</BILL_NUMBER><STATUS>PAYED</STATUS>"
			  "<BILL_ID> 1 </BILL_ID><CARD_MASK>444433******1111</CARD_MASK>"
			  "<PAYEE><CODE>1185</CODE></PAYEE></BILL>"
			  "<BILL><BILL_ID/><BILL_NUMBER><![CDATA[A-2]]></BILL_NUMBER></BILL>"
			  "<BILL><BILL_ID>3</BILL_ID></BILL>"
			  "<BILL><BILL_NUMBER>&#x41;-&#52;</BILL_NUMBER></BILL></BILLS>",
			  &n),
		OK);
	assert_int_equal(n.count, 3);
	assert_bill(&n, 0, "A-1", "1");
	assert_bill(&n, 1, "A-2", "");
	assert_bill(&n, 2, "A-4", "");
}

static void test_pay_orders(void **state)
{
	struct notification n;

	UNUSED(state);
	assert_int_equal(
		read_form(XML
			  "<PAY_ORDERS><PAY_ORDER><PAY_ORDER_ID>5</PAY_ORDER_ID>"
			  "<PAY_ORDER_NUMBER>77</PAY_ORDER_NUMBER><PAY_ORDER_AMOUNT>9</"
			  "PAY_ORDER_AMOUNT><BILLS>" BILL("A", "1")
				  BILL("B", "2") "</BILLS></PAY_ORDER><PAY_ORDER><BILLS>" BILL(
					  "C", "3") "</BILLS></PAY_ORDER></PAY_ORDERS>",
			  &n),
		OK);
	assert_int_equal(n.count, 3);
	assert_bill(&n, 0, "A", "1");
	assert_bill(&n, 2, "C", "3");
}

static void test_requests(void **state)
{
	struct notification n;

	UNUSED(state);
	assert_int_equal(read_form(XML "<REQUESTS><PAYER><CONTRACT_NUMBER>1</CONTRACT_NUMBER>"
				       "</PAYER>" BILL("A", "1") "</REQUESTS>",
				   &n),
			 OK);
	assert_int_equal(n.count, 0);
}

/* Only what stands directly in a bill is the bill's. */
static void test_fields_elsewhere(void **state)
{
	struct notification n;

	UNUSED(state);
	assert_int_equal(
		read_form("<BILLS><BILL_NUMBER>X</BILL_NUMBER><BILL><PAYER><BILL_NUMBER>Y"
			  "</BILL_NUMBER></PAYER><BILL><BILL_NUMBER>Z</BILL_NUMBER></BILL>"
			  "<BILL_NUMBER>A<i>B</i>C</BILL_NUMBER></BILL></BILLS>",
			  &n),
		OK);
	assert_int_equal(n.count, 1);
	assert_bill(&n, 0, "A", "");
	assert_int_equal(read_form("<BILLS><BILL><BILL_NUMBER>A</BILL_NUMBER><BILL_NUMBER>B"
				   "</BILL_NUMBER></BILL></BILLS>",
				   &n),
			 OK);
	assert_bill(&n, 0, "B", "");
}

static void test_refused_xml(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"<BILLS>",
		"<BILLS/><BILLS/>",
		"<BILLS></BILL>",
		XML "<BILLS>" BILL("A", "1"), /* cut */
		"<bills/>",
		"<RESULT/>",
		"<html><BILLS/></html>",
		"<BILLS><BILL>&nbsp;</BILL></BILLS>",
		"<BILLS a=1/>",
		"<!DOCTYPE BILLS><BILLS/>",
		"<!DOCTYPE BILLS SYSTEM \"file:///etc/passwd\"><BILLS/>",
		"<!DOCTYPE BILLS PUBLIC \"x\" \"http://127.0.0.1:1/x.dtd\"><BILLS/>",
		"<!DOCTYPE BILLS [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><BILLS><BILL>"
		"<BILL_NUMBER>&x;</BILL_NUMBER></BILL></BILLS>",
		"<!DOCTYPE b [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;\">"
		"<!ENTITY e \"&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;\">]>"
		"<BILLS><BILL><BILL_NUMBER>&f;</BILL_NUMBER></BILL></BILLS>",
		"<?xml version=\"1.0\" encoding=\"windows-1251\"?><BILLS/>",
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?><BILLS/>",
		"<?xml version=\"1.0\" encoding=\"x-unknown\"?><BILLS/>",
		"<BILLS>\xFF</BILLS>",
		"<BILLS>\xED\xA0\x80</BILLS>",
	};
	struct notification n;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(read_text("text/xml", bad[i], &n), ERR_INVALID);
		assert_int_equal(n.form, NOTIFY_XML);
		assert_int_equal(n.count, 777);
	}
	/* UTF-16 by its mark, and a NUL. */
	assert_int_equal(read_body("text/xml",
				   (struct bytes){ "\xFF\xFE<\0B\0I\0L\0L\0S\0/\0>\0", 18 },
				   &n),
			 ERR_INVALID);
	assert_int_equal(read_body("text/xml", (struct bytes){ "<BILLS>\0</BILLS>", 16 }, &n),
			 ERR_INVALID);
}

/* What, times over, between a beginning and an end. */
static struct bytes repeated(const char *before, const char *what, size_t times,
			     const char *after)
{
	struct str s = STR(&arena, 16 * 1024 * 1024);

	str_add(&s, before);
	for (size_t i = 0; i < times; i++)
		str_add(&s, what);
	str_add(&s, after);
	assert_true(str_ok(&s));
	return (struct bytes){ s.data, s.len };
}

/* Elements in elements, each closed. */
static struct bytes nested(int depth)
{
	struct str s = STR(&arena, 4096);

	for (int i = 0; i < depth; i++)
		str_add(&s, i ? "<a>" : "<BILLS>");
	for (int i = depth; i-- > 0;)
		str_add(&s, i ? "</a>" : "</BILLS>");
	return (struct bytes){ s.data, s.len };
}

static void test_deep_and_huge(void **state)
{
	struct notification n;
	struct bytes body;

	UNUSED(state);
	assert_int_equal(
		read_body("text/xml", repeated("<BILLS>", "<a>", NOTIFY_XML_DEPTH_MAX, ""), &n),
		ERR_INVALID);
	assert_int_equal(read_body("text/xml", repeated("", "<BILLS>", 100000, ""), &n),
			 ERR_INVALID);
	assert_int_equal(
		read_body("text/xml", repeated("<BILLS>", "<a/>", 200000, "</BILLS>"), &n),
		ERR_INVALID);
	assert_int_equal(read_body("text/xml", nested(NOTIFY_XML_DEPTH_MAX), &n), OK);
	assert_int_equal(read_body("text/xml", nested(NOTIFY_XML_DEPTH_MAX + 1), &n),
			 ERR_INVALID);
	/* More bills than are kept: those that are, count. */
	body = repeated("<BILLS>", BILL("A", "1"), 400, "</BILLS>");
	assert_int_equal(read_body("text/xml", body, &n), OK);
	assert_int_equal(n.count, NOTIFY_BILLS_MAX);
	assert_bill(&n, NOTIFY_BILLS_MAX - 1, "A", "1");
	/* A text of a megabyte where a number should be. */
	body = repeated("<BILLS><BILL><BILL_NUMBER>", "A", 1000000,
			"</BILL_NUMBER></BILL></BILLS>");
	assert_int_equal(read_body("text/xml", body, &n), OK);
	assert_int_equal(n.count, 0);
	body = repeated("<BILLS>", " ", WEB_BODY_MAX, "</BILLS>");
	assert_int_equal(read_body("text/xml", body, &n), ERR_INVALID);
	body = repeated("<BILLS a='", "x", 900000, "'/>");
	assert_int_equal(read_body("text/xml", body, &n), OK);
}

static void test_forms(void **state)
{
	static const char type[] = "application/x-www-form-urlencoded; charset=UTF-8";
	static const char *const bad[] = {
		"",
		"data",
		"data=",
		"x=1",
		"DATA=%3CBILLS/%3E",
		"data=%3CBILLS/%3E&data=%3CBILLS/%3E",
		"data=%3CBILLS/%3E%00",
		"data=%3CBILLS%ZZ",
		"data=%FF",
		"data=A",
	};
	struct notification n;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(read_text(type, bad[i], &n), ERR_INVALID);
		assert_int_equal(n.form, NOTIFY_XML);
	}
	assert_int_equal(read_text(type, "x=1&data=%3CBILLS/%3E&y=", &n), OK);
	assert_int_equal(n.count, 0);
	assert_int_equal(read_text(type, "data=%20%7B%22shopOrderNumber%22:%22A%22%7D", &n),
			 OK);
	assert_bill(&n, 0, "A", "");
	assert_int_equal(read_text(type, "shopOrderNumber=A&shopBillId=1&x=", &n), OK);
	assert_bill(&n, 0, "A", "1");
	assert_int_equal(read_text(type, "SHOPORDERNUMBER=A", &n), OK);
	assert_int_equal(n.form, NOTIFY_XML);
	assert_bill(&n, 0, "A", "");
}

/* No type, a foreign one, or a form that is none: it counts what it looks like. */
static void test_other_types(void **state)
{
	static const char *const types[] = {
		"",
		"text/plain",
		"application/jsonp",
		"multipart/form-data; boundary=x",
		";",
		"text/xmlx",
		"application/x-www-form-urlencoded",
	};
	struct notification n;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(types); i++) {
		assert_int_equal(read_text(types[i], "\r\n{\"shopOrderNumber\":\"A\"}", &n),
				 OK);
		assert_int_equal(n.form, NOTIFY_JSON);
		assert_bill(&n, 0, "A", "");
		assert_int_equal(read_text(types[i], "<BILLS>" BILL("A", "1") "</BILLS>", &n),
				 OK);
		assert_int_equal(n.form, NOTIFY_XML);
		assert_bill(&n, 0, "A", "1");
		assert_int_equal(read_text(types[i], "A", &n), ERR_INVALID);
		assert_int_equal(read_text(types[i], " ", &n), ERR_INVALID);
	}
}

static void test_answers(void **state)
{
	int64_t const now = INT64_C(1767225599) * CLOCK_SECOND;
	const char *type;

	UNUSED(state);
	assert_string_equal(notification_answer(&arena, NOTIFY_JSON, true, now, &type),
			    "{\"errorCode\":\"0\",\"reason\":\"OK\","
			    "\"responseId\":\"1767225599\"}");
	assert_string_equal(type, "application/json");
	assert_string_equal(notification_answer(&arena, NOTIFY_XML, true, now, &type),
			    XML "<RESULT><ERROR_CODE>0</ERROR_CODE><REASON>OK</REASON>"
				"</RESULT>");
	assert_string_equal(type, "text/xml");
	assert_null(strstr(notification_answer(&arena, NOTIFY_JSON, false, now, &type),
			   "\"errorCode\":\"0\""));
	assert_null(strstr(notification_answer(&arena, NOTIFY_XML, false, now, &type),
			   "<ERROR_CODE>0<"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_that_says_nothing),
		cmocka_unit_test(test_bills),
		cmocka_unit_test(test_pay_orders),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_fields_elsewhere),
		cmocka_unit_test(test_refused_xml),
		cmocka_unit_test(test_deep_and_huge),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_other_types),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests_name("portmone_notify", tests, arena_new_test,
					   arena_free_test);
}
