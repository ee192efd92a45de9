/* Accounts of administrators: each change is made once, is in the audit trail, and ends
 * sessions. */
#include "shared/domain/staff.h"
#include "tests/db/db_test.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int add(struct db_test *t, const char *login, const char *hash, enum role role)
{
	return staff_add(t->db, AUDIT_COMMAND_LINE,
			 &(struct staff_new){ .login = login, .hash = hash, .role = role });
}

static void anna_make(struct db_test *t)
{
	assert_int_equal(add(t, "anna", "hash", ROLE_MANAGER), OK);
	db_test_exec(t, "UPDATE staff SET totp_seed = 'x', recovery_codes = 'y'");
	db_test_exec(t, "INSERT INTO sessions (token_hash, staff_id, address, agent, "
			"created_at, seen_at) SELECT UNHEX(SHA2('cookie', 256)), id, '', '', "
			"UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM staff");
	assert_int_equal(add(t, "boris", "hash", ROLE_OWNER), OK);
	db_test_exec(t, "INSERT INTO sessions (token_hash, staff_id, address, agent, "
			"created_at, seen_at) SELECT UNHEX(SHA2('other', 256)), id, '', '', "
			"UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) FROM staff WHERE login = 'boris'");
}

static int64_t audited(struct db_test *t, const char *action)
{
	return db_test_number(t, arena_printf(&t->arena,
					      "SELECT COUNT(*) FROM audit WHERE action = '%s' "
					      "AND object = 'staff anna'",
					      action));
}

/* No account comes with the shop, whose password could be known. */
static void test_nobody_at_first(void **state)
{
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM staff"), 0);
	assert_int_equal(db_test_number(*state, "SELECT COUNT(*) FROM sessions"), 0);
}

static void test_login_is_one_person(void **state)
{
	struct db_test *t = *state;
	struct staff *list;
	size_t count;

	anna_make(t);
	assert_int_equal(add(t, "anna", "mine", ROLE_OWNER), ERR_CONFLICT);
	assert_int_equal(audited(t, "staff_add"), 1);
	assert_int_equal(staff_list(t->db, &t->arena, &list, &count), OK);
	assert_int_equal(count, 2);
	assert_int_equal(list[0].role, ROLE_MANAGER);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM audit WHERE "
					   "detail LIKE '%hash%'"),
			 0);
}

static void test_disabled_once(void **state)
{
	struct db_test *t = *state;

	anna_make(t);
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "anna"), OK);
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "anna"), ERR_CONFLICT);
	assert_int_equal(staff_disable(t->db, AUDIT_COMMAND_LINE, "nobody"), ERR_NOT_FOUND);
	assert_int_equal(audited(t, "staff_disable"), 1);
	assert_string_equal(db_test_text(t, "SELECT login FROM staff s JOIN sessions e "
					    "ON e.staff_id = s.id"),
			    "boris");
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM sessions"), 1);
}

static void test_second_factor_made_anew(void **state)
{
	struct db_test *t = *state;

	anna_make(t);
	assert_int_equal(staff_reset_totp(t->db, AUDIT_COMMAND_LINE, "anna"), OK);
	assert_int_equal(staff_reset_totp(t->db, AUDIT_COMMAND_LINE, "nobody"), ERR_NOT_FOUND);
	assert_int_equal(audited(t, "staff_reset_totp"), 1);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM staff WHERE "
					   "totp_seed IS NOT NULL OR "
					   "recovery_codes IS NOT NULL"),
			 0);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM sessions"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_nobody_at_first),
		DB_TEST(test_login_is_one_person),
		DB_TEST(test_disabled_once),
		DB_TEST(test_second_factor_made_anew),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
