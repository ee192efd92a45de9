/* db.h's promises, against a real server; some tests stop, pause and kill one of their own. */
#include "tests/db/db_test.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char insert_sql[] = "INSERT INTO t (id, n) VALUES (?, ?)";
static const char select_sql[] = "SELECT n FROM t WHERE id = ?";

static int setup(void **state)
{
	int const rc = db_test_setup(state);
	struct db_test *t = *state;

	db_test_exec(t, "CREATE OR REPLACE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NULL, "
			"u BIGINT UNSIGNED NULL, s TEXT NULL, b MEDIUMBLOB NULL, "
			"at DATETIME(6) NULL, e ENUM('a','b') NULL, small TINYINT NULL, "
			"d DATE NULL, word VARCHAR(20) NULL, UNIQUE KEY words (word))");
	return rc;
}

static int teardown(void **state)
{
	struct db_test *t = *state;
	struct db *db;

	/* A handle of its own: the test's may stand in a transaction that failed. */
	if (!db_new(&(struct db_options){ .url = t->url }, &db)) {
		for (size_t i = 0; i < t->other_count; i++)
			db_disconnect(t->others[i]);
		db_disconnect(t->db);
		if (db_script(db, "DROP TABLE IF EXISTS t"))
			fail_msg("%s", db_error(db));
		db_free(db);
	}
	return db_test_teardown(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void put(struct db *db, int64_t id, int64_t n)
{
	assert_int_equal(db_exec(db, insert_sql, PARAMS(P(id), P(n)), NULL), OK);
}

static int add(struct db *db, int64_t id)
{
	return db_exec_one(db, "UPDATE t SET n = n + 1 WHERE id = ?", PARAMS(P(id)));
}

static int64_t value_of(struct db_test *t, int64_t id)
{
	return db_test_number(
		t, arena_printf(&t->arena, "SELECT n FROM t WHERE id = %lld", (long long)id));
}

static int64_t connection_id(struct db_test *t, struct db *db)
{
	const struct db_cell *row;

	assert_int_equal(db_one(db, &t->arena, "SELECT CONNECTION_ID()", NO_PARAMS, &row), OK);
	return row->number;
}

/* KILL makes the server hang up; it is waited for. */
static void kill_connection(struct db_test *t, struct db *victim)
{
	int64_t const id = connection_id(t, victim);
	struct db *killer = db_test_open(t);
	const char *alive = arena_printf(
		&t->arena, "SELECT id FROM information_schema.processlist WHERE id = %lld",
		(long long)id);
	struct db_rows rows;

	assert_int_equal(db_script(killer, arena_printf(&t->arena, "KILL %lld", (long long)id)),
			 OK);
	do {
		assert_int_equal(db_query(killer, &t->arena, alive, NO_PARAMS, &rows), OK);
	} while (rows.count);
}

/* ---- types ---- */

static void test_integers(void **state)
{
	struct db_test *t = *state;
	struct money const price = { 24990 };
	int64_t const list[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 9007199254740993 };
	const struct db_cell *row;

	for (size_t i = 0; i < COUNT(list); i++) {
		put(t->db, (int64_t)i, list[i]);
		assert_int_equal(
			db_one(t->db, &t->arena, select_sql, PARAMS(P((int64_t)i)), &row), OK);
		assert_true(row->number == list[i]);
		assert_string_equal(row->text, "");
	}
	put(t->db, 100, 0);
	assert_int_equal(db_exec(t->db, "UPDATE t SET n = ?, small = ?, u = ? WHERE id = 100",
				 PARAMS(P(price), P((short)-7), P(UINT32_MAX)), NULL),
			 OK);
	assert_int_equal(db_one(t->db, &t->arena,
				"SELECT n, small, u, COUNT(*), SUM(n) FROM t WHERE id = 100",
				NO_PARAMS, &row),
			 OK);
	assert_int_equal(row[0].number, 24990);
	assert_int_equal(row[1].number, -7);
	assert_int_equal(row[2].number, UINT32_MAX);
	assert_int_equal(row[3].number, 1);
	assert_int_equal(row[4].number, 24990);
}

static void test_null(void **state)
{
	struct db_test *t = *state;
	const char *none = NULL;
	struct bytes const no_bytes = { NULL, 0 };
	const struct db_cell *row;

	assert_int_equal(
		db_exec(t->db,
			"INSERT INTO t (id, n, s, b, at, word) VALUES (1, ?, ?, ?, ?, ?)",
			PARAMS(P_NULL, P(none), P(no_bytes), P_NULL, P("")), NULL),
		OK);
	assert_int_equal(db_one(t->db, &t->arena,
				"SELECT n, s, b, at, word, NULL FROM t WHERE id = 1", NO_PARAMS,
				&row),
			 OK);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(row[i].is_null, i != 4);
		assert_int_equal(row[i].number, 0);
		assert_string_equal(row[i].text, "");
		assert_int_equal(row[i].len, 0);
	}
}

static void test_text_and_blobs(void **state)
{
	struct db_test *t = *state;
	size_t const sizes[] = { 0, 1, 255, 256, 65535, 65536, 3000000 };
	unsigned char *big = arena_alloc(&t->arena, 3000000);
	char *text = arena_alloc(&t->arena, 65536);
	const struct db_cell *row;

	for (size_t i = 0; i < 3000000; i++)
		big[i] = (unsigned char)(i * 7 + i / 251);
	memset(text, 'x', 65535);
	memcpy(text, "Поповнення 👍 'q' \\ \" %s ;--", strlen("Поповнення 👍 'q' \\ \" %s ;--"));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes const b = { big, sizes[i] };

		assert_int_equal(db_exec(t->db, "INSERT INTO t (id, b) VALUES (?, ?)",
					 PARAMS(P((int64_t)i), P(b)), NULL),
				 OK);
		assert_int_equal(db_one(t->db, &t->arena, "SELECT b FROM t WHERE id = ?",
					PARAMS(P((int64_t)i)), &row),
				 OK);
		assert_int_equal(row->len, sizes[i]);
		assert_memory_equal(row->text, big, sizes[i]);
		assert_int_equal(row->text[row->len], 0);
	}
	assert_int_equal(db_exec(t->db, "UPDATE t SET s = ?, e = 'b' WHERE id = 0",
				 PARAMS(P(text)), NULL),
			 OK);
	assert_int_equal(db_one(t->db, &t->arena, "SELECT s, e FROM t WHERE s = ?",
				PARAMS(P(text)), &row),
			 OK);
	assert_string_equal(row[0].text, text);
	assert_int_equal(row[0].len, 65535);
	assert_string_equal(row[1].text, "b");
}

static void test_strict(void **state)
{
	struct db_test *t = *state;

	/* Nothing is cut or bent silently, and what was refused is not told to the log. */
	assert_int_equal(db_exec(t->db, "INSERT INTO t (id, word) VALUES (1, ?)",
				 PARAMS(P("longer than twenty letters")), NULL),
			 ERR_FAILED);
	assert_int_equal(db_exec(t->db, "INSERT INTO t (id, word) VALUES (1, ?)",
				 PARAMS(P("\xff secret")), NULL),
			 ERR_FAILED);
	assert_null(strstr(db_error(t->db), "secret"));
	assert_non_null(strstr(db_error(t->db), "word"));
	assert_int_equal(
		db_exec(t->db, "INSERT INTO t (id, e) VALUES (1, ?)", PARAMS(P("c")), NULL),
		ERR_FAILED);
	assert_int_equal(
		db_exec(t->db, "INSERT INTO t (id, small) VALUES (1, ?)", PARAMS(P(300)), NULL),
		ERR_FAILED);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
}

static void test_times(void **state)
{
	struct db_test *t = *state;
	static const struct {
		int64_t at;
		const char *text;
	} list[] = {
		{ 0, "1970-01-01 00:00:00.000000" },
		{ -1, "1969-12-31 23:59:59.999999" },
		{ 951782400000001, "2000-02-29 00:00:00.000001" },
		{ 1798718159123456, "2026-12-31 11:55:59.123456" },
		{ 4107542399999999, "2100-02-28 23:59:59.999999" },
		{ 4107542400000000, "2100-03-01 00:00:00.000000" },
		{ 253402300799999999, "9999-12-31 23:59:59.999999" },
		{ -62135596800000000, "0001-01-01 00:00:00.000000" },
	};
	const struct db_cell *row;

	for (size_t i = 0; i < COUNT(list); i++) {
		assert_int_equal(db_exec(t->db, "REPLACE INTO t (id, at) VALUES (1, ?)",
					 PARAMS(P_TIME(list[i].at)), NULL),
				 OK);
		assert_int_equal(
			db_one(t->db, &t->arena,
			       "SELECT at, CAST(at AS CHAR), DATE(at) FROM t WHERE at = ?",
			       PARAMS(P_TIME(list[i].at)), &row),
			OK);
		assert_true(row[0].number == list[i].at);
		assert_string_equal(row[1].text, list[i].text);
		assert_int_equal(row[2].number % (86400 * CLOCK_SECOND), 0);
	}
	assert_int_equal(db_exec(t->db, "UPDATE t SET at = ?",
				 PARAMS(P_TIME(INT64_C(253402300800000000))), NULL),
			 ERR_FAILED);
	assert_int_equal(db_exec(t->db, "UPDATE t SET at = ?", PARAMS(P_TIME(INT64_MIN)), NULL),
			 ERR_FAILED);
	/* The session's zone is UTC, whatever the server's. */
	assert_in_range(db_test_number(t, "SELECT NOW(6)"), clock_now() - 2 * CLOCK_SECOND,
			clock_now() + 2 * CLOCK_SECOND);
}

/* Every day of four centuries and some. */
static void test_calendar(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row;

	for (int64_t day = -30000; day < 120000; day += 371) {
		assert_int_equal(db_one(t->db, &t->arena,
					"SELECT DATEDIFF(?, '1970-01-01'), "
					"DATE_ADD('1970-01-01', INTERVAL ? DAY)",
					PARAMS(P_TIME(day * 86400 * CLOCK_SECOND), P(day)),
					&row),
				 OK);
		assert_int_equal(row[0].number, day);
	}
}

/* ---- rows ---- */

static void test_many_rows(void **state)
{
	struct db_test *t = *state;
	struct db_rows rows;

	assert_int_equal(db_query(t->db, &t->arena, "SELECT id, n FROM t", NO_PARAMS, &rows),
			 OK);
	assert_int_equal(rows.count, 0);
	assert_int_equal(rows.columns, 2);
	db_test_exec(t, "INSERT INTO t (id, n, s) SELECT seq, seq * 2, CONCAT('row ', seq) "
			"FROM seq_1_to_10000");
	assert_int_equal(db_query(t->db, &t->arena, "SELECT id, s, n FROM t ORDER BY id",
				  NO_PARAMS, &rows),
			 OK);
	assert_int_equal(rows.count, 10000);
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *row = db_row(&rows, i);

		assert_int_equal(row[0].number, i + 1);
		assert_string_equal(row[1].text, arena_printf(&t->arena, "row %zu", i + 1));
		assert_int_equal(row[2].number, 2 * (i + 1));
	}
}

static void test_one(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row = NULL;

	assert_int_equal(db_one(t->db, &t->arena, select_sql, PARAMS(P(1)), &row),
			 ERR_NOT_FOUND);
	assert_null(row);
	put(t->db, 1, 5);
	assert_int_equal(add(t->db, 1), OK);
	assert_int_equal(value_of(t, 1), 6);
	assert_int_equal(add(t->db, 2), ERR_CONFLICT);
	/* Changed rows count, not matched ones. */
	assert_int_equal(db_exec_one(t->db, "UPDATE t SET n = 6 WHERE id = 1", NO_PARAMS),
			 ERR_CONFLICT);
}

static void test_result(void **state)
{
	struct db_test *t = *state;
	struct db_result result;

	db_test_exec(t, "CREATE OR REPLACE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, "
			"n BIGINT)");
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(
			db_exec(t->db, "INSERT INTO t (n) VALUES (?)", PARAMS(P(i)), &result),
			OK);
		assert_int_equal(result.affected, 1);
		assert_int_equal(result.insert_id, i);
	}
	assert_int_equal(db_exec(t->db, "UPDATE t SET n = 0 WHERE n > 1", NO_PARAMS, &result),
			 OK);
	assert_int_equal(result.affected, 2);
}

static void test_conflict(void **state)
{
	struct db_test *t = *state;
	static const char sql[] = "INSERT INTO t (id, word) VALUES (?, ?)";

	assert_int_equal(db_exec(t->db, sql, PARAMS(P(1), P("it's for key 'x'")), NULL), OK);
	assert_int_equal(db_exec(t->db, sql, PARAMS(P(2), P("it's for key 'x'")), NULL),
			 ERR_CONFLICT);
	assert_int_equal(db_errno(t->db), 1062);
	assert_string_equal(db_error(t->db), "1062 Duplicate entry '…' for key 'words'");

	/* It leaves a transaction open. */
	DB_TX(tx, t->db);
	assert_int_equal(tx.rc, OK);
	put(t->db, 3, 3);
	assert_int_equal(db_exec(t->db, sql, PARAMS(P(3), P("x")), NULL), ERR_CONFLICT);
	put(t->db, 4, 4);
	assert_int_equal(db_tx_commit(&tx), OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 3);
}

static void test_misuse(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row;

	assert_int_equal(db_one(t->db, &t->arena, select_sql, NO_PARAMS, &row), ERR_FAILED);
	assert_int_equal(db_one(t->db, &t->arena, select_sql, PARAMS(P(1), P(2)), &row),
			 ERR_FAILED);
	assert_int_equal(db_one(t->db, &t->arena, "SELECT nonsense", NO_PARAMS, &row),
			 ERR_FAILED);
	assert_int_equal(db_script(t->db, "SELECT 1; SELECT 2"), ERR_FAILED);
	assert_int_equal(db_script(t->db, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t "
					  "(word)"),
			 ERR_FAILED);
	assert_int_equal(db_script(t->db, "SELECT 1"), OK);
	assert_int_equal(db_exec(t->db, "SELECT 1", NO_PARAMS, NULL), OK);
	assert_int_equal(db_test_number(t, "SELECT 7"), 7);
}

/* More statements than are kept; the same text at another address; another at the same. */
static void test_statements(void **state)
{
	struct db_test *t = *state;
	char sql[64];
	const struct db_cell *row;
	int64_t prepared;

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 600; i++) {
			snprintf(sql, sizeof(sql), "SELECT %d + ?", i);
			assert_int_equal(db_one(t->db, &t->arena, sql, PARAMS(P(1)), &row), OK);
			assert_int_equal(row->number, i + 1);
		}
	prepared = db_test_number(t, "SELECT variable_value + 0 FROM "
				     "information_schema.session_status WHERE variable_name = "
				     "'COM_STMT_PREPARE'");
	for (int i = 0; i < 50; i++) {
		char *copy = arena_strdup(&t->arena, "SELECT 'again', ?");

		assert_int_equal(db_one(t->db, &t->arena, copy, PARAMS(P(i)), &row), OK);
		assert_int_equal(row[1].number, i);
	}
	assert_in_range(db_test_number(t,
				       "SELECT variable_value + 0 FROM "
				       "information_schema.session_status WHERE variable_name "
				       "= 'COM_STMT_PREPARE'"),
			prepared, prepared + 1);
}

/* A statement that was prepared before the table changed. */
static void test_table_changed(void **state)
{
	struct db_test *t = *state;
	struct db *other = db_test_open(t);
	const struct db_cell *row;

	put(t->db, 1, 5);
	assert_int_equal(
		db_one(t->db, &t->arena, "SELECT * FROM t WHERE id = ?", PARAMS(P(1)), &row),
		OK);
	assert_int_equal(value_of(t, 1), 5);
	assert_int_equal(db_script(other, "ALTER TABLE t ADD COLUMN z INT NOT NULL DEFAULT 9"),
			 OK);
	assert_int_equal(value_of(t, 1), 5);
	assert_int_equal(
		db_one(t->db, &t->arena, "SELECT * FROM t WHERE id = ?", PARAMS(P(1)), &row),
		OK);
	assert_int_equal(row[1].number, 5);
	assert_int_equal(db_script(other, "ALTER TABLE t MODIFY n VARCHAR(20)"), OK);
	assert_int_equal(db_one(t->db, &t->arena, select_sql, PARAMS(P(1)), &row), OK);
}

static void test_session(void **state)
{
	struct db_test *t = *state;

	for (int i = 0; i < 2; i++) {
		assert_string_equal(db_test_text(t, "SELECT @@session.time_zone"), "+00:00");
		assert_string_equal(db_test_text(t, "SELECT @@session.tx_isolation"),
				    "READ-COMMITTED");
		assert_string_equal(db_test_text(t, "SELECT @@character_set_connection"),
				    "utf8mb4");
		assert_non_null(
			strstr(db_test_text(t, "SELECT @@session.sql_mode"), "STRICT_ALL"));
		assert_in_range(db_test_number(t, "SELECT @@session.innodb_lock_wait_timeout"),
				1, CALL_TIMEOUT_MS / 1000 - 1);
		assert_int_equal(db_test_number(t, "SELECT @@session.autocommit"), 1);
		db_test_exec(t, "SET SESSION time_zone = '+03:00'");
		db_test_exec(t, "SET SESSION sql_mode = ''");
		db_disconnect(t->db);
	}
}

static void test_like_escape(void **state)
{
	struct db_test *t = *state;
	static const char nasty[] = "50%_\\x'";
	const struct db_cell *row;

	assert_int_equal(db_one(t->db, &t->arena, "SELECT ? LIKE ?, '50abc' LIKE ?",
				PARAMS(P(nasty), P(db_like_escape(&t->arena, nasty)),
				       P(db_like_escape(&t->arena, "50%"))),
				&row),
			 OK);
	assert_int_equal(row[0].number, 1);
	assert_int_equal(row[1].number, 0);
}

/* ---- transactions ---- */

static int put_and_leave(struct db *db, bool commit)
{
	DB_TX(tx, db);

	if (tx.rc)
		return tx.rc;
	assert_true(db_in_tx(db));
	put(db, 1, 1);
	if (!commit)
		return ERR_FAILED;
	return db_tx_commit(&tx);
}

static void test_scope(void **state)
{
	struct db_test *t = *state;

	assert_int_equal(put_and_leave(t->db, false), ERR_FAILED);
	assert_false(db_in_tx(t->db));
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
	assert_int_equal(put_and_leave(t->db, true), OK);
	assert_false(db_in_tx(t->db));
	db_disconnect(t->db);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 1);
}

static void test_nested(void **state)
{
	struct db_test *t = *state;
	DB_TX(tx, t->db);

	assert_int_equal(tx.rc, OK);
	put(t->db, 1, 1);
	{
		DB_TX(inner, t->db);

		assert_int_equal(inner.rc, ERR_FAILED);
		assert_int_equal(db_tx_commit(&inner), ERR_FAILED);
	}
	/* The bug spoils the outer one: half of something is never committed. */
	assert_int_equal(db_tx_commit(&tx), ERR_FAILED);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
}

/* Whatever went wrong, nothing of it is committed and nothing runs outside by accident. */
static void test_error_in_tx(void **state)
{
	struct db_test *t = *state;
	DB_TX(tx, t->db);

	assert_int_equal(tx.rc, OK);
	put(t->db, 1, 1);
	assert_int_equal(db_exec(t->db, "INSERT INTO nowhere VALUES (1)", NO_PARAMS, NULL),
			 ERR_FAILED);
	assert_int_equal(db_exec(t->db, insert_sql, PARAMS(P(2), P(2)), NULL), ERR_FAILED);
	assert_int_equal(db_script(t->db, "INSERT INTO t (id) VALUES (3)"), ERR_FAILED);
	assert_int_equal(db_tx_commit(&tx), ERR_FAILED);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
}

/* A lock wait that ran out has undone one statement only: the rest must go too. */
static void test_lock_wait(void **state)
{
	struct db_test *t = *state;
	struct db *other = db_test_open(t);
	int64_t began_ms;

	put(t->db, 1, 1);
	put(t->db, 2, 2);
	{
		DB_TX(held, other);
		DB_TX(tx, t->db);

		assert_int_equal(held.rc, OK);
		assert_int_equal(tx.rc, OK);
		assert_int_equal(add(other, 2), OK);
		assert_int_equal(add(t->db, 1), OK);
		began_ms = clock_monotonic_ms();
		assert_int_equal(add(t->db, 2), ERR_RETRY);
		assert_int_equal(db_errno(t->db), 1205);
		assert_in_range(clock_monotonic_ms() - began_ms, 900, CALL_TIMEOUT_MS);
		assert_int_equal(add(t->db, 1), ERR_RETRY);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
		assert_int_equal(db_tx_commit(&held), OK);
	}
	assert_int_equal(value_of(t, 1), 1);
	assert_int_equal(value_of(t, 2), 3);
}

/* Two that lock the same rows the other way round, each run whole until it is through. */
struct crossing {
	struct db *db;
	int64_t first;
	int64_t second;
	int attempts;
	int deadlocks;
	pthread_barrier_t *barrier;
	int rc;
};

static int cross(struct db *db, void *data)
{
	struct crossing *c = data;
	DB_TX(tx, db);
	int rc;

	c->attempts++;
	if ((rc = tx.rc) || (rc = add(db, c->first)))
		return rc;
	if (c->attempts == 1)
		pthread_barrier_wait(c->barrier);
	if ((rc = add(db, c->second))) {
		c->deadlocks += db_errno(db) == 1213;
		return rc;
	}
	return db_tx_commit(&tx);
}

static void *cross_thread(void *data)
{
	struct crossing *c = data;

	c->rc = db_retry(c->db, cross, c);
	return NULL;
}

static void test_deadlock(void **state)
{
	struct db_test *t = *state;
	pthread_barrier_t barrier;
	struct crossing a = { .db = t->db, .first = 1, .second = 2, .barrier = &barrier };
	struct crossing b = { .first = 2, .second = 1, .barrier = &barrier };
	pthread_t thread;

	b.db = db_test_open(t);
	put(t->db, 1, 0);
	put(t->db, 2, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, cross_thread, &b), 0);
	cross_thread(&a);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(a.rc, OK);
	assert_int_equal(b.rc, OK);
	assert_int_equal(a.deadlocks + b.deadlocks, 1);
	assert_int_equal(a.attempts + b.attempts, 3);
	assert_int_equal(value_of(t, 1), 2);
	assert_int_equal(value_of(t, 2), 2);
}

/* ---- what is run again, and how often ---- */

struct script {
	const int *outcomes;
	int runs;
};

static int play(struct db *db, void *data)
{
	struct script *s = data;

	UNUSED(db);
	return s->outcomes[s->runs++];
}

static void test_retry(void **state)
{
	struct db_test *t = *state;
	static const struct {
		int outcomes[DB_TX_TRIES + 1];
		int runs;
		int rc;
	} list[] = {
		{ { OK }, 1, OK },
		{ { ERR_CONFLICT }, 1, ERR_CONFLICT },
		{ { ERR_FAILED }, 1, ERR_FAILED },
		{ { ERR_DOWN }, 1, ERR_DOWN },
		{ { ERR_RETRY, OK }, 2, OK },
		{ { ERR_UNSURE, OK }, 2, OK },
		{ { ERR_UNSURE, ERR_CONFLICT }, 2, ERR_CONFLICT },
		{ { ERR_RETRY, ERR_DOWN, ERR_DOWN, OK }, 4, OK },
		{ { ERR_RETRY, ERR_RETRY, ERR_RETRY, ERR_RETRY, ERR_RETRY, ERR_RETRY, ERR_RETRY,
		    ERR_RETRY, OK },
		  DB_TX_TRIES,
		  ERR_RETRY },
		{ { ERR_UNSURE, ERR_DOWN, ERR_DOWN, ERR_DOWN, ERR_DOWN, ERR_DOWN, ERR_DOWN,
		    ERR_DOWN, OK },
		  DB_TX_TRIES,
		  ERR_UNSURE },
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		struct script s = { .outcomes = list[i].outcomes };

		assert_int_equal(db_retry(t->db, play, &s), list[i].rc);
		assert_int_equal(s.runs, list[i].runs);
	}
}

/* ---- lost connections ---- */

static void test_killed_outside(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row;

	put(t->db, 2, 1);
	kill_connection(t, t->db);
	assert_int_equal(db_one(t->db, &t->arena, select_sql, PARAMS(P(2)), &row), OK);
	assert_int_equal(row->number, 1);
	/* Nothing was sent on the dead one, so writing is in no doubt either. */
	kill_connection(t, t->db);
	assert_int_equal(add(t->db, 2), OK);
	kill_connection(t, t->db);
	assert_int_equal(put_and_leave(t->db, true), OK);
	assert_int_equal(value_of(t, 2), 2);
}

struct dying {
	struct db_test *t;
	int runs;
};

static int die_once(struct db *db, void *data)
{
	struct dying *d = data;
	DB_TX(tx, db);
	int rc;

	if ((rc = tx.rc) || (rc = add(db, 1)))
		return rc;
	if (!d->runs++)
		kill_connection(d->t, db);
	if ((rc = add(db, 1)))
		return rc;
	return db_tx_commit(&tx);
}

static void test_killed_inside(void **state)
{
	struct db_test *t = *state;
	struct dying d = { .t = t };

	put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(add(t->db, 1), OK);
		kill_connection(t, t->db);
		assert_int_equal(add(t->db, 1), ERR_RETRY);
		assert_true(db_in_tx(t->db));
		assert_int_equal(add(t->db, 1), ERR_RETRY);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
	}
	assert_int_equal(value_of(t, 1), 0);
	assert_int_equal(db_retry(t->db, die_once, &d), OK);
	assert_int_equal(d.runs, 2);
	assert_int_equal(value_of(t, 1), 2);
}

static void test_killed_at_commit(void **state)
{
	struct db_test *t = *state;

	put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(add(t->db, 1), OK);
		kill_connection(t, t->db);
		assert_int_equal(db_tx_commit(&tx), ERR_UNSURE);
	}
	assert_false(db_in_tx(t->db));
	assert_int_equal(value_of(t, 1), 0);
}

/* KILL QUERY: the statement is over, the connection is not. */
static void *kill_query(void *data)
{
	struct db_test *t = data;
	struct db *killer = t->others[0];
	struct arena a;
	struct db_rows rows;

	arena_init(&a);
	do {
		if (db_query(killer, &a,
			     "SELECT id FROM information_schema.processlist WHERE info LIKE "
			     "'%SLEEP(2.5%' AND id <> CONNECTION_ID()",
			     NO_PARAMS, &rows))
			break;
	} while (!rows.count);
	if (rows.count && db_script(killer, arena_printf(&a, "KILL QUERY %lld",
							 (long long)db_row(&rows, 0)->number)))
		puts(db_error(killer));
	arena_release(&a);
	return NULL;
}

static void test_killed_query(void **state)
{
	struct db_test *t = *state;
	struct db_rows rows;
	pthread_t thread;

	db_test_open(t);
	put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(add(t->db, 1), OK);
		assert_int_equal(pthread_create(&thread, NULL, kill_query, t), 0);
		assert_int_equal(db_query(t->db, &t->arena,
					  "SELECT n, SLEEP(2.5) FROM t FOR UPDATE", NO_PARAMS,
					  &rows),
				 ERR_RETRY);
		pthread_join(thread, NULL);
		assert_int_equal(db_errno(t->db), 1317);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
	}
	assert_int_equal(value_of(t, 1), 0);
}

/* The server ends a statement before we hang up on it, and so frees its locks. */
static void test_slow_statement(void **state)
{
	struct db_test *t = *state;
	int64_t const began_ms = clock_monotonic_ms();
	struct db_rows rows;

	put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(db_query(t->db, &t->arena,
					  "SELECT n, SLEEP(10) FROM t FOR UPDATE", NO_PARAMS,
					  &rows),
				 ERR_RETRY);
	}
	assert_in_range(clock_monotonic_ms() - began_ms, 1000, CALL_TIMEOUT_MS + 500);
	assert_int_equal(add(db_test_open(t), 1), OK);
}

/* ---- servers that go away ---- */

static struct db *open_hosts(struct db_test *t, const char *hosts, int timeout_ms)
{
	const char *url = arena_printf(&t->arena, "mysql://root@%s/mysql", hosts);
	struct db *db;

	assert_int_equal(
		db_new(&(struct db_options){ .url = url, .timeout_ms = timeout_ms }, &db), OK);
	t->others[t->other_count++] = db;
	return db;
}

static const char *port_of(struct db_test *t, struct db *db)
{
	const struct db_cell *row;

	assert_int_equal(db_one(db, &t->arena, "SELECT @@port", NO_PARAMS, &row), OK);
	return arena_printf(&t->arena, "%lld", (long long)row->number);
}

static void test_hosts(void **state)
{
	struct db_test *t = *state;
	struct db_server one;
	struct db_server two;
	struct db *db;

	db_server_start(&one, NULL);
	db_server_start(&two, NULL);
	/* Nobody listens on port 1; the port of the last is everybody's without one. */
	db = open_hosts(t,
			arena_printf(&t->arena, "127.0.0.1:1,127.0.0.1:%s,127.0.0.1:%s",
				     one.port, two.port),
			0);
	assert_string_equal(port_of(t, db), one.port);
	db_server_kill(&one);
	assert_string_equal(port_of(t, db), two.port);
	/* Back, but not for writing; then the other one goes. */
	db_server_restart(&one, "--read-only=1");
	db_disconnect(db);
	assert_string_equal(port_of(t, db), two.port);
	assert_int_equal(db_script(db, "SET GLOBAL read_only = 1"), OK);
	db_disconnect(db);
	assert_int_equal(db_ping(db), ERR_DOWN);
	assert_non_null(strstr(db_error(db), "read only"));
	db_server_kill(&one);
	db_server_restart(&one, NULL);
	assert_string_equal(port_of(t, db), one.port);
	db_server_end(&one);
	db_server_end(&two);
}

/* A host that turns read only under us is left for the next one. */
static void test_turned_read_only(void **state)
{
	struct db_test *t = *state;
	struct db_server one;
	struct db_server two;
	struct db *db;

	db_server_start(&one, NULL);
	db_server_start(&two, NULL);
	for (int i = 0; i < 2; i++) {
		db = open_hosts(
			t, arena_printf(&t->arena, "127.0.0.1:%s", i ? two.port : one.port), 0);
		assert_int_equal(db_script(db, "CREATE DATABASE shop"), OK);
		assert_int_equal(db_script(db, "CREATE TABLE shop.t (id BIGINT PRIMARY KEY)"),
				 OK);
		assert_int_equal(
			db_script(db, "CREATE USER k@'127.0.0.1' IDENTIFIED BY 'p@ss:w/'"), OK);
		assert_int_equal(db_script(db, "GRANT ALL ON shop.* TO k@'127.0.0.1'"), OK);
	}
	assert_int_equal(
		db_new(&(struct db_options){ .url = arena_printf(
						     &t->arena,
						     "mysql://k:p%%40ss%%3Aw%%2f@127.0.0.1:%s,"
						     "127.0.0.1:%s/shop",
						     one.port, two.port) },
		       &db),
		OK);
	t->others[t->other_count++] = db;
	assert_string_equal(port_of(t, db), one.port);
	assert_int_equal(db_script(t->others[0], "SET GLOBAL read_only = 1"), OK);
	assert_int_equal(db_exec(db, "INSERT INTO shop.t VALUES (1)", NO_PARAMS, NULL), OK);
	assert_string_equal(port_of(t, db), two.port);
	{
		DB_TX(tx, db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(db_script(t->others[0], "SET GLOBAL read_only = 0"), OK);
		assert_int_equal(db_script(t->others[1], "SET GLOBAL read_only = 1"), OK);
		assert_int_equal(db_exec(db, "INSERT INTO shop.t VALUES (2)", NO_PARAMS, NULL),
				 ERR_RETRY);
	}
	assert_string_equal(port_of(t, db), one.port);
	db_server_end(&one);
	db_server_end(&two);
}

static int insert_one(struct db *db, void *data)
{
	DB_TX(tx, db);
	int rc;

	UNUSED(data);
	if ((rc = tx.rc) ||
	    (rc = db_exec(db, "REPLACE INTO test_away VALUES (1)", NO_PARAMS, NULL)))
		return rc;
	return db_tx_commit(&tx);
}

static void freeze(const struct db_server *server)
{
	int status;

	kill(server->pid, SIGSTOP);
	assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
}

static void test_away_and_back(void **state)
{
	struct db_test *t = *state;
	struct db_server server;
	const struct db_cell *row;
	int64_t began_ms;
	struct db *db;

	db_server_start(&server, NULL);
	db = open_hosts(t, arena_printf(&t->arena, "127.0.0.1:%s", server.port), 0);
	assert_int_equal(db_script(db, "CREATE TABLE test_away (id INT PRIMARY KEY)"), OK);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);

	db_server_kill(&server);
	began_ms = clock_monotonic_ms();
	assert_int_equal(db_one(db, &t->arena, "SELECT 1", NO_PARAMS, &row), ERR_DOWN);
	assert_int_equal(db_exec(db, "REPLACE INTO test_away VALUES (2)", NO_PARAMS, NULL),
			 ERR_DOWN);
	assert_int_equal(db_retry(db, insert_one, NULL), ERR_DOWN);
	assert_int_equal(db_ping(db), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - began_ms, 0, 1000);

	db_server_restart(&server, NULL);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);
	assert_int_equal(
		db_one(db, &t->arena, "SELECT COUNT(*) FROM test_away", NO_PARAMS, &row), OK);
	assert_int_equal(row->number, 1);

	/* Frozen: on a connection, at connecting, and in a transaction. */
	freeze(&server);
	for (int i = 0; i < 2; i++) {
		began_ms = clock_monotonic_ms();
		assert_int_equal(db_one(db, &t->arena, "SELECT 1", NO_PARAMS, &row), ERR_DOWN);
		assert_in_range(clock_monotonic_ms() - began_ms, 2000, CALL_TIMEOUT_MS + 500);
	}
	kill(server.pid, SIGCONT);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);
	freeze(&server);
	began_ms = clock_monotonic_ms();
	assert_int_equal(db_retry(db, insert_one, NULL), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - began_ms, 2000, CALL_TIMEOUT_MS + 1000);
	kill(server.pid, SIGCONT);
	assert_int_equal(db_ping(db), OK);
	db_server_end(&server);
}

/* ---- DB_URL ---- */

static void test_urls(void **state)
{
	static const char *const good[] = {
		"mysql://u@h/d",
		"mysql://u:@h/d",
		"mysql://u:p%40%2F@h:1/d",
		"mysql://u:p@h,h2,h3:3307/d?ssl=on",
		"mysql://u:p@[::1]:3307,[::2]/d?ssl=on&ssl_ca=/etc/ca.pem",
		"mysql://u:p@localhost/d?socket=/run/a%20b/s",
	};
	static const char *const bad[] = {
		"",
		"mysql://",
		"mysql:///d",
		"http://u@h/d",
		"mysql://h/d",
		"mysql://@h/d",
		"mysql://u@/d",
		"mysql://u@h",
		"mysql://u@h/",
		"mysql://u@h/?ssl=on",
		"mysql://u@h/a/b",
		"mysql://u@h,/d",
		"mysql://u@,h/d",
		"mysql://u@h:/d",
		"mysql://u@h:0/d",
		"mysql://u@h:65536/d",
		"mysql://u@h:x/d",
		"mysql://u@[::1/d",
		"mysql://u@[::1]x/d",
		"mysql://u:%4@h/d",
		"mysql://u:%00@h/d",
		"mysql://u:%zz@h/d",
		"mysql://u@h/d?",
		"mysql://u@h/d?ssl",
		"mysql://u@h/d?ssl=maybe",
		"mysql://u@h/d?ssl=on&",
		"mysql://u@h/d?ssl=on&&",
		"mysql://u@h/d?local_infile=1",
		"mysql://u@h/d?socket=relative",
		"mysql://u@h/d?socket=/s&ssl=on",
		"mysql://u@h/d?ssl_ca=/c",
	};
	struct db *db = NULL;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(db_new(&(struct db_options){ .url = good[i] }, &db), OK);
		db_free(db);
		db = NULL;
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(db_new(&(struct db_options){ .url = bad[i] }, &db),
				 ERR_INVALID);
		assert_null(db);
	}
}

/* A server without TLS is refused where TLS is asked for. */
static void test_ssl_is_enforced(void **state)
{
	struct db_test *t = *state;
	struct db_server server;
	struct db *db;

	db_server_start(&server, "--skip-ssl");
	assert_int_equal(
		db_new(&(struct db_options){ .url = arena_printf(&t->arena, "%s?ssl=on",
								 server.url) },
		       &db),
		OK);
	assert_int_equal(db_ping(db), ERR_DOWN);
	db_free(db);
	db_server_end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_integers),
		T(test_null),
		T(test_text_and_blobs),
		T(test_strict),
		T(test_times),
		T(test_calendar),
		T(test_many_rows),
		T(test_one),
		T(test_result),
		T(test_conflict),
		T(test_misuse),
		T(test_statements),
		T(test_table_changed),
		T(test_session),
		T(test_like_escape),
		T(test_scope),
		T(test_nested),
		T(test_error_in_tx),
		T(test_lock_wait),
		T(test_deadlock),
		T(test_retry),
		T(test_killed_outside),
		T(test_killed_inside),
		T(test_killed_at_commit),
		T(test_killed_query),
		T(test_slow_statement),
		T(test_hosts),
		T(test_turned_read_only),
		T(test_away_and_back),
		T(test_ssl_is_enforced),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
