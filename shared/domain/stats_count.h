/*
 * stats_count.h: sales counted by the hour and the day of the shop's zone, for the panel.
 *
 * The tables stats_… are made of orders and payments and can be made again at any time.  A
 * turn counts the hours since the last one anew, and the earlier hours whose orders were paid
 * or decided about meanwhile, in one transaction that holds the one row of stats_state: so it
 * may be killed, run twice, or by several workers at once.  What a turn can't see (a
 * transaction that was open for over a minute, a chargeback) the next night finds, when the
 * last two months are counted anew, a day at a time.
 *
 * The process's zone (clock_set_zone) must be `zone`; another one than last time counts
 * everything anew.
 */
#ifndef KARTKA_STATS_COUNT_H
#define KARTKA_STATS_COUNT_H

#include "shared/platform/db.h"

struct stats_turn {
	bool busy;   /* somebody else is counting just now, so nothing was done */
	bool more;   /* days are left to be counted anew: one a turn */
	int64_t day; /* the day that was counted anew; 0: none was */
};
int stats_turn(struct db *db, const char *zone, struct stats_turn *ret) MUST_CHECK;

/*
 * From now on every day is counted anew, by the next turns, whoever makes them.  ERR_CONFLICT:
 * somebody is counting just now; ask again.
 */
int stats_rebuild(struct db *db, const char *zone) MUST_CHECK;

#endif
