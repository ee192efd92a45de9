#include "fcgi/admin/chart.h"

/* In px from the top; the plot lies between them. */
enum { PLOT_TOP = 20, PLOT_HEIGHT = 148, LABELS_AT = 188, HEIGHT = 196 };

/* Inside the plot, where a path can't be in per cent. */
enum { UNITS = 1000, TICKS = 2, LABELS_MAX = 6, BAR_SHARE = 70 };

#define SUMS_MAX INT64_C(4000000000000000000)

int64_t chart_top(int64_t n)
{
	static const int64_t steps[] = { 1, 2, 5 };

	for (int64_t power = 1; power < SUMS_MAX / 10; power *= 10)
		for (size_t i = 0; i < COUNT(steps); i++)
			if (steps[i] * power >= n)
				return steps[i] * power;
	return n;
}

static int64_t value_of(const struct chart_point *p)
{
	return p->value > 0 ? p->value : 0;
}

static int64_t largest(const struct chart *c)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->count; i++)
		if (value_of(&c->points[i]) > n)
			n = value_of(&c->points[i]);
	return n;
}

static const char *show(const struct visit *v, const struct chart *c, int64_t value)
{
	return c->show ? c->show(v, value) : visit_number(v, value);
}

/* Share of the plot's height, in `of` units. */
static double height(int64_t value, int64_t top, int of)
{
	return (double)value / (double)top * of;
}

/* The middle of the i-th point's place, in per cent of the width. */
static double middle(const struct chart *c, size_t i)
{
	if (c->kind == CHART_BARS)
		return ((double)i + 0.5) * 100 / (double)c->count;
	return c->count > 1 ? (double)i * 100 / (double)(c->count - 1) : 50;
}

static const char *percent(struct visit *v, double p)
{
	return arena_printf(v->a, "%.2f%%", p);
}

/* ---- pieces ---- */

static struct value *ticks_new(struct visit *v, const struct chart *c, int64_t top)
{
	struct value *list = value_list(v->a);

	for (int i = 0; i <= TICKS; i++) {
		struct value *tick = value_object(v->a);
		int const y = PLOT_TOP + PLOT_HEIGHT - PLOT_HEIGHT * i / TICKS;
		bool const whole = top % TICKS == 0 || i == 0 || i == TICKS;

		value_set_int(tick, "y", y);
		value_set_int(tick, "text_y", y - 4);
		value_set_text(tick, "text", whole && i ? show(v, c, top * i / TICKS) : "");
		value_push(list, tick);
	}
	return list;
}

/* A few of the points' names: the first, the last, and some between. */
static struct value *labels_new(struct visit *v, const struct chart *c)
{
	struct value *list = value_list(v->a);
	size_t const shown = c->count < LABELS_MAX ? c->count : 3;

	for (size_t k = 0; k < shown; k++) {
		size_t const i = shown > 1 ? k * (c->count - 1) / (shown - 1) : 0;
		struct value *label = value_object(v->a);
		bool const inside = c->kind == CHART_BARS && c->count <= LABELS_MAX;

		value_set_text(label, "x", percent(v, middle(c, i)));
		value_set_text(label, "anchor",
			       inside || c->count == 1 ? "middle"
			       : k == 0		       ? "start"
			       : k == shown - 1	       ? "end"
						       : "middle");
		value_set_text(label, "text", c->points[i].label);
		value_push(list, label);
	}
	return list;
}

static struct value *points_new(struct visit *v, const struct chart *c, int64_t top)
{
	struct value *list = value_list(v->a);
	double const width = 100.0 / (double)c->count;

	for (size_t i = 0; i < c->count; i++) {
		double const h = height(value_of(&c->points[i]), top, PLOT_HEIGHT);
		struct value *point = value_object(v->a);

		value_set_text(point, "label", c->points[i].label);
		value_set_text(point, "shown", show(v, c, c->points[i].value));
		value_set_text(point, "x", percent(v, middle(c, i)));
		value_set_text(point, "left",
			       percent(v, middle(c, i) - width * BAR_SHARE / 200));
		value_set_text(point, "width", percent(v, width * BAR_SHARE / 100));
		value_set_text(point, "y",
			       arena_printf(v->a, "%.1f", PLOT_TOP + PLOT_HEIGHT - h));
		value_set_text(point, "height", arena_printf(v->a, "%.1f", h));
		value_push(list, point);
	}
	return list;
}

static void paths_set(struct visit *v, struct value *o, const struct chart *c, int64_t top)
{
	struct str line = STR(v->a, 64 * (c->count + 4));

	for (size_t i = 0; i < c->count; i++)
		str_addf(&line, "%s%.1f %.1f", i ? "L" : "M", middle(c, i) * UNITS / 100,
			 UNITS - height(value_of(&c->points[i]), top, UNITS));
	value_set_text(o, "line", str_text(&line));
	value_set_text(
		o, "area",
		arena_printf(v->a, "%sL%d %dL0 %dZ", str_text(&line), UNITS, UNITS, UNITS));
}

struct value *chart_new(struct visit *v, const struct chart *c)
{
	struct value *o = value_object(v->a);
	int64_t const most = largest(c);
	int64_t const top = chart_top(most);

	value_set_text(o, "chart_title", c->title);
	value_set_bool(o, "is_empty", !most);
	if (!most)
		return o;
	value_set_text(o, "label_heading", c->label);
	value_set_text(o, "number_heading", c->number);
	value_set_bool(o, "is_line", c->kind == CHART_LINE);
	value_set_int(o, "box_height", HEIGHT);
	value_set_int(o, "labels_y", LABELS_AT);
	value_set_int(o, "plot_y", PLOT_TOP);
	value_set_int(o, "plot_height", PLOT_HEIGHT);
	value_set(o, "ticks", ticks_new(v, c, top));
	value_set(o, "labels", labels_new(v, c));
	value_set(o, "points", points_new(v, c, top));
	paths_set(v, o, c, top);
	return o;
}
