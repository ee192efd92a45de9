/*
 * home.h: the pieces of the panel's first page.
 *
 *	home_period.c	which days are shown, and what they are compared with
 *	home_sales.c	their figures, charts and tables
 *	home_needs.c	what waits for a person
 *	home_shelf.c	how long the stock lasts
 */
#ifndef KARTKA_ADMIN_HOME_H
#define KARTKA_ADMIN_HOME_H

#include "fcgi/admin/visit.h"

#include "shared/domain/catalog.h"
#include "shared/domain/shelf.h"
#include "shared/domain/stats_report.h"

struct period {
	int64_t first; /* days (clock_day_of) */
	int64_t last;
	int64_t today;
	int64_t now;
	/* As many days before these; of the last one only as much as of today is over. */
	struct stats_range before;
	bool chosen; /* by two dates, not by a button */
};

/* From the query: days=1|7|30|90, or from and to.  What is no such thing is the last week. */
struct period period_read(const struct visit *v);
/* The buttons and the two fields. */
void period_show(struct visit *v, const struct period *p);

/* "24.11", "24 Nov". */
const char *period_day(const struct visit *v, int64_t day);

int home_sales(struct visit *v, const struct period *p) MUST_CHECK;
int home_shelf(struct visit *v, const struct shelf *list, size_t count) MUST_CHECK;
int home_needs(struct visit *v, const struct shelf *shelves, size_t count) MUST_CHECK;

/* "63 %", "63%"; "–" of nothing. */
const char *home_percent(const struct visit *v, int64_t part, int64_t whole);

#endif
