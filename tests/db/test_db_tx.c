/* db.h's promises about transactions, and about connections that are lost. */
#include "tests/db/db_table.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- transactions ---- */

static void test_scope(void **state)
{
	struct db_test *t = *state;

	assert_int_equal(table_put_and_leave(t->db, false), ERR_FAILED);
	assert_false(db_in_tx(t->db));
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
	assert_int_equal(table_put_and_leave(t->db, true), OK);
	assert_false(db_in_tx(t->db));
	db_disconnect(t->db);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 1);
}

static void test_nested(void **state)
{
	struct db_test *t = *state;
	DB_TX(tx, t->db);

	assert_int_equal(tx.rc, OK);
	table_put(t->db, 1, 1);
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
	table_put(t->db, 1, 1);
	assert_int_equal(db_exec(t->db, "INSERT INTO nowhere VALUES (1)", NO_PARAMS, NULL),
			 ERR_FAILED);
	assert_int_equal(db_exec(t->db, TABLE_INSERT, PARAMS(P(2), P(2)), NULL), ERR_FAILED);
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

	table_put(t->db, 1, 1);
	table_put(t->db, 2, 2);
	{
		DB_TX(held, other);
		DB_TX(tx, t->db);

		assert_int_equal(held.rc, OK);
		assert_int_equal(tx.rc, OK);
		assert_int_equal(table_add(other, 2), OK);
		assert_int_equal(table_add(t->db, 1), OK);
		began_ms = clock_monotonic_ms();
		assert_int_equal(table_add(t->db, 2), ERR_RETRY);
		assert_int_equal(db_errno(t->db), 1205);
		assert_in_range(clock_monotonic_ms() - began_ms, 900, CALL_TIMEOUT_MS);
		assert_int_equal(table_add(t->db, 1), ERR_RETRY);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
		assert_int_equal(db_tx_commit(&held), OK);
	}
	assert_int_equal(table_value(t, 1), 1);
	assert_int_equal(table_value(t, 2), 3);
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
	if ((rc = tx.rc) || (rc = table_add(db, c->first)))
		return rc;
	if (c->attempts == 1)
		pthread_barrier_wait(c->barrier);
	if ((rc = table_add(db, c->second))) {
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
	table_put(t->db, 1, 0);
	table_put(t->db, 2, 0);
	pthread_barrier_init(&barrier, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, cross_thread, &b), 0);
	cross_thread(&a);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	assert_int_equal(a.rc, OK);
	assert_int_equal(b.rc, OK);
	assert_int_equal(a.deadlocks + b.deadlocks, 1);
	assert_int_equal(a.attempts + b.attempts, 3);
	assert_int_equal(table_value(t, 1), 2);
	assert_int_equal(table_value(t, 2), 2);
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

	table_put(t->db, 2, 1);
	table_kill(t, t->db);
	assert_int_equal(db_one(t->db, &t->arena, TABLE_SELECT, PARAMS(P(2)), &row), OK);
	assert_int_equal(row->number, 1);
	/* Nothing was sent on the dead one, so writing is in no doubt either. */
	table_kill(t, t->db);
	assert_int_equal(table_add(t->db, 2), OK);
	table_kill(t, t->db);
	assert_int_equal(table_put_and_leave(t->db, true), OK);
	assert_int_equal(table_value(t, 2), 2);
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

	if ((rc = tx.rc) || (rc = table_add(db, 1)))
		return rc;
	if (!d->runs++)
		table_kill(d->t, db);
	if ((rc = table_add(db, 1)))
		return rc;
	return db_tx_commit(&tx);
}

static void test_killed_inside(void **state)
{
	struct db_test *t = *state;
	struct dying d = { .t = t };

	table_put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(table_add(t->db, 1), OK);
		table_kill(t, t->db);
		assert_int_equal(table_add(t->db, 1), ERR_RETRY);
		assert_true(db_in_tx(t->db));
		assert_int_equal(table_add(t->db, 1), ERR_RETRY);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
	}
	assert_int_equal(table_value(t, 1), 0);
	assert_int_equal(db_retry(t->db, die_once, &d), OK);
	assert_int_equal(d.runs, 2);
	assert_int_equal(table_value(t, 1), 2);
}

static void test_killed_at_commit(void **state)
{
	struct db_test *t = *state;

	table_put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(table_add(t->db, 1), OK);
		table_kill(t, t->db);
		assert_int_equal(db_tx_commit(&tx), ERR_UNSURE);
	}
	assert_false(db_in_tx(t->db));
	assert_int_equal(table_value(t, 1), 0);
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
	table_put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(table_add(t->db, 1), OK);
		assert_int_equal(pthread_create(&thread, NULL, kill_query, t), 0);
		assert_int_equal(db_query(t->db, &t->arena,
					  "SELECT n, SLEEP(2.5) FROM t FOR UPDATE", NO_PARAMS,
					  &rows),
				 ERR_RETRY);
		pthread_join(thread, NULL);
		assert_int_equal(db_errno(t->db), 1317);
		assert_int_equal(db_tx_commit(&tx), ERR_RETRY);
	}
	assert_int_equal(table_value(t, 1), 0);
}

/* The server ends a statement before we hang up on it, and so frees its locks. */
static void test_slow_statement(void **state)
{
	struct db_test *t = *state;
	int64_t const began_ms = clock_monotonic_ms();
	struct db_rows rows;

	table_put(t->db, 1, 0);
	{
		DB_TX(tx, t->db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(db_query(t->db, &t->arena,
					  "SELECT n, SLEEP(10) FROM t FOR UPDATE", NO_PARAMS,
					  &rows),
				 ERR_RETRY);
	}
	assert_in_range(clock_monotonic_ms() - began_ms, 1000, CALL_TIMEOUT_MS + 500);
	assert_int_equal(table_add(db_test_open(t), 1), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_scope),
		TABLE_TEST(test_nested),
		TABLE_TEST(test_error_in_tx),
		TABLE_TEST(test_lock_wait),
		TABLE_TEST(test_deadlock),
		TABLE_TEST(test_retry),
		TABLE_TEST(test_killed_outside),
		TABLE_TEST(test_killed_inside),
		TABLE_TEST(test_killed_at_commit),
		TABLE_TEST(test_killed_query),
		TABLE_TEST(test_slow_statement),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
