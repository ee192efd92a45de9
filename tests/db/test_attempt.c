/* Failed sign-ins: charged before anything is looked at, so many at once are many failures. */
#include "shared/domain/attempt.h"
#include "tests/db/db_test.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THREADS = 8, TRIES = 12, FREE = 5 };

static const struct attempt login = { .names = { "login a", "address 1" },
				      .allowed = { FREE, 100 } };

static int64_t begin(struct db_test *t, const struct attempt *attempt)
{
	int64_t wait;

	assert_int_equal(attempt_begin(t->db, attempt, &wait), OK);
	return wait;
}

static void wait_over(struct db_test *t)
{
	db_test_exec(t, "UPDATE attempts SET until_at = UTC_TIMESTAMP(6)");
}

static void test_waits_grow(void **state)
{
	static const int64_t waits[] = { 2, 4, 8, 16, 32 };
	struct db_test *t = *state;

	for (int i = 0; i < FREE; i++)
		assert_int_equal(begin(t, &login), 0);
	for (size_t i = 0; i < COUNT(waits); i++) {
		assert_true(begin(t, &login) <= waits[i]);
		assert_true(begin(t, &login) > waits[i] / 2);
		wait_over(t);
		assert_int_equal(begin(t, &login), 0);
	}
	/* Being refused is not counted: waiting out the delay is enough. */
	assert_int_equal(db_test_number(t, "SELECT failures FROM attempts "
					   "WHERE name = 'login a'"),
			 FREE + (int)COUNT(waits));
}

static void test_never_for_ever(void **state)
{
	struct db_test *t = *state;

	assert_int_equal(begin(t, &login), 0);
	db_test_exec(t, "UPDATE attempts SET failures = 1000000");
	assert_int_equal(begin(t, &login), 0);
	assert_true(begin(t, &login) <= 900);
}

static void test_success_forgets(void **state)
{
	struct db_test *t = *state;

	for (int i = 0; i < FREE; i++)
		assert_int_equal(begin(t, &login), 0);
	assert_int_equal(attempt_end(t->db, &login), OK);
	assert_int_equal(begin(t, &login), 0);
	/* An address is not cleared by the one account somebody has there. */
	assert_int_equal(db_test_number(t, "SELECT failures FROM attempts "
					   "WHERE name = 'address 1'"),
			 FREE);
}

static void test_address_alone(void **state)
{
	struct db_test *t = *state;

	for (int i = 0; i < 3; i++) {
		struct attempt const one = {
			.names = { arena_printf(&t->arena, "login %d", i), "address 2" },
			.allowed = { FREE, 3 },
		};

		assert_int_equal(begin(t, &one), 0);
	}
	assert_true(begin(t, &(struct attempt){ .names = { "login new", "address 2" },
						.allowed = { FREE, 3 } }) > 0);
	assert_int_equal(begin(t, &(struct attempt){ .names = { "login new", "address 3" },
						     .allowed = { FREE, 3 } }),
			 0);
}

static void test_quiet_day_forgets(void **state)
{
	struct db_test *t = *state;

	for (int i = 0; i < FREE; i++)
		assert_int_equal(begin(t, &login), 0);
	db_test_exec(t, "UPDATE attempts SET last_at = last_at - INTERVAL 25 HOUR, "
			"until_at = until_at - INTERVAL 25 HOUR");
	assert_int_equal(begin(t, &login), 0);
	assert_int_equal(db_test_number(t, "SELECT failures FROM attempts "
					   "WHERE name = 'login a'"),
			 1);
}

struct racer {
	struct db *db;
	pthread_t thread;
	int passed;
	int failed;
};

static void *race(void *data)
{
	struct racer *r = data;

	for (int i = 0; i < TRIES; i++) {
		int64_t wait;
		int const rc = attempt_begin(r->db, &login, &wait);

		r->failed += rc != OK;
		r->passed += !rc && !wait;
	}
	return NULL;
}

/* However many ask at once, five are looked at before the first wait. */
static void test_many_at_once(void **state)
{
	struct racer racers[THREADS];
	struct db_test *t = *state;
	int passed = 0;

	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .db = db_test_open(t) };
		assert_int_equal(db_ping(racers[i].db), OK);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(racers[i].failed, 0);
		passed += racers[i].passed;
	}
	/* One more where the machine is so slow that a wait ends meanwhile. */
	assert_in_range(passed, FREE, FREE + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_waits_grow),	 DB_TEST(test_never_for_ever),
		DB_TEST(test_success_forgets),	 DB_TEST(test_address_alone),
		DB_TEST(test_quiet_day_forgets), DB_TEST(test_many_at_once),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
