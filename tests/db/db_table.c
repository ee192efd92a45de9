#include "tests/db/db_table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int table_setup(void **state)
{
	int const rc = db_test_setup(state);
	struct db_test *t = *state;

	db_test_exec(t, "DROP TABLE IF EXISTS t");
	db_test_exec(t, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NULL, "
			"u BIGINT UNSIGNED NULL, s TEXT NULL, b MEDIUMBLOB NULL, "
			"at DATETIME(6) NULL, e ENUM('a','b') NULL, small TINYINT NULL, "
			"d DATE NULL, word VARCHAR(20) NULL, UNIQUE KEY words (word))");
	return rc;
}

int table_teardown(void **state)
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

void table_put(struct db *db, int64_t id, int64_t n)
{
	assert_int_equal(db_exec(db, TABLE_INSERT, PARAMS(P(id), P(n)), NULL), OK);
}

int table_add(struct db *db, int64_t id)
{
	return db_exec_one(db, "UPDATE t SET n = n + 1 WHERE id = ?", PARAMS(P(id)));
}

int64_t table_value(struct db_test *t, int64_t id)
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

void table_kill(struct db_test *t, struct db *victim)
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

int table_put_and_leave(struct db *db, bool commit)
{
	DB_TX(tx, db);

	if (tx.rc)
		return tx.rc;
	assert_true(db_in_tx(db));
	table_put(db, 1, 1);
	if (!commit)
		return ERR_FAILED;
	return db_tx_commit(&tx);
}
