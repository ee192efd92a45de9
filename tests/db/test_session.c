/* Browsers that are signed in: when a session lives, when it ends, and whose it is. */
#include "shared/domain/session.h"
#include "shared/domain/staff_login.h"
#include "tests/db/db_test.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { THREADS = 8, TRIES = 50 };

static int64_t person(struct db_test *t, const char *login)
{
	assert_int_equal(staff_add(t->db, AUDIT_COMMAND_LINE,
				   &(struct staff_new){ .login = login,
							.hash = "hash",
							.role = ROLE_OWNER }),
			 OK);
	return db_test_number(
		t, arena_printf(&t->arena, "SELECT id FROM staff WHERE login = '%s'", login));
}

static const unsigned char *hash_of(struct db_test *t, const char *token)
{
	unsigned char *hash = arena_alloc(&t->arena, CRYPTO_SHA256);

	session_hash((struct bytes){ token, strlen(token) }, hash);
	return hash;
}

static int64_t sign_in(struct db_test *t, int64_t staff, const char *token,
		       enum session_stage stage)
{
	struct session *session;

	assert_int_equal(session_open(t->db, hash_of(t, token),
				      &(struct session_new){ .staff_id = staff,
							     .stage = stage,
							     .address = "192.0.2.1",
							     .agent = "browser" }),
			 OK);
	assert_int_equal(session_find(t->db, &t->arena, hash_of(t, token), &session), OK);
	return session->id;
}

static int find(struct db_test *t, const char *token)
{
	struct session *session;

	return session_find(t->db, &t->arena, hash_of(t, token), &session);
}

static void ago(struct db_test *t, const char *column, int seconds)
{
	db_test_exec(t, arena_printf(&t->arena,
				     "UPDATE sessions SET %s = UTC_TIMESTAMP(6) - "
				     "INTERVAL %d SECOND",
				     column, seconds));
}

/* ---- how long it lives ---- */

static void test_cookie_is_not_stored(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	assert_int_equal(find(t, "token"), OK);
	assert_int_equal(find(t, "Token"), ERR_NOT_FOUND);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM sessions "
					   "WHERE token_hash = UNHEX(SHA2('token', 256))"),
			 1);
}

static void test_idle(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	ago(t, "seen_at", SESSION_IDLE_S - 5);
	assert_int_equal(find(t, "token"), OK); /* and is seen by that */
	ago(t, "seen_at", SESSION_IDLE_S + 1);
	assert_int_equal(find(t, "token"), ERR_NOT_FOUND);
}

static void test_seen(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	ago(t, "seen_at", 90);
	assert_int_equal(find(t, "token"), OK);
	assert_int_equal(db_test_number(t, "SELECT TIMESTAMPDIFF(SECOND, seen_at, "
					   "UTC_TIMESTAMP(6)) < 30 FROM sessions"),
			 1);
}

static void test_longest(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	ago(t, "created_at", SESSION_LONGEST_S + 1);
	assert_int_equal(find(t, "token"), ERR_NOT_FOUND);
}

static void test_half_way_is_short(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_PASSWORD);
	ago(t, "seen_at", SESSION_HALF_S - 5);
	assert_int_equal(find(t, "token"), OK);
	assert_int_equal(find(t, "token"), OK); /* being seen does not prolong it */
	ago(t, "seen_at", SESSION_HALF_S + 1);
	assert_int_equal(find(t, "token"), ERR_NOT_FOUND);
}

static void test_disabled_account(void **state)
{
	struct db_test *t = *state;

	sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	db_test_exec(t, "UPDATE staff SET disabled_at = UTC_TIMESTAMP(6)");
	assert_int_equal(find(t, "token"), ERR_NOT_FOUND);
}

/* ---- the cookie changes ---- */

static void test_full_replaces_half(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");
	int64_t const half = sign_in(t, anna, "half", SESSION_PASSWORD);
	struct session_new full = { .staff_id = anna,
				    .stage = SESSION_FULL,
				    .address = "",
				    .agent = "",
				    .replaces = half,
				    .stepped_up = true };
	struct session *session;

	assert_int_equal(session_open(t->db, hash_of(t, "full"), &full), OK);
	assert_int_equal(find(t, "half"), ERR_NOT_FOUND);
	assert_int_equal(session_find(t->db, &t->arena, hash_of(t, "full"), &session), OK);
	assert_true(session->stepped_up);
	assert_true(session->id != half);
	/* The same second factor, sent twice at once, makes one session. */
	assert_int_equal(session_open(t->db, hash_of(t, "second"), &full), ERR_CONFLICT);
	assert_int_equal(find(t, "second"), ERR_NOT_FOUND);
}

static void test_step_up(void **state)
{
	struct db_test *t = *state;
	int64_t const id = sign_in(t, person(t, "anna"), "token", SESSION_FULL);
	struct session *session;

	assert_int_equal(session_step_up(t->db, id, hash_of(t, "fresh")), OK);
	assert_int_equal(find(t, "token"), ERR_NOT_FOUND);
	assert_int_equal(session_find(t->db, &t->arena, hash_of(t, "fresh"), &session), OK);
	assert_true(session->stepped_up);
	assert_int_equal(session->id, id);
	ago(t, "stepped_up_at", SESSION_STEP_UP_S + 1);
	assert_int_equal(session_find(t->db, &t->arena, hash_of(t, "fresh"), &session), OK);
	assert_false(session->stepped_up);
}

static void test_half_way_does_not_step_up(void **state)
{
	struct db_test *t = *state;
	int64_t const id = sign_in(t, person(t, "anna"), "token", SESSION_PASSWORD);

	assert_int_equal(session_step_up(t->db, id, hash_of(t, "fresh")), ERR_CONFLICT);
}

/* ---- whose ---- */

static void test_ending(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");
	int64_t const boris = person(t, "boris");
	int64_t const one = sign_in(t, anna, "one", SESSION_FULL);
	int64_t const two = sign_in(t, anna, "two", SESSION_FULL);
	struct session *list;
	size_t count;

	sign_in(t, boris, "other", SESSION_FULL);
	assert_int_equal(session_end(t->db, boris, one), ERR_NOT_FOUND);
	assert_int_equal(find(t, "one"), OK);
	assert_int_equal(session_list(t->db, &t->arena, anna, &list, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(session_end(t->db, anna, one), OK);
	assert_int_equal(find(t, "one"), ERR_NOT_FOUND);
	sign_in(t, anna, "three", SESSION_FULL);
	assert_int_equal(session_end_others(t->db, anna, two), OK);
	assert_int_equal(find(t, "two"), OK);
	assert_int_equal(find(t, "three"), ERR_NOT_FOUND);
	assert_int_equal(find(t, "other"), OK);
}

/* What an account changes about itself ends its other sessions, and nobody else's. */
static void test_own_changes_end_others(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");
	struct audit_who const who = { anna, "anna", "" };
	int64_t keep;

	sign_in(t, person(t, "boris"), "other", SESSION_FULL);
	keep = sign_in(t, anna, "keep", SESSION_FULL);
	sign_in(t, anna, "old", SESSION_FULL);
	assert_int_equal(staff_change_password(t->db, &who, "new", keep), OK);
	assert_int_equal(find(t, "old"), ERR_NOT_FOUND);
	sign_in(t, anna, "old", SESSION_FULL);
	assert_int_equal(staff_enrol(t->db, &who,
				     &(struct staff_totp){ .seed = { "seed", 4 },
							   .step = 7,
							   .recovery = { "codes", 5 } },
				     keep),
			 OK);
	assert_int_equal(find(t, "old"), ERR_NOT_FOUND);
	assert_int_equal(find(t, "keep"), OK);
	assert_int_equal(find(t, "other"), OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM audit WHERE actor = 'anna' "
					   "AND action IN ('password_changed', "
					   "'second_factor_enrolled')"),
			 2);
}

static void test_owner_changes_end_all(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");

	person(t, "boris");
	sign_in(t, anna, "a", SESSION_FULL);
	assert_int_equal(staff_set_role(t->db, AUDIT_COMMAND_LINE, "anna", ROLE_VIEWER), OK);
	assert_int_equal(find(t, "a"), ERR_NOT_FOUND);
	sign_in(t, anna, "b", SESSION_FULL);
	assert_int_equal(staff_give_password(t->db, AUDIT_COMMAND_LINE, "anna", "given"), OK);
	assert_int_equal(find(t, "b"), ERR_NOT_FOUND);
	assert_int_equal(
		db_test_number(t, "SELECT must_change FROM staff WHERE login = 'anna'"), 1);
}

static void test_last_owner_stays(void **state)
{
	struct db_test *t = *state;

	person(t, "anna");
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "anna"), ERR_DENIED);
	assert_int_equal(staff_set_role(t->db, AUDIT_COMMAND_LINE, "anna", ROLE_SUPPORT),
			 ERR_DENIED);
	person(t, "boris");
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "anna"), OK);
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "boris"), ERR_DENIED);
	assert_int_equal(staff_enable(t->db, AUDIT_COMMAND_LINE, "anna"), OK);
	assert_int_equal(staff_enable(t->db, AUDIT_COMMAND_LINE, "anna"), ERR_CONFLICT);
	assert_int_equal(staff_set_role(t->db, AUDIT_COMMAND_LINE, "boris", ROLE_SUPPORT), OK);
}

/* ---- once ---- */

struct racer {
	struct db *db;
	pthread_t thread;
	int64_t id;
	int tries;
	int won;
	int failed;
};

static void *step_race(void *data)
{
	struct racer *r = data;

	for (int i = 0; i < r->tries; i++) {
		int const rc = staff_use_step(r->db, r->id, 1000);

		r->won += rc == OK;
		r->failed += rc != OK && rc != ERR_CONFLICT;
	}
	return NULL;
}

static void *recovery_race(void *data)
{
	struct racer *r = data;
	struct audit_who const who = { r->id, "anna", "" };

	for (int i = 0; i < r->tries; i++) {
		int const rc = staff_use_recovery(r->db, &who, (struct bytes){ "onetwo", 6 },
						  (struct bytes){ "two", 3 });

		r->won += rc == OK;
		r->failed += rc != OK && rc != ERR_CONFLICT;
	}
	return NULL;
}

static void race(struct db_test *t, int64_t id, void *(*run)(void *))
{
	struct racer racers[THREADS];
	int won = 0;

	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .db = db_test_open(t),
					    .id = id,
					    .tries = (TRIES + THREADS - 1) / THREADS };
		assert_int_equal(db_ping(racers[i].db), OK);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, run, &racers[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(racers[i].failed, 0);
		won += racers[i].won;
	}
	assert_int_equal(won, 1);
}

static void test_step_is_used_once(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");

	race(t, anna, step_race);
	assert_int_equal(staff_use_step(t->db, anna, 999), ERR_CONFLICT);
	assert_int_equal(staff_use_step(t->db, anna, 1001), OK);
}

static void test_recovery_code_is_used_once(void **state)
{
	struct db_test *t = *state;
	int64_t const anna = person(t, "anna");

	db_test_exec(t, "UPDATE staff SET recovery_codes = 'onetwo'");
	race(t, anna, recovery_race);
	assert_string_equal(db_test_text(t, "SELECT recovery_codes FROM staff"), "two");
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM audit "
					   "WHERE action = 'recovery_code_used'"),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_cookie_is_not_stored),
		DB_TEST(test_idle),
		DB_TEST(test_seen),
		DB_TEST(test_longest),
		DB_TEST(test_half_way_is_short),
		DB_TEST(test_disabled_account),
		DB_TEST(test_full_replaces_half),
		DB_TEST(test_step_up),
		DB_TEST(test_half_way_does_not_step_up),
		DB_TEST(test_ending),
		DB_TEST(test_own_changes_end_others),
		DB_TEST(test_owner_changes_end_all),
		DB_TEST(test_last_owner_stays),
		DB_TEST(test_step_is_used_once),
		DB_TEST(test_recovery_code_is_used_once),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
