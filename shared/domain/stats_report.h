/*
 * stats_report.h: what stats_count.h has counted.  Days are numbers (clock_day_of); ranges
 * hold both their ends.  Every question reads some hundred rows, at any number of orders.
 */
#ifndef KARTKA_STATS_REPORT_H
#define KARTKA_STATS_REPORT_H

#include "shared/platform/db.h"

struct stats_sums {
	int64_t made;	   /* orders opened */
	int64_t made_paid; /* of these, paid by now */
	int64_t paid;	   /* orders paid, whenever they were opened */
	int64_t codes;	   /* in those */
	struct money revenue;
	int64_t refunds; /* times money went back */
	struct money refund;
};

/* When the numbers were true; 0: the first count is not done yet. */
int stats_as_of(struct db *db, int64_t *ret) MUST_CHECK;

/* The first day there was anything of; 0: none yet. */
int stats_first_day(struct db *db, int64_t *ret) MUST_CHECK;

/* Days first … last, and of `last` only the hours before `hours` (0: all of it). */
struct stats_range {
	int64_t first;
	int64_t last;
	int64_t hours;
};
int stats_total(struct db *db, const struct stats_range *range,
		struct stats_sums *ret) MUST_CHECK;

/* What there was anything of, in order: nothing stands for nothing. */
struct stats_line {
	int64_t of; /* the day, the hour of the day, or the value's id */
	struct stats_sums sums;
};
int stats_by_day(struct db *db, struct arena *a, int64_t first, int64_t last,
		 struct stats_line **ret, size_t *ret_count) MUST_CHECK;
int stats_by_hour(struct db *db, struct arena *a, int64_t day, struct stats_line **ret,
		  size_t *ret_count) MUST_CHECK;
/* The most revenue first. */
int stats_by_value(struct db *db, struct arena *a, int64_t first, int64_t last,
		   struct stats_line **ret, size_t *ret_count) MUST_CHECK;

/* Different people who bought: those who never had before the range, and the others. */
struct stats_buyers {
	int64_t fresh;
	int64_t returning;
};
int stats_buyers(struct db *db, int64_t first, int64_t last,
		 struct stats_buyers *ret) MUST_CHECK;

#endif
