/*
 * chart.h: a line or bars as SVG, with the numbers under it as a table.  C computes where
 * things stand; templates/admin/chart/ draws.  Widths are per cent and texts keep their size,
 * so one drawing fits a phone and a desk.
 *
 *	value_set(v->data, "revenue", chart_new(v, &(struct chart){ .kind = CHART_LINE,
 *		.title = …, .label = …, .number = …, .points = points, .count = n,
 *		.show = show_money }));
 *	in the template: {{#revenue}}{{>chart/chart}}{{/revenue}}
 */
#ifndef KARTKA_ADMIN_CHART_H
#define KARTKA_ADMIN_CHART_H

#include "fcgi/admin/visit.h"

enum chart_kind { CHART_LINE, CHART_BARS };

struct chart_point {
	const char *label; /* "24 Nov" */
	int64_t value;	   /* negative ones are drawn as 0 */
};

struct chart {
	enum chart_kind kind;
	const char *title; /* text, so the next two: headings of the table */
	const char *label;
	const char *number;
	const struct chart_point *points;
	size_t count;
	const char *(*show)(const struct visit *v, int64_t value); /* NULL: visit_number() */
};

/* No points, or all 0: an object without a drawing, "is_empty". */
struct value *chart_new(struct visit *v, const struct chart *chart);

/* The scale's top: 1, 2 or 5 times a power of ten, at least n.  For the tests. */
int64_t chart_top(int64_t n);

#endif
