/*
 * stats_test.h: orders and payments of many days for the tests of statistics, and the plain
 * sums over every row that the counted ones must be equal to.
 */
#ifndef KARTKA_STATS_TEST_H
#define KARTKA_STATS_TEST_H

#include "shared/base/clock.h"
#include "tests/db/shop.h"

#define ZONE "Europe/Kyiv"
#define HOUR (3600 * CLOCK_SECOND)
#define AT(seconds) "UTC_TIMESTAMP(6) - INTERVAL " seconds " SECOND"

/* In ZONE, two values without a code. */
void stats_begin(struct db_test *t, struct shop *s);
void stats_second_value(struct db_test *t);

/*
 * So many orders in the seconds from `begins` (SQL) on; half of them paid, each a while after
 * it was opened, some of these accepted by a person later.
 */
void stats_orders(struct db_test *t, const char *begins, int seconds, int count);
/* The money of payments `which` (a condition on p) goes back `at`. */
void stats_returns(struct db_test *t, const char *at, const char *which);

/* Count until nothing is left; count once. */
void stats_turns(struct db *db);
void stats_one_turn(struct db *db);

/* Every day and hour, every range's buyers are what the rows say. */
void stats_check(struct db_test *t, int64_t first, int64_t last);
void stats_check_days(struct db_test *t, int days); /* up to today */

#endif
