#include "fcgi/admin/home.h"

#include "fcgi/admin/chart.h"
#include "shared/base/clock.h"

#define NO_BREAK_SPACE "\xC2\xA0"

/* Longer ranges are drawn by the week, and by four. */
enum { POINTS_MAX = 62, WEEK = 7, MONTH = 28 };

/* ---- figures ---- */

const char *home_percent(const struct visit *v, int64_t part, int64_t whole)
{
	if (whole <= 0)
		return "–";
	return arena_printf(v->a, "%lld%s%%", (long long)((part * 100 + whole / 2) / whole),
			    v->lang == LANG_EN ? "" : NO_BREAK_SPACE);
}

/* "+12 %": how much more than before.  NULL: there was nothing to compare with. */
static const char *change(const struct visit *v, int64_t now, int64_t before)
{
	int64_t const difference = now - before;

	if (before <= 0)
		return NULL;
	return arena_printf(v->a, "%s%s",
			    difference > 0   ? "+"
			    : difference < 0 ? "−"
					     : "±",
			    home_percent(v, difference < 0 ? -difference : difference, before));
}

struct figure {
	const char *label;
	const char *shown;
	const char *was; /* NULL: nothing to compare with */
	int64_t now;
	int64_t before;
	bool share; /* in per cent itself: its change is not told in per cent */
};

static void figure_add(struct visit *v, struct value *list, const struct figure *f)
{
	struct value *o = value_object(v->a);
	const char *changed = f->share ? NULL : change(v, f->now, f->before);

	value_set_text(o, "label", visit_text(v, f->label));
	value_set_text(o, "value", f->shown);
	if (f->was) {
		value_set_text(o, "change", changed ? changed : "");
		value_set_text(o, "was", VISIT_TEXT(v, "admin.home.was", A("before", f->was)));
	}
	value_push(list, o);
}

static int64_t average(const struct stats_sums *s)
{
	return s->paid ? (s->revenue.kop + s->paid / 2) / s->paid : 0;
}

static void money_figure(struct visit *v, struct value *list, const char *label, int64_t now,
			 int64_t before)
{
	figure_add(v, list,
		   &(struct figure){ .label = label,
				     .shown = visit_money(v, MONEY(now)),
				     .was = visit_money(v, MONEY(before)),
				     .now = now,
				     .before = before });
}

static void number_figure(struct visit *v, struct value *list, const char *label, int64_t now,
			  int64_t before)
{
	figure_add(v, list,
		   &(struct figure){ .label = label,
				     .shown = visit_number(v, now),
				     .was = visit_number(v, before),
				     .now = now,
				     .before = before });
}

static int figures_show(struct visit *v, const struct period *p)
{
	struct stats_range const range = { .first = p->first, .last = p->last };
	struct value *list = value_list(v->a);
	struct stats_sums now;
	struct stats_sums before;
	struct stats_buyers buyers;
	struct stats_buyers earlier;
	int rc;

	if ((rc = stats_total(v->db, &range, &now)) ||
	    (rc = stats_total(v->db, &p->before, &before)) ||
	    (rc = stats_buyers(v->db, p->first, p->last, &buyers)) ||
	    (rc = stats_buyers(v->db, p->before.first, p->before.last, &earlier)))
		return rc;
	money_figure(v, list, "admin.home.revenue", now.revenue.kop, before.revenue.kop);
	number_figure(v, list, "admin.home.paid", now.paid, before.paid);
	figure_add(v, list,
		   &(struct figure){ .label = "admin.home.conversion",
				     .shown = home_percent(v, now.made_paid, now.made),
				     .was = home_percent(v, before.made_paid, before.made),
				     .share = true });
	money_figure(v, list, "admin.home.average", average(&now), average(&before));
	number_figure(v, list, "admin.home.codes", now.codes, before.codes);
	number_figure(v, list, "admin.home.new_buyers", buyers.fresh, earlier.fresh);
	number_figure(v, list, "admin.home.returning", buyers.returning, earlier.returning);
	money_figure(v, list, "admin.home.refunded", now.refund.kop, before.refund.kop);
	value_set(v->data, "figures", list);
	value_set_text(v->data, "opened",
		       VISIT_TEXT(v, "admin.home.opened", N("n", now.made),
				  A("count", visit_number(v, now.made))));
	value_set_bool(v->data, "sold_any", now.made || now.paid || now.refunds);
	return OK;
}

/* ---- charts ---- */

struct series {
	struct chart_point *revenue;
	struct chart_point *paid;
	size_t count;
	int64_t width; /* days of a point; 0: an hour */
};

static const char *show_money(const struct visit *v, int64_t kop)
{
	return visit_money(v, MONEY(kop));
}

static struct series series_new(struct visit *v, const struct period *p)
{
	int64_t const days = p->last - p->first + 1;
	struct series s = { .width = days <= POINTS_MAX		 ? 1
				     : days <= POINTS_MAX * WEEK ? WEEK
								 : MONTH };

	if (days == 1) {
		s.width = 0;
		s.count = (size_t)((clock_day_start(p->last + 1) - clock_day_start(p->last)) /
				   (3600 * CLOCK_SECOND));
	} else {
		s.count = (size_t)((days + s.width - 1) / s.width);
	}
	s.revenue = arena_array(v->a, s.count, sizeof(*s.revenue));
	s.paid = arena_array(v->a, s.count, sizeof(*s.paid));
	for (size_t i = 0; i < s.count; i++) {
		int64_t const hour = 3600 * CLOCK_SECOND * (int64_t)i;
		const char *label = s.width ? period_day(v, p->first + (int64_t)i * s.width)
					    : clock_hhmm(v->a,
							 clock_day_start(p->first) + hour);

		s.revenue[i] = s.paid[i] = (struct chart_point){ .label = label };
	}
	return s;
}

static void series_fill(struct series *s, const struct period *p,
			const struct stats_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t const at = s->width ? (size_t)((lines[i].of - p->first) / s->width)
					   : (size_t)lines[i].of;

		if (at >= s->count)
			continue;
		s->revenue[at].value += lines[i].sums.revenue.kop;
		s->paid[at].value += lines[i].sums.paid;
	}
}

/* What a point is, above the column of its labels. */
static const char *point_label(const struct visit *v, const struct series *s)
{
	return visit_text(v, s->width == 0   ? "admin.home.hour"
			     : s->width == 1 ? "admin.home.day"
					     : "admin.home.days_from");
}

static int charts_show(struct visit *v, const struct period *p)
{
	struct series s = series_new(v, p);
	struct stats_line *lines;
	size_t count;
	int const rc = s.width ? stats_by_day(v->db, v->a, p->first, p->last, &lines, &count)
			       : stats_by_hour(v->db, v->a, p->first, &lines, &count);

	if (rc)
		return rc;
	series_fill(&s, p, lines, count);
	value_set(v->data, "revenue_chart",
		  chart_new(v, &(struct chart){ .kind = CHART_BARS,
						.title = visit_text(v, "admin.home.revenue"),
						.label = point_label(v, &s),
						.number = visit_text(v, "admin.home.revenue"),
						.points = s.revenue,
						.count = s.count,
						.show = show_money }));
	value_set(v->data, "paid_chart",
		  chart_new(v, &(struct chart){ .kind = CHART_BARS,
						.title = visit_text(v, "admin.home.paid"),
						.label = point_label(v, &s),
						.number = visit_text(v, "admin.home.paid"),
						.points = s.paid,
						.count = s.count }));
	return OK;
}

/* ---- by category and by value ---- */

static void line_add(struct visit *v, struct value *rows, const char *title,
		     const struct stats_sums *sums, int64_t whole)
{
	struct value *row = value_object(v->a);
	int64_t const kop = sums->revenue.kop;

	value_set_text(row, "title", title);
	value_set_text(row, "revenue", visit_money(v, sums->revenue));
	value_set_text(row, "share", home_percent(v, kop, whole));
	value_set_text(row, "bar",
		       arena_printf(v->a, "%.1f%%",
				    whole > 0 ? (double)kop * 100 / (double)whole : 0));
	value_set_text(row, "paid", visit_number(v, sums->paid));
	value_set_text(row, "codes", visit_number(v, sums->codes));
	value_set_text(row, "conversion", home_percent(v, sums->made_paid, sums->made));
	value_push(rows, row);
}

struct share {
	int64_t category_id;
	struct stats_sums sums;
};

static int share_compare(const void *a, const void *b)
{
	int64_t const x = ((const struct share *)a)->sums.revenue.kop;
	int64_t const y = ((const struct share *)b)->sums.revenue.kop;

	return (x < y) - (x > y);
}

static void share_add(struct share *shares, size_t *count, int64_t category_id,
		      const struct stats_sums *s)
{
	size_t i = 0;

	while (i < *count && shares[i].category_id != category_id)
		i++;
	if (i == *count)
		shares[(*count)++] = (struct share){ .category_id = category_id };
	shares[i].sums.made += s->made;
	shares[i].sums.made_paid += s->made_paid;
	shares[i].sums.paid += s->paid;
	shares[i].sums.codes += s->codes;
	shares[i].sums.revenue.kop += s->revenue.kop;
}

static const char *value_title(const struct visit *v, int64_t id, int64_t *ret_category)
{
	const struct card_value *value = catalog_value(v->app->catalog, id);
	const struct category *category;

	*ret_category = value ? value->category_id : 0;
	category = value ? catalog_category(v->app->catalog, value->category_id) : NULL;
	if (!category)
		return visit_text(v, "admin.home.unknown");
	return arena_printf(v->a, "%s · %s", category->title[v->lang], value->title[v->lang]);
}

static int tables_show(struct visit *v, const struct period *p)
{
	struct value *by_value = value_list(v->a);
	struct value *by_category = value_list(v->a);
	struct stats_line *lines;
	struct share *shares;
	size_t share_count = 0;
	size_t count;
	int64_t whole = 0;
	int const rc = stats_by_value(v->db, v->a, p->first, p->last, &lines, &count);

	if (rc)
		return rc;
	shares = arena_array(v->a, count, sizeof(*shares));
	for (size_t i = 0; i < count; i++)
		whole += lines[i].sums.revenue.kop;
	for (size_t i = 0; i < count; i++) {
		int64_t category_id;
		const char *title = value_title(v, lines[i].of, &category_id);

		line_add(v, by_value, title, &lines[i].sums, whole);
		share_add(shares, &share_count, category_id, &lines[i].sums);
	}
	qsort(shares, share_count, sizeof(*shares), share_compare);
	for (size_t i = 0; i < share_count; i++) {
		const struct category *category = catalog_category(v->app->catalog,
								   shares[i].category_id);

		line_add(v, by_category,
			 category ? category->title[v->lang]
				  : visit_text(v, "admin.home.unknown"),
			 &shares[i].sums, whole);
	}
	value_set(v->data, "by_value", by_value);
	value_set(v->data, "by_category", by_category);
	return OK;
}

int home_sales(struct visit *v, const struct period *p)
{
	int rc = figures_show(v, p);

	if (!rc)
		rc = charts_show(v, p);
	return rc ? rc : tables_show(v, p);
}
