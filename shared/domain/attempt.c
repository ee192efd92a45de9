#include "shared/domain/attempt.h"

enum { WAIT_FIRST_S = 2, WAIT_LONGEST_S = 900 };

int64_t attempt_wait_s(int failures, int allowed)
{
	int64_t wait = WAIT_FIRST_S;

	if (failures < allowed)
		return 0;
	for (int n = allowed; n < failures && wait < WAIT_LONGEST_S; n++)
		wait *= 2;
	return wait < WAIT_LONGEST_S ? wait : WAIT_LONGEST_S;
}

struct beginning {
	const struct attempt *attempt;
	int64_t wait;
};

/* Failures of a name, its row locked; a wait that goes on is noted. */
static int name_look(struct db *db, struct arena *a, const char *name, struct beginning *b,
		     int64_t *ret_failures)
{
	const struct db_cell *row;
	/* Locks the row, and makes it when there is none, so that two firsts are two. */
	int rc = db_exec(db,
			 "INSERT INTO attempts (name, failures, last_at, until_at) "
			 "VALUES (?, 0, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) "
			 "ON DUPLICATE KEY UPDATE name = VALUES(name)",
			 PARAMS(P(name)), NULL);

	if (rc)
		return rc;
	rc = db_one(db, a,
		    "SELECT IF(last_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY, 0, failures), "
		    "TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), until_at) FROM attempts "
		    "WHERE name = ? FOR UPDATE",
		    PARAMS(P(name)), &row);
	if (rc)
		return rc;
	*ret_failures = row[0].number;
	if (row[1].number > 0 && row[1].number / 1000000 + 1 > b->wait)
		b->wait = row[1].number / 1000000 + 1;
	return OK;
}

static int name_charge(struct db *db, const char *name, int failures, int allowed)
{
	return db_exec(db,
		       "UPDATE attempts SET failures = ?, last_at = UTC_TIMESTAMP(6), "
		       "until_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND WHERE name = ?",
		       PARAMS(P(failures), P(attempt_wait_s(failures, allowed)), P(name)),
		       NULL);
}

static int begin_work(struct db *db, void *data)
{
	struct beginning *b = data;
	const struct attempt *at = b->attempt;
	int64_t failures[ATTEMPT_NAMES_MAX] = { 0 };
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	rc = tx.rc;
	b->wait = 0;
	for (size_t i = 0; !rc && i < ATTEMPT_NAMES_MAX && at->names[i]; i++)
		rc = name_look(db, &a, at->names[i], b, &failures[i]);
	for (size_t i = 0; !rc && !b->wait && i < ATTEMPT_NAMES_MAX && at->names[i]; i++)
		rc = name_charge(db, at->names[i], (int)failures[i] + 1, at->allowed[i]);
	return rc ? rc : db_tx_commit(&tx);
}

int attempt_begin(struct db *db, const struct attempt *attempt, int64_t *ret_wait)
{
	struct beginning b = { .attempt = attempt };
	int const rc = db_retry(db, begin_work, &b);

	if (!rc)
		*ret_wait = b.wait;
	return rc;
}

int attempt_end(struct db *db, const struct attempt *attempt)
{
	int rc = db_exec(db, "DELETE FROM attempts WHERE name = ?",
			 PARAMS(P(attempt->names[0])), NULL);

	for (size_t i = 1; !rc && i < ATTEMPT_NAMES_MAX && attempt->names[i]; i++)
		rc = db_exec(db,
			     "UPDATE attempts SET failures = failures - 1, "
			     "until_at = UTC_TIMESTAMP(6) WHERE name = ? AND failures > 0",
			     PARAMS(P(attempt->names[i])), NULL);
	if (rc)
		return rc;
	return db_exec(db,
		       "DELETE FROM attempts "
		       "WHERE last_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY LIMIT 100",
		       NO_PARAMS, NULL);
}
