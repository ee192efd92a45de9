#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

#include "shared/service/button.h"

int screen_gone(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.gone");
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.buy"), BUTTON_CATEGORIES);
	view_foot(t, ret, NULL);
	return OK;
}

/* While sales are paused one may look round, and reads why nothing can be bought. */
static int paused_add(struct turn *t, struct message *m)
{
	const char *paused;
	int const rc = bot_paused(t, &paused);

	if (!rc && paused)
		m->html = arena_printf(t->a, "%s\n\n%s", paused, m->html);
	return rc;
}

int screen_categories(struct turn *t, struct message *ret)
{
	const struct category *categories;
	size_t count;
	int const rc = catalog_refresh_now(t->bot->catalog, t->bot->program->db, t->now_ms);

	if (rc)
		return rc;
	count = catalog_categories(t->bot->catalog, &categories);
	view_categories(t, categories, count, t->args[0], ret);
	return paused_add(t, ret);
}

/* The category's values that are sold here, in their order. */
static size_t values_sold(struct turn *t, const struct category *category,
			  const struct card_value ***ret)
{
	const struct card_value *values = catalog_values(t->bot->catalog, category);
	const struct card_value **sold = arena_array(t->a, category->count, sizeof(*sold));
	size_t n = 0;

	for (size_t i = 0; i < category->count; i++)
		if (!values[i].hidden && values[i].by_portmone)
			sold[n++] = &values[i];
	*ret = sold;
	return n;
}

int screen_category(struct turn *t, struct message *ret)
{
	struct bot *bot = t->bot;
	struct view_shelf rows[PAGE_SIZE];
	const struct category *category;
	const struct card_value **sold;
	struct view_page page;
	int rc = catalog_refresh(bot->catalog, bot->program->db, t->now_ms);

	if (rc)
		return rc;
	category = catalog_category(bot->catalog, t->args[0]);
	if (!category || category->hidden)
		return screen_gone(t, ret);
	page = view_page(values_sold(t, category, &sold), t->args[1]);
	for (size_t i = 0; i < page.count; i++) {
		rows[i].value = sold[page.first + i];
		rc = catalog_stock(bot->catalog, bot->program->db, rows[i].value->id, t->now_ms,
				   &rows[i].stock);
		if (rc)
			return rc;
	}
	view_values(t, category, rows, page, ret);
	return paused_add(t, ret);
}
