/*
 * stats.h: numbers about the shop, for people.  Not for taps.
 */
#ifndef KARTKA_STATS_H
#define KARTKA_STATS_H

#include "shared/platform/db.h"

struct stats_now {
	int64_t pending; /* orders whose page is open */
	int64_t waiting; /* paid, without codes */
	int64_t reviews; /* payments a person decides about */
	int64_t delivered_today;
	struct money revenue_today; /* of orders delivered in the last 24 h */
	int64_t questions_due; /* orders whose gateway should have been asked a minute ago */
};
int stats_now(struct db *db, struct stats_now *ret) MUST_CHECK;

#endif
