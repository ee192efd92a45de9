/* What the panel's pages are made of: cells of CSV, charts, cookies, addresses, passwords. */
#include "fcgi/admin/agent.h"
#include "fcgi/admin/chart.h"
#include "fcgi/admin/cookie.h"
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/route.h"
#include "shared/base/clock.h"
#include "shared/domain/attempt.h"
#include "shared/platform/config.h"
#include "shared/platform/password.h"
#include "shared/platform/template_private.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static struct visit visit_new(void)
{
	return (struct visit){ .a = &arena, .lang = LANG_EN };
}

/* ---- CSV ---- */

static const char *cell(const char *text)
{
	struct csv csv = { .s = STR(&arena, 4096) };

	csv_text(&csv, text);
	return str_text(&csv.s);
}

static void test_csv_text(void **state)
{
	UNUSED(state);
	assert_string_equal(cell(""), "\"\"");
	assert_string_equal(cell("a,b"), "\"a,b\"");
	assert_string_equal(cell("say \"yes\"\r\nno"), "\"say \"\"yes\"\"\r\nno\"");
	assert_string_equal(cell("Оксана"), "\"Оксана\"");
}

static void test_csv_formulas(void **state)
{
	static const char *const formulas[] = { "=1+1", "+1",	"-1",	"@SUM(A1)",
						"\t=1", "\r=1", "\n=1", "＝1",
						"＋1",	"－1",	"＠1" };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(formulas); i++)
		assert_string_equal(cell(formulas[i]),
				    arena_printf(&arena, "\"'%s\"", formulas[i]));
	assert_string_equal(cell("a=1"), "\"a=1\"");
	assert_string_equal(cell("'=1"), "\"'=1\"");
}

static void test_csv_row(void **state)
{
	struct csv csv = { .s = STR(&arena, 4096) };

	UNUSED(state);
	assert_int_equal(clock_set_zone("Europe/Kyiv"), OK);
	csv_int(&csv, -5);
	csv_money(&csv, MONEY(-24990));
	csv_time(&csv, INT64_C(1798713359) * CLOCK_SECOND);
	csv_text(&csv, "x");
	csv_end(&csv);
	csv_int(&csv, 1);
	csv_end(&csv);
	assert_string_equal(str_text(&csv.s), "-5,-249.90,2026-12-31 12:35:59,\"x\"\r\n1\r\n");
}

/* Where sums have a comma: Excel would read 12.05 as a day in May. */
static void test_csv_with_commas(void **state)
{
	struct csv csv = { .s = STR(&arena, 4096), .comma = true };

	UNUSED(state);
	csv_money(&csv, MONEY(1205));
	csv_time(&csv, 0);
	csv_yes(&csv, true);
	csv_text(&csv, "a;b");
	csv_end(&csv);
	assert_string_equal(str_text(&csv.s), "12,05;;1;\"a;b\"\r\n");
}

/* ---- charts ---- */

static void test_chart_top(void **state)
{
	static const int64_t tops[][2] = { { 0, 1 },	 { 1, 1 },	{ 2, 2 },   { 3, 5 },
					   { 5, 5 },	 { 6, 10 },	{ 11, 20 }, { 99, 100 },
					   { 101, 200 }, { 4999, 5000 } };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(tops); i++)
		assert_int_equal(chart_top(tops[i][0]), tops[i][1]);
	assert_true(chart_top(INT64_MAX) == INT64_MAX);
}

static const char *member(const struct value *v, const char *name)
{
	const struct value *m = value_get(v, name);

	return m && m->text ? m->text : "";
}

static const struct value *item(const struct value *list, size_t n)
{
	const struct value_item *i = list->first;

	while (n--)
		i = i->next;
	return i->value;
}

static void test_chart_line(void **state)
{
	static const struct chart_point points[] = { { "a", 0 }, { "b", 5 }, { "c", 10 } };
	struct visit v = visit_new();
	const struct value *o = chart_new(
		&v, &(struct chart){ .title = "t", .points = points, .count = 3 });
	const struct value *list = value_get(o, "points");

	UNUSED(state);
	assert_string_equal(member(o, "line"), "M0.0 1000.0L500.0 500.0L1000.0 0.0");
	assert_string_equal(member(item(list, 0), "x"), "0.00%");
	assert_string_equal(member(item(list, 1), "x"), "50.00%");
	assert_string_equal(member(item(list, 2), "x"), "100.00%");
	assert_string_equal(member(item(list, 2), "y"), "20.0"); /* the plot's top */
	assert_string_equal(member(item(list, 0), "y"), "168.0");
}

/* Bars start at zero; a loss is drawn as none and told in the table. */
static void test_chart_bars(void **state)
{
	static const struct chart_point points[] = { { "a", -7 }, { "b", 4 } };
	struct visit v = visit_new();
	const struct value *o = chart_new(
		&v, &(struct chart){ .kind = CHART_BARS, .points = points, .count = 2 });
	const struct value *list = value_get(o, "points");

	UNUSED(state);
	assert_string_equal(member(item(list, 0), "height"), "0.0");
	assert_string_equal(member(item(list, 0), "shown"), "−7");
	assert_string_equal(member(item(list, 1), "height"), "118.4"); /* 4 of 5 */
	assert_string_equal(member(item(list, 1), "left"), "57.50%");
	assert_string_equal(member(item(list, 1), "width"), "35.00%");
}

static void test_chart_of_nothing(void **state)
{
	static const struct chart_point points[] = { { "a", 0 } };
	struct visit v = visit_new();

	UNUSED(state);
	assert_true(value_is_true(value_get(
		chart_new(&v, &(struct chart){ .points = points, .count = 1 }), "is_empty")));
	assert_true(value_is_true(
		value_get(chart_new(&v, &(struct chart){ .count = 0 }), "is_empty")));
}

/* ---- cookies ---- */

static const char *cookie_made(bool secure, struct cookie cookie)
{
	struct web_response res = { .headers = STR(&arena, 4096) };

	cookie_set(&arena, &res, secure, &cookie);
	return str_text(&res.headers);
}

static void test_cookies(void **state)
{
	UNUSED(state);
	assert_string_equal(cookie_made(true, (struct cookie){ .name = "sid", .value = "x" }),
			    "Set-Cookie: __Host-sid=x; Path=/; SameSite=Strict; HttpOnly; "
			    "Secure\r\n");
	assert_string_equal(cookie_made(false, (struct cookie){ .name = "sid", .value = "x" }),
			    "Set-Cookie: sid=x; Path=/; SameSite=Strict; HttpOnly\r\n");
	assert_string_equal(cookie_made(false, (struct cookie){ .name = "sid", .value = "" }),
			    "Set-Cookie: sid=; Path=/; SameSite=Strict; Max-Age=0; "
			    "HttpOnly\r\n");
	assert_string_equal(
		cookie_made(true, (struct cookie){ "theme", "dark", 60, .script = true }),
		"Set-Cookie: __Host-theme=dark; Path=/; SameSite=Strict; Max-Age=60; "
		"Secure\r\n");
}

/* ---- addresses ---- */

static void test_local_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/pay/x",
		"//evil.example/admin/",
		"/admin",
		"/admin//evil",
		"/admin/../pay",
		"https://evil.example/admin/",
		"/admin/a\r\nX: y",
		"/admin/a b",
		"/admin/\\evil",
		"/admin/\xd0\x90",
		" /admin/",
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_string_equal(visit_local(bad[i], "no"), "no");
	assert_string_equal(visit_local("/admin/audit?actor=a&from=2026-01-01", "no"),
			    "/admin/audit?actor=a&from=2026-01-01");
}

static void test_list_addresses(void **state)
{
	struct visit v = visit_new();
	static const char query[] = "actor=o%26lena&before=17&action=&from=2026-01-31";

	UNUSED(state);
	assert_int_equal(form_parse(&arena, (struct bytes){ query, strlen(query) }, &v.query),
			 OK);
	assert_string_equal(list_url(&v, "/admin/audit", "before", "9"),
			    "/admin/audit?actor=o%26lena&from=2026-01-31&before=9");
	assert_string_equal(list_url(&v, "/x", "actor", NULL), "/x?from=2026-01-31");
	assert_int_equal(list_before(&v), 17);
	assert_null(list_value(&v, "action"));
	assert_int_equal(clock_set_zone("Europe/Kyiv"), OK);
	assert_int_equal(list_day(&v, "from", 1) - list_day(&v, "from", 0),
			 86400 * CLOCK_SECOND);
	assert_int_equal(list_day(&v, "actor", 0), 0);
}

/* ---- days ---- */

static void test_days(void **state)
{
	static const char *const bad[] = { "",		 "2026-02-30",	"2026-13-01",
					   "2026-1-1",	 "2026-01-01x", "26-01-01",
					   " 2026-01-01" };
	int64_t from;
	int64_t to;

	UNUSED(state);
	assert_int_equal(clock_set_zone("Europe/Kyiv"), OK);
	assert_int_equal(clock_day("2026-11-24", 0, &from), OK);
	assert_string_equal(clock_iso(&arena, from), "2026-11-23T22:00:00.000000Z");
	/* The clocks go forward on this day, and back on that. */
	assert_int_equal(clock_day("2026-03-29", 0, &from), OK);
	assert_int_equal(clock_day("2026-03-29", 1, &to), OK);
	assert_int_equal(to - from, 23 * 3600 * CLOCK_SECOND);
	assert_int_equal(clock_day("2026-10-25", 0, &from), OK);
	assert_int_equal(clock_day("2026-10-25", 1, &to), OK);
	assert_int_equal(to - from, 25 * 3600 * CLOCK_SECOND);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(clock_day(bad[i], 0, &from), ERR_INVALID);
}

/* ---- passwords, waits, browsers ---- */

static void test_common_passwords(void **state)
{
	static const char *const common[] = {
		"password1234",	 "Password2026", "qwertyuiop12",   "111111111111",
		"abcabcabcabc",	 "1q2w3e4r5t6y", "administrator",  "passwordpassword",
		"Qwerty123456!", "letmein2026!", "kartka-admin-1",
	};
	static const char *const good[] = { "correct horse battery", "tnVv82mQxaK3",
					    "синій трамвай їде", "83926174059261",
					    "0c9f1e7d5b3a2846" };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(common); i++)
		if (!password_is_common(common[i]))
			fail_msg("%s is taken for a good one", common[i]);
	for (size_t i = 0; i < COUNT(good); i++)
		if (password_is_common(good[i]))
			fail_msg("%s is refused", good[i]);
}

static void test_waits(void **state)
{
	UNUSED(state);
	for (int n = 0; n < 5; n++)
		assert_int_equal(attempt_wait_s(n, 5), 0);
	assert_int_equal(attempt_wait_s(5, 5), 2);
	assert_int_equal(attempt_wait_s(6, 5), 4);
	assert_int_equal(attempt_wait_s(10, 5), 64);
	assert_int_equal(attempt_wait_s(14, 5), 900);
	assert_int_equal(attempt_wait_s(1000000, 5), 900);
}

static void test_agents(void **state)
{
	UNUSED(state);
	assert_string_equal(agent_name(&arena, "Mozilla/5.0 (X11; Linux x86_64) "
					       "AppleWebKit/537.36 (KHTML, like Gecko) "
					       "HeadlessChrome/156.0.0.0 Safari/537.36"),
			    "Chrome 156, Linux");
	assert_string_equal(agent_name(&arena, "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 "
					       "Mobile Safari/537.36 EdgA/1 Edg/140.0"),
			    "Edge 140, Android");
	assert_string_equal(agent_name(&arena, "curl/8"), "curl/8");
	assert_string_equal(agent_name(&arena, ""), "–");
}

/* ---- headers: an address that is not there needs no database ---- */

static const char *headers_of(bool secure)
{
	static struct admin app;
	struct web_request const req = { .method = WEB_GET,
					 .path = "/admin/none",
					 .query = "",
					 .content_type = "",
					 .remote_addr = "192.0.2.1",
					 .id = "" };
	struct web_response res = { .headers = STR(&arena, 8192),
				    .body = STR(&arena, 1 << 20) };
	struct str problem = STR(&arena, 1024);

	if (i18n_load(config_share_path(&arena, "templates/i18n"), &problem) ||
	    templates_load(&arena, config_share_path(&arena, "templates/admin"), &app.templates,
			   &problem))
		fail_msg("%s", str_text(&problem));
	for (int i = 0; i < LANG__COUNT; i++)
		app.words[i] = words_new(&arena, (enum lang)i);
	app.secure = secure;
	door_handle(&app, &arena, &req, &res);
	assert_int_equal(res.status, 404);
	assert_non_null(strstr(str_text(&res.body), "<h1>"));
	return str_text(&res.headers);
}

static void test_headers_by_scheme(void **state)
{
	const char *plain = headers_of(false);
	const char *secure = headers_of(true);

	UNUSED(state);
	assert_null(strstr(plain, "Strict-Transport-Security"));
	assert_null(strstr(plain, "__Host-"));
	assert_null(strstr(plain, "Secure"));
	assert_non_null(strstr(secure, "Strict-Transport-Security: max-age=31536000\r\n"));
	assert_non_null(strstr(secure, "Set-Cookie: __Host-pre="));
	assert_non_null(strstr(secure, "; Secure\r\n"));
}

/* ---- the table of routes ---- */

/* What changes something is a POST of its own, and what shows has no need of CSRF. */
static void test_routes(void **state)
{
	UNUSED(state);
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		assert_true(r->methods == WEB_GET || r->methods == WEB_POST);
		assert_non_null(r->page);
		assert_true(!strncmp(r->path, "/admin/", 7));
		assert_true(r->need >= NEED_NOTHING && r->need < ROLE__COUNT);
		/* A file can't be kept over the question for the factor. */
		assert_true(!(r->flags & ROUTE_UPLOAD) || !(r->flags & ROUTE_STEP_UP));
		/* What is in the menu is a page, and of somebody who is signed in. */
		assert_true(!r->menu || (r->methods == WEB_GET && r->need >= 0));
		/* What not everybody may do is on the page that says who may. */
		if (r->need > ROLE_VIEWER && !r->may)
			fail_msg("%s is in nobody's rights", r->path);
		for (size_t k = 0; k < i; k++)
			assert_true(route_at(k)->methods != r->methods ||
				    strcmp(route_at(k)->path, r->path) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_text),
		cmocka_unit_test(test_csv_formulas),
		cmocka_unit_test(test_csv_row),
		cmocka_unit_test(test_csv_with_commas),
		cmocka_unit_test(test_chart_top),
		cmocka_unit_test(test_chart_line),
		cmocka_unit_test(test_chart_bars),
		cmocka_unit_test(test_chart_of_nothing),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_local_addresses),
		cmocka_unit_test(test_list_addresses),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_common_passwords),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_agents),
		cmocka_unit_test(test_headers_by_scheme),
		cmocka_unit_test(test_routes),
	};
	int failed;

	arena_init(&arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}
