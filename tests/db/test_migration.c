/* migration.h's promises: once, in order, unchanged, resumed, by many at once. */
#include "tests/db/db_test.h"
#include "shared/domain/migration_private.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[32];
static const char *url;
static struct db *db;

static int setup(void **state)
{
	int const rc = db_test_setup(state);

	snprintf(folder, sizeof(folder), "/tmp/kartka-sql.XXXXXX");
	assert_non_null(mkdtemp(folder));
	url = db_test_database("_m");
	assert_int_equal(db_new(&(struct db_options){ .url = url }, &db), OK);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	UNUSED(st);
	UNUSED(type);
	UNUSED(ftw);
	return remove(path);
}

static int teardown(void **state)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	db_free(db);
	return db_test_teardown(state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static void write_file(const char *name, const char *text)
{
	char path[100];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void remove_file(const char *name)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static int64_t number(struct db_test *t, const char *sql)
{
	const struct db_cell *row;

	assert_int_equal(db_one(db, &t->arena, sql, NO_PARAMS, &row), OK);
	return row->number;
}

static int run(struct db_test *t, struct migration_list *ret, const char **ret_problem)
{
	struct str problem = STR(&t->arena, 2000);
	int const rc = migration_run(url, &t->arena, folder, ret, &problem);

	*ret_problem = str_text(&problem);
	/* Whatever went wrong is said. */
	assert_int_equal(rc != OK, problem.len > 0);
	return rc;
}

static void write_first(void)
{
	write_file("0001_first.sql", "-- The first; really;\n\n"
				     "CREATE TABLE one (id INT PRIMARY KEY,\n"
				     "  word VARCHAR(20) COMMENT 'a; b'\n"
				     ");\n\n"
				     "-- a comment between;\n"
				     "INSERT INTO one VALUES (1, 'x;'),\n"
				     "  -- and within;\n"
				     "  (2, '--');\r\n"
				     "INSERT INTO one VALUES (3, '')");
}

static void test_once(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	struct str none = STR(&t->arena, 100);
	const char *problem;

	write_first();
	assert_int_equal(migration_status(db, &t->arena, folder, &list, &none), OK);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.pending, 1);
	assert_string_equal(list.list[0].name, "0001_first");
	assert_int_equal(strlen(list.list[0].checksum), 64);

	assert_int_equal(run(t, &list, &problem), OK);
	assert_true(list.list[0].now);
	assert_int_equal(number(t, "SELECT COUNT(*) FROM one"), 3);

	write_file("0002_second.sql", "ALTER TABLE one ADD COLUMN z INT;\n"
				      "UPDATE one SET z = id;\n");
	assert_int_equal(migration_status(db, &t->arena, folder, &list, &none), OK);
	assert_int_equal(list.pending, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run(t, &list, &problem), OK);
		assert_int_equal(list.count, 2);
		assert_int_equal(list.pending, 0);
		assert_false(list.list[0].now);
		assert_int_equal(list.list[1].now, i == 0);
		assert_true(list.list[1].applied_at >= list.list[0].applied_at);
	}
	assert_int_equal(number(t, "SELECT SUM(z) FROM one"), 6);
	assert_int_equal(migration_status(db, &t->arena, folder, &list, &none), OK);
	assert_int_equal(list.pending, 0);
	assert_true(list.list[1].applied_at > 0);
	assert_int_equal(none.len, 0);
}

static void test_changed(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	const char *problem;

	write_first();
	assert_int_equal(run(t, &list, &problem), OK);
	write_file("0001_first.sql", "SELECT 1;\n");
	assert_int_equal(run(t, &list, &problem), ERR_CONFLICT);
	assert_string_equal(problem, "0001_first was changed after it was applied");
	write_first();
	write_file("0003_third.sql", "CREATE TABLE three (id INT PRIMARY KEY);\n");
	assert_int_equal(run(t, &list, &problem), OK);
	write_file("0002_late.sql", "CREATE TABLE late (id INT PRIMARY KEY);\n");
	assert_int_equal(run(t, &list, &problem), ERR_CONFLICT);
	assert_string_equal(problem, "0003_third was applied before an older one");
	remove_file("0002_late.sql");
	remove_file("0003_third.sql");
	assert_int_equal(run(t, &list, &problem), ERR_CONFLICT);
	assert_string_equal(problem,
			    "the database has 0003_third, which this version does not know");
}

static void test_folder(void **state)
{
	struct db_test *t = *state;
	static const char *const bad[] = { "readme.txt",  "1_x.sql",	"0000_x.sql",
					   "0001x.sql",	  "0001_.sql",	"00a1_x.sql",
					   "0001_x.sql~", "0001_X.sql", "0001_second.sql" };
	struct migration_list list;
	const char *problem;

	assert_int_equal(run(t, &list, &problem), ERR_INVALID);
	write_first();
	for (size_t i = 0; i < COUNT(bad); i++) {
		write_file(bad[i], "SELECT 1;\n");
		assert_int_equal(run(t, &list, &problem), ERR_INVALID);
		assert_non_null(strstr(problem, i + 1 == COUNT(bad) ? "0001_" : bad[i]));
		remove_file(bad[i]);
	}
	write_file(".hidden", "");
	assert_int_equal(run(t, &list, &problem), OK);
}

/* A statement that fails is said, mended, and the run goes on where it stopped. */
static void test_mended(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	const char *problem;

	write_file("0001_first.sql", "CREATE TABLE one (id INT PRIMARY KEY);\n"
				     "INSERT INTO one VALUES (1);\n"
				     "INSERT INTO two VALUES (2);\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(run(t, &list, &problem), ERR_FAILED);
		assert_non_null(strstr(problem, "0001_first, statement 3: 1146 "));
	}
	write_file("0001_first.sql", "CREATE TABLE one (id INT PRIMARY KEY);\n"
				     "INSERT INTO one VALUES (1);\n"
				     "INSERT INTO one VALUES (2);\n");
	assert_int_equal(run(t, &list, &problem), OK);
	assert_int_equal(number(t, "SELECT COUNT(*) FROM one"), 2);
	assert_int_equal(run(t, &list, &problem), OK);
}

/* Killed between a statement and its note: what was done is not an error, but only there. */
static void test_resumed(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	const char *problem;

	write_file("0001_first.sql", "CREATE TABLE one (id INT PRIMARY KEY);\n"
				     "CREATE TABLE two (id INT PRIMARY KEY);\n"
				     "ALTER TABLE two ADD COLUMN z INT;\n");
	assert_int_equal(db_script(db, "CREATE TABLE one (id INT PRIMARY KEY)"), OK);
	assert_int_equal(run(t, &list, &problem), ERR_FAILED);
	assert_non_null(strstr(problem, "statement 1: 1050 "));
	assert_int_equal(run(t, &list, &problem), OK);
	assert_int_equal(db_script(db, "UPDATE schema_migrations SET applied_at = NULL, "
				       "statements = 2 WHERE version = 1"),
			 OK);
	assert_int_equal(run(t, &list, &problem), OK);
	assert_int_equal(db_script(db, "UPDATE schema_migrations SET applied_at = NULL, "
				       "statements = 1 WHERE version = 1"),
			 OK);
	assert_int_equal(run(t, &list, &problem), ERR_FAILED);
	assert_non_null(strstr(problem, "statement 3: 1060 "));
}

/* Six processes at once, one of them killed: each statement is done once. */
static void test_together(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	const char *problem;
	pid_t children[6];
	int status;

	write_file("0001_first.sql",
		   "CREATE TABLE one (id INT AUTO_INCREMENT PRIMARY KEY);\n"
		   "INSERT INTO one VALUES ();\n"
		   "INSERT INTO one SELECT NULL FROM one WHERE SLEEP(0.3) = 0;\n"
		   "CREATE TABLE two (id INT PRIMARY KEY);\n"
		   "INSERT INTO one VALUES ();\n");
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (!children[i])
			_exit(run(t, &list, &problem) ? 1 : 0);
	}
	usleep(250000);
	kill(children[0], SIGKILL);
	for (size_t i = 0; i < COUNT(children); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(i == 0 || (WIFEXITED(status) && !WEXITSTATUS(status)));
	}
	assert_int_equal(run(t, &list, &problem), OK);
	assert_int_equal(number(t, "SELECT COUNT(*) FROM one"), 3);
}

static int64_t guard_of(struct db_test *t)
{
	return number(t,
		      "SELECT COALESCE(MAX(p.id), 0) FROM information_schema.innodb_trx x "
		      "JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id "
		      "WHERE p.db = DATABASE() AND x.trx_query IS NULL");
}

/* The lock goes away with its connection: the next run begins, and the first ends well too. */
static void test_overtaken(void **state)
{
	struct db_test *t = *state;
	struct migration_list list;
	const char *problem;
	pid_t children[2];
	int64_t guard;
	int status;

	write_file("0001_first.sql", "CREATE TABLE one (id INT AUTO_INCREMENT PRIMARY KEY);\n"
				     "INSERT INTO one VALUES ();\n"
				     "CREATE TABLE slow AS SELECT SLEEP(1) AS z;\n"
				     "CREATE TABLE two (id INT PRIMARY KEY);\n"
				     "INSERT INTO one VALUES ();\n");
	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (!children[i])
			_exit(run(t, &list, &problem) ? 1 : 0);
		if (!i) {
			/* The server looks at most ten times a second. */
			for (int n = 0; !(guard = guard_of(t)) && n < 50; n++)
				usleep(150000);
			assert_int_equal(db_script(db, arena_printf(&t->arena, "KILL %lld",
								    (long long)guard)),
					 OK);
		}
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	assert_int_equal(number(t, "SELECT COUNT(*) FROM one"), 2);
}

static void test_statements(void **state)
{
	struct db_test *t = *state;
	const char *rest = "\n -- indented;\n--\n;\na\n--;\n b;\n\n--x";

	assert_string_equal(migration_statement_next(&t->arena, &rest), "\n");
	assert_string_equal(migration_statement_next(&t->arena, &rest), "a\n b\n");
	assert_null(migration_statement_next(&t->arena, &rest));
	assert_null(migration_statement_next(&t->arena, &rest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_once),	 T(test_changed),  T(test_folder),    T(test_mended),
		T(test_resumed), T(test_together), T(test_overtaken), T(test_statements),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
