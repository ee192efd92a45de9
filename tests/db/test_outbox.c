/* A fact is told once; a lease is one worker's; a pause is kept. */
#include "tests/db/shop.h"

#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/domain/restock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORKER = 1, OTHER_WORKER = 2 };

static void add(struct db_test *t, const char *fact, enum outbox_priority priority,
		int64_t chat)
{
	assert_int_equal(outbox_add(t->db, &(struct outbox_message){ .fact = fact,
								     .kind = OUTBOX_ALERT,
								     .priority = priority,
								     .chat_id = chat }),
			 OK);
}

static size_t claim(struct db_test *t, int64_t worker, struct outbox_row **ret)
{
	size_t count;

	assert_int_equal(outbox_claim(t->db, &t->arena, worker, 10, 60, ret, &count), OK);
	return count;
}

static void test_fact_is_told_once(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;

	add(t, "a:1", OUTBOX_ORDERS, 1);
	add(t, "a:1", OUTBOX_ORDERS, 1);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	assert_int_equal(outbox_sent(t->db, rows[0].id, WORKER, 5), OK);
	add(t, "a:1", OUTBOX_ORDERS, 1);
	db_test_exec(t, "UPDATE outbox SET not_before = UTC_TIMESTAMP(6)");
	assert_int_equal(claim(t, WORKER, &rows), 0);
}

static void test_codes_come_first(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;

	add(t, "alert", OUTBOX_ALERTS, 1);
	add(t, "order", OUTBOX_ORDERS, 2);
	add(t, "codes", OUTBOX_CODES, 3);
	assert_int_equal(claim(t, WORKER, &rows), 3);
	assert_int_equal(rows[0].chat_id, 3);
	assert_int_equal(rows[1].chat_id, 2);
	assert_int_equal(rows[2].chat_id, 1);
}

static void test_lease(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;
	int64_t id;

	add(t, "a", OUTBOX_CODES, 1);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	id = rows[0].id;
	assert_int_equal(claim(t, OTHER_WORKER, &rows), 0);
	/* The first one died; what it says afterwards does not count. */
	db_test_exec(t, "UPDATE outbox SET not_before = UTC_TIMESTAMP(6)");
	assert_int_equal(claim(t, OTHER_WORKER, &rows), 1);
	assert_int_equal(rows[0].attempts, 2);
	assert_int_equal(outbox_sent(t->db, id, WORKER, 5), ERR_CONFLICT);
	assert_int_equal(outbox_later(t->db, id, WORKER, 5, "x"), ERR_CONFLICT);
	assert_int_equal(outbox_undeliverable(t->db, id, WORKER, "x"), ERR_CONFLICT);
	assert_int_equal(outbox_dead(t->db, id, WORKER, "x"), ERR_CONFLICT);
	assert_int_equal(outbox_sent(t->db, id, OTHER_WORKER, 6), OK);
	assert_int_equal(outbox_dead(t->db, id, OTHER_WORKER, "x"), ERR_CONFLICT);
}

/* A row that a newer version wrote does not stop the others. */
static void test_unknown_kind(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;

	add(t, "new", OUTBOX_CODES, 1);
	db_test_exec(t, "UPDATE outbox SET kind = 'hologram'");
	assert_int_equal(claim(t, WORKER, &rows), 0);
	assert_int_equal(db_test_number(t, "SELECT attempts FROM outbox"), 1);
	add(t, "old", OUTBOX_ALERTS, 2);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	assert_int_equal(rows[0].chat_id, 2);
	assert_int_equal(db_test_number(t, "SELECT attempts FROM outbox WHERE fact = 'new'"),
			 1);
}

/* While one worker is claiming, the other takes what is left and does not wait. */
static void test_claimed_at_once(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;
	const struct db_cell *row;

	add(t, "a", OUTBOX_CODES, 1);
	DB_TX(tx, db_test_open(t));
	assert_int_equal(
		db_one(tx.db, &t->arena, "SELECT id FROM outbox FOR UPDATE", NO_PARAMS, &row),
		OK);
	assert_int_equal(claim(t, WORKER, &rows), 0);
}

static void test_later_and_hold(void **state)
{
	struct db_test *t = *state;
	struct outbox_row *rows;

	add(t, "a", OUTBOX_CODES, 1);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	assert_int_equal(outbox_later(t->db, rows[0].id, WORKER, 0, "trouble"), OK);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	assert_int_equal(outbox_later(t->db, rows[0].id, WORKER, 60000, "trouble"), OK);
	assert_int_equal(claim(t, WORKER, &rows), 0);
	add(t, "b", OUTBOX_CODES, 2);
	add(t, "c", OUTBOX_CODES, 3);
	assert_int_equal(outbox_hold_chat(t->db, 2, 60), OK);
	assert_int_equal(outbox_hold_chat(t->db, 2, 1), OK); /* never shortened */
	assert_in_range(db_test_number(t, "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), "
					  "not_before) FROM outbox WHERE chat_id = 2"),
			50, 60);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	assert_int_equal(rows[0].chat_id, 3);
}

static void test_leases(void **state)
{
	struct db_test *t = *state;
	const char *data;
	bool mine;

	assert_int_equal(lease_take(t->db, &t->arena, "polling", WORKER, 30, &mine, &data), OK);
	assert_true(mine);
	assert_string_equal(data, "");
	assert_int_equal(lease_note(t->db, "polling", WORKER, "17"), OK);
	assert_int_equal(lease_note(t->db, "polling", WORKER, "17"), OK);
	assert_int_equal(
		lease_take(t->db, &t->arena, "polling", OTHER_WORKER, 30, &mine, &data), OK);
	assert_false(mine);
	assert_int_equal(lease_note(t->db, "polling", OTHER_WORKER, "18"), ERR_CONFLICT);
	db_test_exec(t, "UPDATE leases SET until_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND");
	assert_int_equal(
		lease_take(t->db, &t->arena, "polling", OTHER_WORKER, 30, &mine, &data), OK);
	assert_true(mine);
	assert_string_equal(data, "17");
	assert_int_equal(lease_release(t->db, "polling", WORKER), OK); /* it has none */
	assert_int_equal(lease_take(t->db, &t->arena, "polling", WORKER, 30, &mine, &data), OK);
	assert_false(mine);
	assert_int_equal(lease_release(t->db, "polling", OTHER_WORKER), OK);
	assert_int_equal(lease_take(t->db, &t->arena, "polling", WORKER, 30, &mine, &data), OK);
	assert_true(mine);
}

static void test_dead_worker_is_buried(void **state)
{
	struct db_test *t = *state;
	struct worker_beat beat = { .id = WORKER, .host = "here", .pid = 1, .version = "1" };
	struct outbox_row *rows;
	int n;

	assert_int_equal(worker_beat(t->db, &beat), OK);
	beat.id = OTHER_WORKER;
	assert_int_equal(worker_beat(t->db, &beat), OK);
	add(t, "a", OUTBOX_CODES, 1);
	assert_int_equal(claim(t, WORKER, &rows), 1);
	add(t, "b", OUTBOX_CODES, 2);
	assert_int_equal(claim(t, OTHER_WORKER, &rows), 1);
	assert_int_equal(worker_bury(t->db, &n), OK);
	assert_int_equal(n, 0);
	db_test_exec(t, "UPDATE workers SET beat_at = UTC_TIMESTAMP(6) - INTERVAL 11 SECOND "
			"WHERE id = 1");
	assert_int_equal(worker_bury(t->db, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(worker_alive(t->db, &n), OK);
	assert_int_equal(n, 1);
	/* Its message is due at once, the other's is not. */
	assert_int_equal(claim(t, OTHER_WORKER, &rows), 1);
	assert_int_equal(rows[0].chat_id, 1);
}

static void test_pause(void **state)
{
	struct db_test *t = *state;
	int64_t ms;

	assert_int_equal(pause_left(t->db, "telegram", &ms), OK);
	assert_int_equal(ms, 0);
	assert_int_equal(pause_set(t->db, "telegram", 20), OK);
	assert_int_equal(pause_set(t->db, "telegram", 2), OK); /* never shortened */
	assert_int_equal(pause_left(t->db, "telegram", &ms), OK);
	assert_in_range(ms, 15000, 20001);
}

static void test_restock(void **state)
{
	struct shop s;
	struct outbox_row *rows;
	int told;

	shop_make(&s, *state, 0);
	assert_int_equal(restock_wait(s.t->db, s.value_id, BUYER), OK);
	assert_int_equal(restock_wait(s.t->db, s.value_id, BUYER), OK);
	assert_int_equal(restock_wait(s.t->db, s.value_id, OTHER_BUYER), OK);
	assert_int_equal(restock_tell(s.t->db, 10, &told), OK);
	assert_int_equal(told, 0);
	shop_stock(&s, "NEW", 1);
	assert_int_equal(restock_tell(s.t->db, 1, &told), OK);
	assert_int_equal(told, 1);
	assert_int_equal(restock_tell(s.t->db, 10, &told), OK);
	assert_int_equal(told, 1);
	assert_int_equal(restock_tell(s.t->db, 10, &told), OK);
	assert_int_equal(told, 0);
	assert_int_equal(claim(s.t, WORKER, &rows), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_fact_is_told_once),
		DB_TEST(test_codes_come_first),
		DB_TEST(test_lease),
		DB_TEST(test_claimed_at_once),
		DB_TEST(test_unknown_kind),
		DB_TEST(test_later_and_hold),
		DB_TEST(test_leases),
		DB_TEST(test_pause),
		DB_TEST(test_dead_worker_is_buried),
		DB_TEST(test_restock),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
