/* /healthz, /readyz, /metrics: what is missing is said, and the numbers stay in the house. */
#include "fcgi/admin/admin.h"

#include "shared/base/clock.h"
#include "shared/domain/lease.h"
#include "shared/platform/web_private.h"
#include "tests/db/db_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct admin admin;
static const char *shared;

static int setup(void **state)
{
	struct db_test *t;
	int const rc = db_test_setup(state);

	if (rc)
		return rc;
	t = *state;
	shared = arena_printf(&t->arena, "/tmp/kartka-health-%ld.mem", (long)getpid());
	admin.program = (struct program){ .name = "admin", .db = t->db };
	return shm_open_file(shared, &admin.program.shm) ? 1 : 0;
}

static int teardown(void **state)
{
	shm_close(admin.program.shm);
	(void)unlink(shared);
	return db_test_teardown(state);
}

#define HEALTH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct web_response ask(struct db_test *t, web_handler *handle, const char *from,
			       bool forwarded)
{
	struct web_request const req = { .method = WEB_GET,
					 .path = "/",
					 .query = "",
					 .content_type = "",
					 .remote_addr = from,
					 .forwarded = forwarded,
					 .id = "test" };
	struct web_response res;

	web_response_init(&res, &t->arena);
	handle(&admin, &t->arena, &req, &res);
	return res;
}

static bool ready_says(struct db_test *t, const char *line)
{
	struct web_response const res = ask(t, health_ready, "127.0.0.1", false);

	assert_int_equal(res.status, 503);
	assert_non_null(strstr(str_text(&res.headers), "Retry-After: "));
	return strstr(str_text(&res.body), line) != NULL;
}

static void test_live(void **state)
{
	struct web_response const res = ask(*state, health_live, "192.0.2.1", true);

	assert_int_equal(res.status, 200);
	assert_string_equal(str_text(&res.body), "ok\n");
}

static void test_ready(void **state)
{
	struct db_test *t = *state;
	struct worker_beat const beat = { .id = 5, .host = "here", .pid = 1, .version = "1" };
	struct web_response res;

	for (int i = 0; i < BEAT__COUNT; i++) {
		assert_true(ready_says(t, "no process") || i == BEAT_WORKER);
		beat_stamp(admin.program.shm, (enum beat)i, clock_monotonic_ms());
	}
	assert_true(ready_says(t, "worker: no heartbeat"));
	assert_int_equal(worker_beat(t->db, &beat), OK);
	res = ask(t, health_ready, "192.0.2.1", true);
	assert_int_equal(res.status, 200);
	assert_string_equal(str_text(&res.body), "ok\n");
	/* A heartbeat that is too old, then a schema that is not ours. */
	db_test_exec(t, "UPDATE workers SET beat_at = UTC_TIMESTAMP(6) - INTERVAL 6 SECOND");
	assert_true(ready_says(t, "worker: no heartbeat"));
	assert_int_equal(worker_beat(t->db, &beat), OK);
	db_test_exec(
		t,
		"UPDATE schema_migrations SET applied_at = NULL ORDER BY version DESC LIMIT 1");
	assert_true(ready_says(t, "migrations are missing"));
	db_test_exec(t, "UPDATE schema_migrations SET applied_at = UTC_TIMESTAMP(6) "
			"WHERE applied_at IS NULL");
	gate_report(admin.program.shm, GATE_DB, false, clock_monotonic_ms());
	assert_true(ready_says(t, "database: can't be reached"));
}

static void test_numbers(void **state)
{
	struct db_test *t = *state;
	struct web_response res;

	metric_add(admin.program.shm, METRIC_ORDERS_PAID, 3);
	beat_stamp(admin.program.shm, BEAT_PAY, clock_monotonic_ms());
	res = ask(t, numbers_show, "127.0.0.1", false);
	assert_int_equal(res.status, 200);
	assert_non_null(strstr(str_text(&res.body), "\nkartka_orders_paid_total 3\n"));
	assert_non_null(strstr(str_text(&res.body), "\nkartka_processes{kind=\"pay\"} 1\n"));
	assert_non_null(strstr(str_text(&res.body), "\nkartka_down{what=\"database\"} 0\n"));
	assert_non_null(strstr(str_text(&res.body), "\nkartka_outbox_pending 0\n"));
	assert_non_null(strstr(str_text(&res.body), "\nkartka_database_up 1\n"));
	gate_report(admin.program.shm, GATE_DB, false, clock_monotonic_ms());
	res = ask(t, numbers_show, "::1", false);
	assert_int_equal(res.status, 200);
	assert_non_null(strstr(str_text(&res.body), "\nkartka_database_up 0\n"));
	assert_null(strstr(str_text(&res.body), "kartka_outbox_pending"));
}

static void test_numbers_are_ours(void **state)
{
	static const char *const others[] = { "192.0.2.1", "::ffff:192.0.2.1", "1270.0.0.1",
					      "" };

	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_equal(ask(*state, numbers_show, others[i], false).status, 403);
	assert_int_equal(ask(*state, numbers_show, "127.0.0.1", true).status, 403);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HEALTH_TEST(test_live),
		HEALTH_TEST(test_ready),
		HEALTH_TEST(test_numbers),
		HEALTH_TEST(test_numbers_are_ours),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
