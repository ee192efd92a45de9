/*
 * /pay/<token>: the payment button was pressed.  The order is born here, then the browser
 * goes to the gateway's page; opening it again finds both.
 */
#include "fcgi/portmone/app.h"

#include "fcgi/portmone/bill.h"
#include "fcgi/portmone/page.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/domain/order_open.h"
#include "shared/domain/policy.h"
#include "shared/domain/user.h"

enum { MAKING_REFRESH_S = 2 };

struct opening {
	struct app *app;
	struct arena *a;
	const char *url; /* of this page, to try again */
	struct web_response *res;
	struct order_offer offer;
};

/* ---- pages ---- */

/* What is bought, as the buyer knows it; NULL when the catalogue has lost it. */
static const char *goods_of(struct opening *o, enum lang lang)
{
	struct catalog *catalog = o->app->catalog;
	const struct card_value *value;
	const struct category *category;

	if (catalog_refresh_for(catalog, o->app->program.db, o->offer.value_id,
				clock_monotonic_ms()))
		return NULL;
	value = catalog_value(catalog, o->offer.value_id);
	category = value ? catalog_category(catalog, value->category_id) : NULL;
	if (!category)
		return NULL;
	return i18n_plain(o->a, lang, "web.goods",
			  I18N_ARGS(A("category", category->title[lang]),
				    A("value", value->title[lang]),
				    N("quantity", o->offer.quantity)));
}

/* No order was made: the page speaks the person's language all the same. */
static int offer_page(struct opening *o, struct page *page)
{
	struct user *user;
	int const rc = user_find(o->app->program.db, o->a, o->offer.user_id, &user);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (!rc)
		page->lang = lang_from_code(user->lang);
	page->goods = goods_of(o, page->lang);
	page->button_url = o->url;
	return OK;
}

static int refused(struct opening *o, enum page_kind kind)
{
	struct page page = { .kind = kind };
	int const rc = offer_page(o, &page);

	if (!rc)
		page_show(o->app, o->a, &page, o->res);
	return rc;
}

/*
 * The same link opened twice shows the same fresh one, hence the nonce from the old one; so
 * confirming twice is one order as well.
 */
static const char *fresh_url(struct opening *o, struct money price)
{
	const unsigned char *key = o->app->program.config.data_key;
	struct order_offer fresh = o->offer;
	int64_t seed;

	memcpy(&seed, o->offer.nonce, sizeof(seed));
	fresh.unit_price = price;
	order_nonce_make(key, seed, &fresh);
	return arena_printf(o->a, "/pay/%s", order_token_write(o->a, key, &fresh));
}

static int price_changed(struct opening *o, struct money price)
{
	struct page page = { .kind = PAGE_PRICE };
	int const rc = offer_page(o, &page);

	if (rc)
		return rc;
	page.button_url = fresh_url(o, price);
	page.args = I18N_ARGS(A("old", i18n_money(o->a, page.lang, o->offer.unit_price.kop)),
			      A("new", i18n_money(o->a, page.lang, price.kop)));
	page_show(o->app, o->a, &page, o->res);
	return OK;
}

/* After orders left unpaid: when the next one may be opened. */
static int pausing(struct opening *o, const struct order_limits *limits)
{
	struct page page = { .kind = PAGE_UNPAID };
	int64_t wait_s;
	int rc = order_open_wait(o->app->program.db, o->a, &o->offer, limits, &wait_s);

	if (rc || (rc = offer_page(o, &page)))
		return rc;
	/* The minute that begins after the pause. */
	page.args = I18N_ARGS(
		A("time", clock_hhmm(o->a, clock_now() + (wait_s + 59) * CLOCK_SECOND)));
	page_show(o->app, o->a, &page, o->res);
	return OK;
}

/* Why nothing is sold now, in the shop's words where it has some. */
static int paused(struct opening *o)
{
	struct page page = { .kind = PAGE_PAUSED };
	const char *words;
	int rc = offer_page(o, &page);

	if (rc || (rc = policy_paused_words(o->app->program.db, o->a, (int)page.lang, &words)))
		return rc;
	if (*words)
		page.text = words;
	page_show(o->app, o->a, &page, o->res);
	return OK;
}

static void order_page(struct opening *o, const struct order *order, enum page_kind kind)
{
	enum lang const lang = lang_from_code(order->lang);

	page_show(o->app, o->a,
		  &(struct page){
			  .kind = kind,
			  .lang = lang,
			  .args = I18N_ARGS(A("time", clock_hhmm(o->a, order->expires_at))),
			  .goods = goods_of(o, lang),
			  .number = order->number,
			  .total = &order->total,
			  .button_url = o->url,
			  .refresh_url = kind == PAGE_MAKING ? o->url : NULL,
			  .refresh_s = MAKING_REFRESH_S,
		  },
		  o->res);
}

/* ---- the order's way to the gateway ---- */

static void go(struct opening *o, const char *url)
{
	web_redirect(o->res, url);
	web_add_header(o->res, "Cache-Control", "no-store");
	web_add_header(o->res, "Referrer-Policy", "no-referrer");
}

static int opened(struct opening *o, struct order *order)
{
	enum bill_result bill;
	const char *goods;
	int rc;

	if (order->state != ORDER_PENDING || order->seconds_left <= 0) {
		order_page(o, order, page_of_state(order->state));
		return OK;
	}
	if (order->link_url) {
		go(o, order->link_url);
		return OK;
	}
	/* The chat may say so while the gateway thinks. */
	if (order->message_id)
		wake_opened(o->app->wake, order->id, order->chat_id);
	goods = goods_of(o, lang_from_code(order->lang));
	if ((rc = bill_get(o->app, o->a, goods ? goods : "", &order, &bill)))
		return rc;
	switch (bill) {
	case BILL_READY:
		go(o, order->link_url);
		break;
	case BILL_BUSY:
		order_page(o, order, PAGE_MAKING);
		break;
	case BILL_DOWN:
		order_page(o, order, PAGE_GATEWAY_DOWN);
		break;
	case BILL_ENDED:
		order_page(o, order, page_of_state(order->state));
		break;
	}
	return OK;
}

static const enum page_kind refusals[] = {
	[OPENING_OK] = PAGE__COUNT,
	[OPENING_SOLD_OUT] = PAGE_SOLD_OUT,
	[OPENING_PRICE_CHANGED] = PAGE__COUNT,
	[OPENING_GONE] = PAGE_GONE,
	[OPENING_PAUSED] = PAGE__COUNT,
	[OPENING_BANNED] = PAGE_BANNED,
	[OPENING_TOO_MANY] = PAGE_TOO_MANY,
	[OPENING_OPEN_LIMIT] = PAGE_OPEN_LIMIT,
	[OPENING_UNPAID] = PAGE__COUNT,
};
_Static_assert(COUNT(refusals) == OPENING__COUNT, "a page for every refusal");

/* What is given outside is fixed; else the panel's word counts. */
static const struct order_terms *ttl_fill(const struct app *app, struct order_terms *terms)
{
	if (terms->limits.order_ttl && !app->ttl_is_fixed)
		terms->ttl = terms->limits.order_ttl;
	return terms;
}

static int open_order(struct opening *o)
{
	struct program *p = &o->app->program;
	struct order_terms terms = { .ttl = p->config.order_ttl,
				     .paused = p->config.sales_paused,
				     .ask_first = ASK_FIRST_S };
	enum order_opening result;
	struct order *order;
	struct money price;
	int rc;

	if ((rc = order_limits_read(p->db, o->a, &terms.limits)) ||
	    (rc = order_open(p->db, o->a, &o->offer, ttl_fill(o->app, &terms), &result, &order,
			     &price)))
		return rc;
	if (result == OPENING_OK)
		return opened(o, order);
	if (result == OPENING_PRICE_CHANGED)
		return price_changed(o, price);
	if (result == OPENING_UNPAID)
		return pausing(o, &terms.limits);
	if (result == OPENING_PAUSED)
		return paused(o);
	return refused(o, refusals[result]);
}

void pay_show(void *data, struct arena *a, const struct web_request *req,
	      struct web_response *res)
{
	struct app *app = data;
	struct program *p = &app->program;
	struct opening o = { .app = app, .a = a, .res = res };
	struct page page = { .lang = page_lang(a, req) };
	int rc;

	if (order_token_read(a, p->config.data_key, req->parts[0], &o.offer)) {
		page.kind = PAGE_BAD;
		page_show(app, a, &page, res);
		return;
	}
	if (page_head_only(req, res))
		return;
	o.url = arena_printf(a, "/pay/%s", req->parts[0]);
	page.kind = PAGE_DOWN;
	page.button_url = o.url;
	if (!program_db_try(p)) {
		page_show(app, a, &page, res);
		return;
	}
	rc = open_order(&o);
	program_db_done(p, rc);
	if (rc)
		page_show(app, a, &page, res);
}
