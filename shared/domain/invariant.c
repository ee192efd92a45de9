#include "shared/domain/invariant.h"

#include "shared/base/limits.h"

enum { RECENT_DAYS = 2, HOURS = 24 };

/* What some of the rules go through, by id: they ask about ids above the first ?, up to the
 * second. */
#define ORDERS_PART "o.id > ? AND o.id <= ?"
#define CODES_PART "c.id > ? AND c.id <= ?"

/* clang-format off */
static const struct invariant invariants[] = {
	{ "sold_code_has_order", "a sold code belongs to an order that was paid",
	  "SELECT CONCAT('code ', c.id) FROM card_codes c LEFT JOIN orders o ON o.id = c.order_id "
	  "WHERE " CODES_PART " AND c.state = 'sold' AND (o.id IS NULL OR o.state IN ('pending', 'expired', 'cancelled', 'paid')) LIMIT 10",
	  INVARIANT_CODES },
	{ "delivered_order_is_whole", "a delivered order has exactly its quantity of codes",
	  "SELECT CONCAT('order ', o.number, ': ', COUNT(c.id), ' of ', o.quantity) FROM orders o "
	  "LEFT JOIN card_codes c ON c.order_id = o.id AND c.state = 'sold' "
	  "WHERE " ORDERS_PART " AND o.state = 'delivered' GROUP BY o.id, o.number, o.quantity HAVING COUNT(c.id) <> o.quantity LIMIT 10",
	  INVARIANT_ORDERS },
	{ "code_matches_order_value", "a code is of the value its order bought",
	  "SELECT CONCAT('code ', c.id, ' order ', o.number) FROM orders o JOIN card_codes c ON c.order_id = o.id "
	  "WHERE " ORDERS_PART " AND c.value_id <> o.value_id LIMIT 10",
	  INVARIANT_ORDERS },
	{ "waiting_order_has_no_codes", "an order that waits holds no codes",
	  "SELECT CONCAT('order ', o.number) FROM orders o JOIN card_codes c ON c.order_id = o.id "
	  "WHERE o.state = 'paid' LIMIT 10",
	  INVARIANT_INDEXED },
	{ "ended_order_has_no_codes", "an order that expired or was cancelled holds no codes",
	  "SELECT CONCAT('order ', o.number) FROM orders o JOIN card_codes c ON c.order_id = o.id "
	  "WHERE " ORDERS_PART " AND o.state IN ('expired', 'cancelled') LIMIT 10",
	  INVARIANT_ORDERS },
	{ "reserved_code_has_pending_order", "a reserved code belongs to a pending order",
	  "SELECT CONCAT('code ', c.id) FROM card_values v JOIN card_codes c FORCE INDEX (card_codes_shelf) "
	  "ON c.value_id = v.id AND c.state = 'reserved' LEFT JOIN orders o ON o.id = c.order_id "
	  "WHERE o.id IS NULL OR o.state <> 'pending' LIMIT 10",
	  INVARIANT_INDEXED },
	{ "pending_order_has_its_codes", "a pending order holds exactly its quantity of codes",
	  "SELECT CONCAT('order ', o.number) FROM orders o "
	  "LEFT JOIN card_codes c ON c.order_id = o.id AND c.state = 'reserved' "
	  "WHERE o.state = 'pending' GROUP BY o.id, o.number, o.quantity HAVING COUNT(c.id) <> o.quantity LIMIT 10",
	  INVARIANT_INDEXED },
	{ "free_code_has_no_order", "a code on the shelf belongs to nobody",
	  "SELECT CONCAT('code ', c.id) FROM card_codes c WHERE " CODES_PART " AND c.state = 'available' AND c.order_id IS NOT NULL LIMIT 10",
	  INVARIANT_CODES },
	{ "reservation_ends", "no order is pending an hour after twice its time",
	  "SELECT CONCAT('order ', number) FROM orders WHERE state = 'pending' AND "
	  "UTC_TIMESTAMP(6) > expires_at + INTERVAL TIMESTAMPDIFF(SECOND, created_at, expires_at) + 3600 SECOND LIMIT 10",
	  INVARIANT_INDEXED },
	{ "paid_order_has_payment", "a paid order has exactly one payment that paid it",
	  "SELECT CONCAT('order ', o.number, ': ', COUNT(p.id)) FROM orders o "
	  "LEFT JOIN payments p ON p.order_id = o.id AND p.applied = 1 AND p.kind = 'payment' "
	  "WHERE " ORDERS_PART " AND o.state IN ('paid', 'delivered', 'refunding', 'refunded', 'disputed') "
	  "GROUP BY o.id, o.number HAVING COUNT(p.id) <> 1 LIMIT 10",
	  INVARIANT_ORDERS },
	{ "unpaid_order_has_no_applied_payment", "an order that is not paid has no payment that paid it",
	  "SELECT CONCAT('order ', o.number) FROM orders o JOIN payments p ON p.order_id = o.id "
	  "WHERE " ORDERS_PART " AND p.applied = 1 AND o.state IN ('pending', 'expired', 'cancelled') LIMIT 10",
	  INVARIANT_ORDERS },
	{ "payment_covers_order", "the payment that paid an order is not less than its total, unless a person took it",
	  "SELECT CONCAT('order ', o.number) FROM orders o JOIN payments p ON p.order_id = o.id "
	  "WHERE " ORDERS_PART " AND p.applied = 1 AND p.amount_kop < o.total_kop "
	  "AND NOT (p.reason IN ('short', 'twin') AND p.state = 'resolved') AND p.reason <> 'chargeback' LIMIT 10",
	  INVARIANT_ORDERS },
	{ "refund_within_payment", "no more goes back than was paid",
	  "SELECT CONCAT('payment ', p.id, ': ', SUM(r.amount_kop), ' of ', p.amount_kop) FROM refunds r "
	  "JOIN payments p ON p.id = r.payment_id WHERE r.state <> 'refused' "
	  "GROUP BY p.id, p.amount_kop, p.kind, p.order_id HAVING SUM(r.amount_kop) > p.amount_kop OR p.kind <> 'payment' "
	  "OR SUM(r.order_id <> p.order_id) > 0 LIMIT 10",
	  INVARIANT_INDEXED },
	{ "refund_open_is_marked", "a refund under way holds its order's place, one that is over does not",
	  "SELECT CONCAT('refund ', id) FROM refunds WHERE "
	  "(state IN ('pending', 'sent')) <> (open_order_id IS NOT NULL) OR open_order_id <> order_id LIMIT 10",
	  INVARIANT_INDEXED },
	{ "refunding_order_has_refund", "an order that is being refunded has a whole refund under way, and only such a one",
	  "(SELECT CONCAT('order ', o.number) FROM orders o LEFT JOIN refunds r ON r.open_order_id = o.id "
	  "WHERE o.state = 'refunding' AND COALESCE(r.whole, 0) = 0) UNION ALL "
	  "(SELECT CONCAT('order ', o.number) FROM refunds r JOIN orders o ON o.id = r.open_order_id "
	  "WHERE r.open_order_id IS NOT NULL AND r.whole = 1 AND o.state <> 'refunding') LIMIT 10",
	  INVARIANT_INDEXED },
	{ "done_refund_is_booked", "a refund that is done is a row of money back of its sum, and no other is",
	  "SELECT CONCAT('refund ', r.id) FROM refunds r LEFT JOIN payments p ON p.id = r.return_id "
	  "WHERE (r.state = 'done') <> (p.id IS NOT NULL) OR p.kind <> 'return' OR p.amount_kop <> r.amount_kop "
	  "OR p.order_id <> r.order_id LIMIT 10",
	  INVARIANT_INDEXED },
	{ "refunded_order_money_is_back", "a refunded order's money went back whole",
	  "SELECT CONCAT('order ', o.number) FROM orders o JOIN payments p ON p.order_id = o.id AND p.applied = 1 "
	  "LEFT JOIN payments b ON b.order_id = o.id AND b.kind = 'return' WHERE o.state = 'refunded' "
	  "GROUP BY o.id, o.number, p.id, p.amount_kop HAVING COALESCE(SUM(b.amount_kop), 0) < p.amount_kop LIMIT 10",
	  INVARIANT_INDEXED },
	{ "refunded_order_has_no_sold_codes", "a refunded order's codes are defective",
	  "SELECT CONCAT('code ', c.id, ' order ', o.number) FROM orders o JOIN card_codes c ON c.order_id = o.id "
	  "WHERE o.state = 'refunded' AND c.state <> 'defective' LIMIT 10",
	  INVARIANT_INDEXED },
	{ "refund_moves", "no refund is under way for more than a day",
	  "SELECT CONCAT('refund ', id, ' ', state, ' ', last_error) FROM refunds WHERE open_order_id IS NOT NULL "
	  "AND created_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY LIMIT 10",
	  INVARIANT_INDEXED },
	{ "replaced_code_is_defective", "a code that was replaced is defective and no order's",
	  "SELECT CONCAT('code ', c.id) FROM code_replacements r JOIN card_codes c ON c.id = r.old_code_id "
	  "WHERE c.state <> 'defective' OR c.order_id IS NOT NULL LIMIT 10",
	  INVARIANT_INDEXED },
	{ "replacement_is_the_order_s", "a code that replaced another is of the same value and in its order, or was replaced itself",
	  "SELECT CONCAT('code ', n.id) FROM code_replacements r JOIN card_codes n ON n.id = r.new_code_id "
	  "JOIN card_codes c ON c.id = r.old_code_id LEFT JOIN code_replacements later ON later.old_code_id = n.id "
	  "WHERE n.value_id <> c.value_id OR (later.id IS NULL AND "
	  "(n.order_id IS NULL OR n.order_id <> r.order_id OR n.slot <> r.slot OR n.state NOT IN ('sold', 'defective'))) LIMIT 10",
	  INVARIANT_INDEXED },
	{ "delivered_order_is_told", "a delivered order has its message in the outbox",
	  "SELECT CONCAT('order ', o.number) FROM orders o WHERE " ORDERS_PART " AND o.state = 'delivered' AND NOT EXISTS "
	  "(SELECT 1 FROM outbox m WHERE m.order_id = o.id AND m.kind = 'delivered') LIMIT 10",
	  INVARIANT_ORDERS },
	{ "unpaid_order_is_asked", "a pending order has a time at which the gateway is asked",
	  "SELECT CONCAT('order ', number) FROM orders WHERE state = 'pending' AND ask_at IS NULL LIMIT 10",
	  INVARIANT_INDEXED },
	{ "outbox_moves", "no message of an order is due for more than five minutes",
	  "SELECT CONCAT('message ', id, ' ', kind) FROM outbox WHERE state = 'pending' AND priority <= 2 AND "
	  "not_before < UTC_TIMESTAMP(6) - INTERVAL 5 MINUTE LIMIT 10",
	  INVARIANT_INDEXED },
	{ "bonus_balance_not_negative", "nobody spent more bonuses than were earned",
	  "SELECT CONCAT('user ', user_id) FROM bonus_entries GROUP BY user_id HAVING SUM(amount_kop) < 0 LIMIT 10",
	  INVARIANT_INDEXED },
};
/* clang-format on */

size_t invariant_count(void)
{
	return COUNT(invariants);
}

const struct invariant *invariant_at(size_t n)
{
	return &invariants[n];
}

/* ---- part by part ---- */

/* Ids above `from`, up to `to`. */
struct span {
	int64_t from;
	int64_t to;
};

static const char *const last_id[] = {
	[INVARIANT_INDEXED] = NULL,
	[INVARIANT_ORDERS] = "SELECT COALESCE(MAX(id), 0) FROM orders",
	[INVARIANT_CODES] = "SELECT COALESCE(MAX(id), 0) FROM card_codes",
};
_Static_assert(COUNT(last_id) == INVARIANT_WALK__COUNT, "a table for every walk");

static int number_read(struct db *db, const char *sql, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a, sql, NO_PARAMS, &row);

	if (!rc)
		*ret = row[0].number;
	return rc;
}

/* Up to the first offenders, in statements that take a fraction of a second each. */
static int span_check(struct db *db, struct arena *a, const struct invariant *inv,
		      struct span span, struct db_rows *ret)
{
	int rc = OK;

	while (!rc && span.from < span.to && !ret->count) {
		int64_t const end = span.to - span.from > INVARIANT_PART
					    ? span.from + INVARIANT_PART
					    : span.to;

		rc = db_query(db, a, inv->sql, PARAMS(P(span.from), P(end)), ret);
		span.from = end;
	}
	return rc;
}

int invariant_check(struct db *db, struct arena *a, const struct invariant *inv,
		    struct db_rows *ret)
{
	struct span all = { 0, 0 };
	int rc;

	*ret = (struct db_rows){ 0 };
	if (inv->walk == INVARIANT_INDEXED)
		return db_query(db, a, inv->sql, NO_PARAMS, ret);
	rc = number_read(db, last_id[inv->walk], &all.to);
	return rc ? rc : span_check(db, a, inv, all, ret);
}

/* The orders of the last days.  Codes are sold in another order than they were numbered in. */
static int recent_from(struct db *db, const struct span *all, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT id FROM orders FORCE INDEX (orders_created) "
			      "WHERE created_at > UTC_TIMESTAMP(6) - INTERVAL ? DAY "
			      "ORDER BY created_at LIMIT 1",
			      PARAMS(P(RECENT_DAYS)), &row);

	if (!rc)
		*ret = row[0].number - 1;
	if (rc == ERR_NOT_FOUND)
		*ret = all->to;
	return rc == ERR_NOT_FOUND ? OK : rc;
}

int invariant_check_hourly(struct db *db, struct arena *a, const struct invariant *inv,
			   int64_t hour, struct db_rows *ret)
{
	struct span all = { 0, 0 };
	struct span recent;
	struct span share;
	int rc;

	if (inv->walk == INVARIANT_INDEXED)
		return invariant_check(db, a, inv, ret);
	*ret = (struct db_rows){ 0 };
	if ((rc = number_read(db, last_id[inv->walk], &all.to)))
		return rc;
	hour %= HOURS;
	share = (struct span){ all.to * hour / HOURS, all.to * (hour + 1) / HOURS };
	recent = (struct span){ all.to, all.to };
	if (inv->walk == INVARIANT_ORDERS)
		rc = recent_from(db, &all, &recent.from);
	if (!rc)
		rc = span_check(db, a, inv, recent, ret);
	if (!rc && !ret->count)
		rc = span_check(db, a, inv, share, ret);
	return rc;
}
