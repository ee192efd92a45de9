/* db_table.h: a table to play with, for the tests of db. */
#ifndef KARTKA_DB_TABLE_H
#define KARTKA_DB_TABLE_H

#include "tests/db/db_test.h"

/* t (id PRIMARY KEY, n, u, s, b, at, e, small, d, word UNIQUE), and the test's database. */
int table_setup(void **state);
int table_teardown(void **state);

#define TABLE_TEST(f) cmocka_unit_test_setup_teardown(f, table_setup, table_teardown)

#define TABLE_INSERT "INSERT INTO t (id, n) VALUES (?, ?)"
#define TABLE_SELECT "SELECT n FROM t WHERE id = ?"

void table_put(struct db *db, int64_t id, int64_t n);
int table_add(struct db *db, int64_t id); /* n + 1 */
int64_t table_value(struct db_test *t, int64_t id);

/* KILL makes the server hang up; that is waited for. */
void table_kill(struct db_test *t, struct db *victim);

/* A row of id 1 in a transaction that is committed or left. */
int table_put_and_leave(struct db *db, bool commit);

#endif
