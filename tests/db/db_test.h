/*
 * db_test.h: a database for a test program: migrated, its own, clean before each test.
 *
 *	static void test_something(void **state)
 *	{
 *		struct db_test *t = *state;
 *		…
 *	}
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = { DB_TEST(test_something), … };
 *
 *		return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
 *	}
 *
 * The server is the one of KARTKA_TEST_DB_URL, else one that is started for this program
 * and ends with it, under KARTKA_TEST_DIR or /tmp.
 */
#ifndef KARTKA_DB_TEST_H
#define KARTKA_DB_TEST_H

#include "shared/platform/db.h"

#include <sys/types.h>

struct db_test {
	struct db *db; /* new for each test: one that failed leaves nothing behind */
	struct arena arena;
	const char *url; /* of this program's database */
	struct db *others[8];
	size_t other_count;
};

int db_test_start(void **state); /* for the group */
int db_test_stop(void **state);
int db_test_setup(void **state); /* for each test: *state is a struct db_test * */
int db_test_teardown(void **state);

#define DB_TEST(f) cmocka_unit_test_setup_teardown(f, db_test_setup, db_test_teardown)

/* A further connection to the same database, closed with the test. */
struct db *db_test_open(struct db_test *t);

/* For arranging and looking; the test fails when the statement does. */
void db_test_exec(struct db_test *t, const char *sql);
int64_t db_test_number(struct db_test *t, const char *sql); /* of the first row */
const char *db_test_text(struct db_test *t, const char *sql);

/* A further, empty database on the same server; returns its URL.  Dropped with the program's.
 */
const char *db_test_database(const char *suffix);

/* Delete every row but those the migrations made. */
void db_test_clean(struct db_test *t);

/* ---- a server of one's own: to be stopped, paused, killed ---- */

struct db_server {
	char folder[80];
	char url[160]; /* to its database mysql, over TCP, as root */
	char port[8];
	pid_t pid;
};

/* Started and answering.  One option of mariadbd may be given, else NULL. */
void db_server_start(struct db_server *s, const char *option);
/* The same folder and port again, after db_server_kill(). */
void db_server_restart(struct db_server *s, const char *option);
void db_server_kill(struct db_server *s);
/* Killed and its folder removed. */
void db_server_end(struct db_server *s);

#endif
