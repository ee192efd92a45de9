/* The worker's small jobs: who is buried and when, and what is forgotten. */
#include "tests/db/worker_test.h"

#include "fcgi/worker/beat.h"
#include "shared/base/limits.h"
#include "shared/domain/key_holder.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { OTHER = 77 };

static int64_t workers(struct db_test *t)
{
	return db_test_number(t, "SELECT COUNT(*) FROM workers");
}

/* After an outage of the database everybody's heartbeat is old. */
static void test_an_outage_buries_nobody(void **state)
{
	struct db_test *t = *state;

	worker.host = "here";
	key_report_init(&worker.keys, &worker.program, &worker.vault);

	assert_int_equal(worker_beat(t->db, &(struct worker_beat){ .id = OTHER,
								   .host = "there",
								   .version = "1" }),
			 OK);
	db_test_exec(t, "UPDATE workers SET beat_at = UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE");
	worker_test_run(bury_run);
	worker_test_run(beat_run);
	worker_test_run(bury_run);
	assert_int_equal(workers(t), 2);
	for (int i = 0; i < 3; i++)
		worker_test_run(beat_run);
	/* Another silence: the count begins anew. */
	worker.beat_ms -= 60000;
	worker_test_run(beat_run);
	worker_test_run(bury_run);
	assert_int_equal(workers(t), 2);
	for (int i = 0; i < 3; i++)
		worker_test_run(beat_run);
	worker_test_run(bury_run);
	assert_int_equal(workers(t), 1);
}

static int64_t holders(struct db_test *t)
{
	return db_test_number(t, "SELECT COUNT(*) FROM key_holders");
}

/* Everybody was silent: who lives is known when all of them had their turn again. */
static void test_an_outage_forgets_no_key(void **state)
{
	struct db_test *t = *state;
	int beats = 0;

	worker.host = "here";
	key_report_init(&worker.keys, &worker.program, &worker.vault);
	assert_int_equal(key_holder_beat(t->db, &(struct key_holder){ .id = OTHER,
								      .program = "admin",
								      .host = "there",
								      .known = "1:ab" }),
			 OK);
	worker_test_run(beat_run);
	db_test_exec(t, "UPDATE key_holders SET beat_at = UTC_TIMESTAMP(6) - INTERVAL 61 "
			"SECOND WHERE program = 'admin'");
	for (; holders(t) == 2 && beats < 60; beats++) {
		worker_test_run(beat_run);
		worker_test_run(bury_run);
	}
	assert_int_equal(holders(t), 1);
	assert_true(beats * 1000 > KEY_HOLDER_BEAT_MS && beats < 60);
}

static void message(struct db_test *t, const char *fact, enum outbox_kind kind,
		    enum outbox_priority priority)
{
	assert_int_equal(outbox_add(t->db, &(struct outbox_message){ .fact = fact,
								     .kind = kind,
								     .priority = priority,
								     .chat_id = 5 }),
			 OK);
}

static void test_old_messages_are_forgotten(void **state)
{
	struct db_test *t = *state;

	message(t, "codes", OUTBOX_DELIVERED, OUTBOX_CODES);
	message(t, "order", OUTBOX_EXPIRED, OUTBOX_ORDERS);
	message(t, "alert", OUTBOX_ALERT, OUTBOX_ALERTS);
	db_test_exec(t, "UPDATE outbox SET state = 'sent', not_before = UTC_TIMESTAMP(6) - "
			"INTERVAL 91 DAY");
	db_test_exec(t, "UPDATE outbox SET state = 'undeliverable' WHERE fact = 'alert'");
	message(t, "not sent", OUTBOX_ALERT, OUTBOX_ALERTS);
	db_test_exec(t, "UPDATE outbox SET not_before = UTC_TIMESTAMP(6) - INTERVAL 99 DAY "
			"WHERE fact = 'not sent'");
	message(t, "young", OUTBOX_ALERT, OUTBOX_ALERTS);
	db_test_exec(t, "UPDATE outbox SET state = 'sent' WHERE fact = 'young'");
	worker_test_run(sweep_run);
	assert_string_equal(
		db_test_text(t, "SELECT GROUP_CONCAT(fact ORDER BY fact) FROM outbox"),
		"codes,not sent,young");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_TEST(test_an_outage_buries_nobody),
		WORKER_TEST(test_an_outage_forgets_no_key),
		WORKER_TEST(test_old_messages_are_forgotten),
	};

	return cmocka_run_group_tests(tests, worker_test_start, worker_test_stop);
}
