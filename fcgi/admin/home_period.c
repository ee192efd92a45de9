#include "fcgi/admin/home.h"

#include "shared/base/clock.h"
#include "shared/base/parse.h"

/* Three years: more is not read at a glance, and would cost. */
enum { DAYS_MAX = 1100, DAYS_DEFAULT = 7 };

#define NO_BREAK_SPACE "\xC2\xA0"

static const int buttons[] = { 1, 7, 30, 90 };

static bool day_read(const struct visit *v, const char *name, int64_t *ret)
{
	int64_t at;

	if (clock_day(visit_query(v, name), 0, &at))
		return false;
	*ret = clock_day_of(at);
	return true;
}

/* Two dates, in whichever order; nothing is asked of days to come. */
static bool dates_read(const struct visit *v, struct period *p)
{
	int64_t from;
	int64_t to;

	if (!day_read(v, "from", &from) || !day_read(v, "to", &to))
		return false;
	p->first = from < to ? from : to;
	p->last = from < to ? to : from;
	if (p->last > p->today)
		p->last = p->today;
	if (p->first > p->last)
		p->first = p->last;
	if (p->last - p->first >= DAYS_MAX)
		p->first = p->last - DAYS_MAX + 1;
	p->chosen = true;
	return true;
}

struct period period_read(const struct visit *v)
{
	struct period p = { .now = clock_now() };
	int64_t days;

	p.today = clock_day_of(p.now);
	if (!dates_read(v, &p)) {
		if (parse_int(visit_query(v, "days"), 1, DAYS_MAX, &days))
			days = DAYS_DEFAULT;
		p.first = p.today - days + 1;
		p.last = p.today;
	}
	p.before = (struct stats_range){ .first = p.first - (p.last - p.first + 1),
					 .last = p.first - 1 };
	if (p.last == p.today)
		p.before.hours = (p.now - clock_day_start(p.today)) / (3600 * CLOCK_SECOND) + 1;
	return p;
}

const char *period_day(const struct visit *v, int64_t day)
{
	int64_t const at = clock_day_start(day);
	const char *words = visit_date(v, at); /* 24 Nov 2026, with no-break spaces */
	size_t const year = strlen(NO_BREAK_SPACE "2026");

	if (v->lang != LANG_EN || strlen(words) <= year)
		return arena_strndup(v->a, clock_date(v->a, at), 5);
	return arena_strndup(v->a, words, strlen(words) - year);
}

void period_show(struct visit *v, const struct period *p)
{
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < COUNT(buttons); i++) {
		struct value *button = value_object(v->a);

		value_set_int(button, "days", buttons[i]);
		value_set_text(button, "label",
			       buttons[i] == 1
				       ? visit_text(v, "admin.home.today")
				       : VISIT_TEXT(v, "admin.home.days", N("n", buttons[i])));
		value_set_bool(button, "current",
			       !p->chosen && p->last - p->first + 1 == buttons[i]);
		value_push(list, button);
	}
	value_set(v->data, "buttons", list);
	value_set_text(v->data, "from", clock_iso_day(v->a, clock_day_start(p->first)));
	value_set_text(v->data, "to", clock_iso_day(v->a, clock_day_start(p->last)));
	value_set_text(v->data, "today", clock_iso_day(v->a, p->now));
	value_set_text(v->data, "range",
		       p->first == p->last
			       ? visit_date(v, clock_day_start(p->first))
			       : arena_printf(v->a, "%s – %s",
					      visit_date(v, clock_day_start(p->first)),
					      visit_date(v, clock_day_start(p->last))));
}
