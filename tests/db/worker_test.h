/*
 * worker_test.h: the worker's calling jobs inside a test, without its loop: a database, and
 * the other side, Telegram or Portmone, that answers as the test says.
 */
#ifndef KARTKA_WORKER_TEST_H
#define KARTKA_WORKER_TEST_H

#include "fcgi/worker/worker.h"
#include "tests/db/shop.h"

int worker_test_start(void **state); /* for the group */
int worker_test_stop(void **state);
int worker_test_setup(void **state); /* for each test: *state is a struct db_test * */
int worker_test_teardown(void **state);

#define WORKER_TEST(f) \
	cmocka_unit_test_setup_teardown(f, worker_test_setup, worker_test_teardown)

/* The one of this test: its vault and payee are the shop's; nothing in its configuration. */
extern struct worker worker;

typedef int worker_job(struct worker *w, struct arena *a, const char *lease_data);

/* Call the job, then move its calls on until the last one has ended. */
void worker_test_run(worker_job *job);

/* ---- the other side ---- */

/* One answer more, for the next question that has none yet; without: 200 and *ok*. */
void peer_answers(int status, const char *body);
/* How often it was asked in this test, and with what: the head and the body, from 0 on. */
int peer_asked(void);
const char *peer_question(int n);
bool peer_heard(const char *part); /* in any of the questions */

#endif
