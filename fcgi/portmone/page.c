#include "fcgi/portmone/page.h"

#include "shared/base/clock.h"
#include "shared/domain/setting.h"
#include "shared/platform/form.h"

/* A username that was set or changed is known after this long. */
enum { BOT_NAME_MS = 60000 };

enum tone { TONE_WAIT, TONE_DONE, TONE_CARE };
static const char *const tones[] = {
	[TONE_WAIT] = "wait", [TONE_DONE] = "done", [TONE_CARE] = "care"
};

#define MONEY_NONE "web.money.none"
#define MONEY_IF_PAID "web.money.if_paid"

/* Title, text, what becomes of the money, and the label of the page's own button. */
/* clang-format off */
static const struct look {
	int status;
	enum tone tone;
	const char *title;
	const char *text;
	const char *money;
	const char *button;
} looks[] = {
	[PAGE_BAD] = { 404, TONE_CARE, "web.bad.title", "web.bad.text", MONEY_NONE, NULL },
	[PAGE_SOLD_OUT] = { 409, TONE_CARE, "web.sold_out.title", "web.sold_out.text",
			    MONEY_NONE, NULL },
	[PAGE_PRICE] = { 409, TONE_CARE, "web.price.title", "web.price.text", MONEY_NONE,
			 "web.price.button" },
	[PAGE_GONE] = { 404, TONE_CARE, "web.gone.title", "web.gone.text", MONEY_NONE, NULL },
	[PAGE_PAUSED] = { 409, TONE_CARE, "web.paused.title", "web.paused.text", MONEY_NONE,
			  "web.retry" },
	[PAGE_BANNED] = { 403, TONE_CARE, "web.banned.title", "web.banned.text", MONEY_NONE,
			  NULL },
	[PAGE_TOO_MANY] = { 409, TONE_CARE, "web.too_many.title", "web.too_many.text",
			    MONEY_NONE, NULL },
	[PAGE_OPEN_LIMIT] = { 409, TONE_CARE, "web.open_limit.title", "web.open_limit.text",
			      MONEY_NONE, "web.retry" },
	[PAGE_UNPAID] = { 409, TONE_CARE, "web.unpaid.title", "web.unpaid.text", MONEY_NONE,
			  "web.retry" },
	[PAGE_GATEWAY_DOWN] = { 503, TONE_CARE, "web.gateway.title", "web.gateway.text",
				MONEY_NONE, "web.retry" },
	[PAGE_MAKING] = { 200, TONE_WAIT, "web.making.title", "web.making.text", NULL,
			  "web.retry" },
	[PAGE_DOWN] = { 503, TONE_CARE, "web.down.title", "web.down.text", MONEY_IF_PAID,
			"web.retry" },
	[PAGE_CHECKING] = { 200, TONE_WAIT, "web.checking.title", "web.checking.text", NULL,
			    NULL },
	[PAGE_UNFINISHED] = { 200, TONE_CARE, "web.unfinished.title", "web.unfinished.text",
			      MONEY_IF_PAID, NULL },
	[PAGE_LATER] = { 200, TONE_WAIT, "web.later.title", "web.later.text", NULL, NULL },
	[PAGE_DELIVERED] = { 200, TONE_DONE, "web.delivered.title", "web.delivered.text", NULL,
			     NULL },
	[PAGE_WAITING] = { 200, TONE_CARE, "web.waiting.title", "web.waiting.text", NULL, NULL },
	[PAGE_EXPIRED] = { 200, TONE_CARE, "web.expired.title", "web.expired.text",
			   MONEY_IF_PAID, NULL },
	[PAGE_CANCELLED] = { 200, TONE_CARE, "web.cancelled.title", "web.cancelled.text",
			     MONEY_IF_PAID, NULL },
	[PAGE_REFUNDING] = { 200, TONE_WAIT, "web.refunding.title", "web.refunding.text", NULL,
			     NULL },
	[PAGE_REFUNDED] = { 200, TONE_DONE, "web.refunded.title", "web.refunded.text", NULL,
			    NULL },
	[PAGE_DISPUTED] = { 200, TONE_CARE, "web.disputed.title", "web.disputed.text", NULL,
			    NULL },
};
/* clang-format on */
_Static_assert(COUNT(looks) == PAGE__COUNT, "words for every page");

static const enum page_kind of_state[] = {
	[ORDER_PENDING] = PAGE_EXPIRED, /* only the gateway's last word is missing */
	[ORDER_PAID] = PAGE_WAITING,	    [ORDER_DELIVERED] = PAGE_DELIVERED,
	[ORDER_REFUNDING] = PAGE_REFUNDING, [ORDER_REFUNDED] = PAGE_REFUNDED,
	[ORDER_DISPUTED] = PAGE_DISPUTED,   [ORDER_EXPIRED] = PAGE_EXPIRED,
	[ORDER_CANCELLED] = PAGE_CANCELLED,
};
_Static_assert(COUNT(of_state) == ORDER__COUNT, "a page for every state");

enum page_kind page_of_state(enum order_state state)
{
	return of_state[state];
}

bool page_head_only(const struct web_request *req, struct web_response *res)
{
	const char *method = web_header(req, "REQUEST_METHOD");

	if (!method || strcmp(method, "HEAD") != 0)
		return false;
	web_status(res, 200);
	web_add_header(res, "Cache-Control", "no-store");
	return true;
}

enum lang page_lang(struct arena *a, const struct web_request *req)
{
	const char *wish = web_header(req, "HTTP_ACCEPT_LANGUAGE");

	while (wish && *wish) {
		size_t const len = strcspn(wish, ",");
		const char *item = arena_strndup(a, wish, len);
		const char *code;

		item += strspn(item, " \t");
		code = arena_strndup(a, item, strcspn(item, "; \t"));
		if (lang_is_known(code))
			return lang_from_code(code);
		wish += len + (wish[len] == ',');
	}
	return LANG_UK;
}

/* Where the chat is, by the name the bot has; "" while nobody has told it. */
static const char *bot_name(struct app *app, struct arena *a)
{
	struct program *p = &app->program;
	int64_t const now = clock_monotonic_ms();
	const char *name;
	int rc;

	if (now < app->bot_name_due_ms || gate_is_down(p->shm, GATE_DB))
		return app->bot_name;
	rc = setting_get(p->db, a, SETTING_BOT_USERNAME, &name);
	program_db_done(p, rc);
	if (!rc)
		snprintf(app->bot_name, sizeof(app->bot_name), "%s", name);
	app->bot_name_due_ms = now + BOT_NAME_MS;
	return app->bot_name;
}

static void fact_push(struct arena *a, struct value *facts, const char *label,
		      const char *value)
{
	struct value *fact = value_object(a);

	value_set_text(fact, "label", label);
	value_set_text(fact, "value", value);
	value_push(facts, fact);
}

static struct value *page_facts(struct arena *a, const struct page *page)
{
	struct value *facts = value_list(a);

	if (page->goods)
		fact_push(a, facts, i18n_text(page->lang, "web.fact.goods"), page->goods);
	if (page->total)
		fact_push(a, facts, i18n_text(page->lang, "web.fact.total"),
			  i18n_money(a, page->lang, page->total->kop));
	if (page->number)
		fact_push(a, facts, i18n_text(page->lang, "web.fact.order"), page->number);
	return facts;
}

static struct value *link_new(struct arena *a, const char *url, const char *label)
{
	struct value *link = value_object(a);

	value_set_text(link, "url", url);
	value_set_text(link, "label", label);
	return link;
}

static struct value *page_data(struct app *app, struct arena *a, const struct page *page)
{
	static const struct i18n_arg none[] = { { NULL, NULL, 0 } };
	const struct look *look = &looks[page->kind];
	struct value *data = value_object(a);
	const char *bot = bot_name(app, a);

	value_set_text(data, "lang", lang_code(page->lang));
	value_set_text(data, "tone", tones[look->tone]);
	value_set_bool(data, tones[look->tone], true);
	value_set_text(data, "title", i18n_text(page->lang, look->title));
	value_set_text(data, "text",
		       page->text ? page->text
				  : i18n_plain(a, page->lang, look->text,
					       page->args ? page->args : none));
	if (look->money)
		value_set_text(data, "money", i18n_text(page->lang, look->money));
	if (page->goods || page->total || page->number)
		value_set_bool(data, "has_facts", true);
	value_set(data, "facts", page_facts(a, page));
	if (look->button && page->button_url)
		value_set(data, "button",
			  link_new(a, page->button_url, i18n_text(page->lang, look->button)));
	if (*bot)
		value_set(data, "bot",
			  link_new(a, arena_printf(a, "https://t.me/%s", form_encode(a, bot)),
				   i18n_text(page->lang, "web.bot.link")));
	else
		value_set_text(data, "bot_words", i18n_text(page->lang, "web.bot.words"));
	return data;
}

void page_show(struct app *app, struct arena *a, const struct page *page,
	       struct web_response *res)
{
	int const status = looks[page->kind].status;

	if (status == 503)
		web_unavailable(res);
	else
		web_status(res, status);
	res->content_type = "text/html; charset=utf-8";
	if (page->refresh_url)
		web_add_header(
			res, "Refresh",
			arena_printf(a, "%d;url=%s", (int)page->refresh_s, page->refresh_url));
	web_add_header(res, "Cache-Control", "no-store");
	web_add_header(res, "Content-Security-Policy",
		       "default-src 'none'; style-src 'self'; base-uri 'none'; "
		       "form-action 'none'; frame-ancestors 'none'");
	web_add_header(res, "Referrer-Policy", "no-referrer");
	web_add_header(res, "X-Content-Type-Options", "nosniff");
	if (templates_render(app->templates, "page", page_data(app, a, page), &res->body))
		web_status(res, 500);
}
