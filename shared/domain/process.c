#include "shared/domain/process.h"

#include "shared/base/limits.h"

enum { SHOWN_S = 3600 /* one that was silent for longer is gone */ };

int process_list(struct db *db, struct arena *a, struct process **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct process *list;
	/* A worker says so in key_holders as well: there it would be twice. */
	int const rc = db_query(
		db, a,
		"SELECT * FROM (SELECT 'worker' program, host, pid, version, started_at, "
		"beat_at, TIMESTAMPDIFF(MICROSECOND, beat_at, UTC_TIMESTAMP(6)) DIV 1000 "
		"silent_ms FROM workers UNION ALL SELECT program, host, pid, version, "
		"started_at, beat_at, TIMESTAMPDIFF(MICROSECOND, beat_at, UTC_TIMESTAMP(6)) "
		"DIV 1000 FROM key_holders WHERE program <> 'worker') p "
		"WHERE silent_ms < ? ORDER BY host, program, pid",
		PARAMS(P(SHOWN_S * INT64_C(1000))), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);
		bool const worker = !strcmp(c[0].text, "worker");

		list[i] = (struct process){
			.program = c[0].text,
			.host = c[1].text,
			.pid = c[2].number,
			.version = c[3].text,
			.started_at = c[4].number,
			.beat_at = c[5].number,
			.silent_s = c[6].number / 1000,
			.fresh = c[6].number < (worker ? HEARTBEAT_FRESH_MS
						       : KEY_HOLDER_DEAD_S * INT64_C(1000)),
		};
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int database_facts(struct db *db, struct arena *a, struct database_facts *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT VERSION(), @@version_comment, UTC_TIMESTAMP(6)",
			      NO_PARAMS, &row);

	if (!rc)
		*ret = (struct database_facts){
			.version = row[0].text,
			.engine = strstr(row[0].text, "MariaDB") ? "MariaDB" : "MySQL",
			.comment = row[1].text,
			.now = row[2].number,
		};
	return rc;
}
