/* db.h's promises about values, rows and statements. */
#include "tests/db/db_table.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- types ---- */

static void test_integers(void **state)
{
	struct db_test *t = *state;
	struct money const price = { 24990 };
	int64_t const list[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 9007199254740993 };
	const struct db_cell *row;

	for (size_t i = 0; i < COUNT(list); i++) {
		table_put(t->db, (int64_t)i, list[i]);
		assert_int_equal(
			db_one(t->db, &t->arena, TABLE_SELECT, PARAMS(P((int64_t)i)), &row),
			OK);
		assert_true(row->number == list[i]);
		assert_string_equal(row->text, "");
	}
	table_put(t->db, 100, 0);
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

	assert_int_equal(db_one(t->db, &t->arena, TABLE_SELECT, PARAMS(P(1)), &row),
			 ERR_NOT_FOUND);
	assert_null(row);
	table_put(t->db, 1, 5);
	assert_int_equal(table_add(t->db, 1), OK);
	assert_int_equal(table_value(t, 1), 6);
	assert_int_equal(table_add(t->db, 2), ERR_CONFLICT);
	/* Changed rows count, not matched ones. */
	assert_int_equal(db_exec_one(t->db, "UPDATE t SET n = 6 WHERE id = 1", NO_PARAMS),
			 ERR_CONFLICT);
}

static void test_result(void **state)
{
	struct db_test *t = *state;
	struct db_result result;

	db_test_exec(t, "DROP TABLE t");
	db_test_exec(t, "CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, n BIGINT)");
	for (int64_t i = 1; i <= 3; i++) {
		assert_int_equal(
			db_exec(t->db, "INSERT INTO t (n) VALUES (?)", PARAMS(P(i)), &result),
			OK);
		assert_int_equal(result.affected, 1);
		/* The nodes of a cluster count in strides. */
		assert_int_equal(result.insert_id, db_test_number(t, "SELECT MAX(id) FROM t"));
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
	/* MySQL names the table too. */
	if (strcmp(db_error(t->db), "1062 Duplicate entry '…' for key 't.words'") != 0)
		assert_string_equal(db_error(t->db),
				    "1062 Duplicate entry '…' for key 'words'");

	/* It leaves a transaction open. */
	DB_TX(tx, t->db);
	assert_int_equal(tx.rc, OK);
	table_put(t->db, 3, 3);
	assert_int_equal(db_exec(t->db, sql, PARAMS(P(3), P("x")), NULL), ERR_CONFLICT);
	table_put(t->db, 4, 4);
	assert_int_equal(db_tx_commit(&tx), OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 3);
}

static void test_misuse(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row;

	assert_int_equal(db_one(t->db, &t->arena, TABLE_SELECT, NO_PARAMS, &row), ERR_FAILED);
	assert_int_equal(db_one(t->db, &t->arena, TABLE_SELECT, PARAMS(P(1), P(2)), &row),
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

static int64_t statements_prepared(struct db_test *t)
{
	const struct db_cell *row;

	assert_int_equal(db_one(t->db, &t->arena, "SHOW SESSION STATUS LIKE 'Com_stmt_prepare'",
				NO_PARAMS, &row),
			 OK);
	return strtoll(row[1].text, NULL, 10);
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
	prepared = statements_prepared(t);
	for (int i = 0; i < 50; i++) {
		char *copy = arena_strdup(&t->arena, "SELECT 'again', ?");

		assert_int_equal(db_one(t->db, &t->arena, copy, PARAMS(P(i)), &row), OK);
		assert_int_equal(row[1].number, i);
	}
	assert_in_range(statements_prepared(t), prepared, prepared + 2);
}

/* A statement that was prepared before the table changed. */
static void test_table_changed(void **state)
{
	struct db_test *t = *state;
	struct db *other = db_test_open(t);
	const struct db_cell *row;

	table_put(t->db, 1, 5);
	assert_int_equal(
		db_one(t->db, &t->arena, "SELECT * FROM t WHERE id = ?", PARAMS(P(1)), &row),
		OK);
	assert_int_equal(table_value(t, 1), 5);
	assert_int_equal(db_script(other, "ALTER TABLE t ADD COLUMN z INT NOT NULL DEFAULT 9"),
			 OK);
	assert_int_equal(table_value(t, 1), 5);
	assert_int_equal(
		db_one(t->db, &t->arena, "SELECT * FROM t WHERE id = ?", PARAMS(P(1)), &row),
		OK);
	assert_int_equal(row[1].number, 5);
	assert_int_equal(db_script(other, "ALTER TABLE t MODIFY n VARCHAR(20)"), OK);
	assert_int_equal(db_one(t->db, &t->arena, TABLE_SELECT, PARAMS(P(1)), &row), OK);
}

static void test_session(void **state)
{
	struct db_test *t = *state;
	const struct db_cell *row;

	for (int i = 0; i < 2; i++) {
		assert_string_equal(db_test_text(t, "SELECT @@session.time_zone"), "+00:00");
		/* Called transaction_isolation by MySQL. */
		assert_int_equal(db_one(t->db, &t->arena,
					"SHOW SESSION VARIABLES WHERE variable_name IN "
					"('tx_isolation', 'transaction_isolation')",
					NO_PARAMS, &row),
				 OK);
		assert_string_equal(row[1].text, "READ-COMMITTED");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_integers),	 TABLE_TEST(test_null),
		TABLE_TEST(test_text_and_blobs), TABLE_TEST(test_strict),
		TABLE_TEST(test_times),		 TABLE_TEST(test_calendar),
		TABLE_TEST(test_many_rows),	 TABLE_TEST(test_one),
		TABLE_TEST(test_result),	 TABLE_TEST(test_conflict),
		TABLE_TEST(test_misuse),	 TABLE_TEST(test_statements),
		TABLE_TEST(test_table_changed),	 TABLE_TEST(test_session),
		TABLE_TEST(test_like_escape),	 TABLE_TEST(test_urls),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
