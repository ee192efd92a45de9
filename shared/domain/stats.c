#include "shared/domain/stats.h"

int stats_now(struct db *db, struct stats_now *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *c;
	int const rc = db_one(db, &a,
			      "SELECT (SELECT COUNT(*) FROM orders WHERE state = 'pending'), "
			      "(SELECT COUNT(*) FROM orders WHERE state = 'paid'), "
			      "(SELECT COUNT(*) FROM payments WHERE state = 'review'), "
			      "d.n, d.kop, "
			      "(SELECT COUNT(*) FROM orders WHERE ask_at < UTC_TIMESTAMP(6) - "
			      "INTERVAL 1 MINUTE) FROM (SELECT COUNT(*) n, "
			      "CAST(COALESCE(SUM(total_kop), 0) AS SIGNED) kop FROM orders "
			      "FORCE INDEX (orders_created) WHERE created_at > "
			      "UTC_TIMESTAMP(6) - INTERVAL 1 DAY AND state = 'delivered') d",
			      NO_PARAMS, &c);

	if (!rc)
		*ret = (struct stats_now){ c[0].number, c[1].number,	    c[2].number,
					   c[3].number, MONEY(c[4].number), c[5].number };
	return rc;
}
