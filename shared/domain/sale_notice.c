#include "shared/domain/sale_notice.h"

#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"

enum {
	GAP_S = 15,   /* between two messages; a group takes twenty a minute */
	COMMIT_S = 2, /* a payment is there so long after its own time */
};

struct telling {
	const char *lease;
	int64_t owner;
	const char *noted;
	bool told;
};

struct sales {
	int64_t count;
	int64_t kop;
	int64_t order_id; /* of the first */
};

static int sales_find(struct db *db, struct arena *a, int64_t from, int64_t to,
		      struct sales *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT COUNT(*), CAST(COALESCE(SUM(amount_kop), 0) AS SIGNED), "
			      "COALESCE(MIN(order_id), 0) FROM payments "
			      "FORCE INDEX (payments_received) WHERE received_at > ? AND "
			      "received_at <= ? AND kind = 'payment' AND applied = 1",
			      PARAMS(P_TIME(from), P_TIME(to)), &row);

	if (!rc)
		*ret = (struct sales){ row[0].number, row[1].number, row[2].number };
	return rc;
}

static int sales_write(struct db *db, struct arena *a, const struct sales *s, int64_t to)
{
	struct outbox_message message = {
		.fact = arena_printf(a, "sales:%lld", (long long)to),
		.kind = OUTBOX_ALERT,
		.priority = OUTBOX_ALERTS,
		.order_id = s->order_id,
		.data = "{\"what\":\"sold\"}",
	};

	if (s->count > 1) {
		message.order_id = 0;
		message.data = arena_printf(
			a, "{\"what\":\"sold_many\",\"orders\":%lld,\"kop\":%lld}",
			(long long)s->count, (long long)s->kop);
	}
	return outbox_add(db, &message);
}

static int tell(struct db *db, void *data)
{
	struct telling *t = data;
	AUTO_ARENA(a);
	const struct db_cell *row;
	struct sales sales = { 0 };
	int64_t from;
	int64_t to;
	int rc;

	t->told = false;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = db_one(db, &a, "SELECT UTC_TIMESTAMP(6) - INTERVAL ? SECOND",
					 PARAMS(P(COMMIT_S)), &row)))
		return rc;
	to = row[0].number;
	if (!parse_int(t->noted, 0, to, &from)) {
		if (to < from + GAP_S * CLOCK_SECOND)
			return OK;
		rc = sales_find(db, &a, from, to, &sales);
		if (rc || !sales.count)
			return rc;
		rc = sales_write(db, &a, &sales, to);
	}
	if (rc ||
	    (rc = lease_note(db, t->lease, t->owner,
			     arena_printf(&a, "%lld", (long long)to))) ||
	    (rc = db_tx_commit(&tx)))
		return rc;
	t->told = sales.count > 0;
	return OK;
}

int sale_notice_tell(struct db *db, const char *lease, int64_t owner, const char *noted,
		     bool *ret)
{
	struct telling t = { .lease = lease, .owner = owner, .noted = noted };
	int const rc = db_retry(db, tell, &t);

	if (!rc)
		*ret = t.told;
	return rc;
}
