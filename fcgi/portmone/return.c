/*
 * /portmone/return: the buyer's browser comes back from the gateway.  What it says is a hint:
 * the page tells the order's real state, and looks again by itself until there is an end.
 */
#include "fcgi/portmone/return.h"

#include "fcgi/portmone/page.h"
#include "shared/base/parse.h"
#include "shared/clients/portmone_result.h"
#include "shared/domain/payment.h"
#include "shared/platform/form.h"

/*
 * How long the page waits before it looks again: often while most payments are confirmed,
 * then more seldom; four minutes in all.
 */
static const struct {
	int until; /* this round */
	int seconds;
} waits[] = { { 15, 2 }, { 30, 4 }, { 45, 10 } };

/* The gateway is asked again when the page has looked so often. */
enum { ROUNDS_A_HINT = 5, DOWN_REFRESH_S = 5 };

int return_wait_s(int64_t round)
{
	for (size_t i = 0; i < COUNT(waits); i++)
		if (round < waits[i].until)
			return waits[i].seconds;
	return 0;
}

/* ---- what the browser brought ---- */

/*
 * A gateway that adds its fields to an address which has a query already may add them with a
 * second ?, so a number ends where it can't go on.
 */
static const char *number_read(struct arena *a, const char *text)
{
	const char *number;

	if (!text)
		return NULL;
	text = arena_strndup(a, text, strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"));
	return order_number_read(a, text, &number) ? NULL : number;
}

static const char *bill_id_read(const char *text)
{
	size_t const len = text ? strlen(text) : 0;

	if (!len || len > 64 ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") !=
		    len)
		return "";
	return text;
}

/* Fields that can't be read are as good as none. */
static void fields_read(struct arena *a, struct bytes text, struct form *ret)
{
	if (form_parse(a, text, ret))
		ret->count = 0;
}

void return_read(struct arena *a, const struct web_request *req, struct came_back *ret)
{
	struct form *query = arena_new(a, struct form);
	struct form *body = arena_new(a, struct form);
	const struct form *fields = query;
	const char *result;

	fields_read(a, (struct bytes){ req->query, strlen(req->query) }, query);
	if (req->method == WEB_POST) {
		fields_read(a, req->body, body);
		fields = body;
	}
	*ret = (struct came_back){ .number = number_read(a, form_get(query, "order")) };
	if (!ret->number)
		ret->number = number_read(a, form_get(fields, "SHOPORDERNUMBER"));
	ret->bill_id = bill_id_read(form_get(fields, "SHOPBILLID"));
	ret->receipt_url = form_get(fields, "RECEIPT_URL");
	if (!ret->receipt_url || !*ret->bill_id)
		ret->receipt_url = "";
	result = form_get(fields, "RESULT");
	ret->failed = (result && strcmp(result, "0") != 0) || form_get(query, "failed");
	if (!form_get(query, "n") ||
	    parse_int(form_get(query, "n"), 0, RETURN_ROUNDS_MAX, &ret->round))
		ret->round = 0;
}

/* ---- the page ---- */

static const char *round_url(struct arena *a, const struct came_back *back, int64_t round)
{
	return arena_printf(a, "/portmone/return?order=%s&n=%lld%s", back->number,
			    (long long)round, back->failed ? "&failed=1" : "");
}

/* There may still be money on its way to an order in this state. */
static bool is_open(enum order_state state)
{
	return state == ORDER_PENDING || state == ORDER_EXPIRED || state == ORDER_CANCELLED;
}

/* An unknown number looks like an order that nobody has confirmed yet. */
enum page_kind return_page(const struct order *order, const struct came_back *back)
{
	enum order_state const state = order ? order->state : ORDER_PENDING;

	if (state != ORDER_PENDING)
		return page_of_state(state);
	if (back->failed)
		return PAGE_UNFINISHED;
	return return_wait_s(back->round) ? PAGE_CHECKING : PAGE_LATER;
}

static void answer(struct app *app, struct arena *a, const struct came_back *back,
		   const struct order *order, struct page *page, struct web_response *res)
{
	page->kind = return_page(order, back);
	page->number = back->number;
	if (order)
		page->lang = lang_from_code(order->lang);
	if (back->number && (!order || is_open(order->state)) && return_wait_s(back->round)) {
		page->refresh_url = round_url(a, back, back->round + 1);
		page->refresh_s = return_wait_s(back->round);
	}
	page_show(app, a, page, res);
}

/* *ret stays NULL for a number that no order has. */
static int order_look(struct app *app, struct arena *a, const struct came_back *back,
		      struct order **ret)
{
	struct db *db = app->program.db;
	int rc = order_by_number(db, a, back->number, ret);

	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	if (back->round && (back->round % ROUNDS_A_HINT || !is_open((*ret)->state)))
		return OK;
	if ((rc = payment_hint(db, back->number, HINT_RETURN, back->bill_id)))
		return rc == ERR_NOT_FOUND ? OK : rc;
	/* Nobody but a Portmone page is worth a link in the chat. */
	if (portmone_receipt_is_theirs(app->program.config.portmone_url, back->receipt_url))
		rc = payment_receipt(db, back->number, back->bill_id, back->receipt_url);
	wake_outbox(app->wake);
	return rc;
}

void return_show(void *data, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	struct app *app = data;
	struct program *p = &app->program;
	struct page page = { .lang = page_lang(a, req) };
	struct order *order = NULL;
	struct came_back back;
	int rc = ERR_DOWN;

	if (page_head_only(req, res))
		return;
	return_read(a, req, &back);
	if (!back.round)
		metric_add(p->shm, METRIC_RETURNS, 1);
	if (!back.number)
		back.round = RETURN_ROUNDS_MAX; /* nothing to look for */
	else if (program_db_try(p)) {
		rc = order_look(app, a, &back, &order);
		program_db_done(p, rc);
	}
	if (back.number && rc) {
		page.kind = PAGE_DOWN;
		/* The same round again: its hint is not stored yet. */
		page.button_url = round_url(a, &back, back.round);
		page.refresh_url = page.button_url;
		page.refresh_s = DOWN_REFRESH_S;
		page_show(app, a, &page, res);
		return;
	}
	answer(app, a, &back, order, &page, res);
}
