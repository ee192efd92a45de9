#include "fcgi/admin/home.h"

#include "fcgi/admin/chart.h"
#include "shared/base/clock.h"

#define NO_BREAK_SPACE "\xC2\xA0"

/* Longer ranges are drawn by the week, and by four. */
enum { POINTS_MAX = 62, WEEK = 7, MONTH = 28 };

/* The others are folded away. */
enum { VALUES_SHOWN = 8 };

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

/* What the figures are made of, of one range. */
struct facts {
	struct stats_sums sums;
	struct stats_buyers buyers;
	bool has_buyers; /* to be compared: they are counted by whole days */
};

static int facts_read(struct db *db, const struct stats_range *range, struct facts *ret)
{
	int const rc = stats_total(db, range, &ret->sums);

	ret->has_buyers = range->first < range->last || !range->hours;
	return rc ? rc : stats_buyers(db, range->first, range->last, &ret->buyers);
}

static void money_figure(struct visit *v, struct value *list, const char *label, int64_t now,
			 const int64_t *before)
{
	figure_add(v, list,
		   &(struct figure){ .label = label,
				     .shown = visit_money(v, MONEY(now)),
				     .was = before ? visit_money(v, MONEY(*before)) : NULL,
				     .now = now,
				     .before = before ? *before : 0 });
}

static void number_figure(struct visit *v, struct value *list, const char *label, int64_t now,
			  const int64_t *before)
{
	figure_add(v, list,
		   &(struct figure){ .label = label,
				     .shown = visit_number(v, now),
				     .was = before ? visit_number(v, *before) : NULL,
				     .now = now,
				     .before = before ? *before : 0 });
}

/* was: NULL when there is nothing to compare with. */
static void figures_add(struct visit *v, struct value *list, const struct facts *now,
			const struct facts *was)
{
	const struct stats_sums *sums = &now->sums;
	const struct stats_sums *then = was ? &was->sums : NULL;
	int64_t const mean = then ? average(then) : 0;

	money_figure(v, list, "admin.home.revenue", sums->revenue.kop,
		     then ? &then->revenue.kop : NULL);
	number_figure(v, list, "admin.home.paid", sums->paid, then ? &then->paid : NULL);
	figure_add(v, list,
		   &(struct figure){ .label = "admin.home.conversion",
				     .shown = home_percent(v, sums->made_paid, sums->made),
				     .was = then ? home_percent(v, then->made_paid, then->made)
						 : NULL,
				     .share = true });
	money_figure(v, list, "admin.home.average", average(sums), then ? &mean : NULL);
	number_figure(v, list, "admin.home.codes", sums->codes, then ? &then->codes : NULL);
	number_figure(v, list, "admin.home.new_buyers", now->buyers.fresh,
		      was && was->has_buyers ? &was->buyers.fresh : NULL);
	number_figure(v, list, "admin.home.returning", now->buyers.returning,
		      was && was->has_buyers ? &was->buyers.returning : NULL);
	money_figure(v, list, "admin.home.refunded", sums->refund.kop,
		     then ? &then->refund.kop : NULL);
}

static int figures_show(struct visit *v, const struct period *p)
{
	struct stats_range const range = { .first = p->first, .last = p->last };
	struct value *list = value_list(v->a);
	int64_t first_day;
	struct facts now;
	struct facts was;
	bool compared;
	int rc;

	if ((rc = facts_read(v->db, &range, &now)) ||
	    (rc = facts_read(v->db, &p->before, &was)) ||
	    (rc = stats_first_day(v->db, &first_day)))
		return rc;
	/* A shop that was not open for as long before has nothing to be compared with. */
	compared = first_day && first_day <= p->before.first;
	figures_add(v, list, &now, compared ? &was : NULL);
	value_set(v->data, "figures", list);
	value_set_bool(v->data, "compared", compared);
	value_set_text(v->data, "opened",
		       VISIT_TEXT(v, "admin.home.opened", N("n", now.sums.made),
				  A("count", visit_number(v, now.sums.made))));
	value_set_bool(v->data, "sold_any", now.sums.made || now.sums.paid || now.sums.refunds);
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

/* A table has a name that its heading gives it. */
static void tables_set(struct visit *v, struct value *by_category, struct value *by_value,
		       struct value *others, size_t count)
{
	struct value *rest = value_object(v->a);

	value_set(v->data, "by_value", by_value);
	value_set(v->data, "by_category", by_category);
	if (count <= VALUES_SHOWN)
		return;
	value_set_text(rest, "label",
		       VISIT_TEXT(v, "admin.home.more_values", N("n", count - VALUES_SHOWN)));
	value_set(rest, "rows", others);
	value_set(v->data, "rest", rest);
}

static int tables_show(struct visit *v, const struct period *p)
{
	struct value *by_value = value_list(v->a);
	struct value *others = value_list(v->a);
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
		const struct card_value *value = catalog_value(v->app->catalog, lines[i].of);

		line_add(v, i < VALUES_SHOWN ? by_value : others, visit_value(v, value),
			 &lines[i].sums, whole);
		share_add(shares, &share_count, value ? value->category_id : 0, &lines[i].sums);
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
	tables_set(v, by_category, by_value, others, count);
	return OK;
}

int home_sales(struct visit *v, const struct period *p)
{
	int rc = figures_show(v, p);

	if (!rc)
		rc = charts_show(v, p);
	return rc ? rc : tables_show(v, p);
}
