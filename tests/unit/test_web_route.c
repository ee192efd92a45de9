/* Routes, and responses as nginx gets them. */
#include "shared/platform/web_private.h"

#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void page(void *app, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	UNUSED(app);
	UNUSED(a);
	UNUSED(req);
	UNUSED(res);
}

static const struct web_route rows[] = {
	{ WEB_GET, "/", page, 1 },
	{ WEB_GET, "/orders", page, 2 },
	{ WEB_GET | WEB_POST, "/orders/new", page, 3 },
	{ WEB_GET, "/orders/{}", page, 4 },
	{ WEB_POST, "/orders/{}/refund", page, 5 },
	{ WEB_GET, "/a/{}/b/{}", page, 6 },
	{ WEB_POST, "/orders/{}", page, 7 },
};

struct found {
	int role; /* 0: none */
	int status;
	const char *const *parts;
};

static struct found find(struct arena *a, enum web_method method, const char *path)
{
	struct web_request req = { .method = method, .path = path };
	struct found found = { .status = -1 };
	const struct web_route *row = web_route_find(a, rows, COUNT(rows), &req, &found.status);

	found.role = row ? row->role : 0;
	found.parts = req.parts;
	return found;
}

static void test_route(void **state)
{
	static const struct {
		enum web_method method;
		const char *path;
		int role;
		int status;
	} cases[] = {
		{ WEB_GET, "/", 1, 200 },
		{ WEB_GET, "/orders", 2, 200 },
		{ WEB_GET, "/orders/", 0, 404 },
		{ WEB_GET, "//orders", 0, 404 },
		{ WEB_GET, "/order", 0, 404 },
		{ WEB_GET, "/ordersx", 0, 404 },
		{ WEB_POST, "/orders", 0, 405 },
		{ WEB_OTHER, "/orders", 0, 405 },
		{ WEB_GET, "/orders/new", 3, 200 },
		{ WEB_POST, "/orders/new", 3, 200 },
		{ WEB_GET, "/orders/K7F3-9QXA", 4, 200 },
		{ WEB_POST, "/orders/K7F3-9QXA", 7, 200 },
		{ WEB_POST, "/orders/K7F3-9QXA/refund", 5, 200 },
		{ WEB_GET, "/orders/K7F3-9QXA/refund", 0, 405 },
		{ WEB_POST, "/orders//refund", 0, 404 },
		{ WEB_POST, "/orders/1/refund/", 0, 404 },
		{ WEB_POST, "/orders/1/2/refund", 0, 404 },
		{ WEB_GET, "/a/1/b/", 0, 404 },
		{ WEB_GET, "/a/1/b", 0, 404 },
		{ WEB_GET, "/a/{}/b/{}", 6, 200 },
	};
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct found const found = find(&a, cases[i].method, cases[i].path);

		if (found.role != cases[i].role || found.status != cases[i].status)
			fail_msg("%s: role %d status %d", cases[i].path, found.role,
				 found.status);
	}
	arena_release(&a);
}

static void test_parts(void **state)
{
	struct found found;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	found = find(&a, WEB_GET, "/a/перший/b/2 2");
	assert_int_equal(found.role, 6);
	assert_string_equal(found.parts[0], "перший");
	assert_string_equal(found.parts[1], "2 2");
	assert_null(found.parts[2]);
	found = find(&a, WEB_GET, "/orders");
	assert_null(found.parts[0]);
	arena_release(&a);
}

/* What nginx would read, as a string. */
static const char *text_of(struct web_response *res, struct arena *a, bool without_body)
{
	struct bytes const text = web_response_text(res, a, without_body);

	return arena_strndup(a, text.data, text.len);
}

static void test_response(void **state)
{
	struct web_response res;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	web_response_init(&res, &a);
	res.status = 200;
	res.content_type = "text/html; charset=utf-8";
	web_add_header(&res, "Cache-Control", "no-store");
	str_add(&res.body, "<p>так");
	assert_string_equal(text_of(&res, &a, false),
			    "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
			    "Content-Length: 9\r\nCache-Control: no-store\r\n\r\n<p>так");
	assert_string_equal(text_of(&res, &a, true),
			    "Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
			    "Content-Length: 9\r\nCache-Control: no-store\r\n\r\n");
	web_response_init(&res, &a);
	web_redirect(&res, "/admin/?a=1");
	assert_string_equal(text_of(&res, &a, false),
			    "Status: 303 See Other\r\nContent-Length: 0\r\n"
			    "Location: /admin/?a=1\r\n\r\n");
	web_response_init(&res, &a);
	web_unavailable(&res);
	assert_string_equal(text_of(&res, &a, false),
			    "Status: 503 Service Unavailable\r\nContent-Length: 0\r\n"
			    "Retry-After: 2\r\n\r\n");
	web_response_init(&res, &a);
	web_status(&res, 418);
	assert_string_equal(text_of(&res, &a, false),
			    "Status: 418 Status\r\nContent-Length: 0\r\n\r\n");
	arena_release(&a);
}

/* A body without a type is not sent: a handler that forgot it must not be guessed at. */
static void test_body_without_type(void **state)
{
	struct web_response res;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	web_response_init(&res, &a);
	res.status = 200;
	str_add(&res.body, "x");
	assert_string_equal(text_of(&res, &a, false),
			    "Status: 200 OK\r\nContent-Length: 0\r\n\r\n");
	arena_release(&a);
}

#define BARE_500 "Status: 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"

static void expect_500(struct web_response *res, struct arena *a)
{
	assert_string_equal(text_of(res, a, false), BARE_500);
	assert_int_equal(res->status, 500);
}

static void test_response_unfit(void **state)
{
	static const char *const values[] = { "a\r\nSet-Cookie: b", "a\n", "a\r" };
	static const char *const names[] = { "", "A B", "A:", "A\r\nB", "Ä" };
	struct web_response res;
	struct arena a;

	UNUSED(state);
	arena_init(&a);
	for (size_t i = 0; i < COUNT(values); i++) {
		web_response_init(&res, &a);
		web_redirect(&res, values[i]);
		expect_500(&res, &a);
	}
	for (size_t i = 0; i < COUNT(names); i++) {
		web_response_init(&res, &a);
		web_status(&res, 200);
		web_add_header(&res, names[i], "x");
		expect_500(&res, &a);
	}
	web_response_init(&res, &a); /* no status */
	expect_500(&res, &a);
	web_response_init(&res, &a);
	web_status(&res, 1000);
	expect_500(&res, &a);
	web_response_init(&res, &a);
	res.status = 200;
	res.content_type = "text/plain\r\nX: y";
	expect_500(&res, &a);
	web_response_init(&res, &a);
	res.status = 200;
	res.content_type = "text/plain";
	str_addn(&res.body, arena_alloc(&a, WEB_RESPONSE_MAX + 1), WEB_RESPONSE_MAX + 1);
	expect_500(&res, &a);
	web_response_init(&res, &a);
	web_status(&res, 200);
	web_add_header(&res, "X-Long", arena_printf(&a, "%*d", WEB_HEADERS_MAX, 1));
	expect_500(&res, &a);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route),	       cmocka_unit_test(test_parts),
		cmocka_unit_test(test_response),       cmocka_unit_test(test_body_without_type),
		cmocka_unit_test(test_response_unfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
