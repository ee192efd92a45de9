/* The payment pages: every one in every language, and what a buyer's return is taken for. */
#include "fcgi/portmone/return.h"

#include "shared/platform/web_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena arena;
static struct app app;

static int setup(void **state)
{
	struct str problem;

	UNUSED(state);
	arena_init(&arena);
	problem = STR(&arena, 512);
	app.bot_name_due_ms = INT64_MAX; /* no database here */
	if (i18n_load(config_share_path(&arena, "templates/i18n"), &problem) ||
	    templates_load(&arena, config_share_path(&arena, "templates/web"), &app.templates,
			   &problem)) {
		fprintf(stderr, "%s\n", str_text(&problem));
		return 1;
	}
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

static struct web_response shown(const struct page *page)
{
	struct web_response res;

	web_response_init(&res, &arena);
	page_show(&app, &arena, page, &res);
	return res;
}

static bool holds(const struct web_response *res, const char *text)
{
	return strstr(str_text(&res->body), text) != NULL;
}

/* ---- pages ---- */

static void test_every_page(void **state)
{
	const struct i18n_arg *args = I18N_ARGS(A("old", "90 ₴"), A("new", "100 ₴"),
						A("time", "14:35"));

	UNUSED(state);
	for (int kind = 0; kind < PAGE__COUNT; kind++)
		for (int lang = 0; lang < LANG__COUNT; lang++) {
			struct web_response res = shown(&(struct page){
				.kind = (enum page_kind)kind,
				.lang = (enum lang)lang,
				.args = args,
				.goods = "Сільпо, 500",
				.number = "K7F3-9QXA",
				.total = &MONEY(50000),
			});
			const char *headers = str_text(&res.headers);

			assert_in_range(res.status, 200, 503);
			assert_false(holds(&res, "{{"));
			assert_false(holds(&res, ">web."));
			assert_false(holds(&res, "<script"));
			assert_false(holds(&res, "style="));
			assert_true(holds(&res, lang_code((enum lang)lang)));
			assert_non_null(strstr(headers, "Cache-Control: no-store\r\n"));
			assert_non_null(strstr(headers, "default-src 'none'"));
			assert_non_null(strstr(headers, "Referrer-Policy: no-referrer\r\n"));
			assert_int_equal(res.status == 503,
					 strstr(headers, "Retry-After: ") != NULL);
		}
}

static void test_escaping(void **state)
{
	struct web_response res = shown(&(struct page){
		.kind = PAGE_PRICE,
		.lang = LANG_EN,
		.args = I18N_ARGS(A("old", "<i>1</i>"), A("new", "\"2\"")),
		.goods = "<b>&\"'",
		.number = "</dd><script>",
		.button_url = "/pay/x\"onclick=",
		.refresh_url = "/portmone/return?order=A&n=\"1",
		.refresh_s = 2,
	});

	UNUSED(state);
	assert_false(holds(&res, "<b>"));
	assert_false(holds(&res, "<i>"));
	assert_false(holds(&res, "<script"));
	assert_false(holds(&res, "x\"onclick"));
	assert_non_null(strstr(str_text(&res.headers),
			       "Refresh: 2;url=/portmone/return?order=A&n=\"1\r\n"));
}

static void test_links(void **state)
{
	struct page page = { .kind = PAGE_DELIVERED, .lang = LANG_EN };
	struct web_response res = shown(&page);

	UNUSED(state);
	/* Nobody has told the bot's name: words instead of a link that leads nowhere. */
	assert_false(holds(&res, "t.me"));
	assert_false(holds(&res, "<a "));
	assert_true(holds(&res, TR0(LANG_EN, "web.bot.words")));
	snprintf(app.bot_name, sizeof(app.bot_name), "kartka_demo_bot");
	res = shown(&page);
	assert_true(holds(&res, "href=\"https://t.me/kartka_demo_bot\""));
	/* A button only on pages that have a use for one. */
	page.button_url = "/pay/x";
	res = shown(&page);
	assert_false(holds(&res, "/pay/x"));
	page.kind = PAGE_GATEWAY_DOWN;
	page.args = I18N_ARGS(A("time", "14:35"));
	res = shown(&page);
	assert_true(holds(&res, "href=\"/pay/x\""));
	assert_true(holds(&res, "14:35"));
	app.bot_name[0] = '\0';
}

/* ---- the return ---- */

static struct came_back read_back(enum web_method method, const char *query, const char *body)
{
	struct web_request const req = {
		.method = method,
		.path = "/portmone/return",
		.query = query,
		.content_type = "application/x-www-form-urlencoded",
		.body = { body, strlen(body) },
	};
	struct came_back back;

	return_read(&arena, &req, &back);
	return back;
}

static void test_number(void **state)
{
	static const struct {
		enum web_method method;
		const char *query;
		const char *body;
		const char *number;
	} cases[] = {
		{ WEB_GET, "order=K7F3-9QXA", "", "K7F3-9QXA" },
		{ WEB_GET, "order=K7F3-9QXA&n=3", "", "K7F3-9QXA" },
		{ WEB_GET, "SHOPORDERNUMBER=K7F3-9QXA", "", "K7F3-9QXA" },
		{ WEB_POST, "", "SHOPORDERNUMBER=K7F3-9QXA&RESULT=0", "K7F3-9QXA" },
		{ WEB_POST, "order=K7F3-9QXA", "SHOPORDERNUMBER=AAAA-BBBB", "K7F3-9QXA" },
		{ WEB_POST, "order=K7F3-9QXA", "a=1&a=2", "K7F3-9QXA" },
		{ WEB_GET, "order=K7F3-9QXA", "SHOPORDERNUMBER=AAAA-BBBB", "K7F3-9QXA" },
		/* a query that the gateway went on with its own ? */
		{ WEB_GET, "order=K7F3-9QXA?RESULT=0&SHOPBILLID=5", "", "K7F3-9QXA" },
		{ WEB_GET, "", "", NULL },
		{ WEB_GET, "order=", "", NULL },
		{ WEB_GET, "order=K7F3", "", NULL },
		{ WEB_GET, "order=K7F3-9QXA-9", "", NULL },
		{ WEB_GET, "order=<script>", "", NULL },
		{ WEB_GET, "order=K7F3-9QXA&order=K7F3-9QXA", "", NULL },
		{ WEB_GET, "order=%zz", "", NULL },
		{ WEB_POST, "", "{\"SHOPORDERNUMBER\":\"K7F3-9QXA\"}", NULL },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct came_back const back = read_back(cases[i].method, cases[i].query,
							cases[i].body);

		if (cases[i].number)
			assert_string_equal(back.number, cases[i].number);
		else
			assert_null(back.number);
	}
}

static void test_fields(void **state)
{
	struct came_back back;

	UNUSED(state);
	back = read_back(WEB_POST, "order=K7F3-9QXA",
			 "SHOPORDERNUMBER=K7F3-9QXA&RESULT=0&SHOPBILLID=867955508&TOKEN=null");
	assert_false(back.failed);
	assert_string_equal(back.bill_id, "867955508");
	assert_int_equal(back.round, 0);
	back = read_back(WEB_POST, "order=K7F3-9QXA",
			 "SHOPORDERNUMBER=K7F3-9QXA&RESULT=%3Cb%3E&SHOPBILLID=%3Cb%3E");
	assert_true(back.failed);
	assert_string_equal(back.bill_id, "");
	back = read_back(WEB_GET, "order=K7F3-9QXA&n=7&failed=1", "");
	assert_true(back.failed);
	assert_int_equal(back.round, 7);
	assert_int_equal(read_back(WEB_GET, "n=-1", "").round, 0);
	assert_int_equal(read_back(WEB_GET, "n=99999999999999999999", "").round, 0);
	assert_int_equal(read_back(WEB_GET, "n=x", "").round, 0);
}

static void test_rounds(void **state)
{
	int64_t seconds = 0;
	int64_t round = 0;

	UNUSED(state);
	assert_int_equal(return_wait_s(0), 2);
	while (return_wait_s(round)) {
		assert_true(return_wait_s(round + 1) >= return_wait_s(round) ||
			    !return_wait_s(round + 1));
		seconds += return_wait_s(round++);
	}
	assert_in_range(seconds, 120, 600);
	assert_true(round < RETURN_ROUNDS_MAX);
	assert_int_equal(return_wait_s(RETURN_ROUNDS_MAX), 0);
}

/* The order's own state decides; what the browser says changes one page's words. */
static void test_return_page(void **state)
{
	struct came_back back = { .number = "K7F3-9QXA", .bill_id = "" };
	struct order order = { .state = ORDER_PENDING };

	UNUSED(state);
	assert_int_equal(return_page(&order, &back), PAGE_CHECKING);
	assert_int_equal(return_page(NULL, &back), PAGE_CHECKING);
	back.round = RETURN_ROUNDS_MAX;
	assert_int_equal(return_page(&order, &back), PAGE_LATER);
	assert_int_equal(return_page(NULL, &back), PAGE_LATER);
	back.failed = true;
	assert_int_equal(return_page(&order, &back), PAGE_UNFINISHED);
	assert_int_equal(return_page(NULL, &back), PAGE_UNFINISHED);
	order.state = ORDER_DELIVERED;
	assert_int_equal(return_page(&order, &back), PAGE_DELIVERED);
	order.state = ORDER_PAID;
	assert_int_equal(return_page(&order, &back), PAGE_WAITING);
	order.state = ORDER_EXPIRED;
	assert_int_equal(return_page(&order, &back), PAGE_EXPIRED);
	order.state = ORDER_CANCELLED;
	assert_int_equal(return_page(&order, &back), PAGE_CANCELLED);
	/* Paying for an order that is pending but past its time is over too. */
	assert_int_equal(page_of_state(ORDER_PENDING), PAGE_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_page),  cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_links),	    cmocka_unit_test(test_number),
		cmocka_unit_test(test_fields),	    cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_return_page),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
