#include "fcgi/telegram/view.h"

#include "shared/base/clock.h"
#include "shared/base/utf8.h"
#include "shared/service/button.h"

_Static_assert((int)CATALOG_LANGS == (int)LANG__COUNT, "a title for every language");

const char *view_title(const struct turn *t, const char *const title[CATALOG_LANGS])
{
	const char *raw = title[t->lang];
	const char *clean = utf8_clean_line(t->a, raw, strlen(raw), TITLE_POINTS_MAX);

	return *clean ? clean : "—";
}

const char *view_words(const struct turn *t, const char *text)
{
	size_t const head = strcspn(text, "\n");

	if (!text[head])
		return turn_html(t, "bot.words.line", A("text", text));
	return turn_html(t, "bot.words", A("head", arena_strndup(t->a, text, head)),
			 A("text", text + head + 1));
}

/* ---- pages and rows ---- */

struct view_page view_page(size_t rows, int64_t wanted)
{
	struct view_page page = { .pages = (int)((rows + PAGE_SIZE - 1) / PAGE_SIZE) };

	if (!page.pages)
		page.pages = 1;
	page.at = wanted < page.pages ? (int)wanted : page.pages - 1;
	page.first = (size_t)page.at * PAGE_SIZE;
	page.count = rows - page.first < PAGE_SIZE ? rows - page.first : PAGE_SIZE;
	return page;
}

void view_foot(const struct turn *t, struct message *m, const char *back)
{
	keyboard_row(t->a, &m->buttons);
	if (back)
		keyboard_data(t->a, &m->buttons, turn_text(t, "bot.back"), "%s", back);
	keyboard_data(t->a, &m->buttons, turn_text(t, "bot.home"), BUTTON_HOME);
}

/* « 2 / 3 », where there is more than one.  category 0: the list of categories. */
static void pager(const struct turn *t, struct message *m, int64_t category,
		  struct view_page page)
{
	int const targets[] = { page.at - 1, page.at, page.at + 1 };
	const char *const labels[] = {
		turn_text(t, "bot.page.previous"),
		turn_label(t, "bot.page.at", N("page", page.at + 1), N("pages", page.pages)),
		turn_text(t, "bot.page.next"),
	};

	if (page.pages < 2)
		return;
	keyboard_row(t->a, &m->buttons);
	for (size_t i = 0; i < COUNT(targets); i++) {
		if (targets[i] < 0 || targets[i] >= page.pages)
			continue;
		if (targets[i] == page.at)
			keyboard_data(t->a, &m->buttons, labels[i], BUTTON_NOTHING);
		else if (category)
			keyboard_data(t->a, &m->buttons, labels[i], BUTTON_CATEGORY_PAGE,
				      (long long)category, targets[i]);
		else
			keyboard_data(t->a, &m->buttons, labels[i], BUTTON_CATEGORIES_PAGE,
				      targets[i]);
	}
}

/* ---- the catalogue ---- */

void view_categories(const struct turn *t, const struct category *categories, size_t count,
		     int64_t wanted, struct message *ret)
{
	struct view_page const page = view_page(count, wanted);

	ret->html = turn_text(t, count ? "bot.categories.text" : "bot.categories.empty");
	for (size_t i = page.first; i < page.first + page.count; i++) {
		keyboard_row(t->a, &ret->buttons);
		keyboard_data(t->a, &ret->buttons, view_title(t, categories[i].title),
			      BUTTON_CATEGORY, (long long)categories[i].id);
	}
	pager(t, ret, 0, page);
	view_foot(t, ret, NULL);
}

/* "Поповнення 100 · 100 ₴ · 23" */
static const char *value_label(const struct turn *t, const struct view_shelf *row)
{
	const char *title = view_title(t, row->value->title);
	const char *stock;

	if (!row->stock)
		return turn_label(t, "bot.value.label_none", A("value", title));
	stock = arena_printf(t->a, row->stock > STOCK_SHOWN_MAX ? ">%d" : "%d",
			     row->stock > STOCK_SHOWN_MAX ? STOCK_SHOWN_MAX : row->stock);
	return turn_label(t, "bot.value.label", A("value", title),
			  A("price", turn_money(t, row->value->price)), A("stock", stock));
}

void view_values(const struct turn *t, const struct category *category,
		 const struct view_shelf *rows, struct view_page page, struct message *ret)
{
	ret->html = turn_html(t, page.count ? "bot.values.text" : "bot.values.empty",
			      A("category", view_title(t, category->title)));
	for (size_t i = 0; i < page.count; i++) {
		keyboard_row(t->a, &ret->buttons);
		keyboard_data(t->a, &ret->buttons, value_label(t, &rows[i]), BUTTON_VALUE,
			      (long long)rows[i].value->id, 1);
	}
	pager(t, ret, category->id, page);
	view_foot(t, ret, BUTTON_CATEGORIES);
}

/* ---- one value ---- */

/* ➖ 1 ➕; a key that would lead out of the bounds stays in its place and does nothing. */
static void quantity_row(const struct turn *t, const struct view_offer *o, struct keyboard *k)
{
	long long const id = o->value->id;
	const char *less = turn_text(t, "bot.order.less");
	const char *more = turn_text(t, "bot.order.more");

	keyboard_row(t->a, k);
	if (o->quantity > 1)
		keyboard_data(t->a, k, less, BUTTON_VALUE, id, o->quantity - 1);
	else
		keyboard_data(t->a, k, less, BUTTON_NOTHING);
	keyboard_data(t->a, k, arena_printf(t->a, "%d", o->quantity), BUTTON_QUANTITY, id);
	if (o->quantity < o->max)
		keyboard_data(t->a, k, more, BUTTON_VALUE, id, o->quantity + 1);
	else
		keyboard_data(t->a, k, more, BUTTON_NOTHING);
}

static const char *offer_hint(const struct turn *t, const struct view_offer *o)
{
	if (!o->pay_url)
		return o->paused ? o->paused : turn_text(t, "bot.paused");
	if (o->limited)
		return turn_html(t, "bot.order.limit", N("count", o->max));
	return turn_text(t,
			 o->quantity == 1 ? "bot.order.reserve_one" : "bot.order.reserve_many");
}

void view_offer(const struct turn *t, const struct view_offer *o, struct message *ret)
{
	const char *total = turn_money(t, o->total);
	const char *offered = turn_html(
		t, "bot.order.text", A("category", view_title(t, o->category->title)),
		A("value", view_title(t, o->value->title)),
		A("quantity", arena_printf(t->a, "%d", o->quantity)),
		A("price", turn_money(t, o->value->price)), A("total", total));

	ret->html = arena_printf(t->a, "%s\n\n%s", offered, offer_hint(t, o));
	ret->preview_url = o->value->picture_url;
	if (o->pay_url) {
		keyboard_url(t->a, &ret->buttons,
			     turn_label(t, "bot.order.pay", A("total", total)), o->pay_url);
		quantity_row(t, o, &ret->buttons);
	}
	view_foot(t, ret, o->back);
}

void view_sold_out(const struct turn *t, const struct view_offer *o, struct message *ret)
{
	ret->html = turn_html(t, "bot.sold_out",
			      A("category", view_title(t, o->category->title)),
			      A("value", view_title(t, o->value->title)),
			      A("price", turn_money(t, o->value->price)));
	ret->preview_url = o->value->picture_url;
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.restock.button"), BUTTON_RESTOCK,
		      (long long)o->value->id);
	view_foot(t, ret, o->back);
}

/* ---- purchases ---- */

static const char *purchase_label(const struct turn *t, const struct order *order)
{
	const struct card_value *value = catalog_value(t->bot->catalog, order->value_id);

	return turn_label(t,
			  order->state == ORDER_PAID ? "bot.purchases.label_waiting"
						     : "bot.purchases.label",
			  A("date", clock_date(t->a, order->paid_at ? order->paid_at
								    : order->created_at)),
			  A("value", value ? view_title(t, value->title) : order->number),
			  N("quantity", order->quantity));
}

void view_purchases(const struct turn *t, const struct order *orders, size_t count,
		    int64_t before, struct message *ret)
{
	bool const older = count > PAGE_SIZE;
	bool const none = before == 0 && count == 0;

	ret->html = turn_text(t, none ? "bot.purchases.empty" : "bot.purchases.text");
	for (size_t i = 0; i < count && i < PAGE_SIZE; i++) {
		keyboard_row(t->a, &ret->buttons);
		keyboard_data(t->a, &ret->buttons, purchase_label(t, &orders[i]), BUTTON_ORDER,
			      (long long)orders[i].id);
	}
	keyboard_row(t->a, &ret->buttons);
	if (before)
		keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.purchases.newest"),
			      BUTTON_PURCHASES, 0LL);
	if (older)
		keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.purchases.older"),
			      BUTTON_PURCHASES, (long long)orders[PAGE_SIZE - 1].id);
	if (none)
		keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.buy"), BUTTON_CATEGORIES);
	view_foot(t, ret, NULL);
}
