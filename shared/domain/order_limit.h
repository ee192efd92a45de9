/*
 * order_limit.h: nobody keeps codes from others by opening payment pages: a person has so
 * many open orders and reserved codes at most, and pauses after orders left unpaid, longer
 * each time.
 */
#ifndef KARTKA_ORDER_LIMIT_H
#define KARTKA_ORDER_LIMIT_H

#include "shared/platform/db.h"

/* 0 anywhere: no such limit. */
struct order_limits {
	int64_t open_orders;
	int64_t reserved_codes;
	int64_t unpaid_free; /* so many orders in a row may run out of time without a pause */
	int64_t unpaid_pause_s; /* then so long, doubled by each further one */
	int64_t order_ttl;	/* seconds a reservation lives; 0: as ORDER_TTL says */
};

/* As the settings limit_* say, else LIMIT_* of limits.h. */
int order_limits_read(struct db *db, struct arena *a, struct order_limits *ret) MUST_CHECK;

enum limit_verdict { LIMIT_PASS, LIMIT_OPEN, LIMIT_PAUSE };

/* What somebody wants to open; orders of the same message, which it replaces, don't count. */
struct limit_wish {
	int64_t user_id;
	int64_t chat_id;
	int64_t message_id;
	int64_t value_id;
	int quantity;
};

struct limit_judgement {
	enum limit_verdict verdict;
	int64_t wait_s;	   /* of LIMIT_PAUSE: seconds until the pause is over */
	int64_t *replaced; /* orders of the same message, pending when looked at */
	size_t replaced_count;
};

/*
 * In the transaction of the opening: the person's row is locked, so two openings at once are
 * judged one after the other.
 */
int order_limit_judge(struct db *db, struct arena *a, const struct limit_wish *wish,
		      const struct order_limits *limits,
		      struct limit_judgement *ret) MUST_CHECK;

#endif
