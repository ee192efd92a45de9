/*
 * /admin/: how the shop is doing, and what waits for a person.  The numbers are the worker's
 * (stats_count.h): the page reads some hundred rows, at any number of orders.
 */
#include "fcgi/admin/home.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"

/* The first things to do, each with the page that does it; what is done is ticked. */
static int begin_show(struct visit *v, const struct shop_begun *begun)
{
	const struct {
		const char *title;
		const char *text;
		const char *url;
		bool done;
	} steps[] = {
		{ "admin.home.begin.values.title", "admin.home.begin.values.text",
		  "/admin/catalog", begun->has_values },
		{ "admin.home.begin.codes.title", "admin.home.begin.codes.text", "/admin/stock",
		  begun->has_codes },
		{ "admin.home.begin.buy.title", "admin.home.begin.buy.text", NULL, false },
	};
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct value *step = value_object(v->a);

		value_set_text(step, "title", visit_text(v, steps[i].title));
		value_set_text(step, "text", visit_text(v, steps[i].text));
		value_set_bool(step, "done", steps[i].done);
		if (!steps[i].done && steps[i].url && visit_may(v, ROLE_MANAGER))
			value_set_text(step, "url", steps[i].url);
		value_push(list, step);
	}
	value_set(v->data, "begin", list);
	return visit_show(v, "home/begin", visit_text(v, "admin.home.begin.heading"));
}

static int age_show(struct visit *v, const struct period *p)
{
	int64_t as_of;
	int const rc = stats_as_of(v->db, &as_of);
	bool const old = p->now - as_of > 120 * CLOCK_SECOND;

	if (rc)
		return rc;
	value_set_bool(v->data, "counting", !as_of);
	value_set_bool(v->data, "old", as_of && old);
	if (as_of)
		value_set_text(v->data, "as_of",
			       VISIT_TEXT(v, "admin.home.as_of",
					  A("time", clock_day_of(as_of) == p->today
							    ? clock_hhmm(v->a, as_of)
							    : visit_time(v, as_of))));
	return OK;
}

int page_home(struct visit *v)
{
	struct period const period = period_read(v);
	struct shop_begun begun;
	struct shelf *shelves;
	size_t count;
	int rc = shop_begun(v->db, &begun);

	if (rc)
		return rc;
	if (!begun.has_orders && (!begun.has_values || !begun.has_codes))
		return begin_show(v, &begun);
	if ((rc = catalog_refresh(v->app->catalog, v->db, clock_monotonic_ms())) ||
	    (rc = shelf_list(v->db, v->a, period.today, &shelves, &count)) ||
	    (rc = home_needs(v, shelves, count)) || (rc = age_show(v, &period)) ||
	    (rc = home_sales(v, &period)) || (rc = home_shelf(v, shelves, count)))
		return rc;
	period_show(v, &period);
	return visit_show(v, "home/show", visit_text(v, "admin.menu.home"));
}
