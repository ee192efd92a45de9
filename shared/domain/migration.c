#include "shared/domain/migration_private.h"
#include "shared/base/clock.h"

#include <strings.h>
#include <time.h>

enum {
	STATEMENT_TIMEOUT_MS = 10 * 60 * 1000, /* a column more on a table of millions */
	GUARD_WAIT_MS = 30 * 60 * 1000,	       /* another run may have several of those */
	TABLE_WAIT_MS = 2 * 60 * 1000,	       /* for running transactions to leave the table */
	PAUSE_MS = 100,
	NOTE_WAIT_MS = 2000, /* between a statement and its note */
	RUNS_MAX = 20,	     /* begun again because another was ahead */
};

static const char table_sql[] =
	"CREATE TABLE IF NOT EXISTS schema_migrations (\n"
	"  version BIGINT NOT NULL COMMENT 'number of the file; 0 is the row a run holds "
	"locked',\n"
	"  name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the file, "
	"without .sql',\n"
	"  checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'SHA-256 "
	"of "
	"the file: it must not change any more',\n"
	"  statements INT NOT NULL DEFAULT 0 COMMENT 'done so far: a run that died is resumed "
	"after them',\n"
	"  applied_at DATETIME(6) NULL COMMENT 'NULL until all statements are done',\n"
	"  PRIMARY KEY (version) COMMENT 'one row a file'\n"
	") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin\n"
	"  COMMENT='which migrations this database has'";

/* The database says so when a statement was done already. */
static const unsigned already_done[] = {
	1050, /* table exists */
	1051, /* no such table to drop */
	1060, /* column exists */
	1061, /* key exists */
	1068, /* primary key exists */
	1091, /* no such column or key to drop */
	1826, /* foreign key exists, MySQL */
	3822, /* check constraint exists, MySQL */
};

enum { NO_SUCH_TABLE = 1146 };

static int failed(const struct db *db, int rc, struct str *problem, const char *what)
{
	str_addf(problem, "%s: %s", what, db_error(db));
	return rc;
}

static void wait_a_little(void)
{
	struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };

	nanosleep(&pause, NULL);
}

/* ---- status ---- */

static struct migration *find(const struct migration_list *files, int64_t version)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->list[i].version == version)
			return &files->list[i];
	return NULL;
}

/* One row of the table against the files. */
static int compare(const struct db_cell *c, const struct migration_list *files,
		   struct str *problem)
{
	struct migration *m = find(files, c[0].number);

	if (!m) {
		str_addf(problem, "the database has %s, which this version does not know",
			 c[1].text);
		return ERR_CONFLICT;
	}
	/* One that stopped half way may be mended. */
	if (c[3].is_null)
		return OK;
	if (strcmp(m->checksum, c[2].text) != 0) {
		str_addf(problem, "%s was changed after it was applied", m->name);
		return ERR_CONFLICT;
	}
	m->applied_at = c[3].number;
	return OK;
}

static int count_pending(struct migration_list *files, struct str *problem)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->list[i].applied_at && files->pending) {
			str_addf(problem, "%s was applied before an older one",
				 files->list[i].name);
			return ERR_CONFLICT;
		}
		files->pending += !files->list[i].applied_at;
	}
	return OK;
}

static int status_read(struct db *db, struct arena *a, struct migration_list *files,
		       struct str *problem)
{
	struct db_rows rows = { 0 };
	int rc = db_query(db, a,
			  "SELECT version, name, checksum, applied_at FROM schema_migrations "
			  "WHERE version > 0 ORDER BY version",
			  NO_PARAMS, &rows);

	if (rc && db_errno(db) != NO_SUCH_TABLE)
		return failed(db, rc, problem, "schema_migrations can't be read");
	for (size_t i = 0; i < rows.count; i++)
		if ((rc = compare(db_row(&rows, i), files, problem)))
			return rc;
	return count_pending(files, problem);
}

int migration_status(struct db *db, struct arena *a, const char *folder,
		     struct migration_list *ret, struct str *problem)
{
	struct migration_list files;
	char **texts;
	int rc;

	if ((rc = migration_files_read(a, folder, &files, &texts, problem)) ||
	    (rc = status_read(db, a, &files, problem)))
		return rc;
	*ret = files;
	return OK;
}

/* ---- one at a time ---- */

/*
 * Hold the row of version 0 locked; the lock ends with its connection, however that ends.
 * GET_LOCK would do the same, but not on Galera.
 */
#define GUARD "SELECT version FROM schema_migrations WHERE version = 0 FOR UPDATE"

static int guard_take(struct db *db, struct arena *a, struct db_tx *ret)
{
	int64_t const end_ms = clock_monotonic_ms() + GUARD_WAIT_MS;
	const struct db_cell *row;
	int rc;

	do {
		*ret = db_tx_begin(db);
		rc = ret->rc;
		if (!rc)
			rc = db_one(db, a, GUARD, NO_PARAMS, &row);
		if (!rc)
			return OK;
		db_tx_end(ret);
	} while (rc == ERR_RETRY && clock_monotonic_ms() < end_ms);
	return rc;
}

/*
 * Made only where it is not: in a cluster whoever makes a table takes the locks of others in
 * it, the guard's too.
 */
static int table_make(struct db *db, struct arena *a)
{
	struct db_rows rows;
	int rc = db_query(db, a, "SELECT version FROM schema_migrations WHERE version = 0",
			  NO_PARAMS, &rows);

	if (!rc && rows.count)
		return OK;
	if (rc && db_errno(db) != NO_SUCH_TABLE)
		return rc;
	if ((rc = db_script(db, table_sql)))
		return rc;
	rc = db_exec(db,
		     "INSERT INTO schema_migrations (version, name, checksum, applied_at) "
		     "VALUES (0, 'lock', '', UTC_TIMESTAMP(6))",
		     NO_PARAMS, NULL);
	return rc == ERR_CONFLICT ? OK : rc;
}

/* ---- applying ---- */

/* Where a run stands in one file. */
struct progress {
	struct db *db;
	struct db *guard; /* of another connection */
	int64_t version;
	int64_t done;
	const char *statement;
	bool overtaken;
};

static bool changes_rows(const char *statement)
{
	static const char *const words[] = { "INSERT", "UPDATE", "DELETE", "REPLACE" };

	for (size_t i = 0; i < COUNT(words); i++)
		if (!strncasecmp(statement, words[i], strlen(words[i])))
			return true;
	return false;
}

/* The count of statements is in the WHERE: a repeat after a lost answer changes nothing. */
static int step_note(struct db *db, const struct progress *p)
{
	return db_exec(db,
		       "UPDATE schema_migrations SET statements = ? WHERE version = ? AND "
		       "statements = ?",
		       PARAMS(P(p->done + 1), P(p->version), P(p->done)), NULL);
}

static int rows_step(struct db *db, void *data)
{
	const struct progress *p = data;
	struct arena a;
	const struct db_cell *row;
	int rc;
	DB_TX(tx, db);

	if ((rc = tx.rc))
		return rc;
	arena_init(&a);
	rc = db_one(db, &a,
		    "SELECT statements FROM schema_migrations WHERE version = ? FOR UPDATE",
		    PARAMS(P(p->version)), &row);
	if (!rc && row->number == p->done && !(rc = db_script(db, p->statement)))
		rc = step_note(db, p);
	arena_release(&a);
	return rc ? rc : db_tx_commit(&tx);
}

static bool was_done(const struct db *db)
{
	for (size_t i = 0; i < COUNT(already_done); i++)
		if (already_done[i] == db_errno(db))
			return true;
	return false;
}

/*
 * The guard may have been taken away (its connection ended, a cluster took the lock): then
 * another run is at work, and notes what it has done before this one.
 */
static bool is_overtaken(const struct progress *p)
{
	int64_t const end_ms = clock_monotonic_ms() + NOTE_WAIT_MS;
	AUTO_ARENA(a);
	const struct db_cell *row;

	do {
		if (db_one(p->guard, &a,
			   "SELECT statements FROM schema_migrations WHERE version = ?",
			   PARAMS(P(p->version)), &row))
			return true;
		if (row[0].number > p->done)
			return true;
		wait_a_little();
	} while (clock_monotonic_ms() < end_ms);
	return false;
}

/* `in_doubt`: an earlier run may have died between the statement and its note. */
static int table_step(struct progress *p, bool in_doubt)
{
	int64_t const end_ms = clock_monotonic_ms() + TABLE_WAIT_MS;
	int rc;

	while ((rc = db_script(p->db, p->statement)) == ERR_RETRY &&
	       clock_monotonic_ms() < end_ms)
		wait_a_little();
	if (rc == ERR_FAILED && was_done(p->db)) {
		if (in_doubt)
			rc = OK;
		else
			p->overtaken = is_overtaken(p);
	}
	return rc ? rc : step_note(p->db, p);
}

static int progress_begin(struct db *db, struct arena *a, const struct migration *m,
			  int64_t *ret_done, bool *ret_resumed)
{
	const struct db_cell *row;
	int rc = db_exec(
		db, "INSERT INTO schema_migrations (version, name, checksum) VALUES (?, ?, ?)",
		PARAMS(P(m->version), P(m->name), P(m->checksum)), NULL);

	*ret_resumed = rc == ERR_CONFLICT;
	*ret_done = 0;
	if (rc != ERR_CONFLICT)
		return rc;
	rc = db_one(db, a, "SELECT statements FROM schema_migrations WHERE version = ?",
		    PARAMS(P(m->version)), &row);
	if (!rc)
		*ret_done = row->number;
	return rc;
}

static int progress_end(struct db *db, struct arena *a, struct migration *m)
{
	const struct db_cell *row;
	int rc;

	rc = db_exec(db,
		     "UPDATE schema_migrations SET applied_at = UTC_TIMESTAMP(6), name = ?, "
		     "checksum = ? WHERE version = ? AND applied_at IS NULL",
		     PARAMS(P(m->name), P(m->checksum), P(m->version)), NULL);
	if (rc ||
	    (rc = db_one(db, a, "SELECT applied_at FROM schema_migrations WHERE version = ?",
			 PARAMS(P(m->version)), &row)))
		return rc;
	m->applied_at = row->number;
	m->now = true;
	return OK;
}

/* *again: another run is ahead in this one. */
static int apply(struct db *db, struct db *guard, struct arena *a, struct migration *m,
		 const char *text, struct str *problem, bool *again)
{
	struct progress p = { .db = db, .guard = guard, .version = m->version };
	int64_t done;
	bool resumed;
	int rc = progress_begin(db, a, m, &done, &resumed);

	if (rc)
		return failed(db, rc, problem, m->name);
	while ((p.statement = migration_statement_next(a, &text))) {
		if (p.done >= done) {
			rc = changes_rows(p.statement)
				     ? db_retry(db, rows_step, &p)
				     : table_step(&p, resumed && p.done == done);
			*again = p.overtaken;
			if (rc)
				return failed(db, rc, problem,
					      arena_printf(a, "%s, statement %lld", m->name,
							   (long long)p.done + 1));
		}
		p.done++;
	}
	rc = progress_end(db, a, m);
	return rc ? failed(db, rc, problem, m->name) : OK;
}

/* *again: another run came in between; to be begun again, behind it. */
static int run(struct db *db, struct db *guard, struct arena *a, struct migration_list *files,
	       char **texts, struct str *problem, bool *again)
{
	struct db_tx held __attribute__((cleanup(db_tx_end))) = { .db = guard };
	int rc;

	if ((rc = db_ping(db)))
		return failed(db, rc, problem, "the database does not answer");
	if ((rc = table_make(db, a))) {
		*again = rc == ERR_RETRY;
		return failed(db, rc, problem, "schema_migrations can't be made");
	}
	if ((rc = guard_take(guard, a, &held)))
		return failed(guard, rc, problem, "another migration does not end");
	files->pending = 0;
	if ((rc = status_read(db, a, files, problem)))
		return rc;
	for (size_t i = 0; !rc && i < files->count; i++) {
		struct migration *m = &files->list[i];

		if (!m->applied_at)
			rc = apply(db, guard, a, m, texts[i], problem, again);
	}
	if (!rc)
		files->pending = 0;
	return rc;
}

int migration_run(const char *db_url, struct arena *a, const char *folder,
		  struct migration_list *ret, struct str *problem)
{
	struct db_options const options = { .url = db_url, .timeout_ms = STATEMENT_TIMEOUT_MS };
	struct migration_list files;
	struct db *guard = NULL;
	struct db *db = NULL;
	char **texts;
	int rc;

	if ((rc = migration_files_read(a, folder, &files, &texts, problem)))
		return rc;
	if (db_new(&options, &db) || db_new(&options, &guard)) {
		str_add(problem, "DB_URL is malformed");
		rc = ERR_INVALID;
	} else {
		size_t const had = problem->len;
		int runs = 0;
		bool again;

		do {
			if (runs)
				wait_a_little();
			again = false;
			str_cut(problem, had);
			rc = run(db, guard, a, &files, texts, problem, &again);
		} while (again && ++runs < RUNS_MAX);
	}
	db_free(guard);
	db_free(db);
	if (!rc)
		*ret = files;
	return rc;
}
