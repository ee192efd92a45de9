#include "shared/domain/order_limit.h"

#include "shared/base/limits.h"
#include "shared/base/parse.h"

enum { LOOK_BACK = 64 }; /* orders; more than anybody may have open, and a bound for the cost */

int order_limits_read(struct db *db, struct arena *a, struct order_limits *ret)
{
	struct order_limits limits = { LIMIT_OPEN_ORDERS, LIMIT_RESERVED_CODES,
				       LIMIT_UNPAID_FREE, LIMIT_UNPAID_PAUSE_S, 0 };
	const struct {
		const char *name;
		int64_t *to;
	} rows[] = { { "limit_open_orders", &limits.open_orders },
		     { "limit_reserved_codes", &limits.reserved_codes },
		     { "limit_unpaid_free", &limits.unpaid_free },
		     { "limit_unpaid_pause", &limits.unpaid_pause_s },
		     { "limit_order_ttl", &limits.order_ttl } };
	struct db_rows found;
	int const rc = db_query(db, a,
				"SELECT name, value FROM settings "
				"WHERE name >= 'limit_' AND name < 'limit`'",
				NO_PARAMS, &found);

	for (size_t i = 0; !rc && i < found.count; i++)
		for (size_t k = 0; k < COUNT(rows); k++)
			/* A value that is none of ours leaves the default. */
			if (!strcmp(db_row(&found, i)[0].text, rows[k].name))
				(void)!parse_int(db_row(&found, i)[1].text, 0, INT32_MAX,
						 rows[k].to);
	if (!rc)
		*ret = limits;
	return rc;
}

/* ---- the person's latest orders ---- */

struct tally {
	int64_t open_orders;
	int64_t reserved_codes;
	int64_t unpaid;	    /* in a row, the latest ones */
	int64_t since_last; /* seconds since the latest of them ended */
	int64_t *replaced;
	size_t replaced_count;
};

/*
 * A message that answered a typed text has no known number before a key of it is pressed: an
 * order from there is told from others by its value.
 */
static bool is_replaced(const struct db_cell *c, const struct limit_wish *wish)
{
	int64_t const message_id = c[4].number;

	if (c[3].number != wish->chat_id)
		return false;
	return message_id ? message_id == wish->message_id : c[5].number == wish->value_id;
}

static void tally_add(struct tally *t, const struct db_cell *c, const struct limit_wish *wish,
		      bool *streak)
{
	const char *state = c[0].text;

	if (!strcmp(state, "pending")) {
		if (is_replaced(c, wish)) {
			t->replaced[t->replaced_count++] = c[6].number;
			return;
		}
		t->open_orders++;
		t->reserved_codes += c[1].number;
	} else if (!strcmp(state, "expired")) {
		if (!*streak)
			return;
		if (!t->unpaid++)
			t->since_last = c[2].number;
	} else if (strcmp(state, "cancelled") != 0) {
		/* Something was paid: what lay before is forgiven. */
		*streak = false;
	}
}

static int tally_make(struct db *db, struct arena *a, const struct limit_wish *wish,
		      struct tally *ret)
{
	struct db_rows rows;
	bool streak = true;
	/* Left to itself the server may look for a frequent buyer's in everybody's orders. */
	int const rc = db_query(
		db, a,
		"SELECT state, quantity, "
		"TIMESTAMPDIFF(SECOND, ended_at, UTC_TIMESTAMP(6)), chat_id, "
		"message_id, value_id, id FROM orders FORCE INDEX (orders_user) "
		"WHERE user_id = ? ORDER BY id DESC LIMIT ?",
		PARAMS(P(wish->user_id), P(LOOK_BACK)), &rows);

	*ret = (struct tally){ .since_last = 0 };
	if (!rc)
		ret->replaced = arena_array(a, rows.count, sizeof(*ret->replaced));
	for (size_t i = 0; !rc && i < rows.count; i++)
		tally_add(ret, db_row(&rows, i), wish, &streak);
	return rc;
}

static int64_t pause_after(const struct order_limits *limits, int64_t unpaid)
{
	int64_t pause = limits->unpaid_pause_s;

	for (int64_t n = limits->unpaid_free; n < unpaid && pause < LIMIT_UNPAID_PAUSE_MAX_S;
	     n++)
		pause *= 2;
	return pause < LIMIT_UNPAID_PAUSE_MAX_S ? pause : LIMIT_UNPAID_PAUSE_MAX_S;
}

int order_limit_judge(struct db *db, struct arena *a, const struct limit_wish *wish,
		      const struct order_limits *limits, struct limit_judgement *ret)
{
	const struct db_cell *row;
	struct tally tally;
	int rc = db_one(db, a, "SELECT id FROM users WHERE id = ? FOR UPDATE",
			PARAMS(P(wish->user_id)), &row);

	*ret = (struct limit_judgement){ .verdict = LIMIT_PASS };
	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc || (rc = tally_make(db, a, wish, &tally)))
		return rc;
	ret->replaced = tally.replaced;
	ret->replaced_count = tally.replaced_count;
	if ((limits->open_orders && tally.open_orders >= limits->open_orders) ||
	    (limits->reserved_codes &&
	     tally.reserved_codes + wish->quantity > limits->reserved_codes)) {
		ret->verdict = LIMIT_OPEN;
		return OK;
	}
	if (!limits->unpaid_free || !limits->unpaid_pause_s ||
	    tally.unpaid < limits->unpaid_free)
		return OK;
	ret->wait_s = pause_after(limits, tally.unpaid) - tally.since_last;
	if (ret->wait_s > 0)
		ret->verdict = LIMIT_PAUSE;
	return OK;
}
