/* The trail: what is written, found and sealed; and that whatever is done to it shows. */
#include "shared/domain/audit.h"
#include "shared/domain/audit_seal.h"
#include "tests/db/db_test.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ROWS = 12 };

static const unsigned char key[CRYPTO_KEY] = "the shop's data key for a test.";

static void rows_write(struct db_test *t, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(
			audit_write(t->db,
				    &(struct audit_who){ i % 3, i % 2 ? "anna" : "boris",
							 "192.0.2.1" },
				    i % 4 ? "price" : "sign_in",
				    arena_printf(&t->arena, "value %d", i % 5),
				    "{\"price\":[\"100.00\",\"120.00\"]}"),
			OK);
}

static struct audit_head seal(struct db_test *t, size_t expected)
{
	struct audit_head head;
	size_t sealed;

	assert_int_equal(audit_seal(t->db, key, 1000, &sealed, &head), OK);
	assert_int_equal(sealed, expected);
	return head;
}

static struct audit_finding verify(struct db_test *t)
{
	struct audit_finding finding;

	assert_int_equal(audit_verify(t->db, key, (struct bytes){ NULL, 0 }, &finding), OK);
	return finding;
}

static void sealed_rows(struct db_test *t)
{
	rows_write(t, ROWS);
	seal(t, ROWS);
	assert_int_equal(verify(t).flaw, AUDIT_WHOLE);
}

static void test_whole(void **state)
{
	struct db_test *t = *state;
	struct audit_head head;

	assert_int_equal(verify(t).flaw, AUDIT_WHOLE);
	assert_int_equal(seal(t, 0).count, 0);
	assert_int_equal(verify(t).flaw, AUDIT_WHOLE);
	sealed_rows(t);
	rows_write(t, 3);
	assert_int_equal(verify(t).unsealed, 3);
	head = seal(t, 3);
	assert_int_equal(head.count, ROWS + 3);
	assert_int_equal(verify(t).checked, ROWS + 3);
	assert_int_equal(verify(t).unsealed, 0);
}

/* One at a time, over several turns. */
static void test_limit(void **state)
{
	struct db_test *t = *state;
	struct audit_head head;
	size_t sealed;

	rows_write(t, 5);
	for (int i = 1; i <= 5; i++) {
		assert_int_equal(audit_seal(t->db, key, 1, &sealed, &head), OK);
		assert_int_equal(sealed, 1);
		assert_int_equal(head.count, i);
	}
	assert_int_equal(verify(t).flaw, AUDIT_WHOLE);
}

static void test_altered(void **state)
{
	static const char *const columns[] = {
		"actor = 'eve'",  "address = '198.51.100.1'",
		"action = 'x'",	  "object = 'x'",
		"detail = '{}'",  "at = at + INTERVAL 1 SECOND",
		"staff_id = 999", "seal = UNHEX(SHA2('x', 256))",
		"id = id + 1000",
	};
	struct db_test *t = *state;

	for (size_t i = 0; i < COUNT(columns); i++) {
		struct audit_finding f;

		db_test_clean(t);
		sealed_rows(t);
		db_test_exec(t, arena_printf(&t->arena, "UPDATE audit SET %s WHERE seal_no = 7",
					     columns[i]));
		f = verify(t);
		assert_int_equal(f.flaw, AUDIT_ALTERED);
		assert_int_equal(f.first_no, 7);
		assert_int_equal(f.checked, 6);
	}
}

static void test_removed(void **state)
{
	struct db_test *t = *state;
	struct audit_finding f;

	sealed_rows(t);
	db_test_exec(t, "DELETE FROM audit WHERE seal_no IN (5, 6)");
	f = verify(t);
	assert_int_equal(f.flaw, AUDIT_REMOVED);
	assert_int_equal(f.first_no, 5);
	assert_int_equal(f.last_no, 6);
}

static void test_first_removed(void **state)
{
	struct db_test *t = *state;

	sealed_rows(t);
	db_test_exec(t, "DELETE FROM audit WHERE seal_no = 1");
	assert_int_equal(verify(t).flaw, AUDIT_REMOVED);
}

/* Two rows that change places keep their seals, but not what they follow. */
static void test_swapped(void **state)
{
	struct db_test *t = *state;

	sealed_rows(t);
	db_test_exec(t, "UPDATE audit SET seal_no = 100 WHERE seal_no = 3");
	db_test_exec(t, "UPDATE audit SET seal_no = 3 WHERE seal_no = 4");
	db_test_exec(t, "UPDATE audit SET seal_no = 4 WHERE seal_no = 100");
	assert_int_equal(verify(t).flaw, AUDIT_ALTERED);
	assert_int_equal(verify(t).first_no, 3);
}

static void test_cut_off(void **state)
{
	struct db_test *t = *state;
	struct audit_finding f;

	sealed_rows(t);
	db_test_exec(t, "DELETE FROM audit WHERE seal_no > 9");
	f = verify(t);
	assert_int_equal(f.flaw, AUDIT_CUT_OFF);
	assert_int_equal(f.first_no, 10);
	assert_int_equal(f.last_no, ROWS);
	/* What is sealed next does not hide it. */
	rows_write(t, 1);
	seal(t, 1);
	assert_int_equal(verify(t).flaw, AUDIT_REMOVED);
}

static void test_note_removed_too(void **state)
{
	struct db_test *t = *state;

	sealed_rows(t);
	db_test_exec(t, "DELETE FROM audit WHERE seal_no > 9");
	db_test_exec(t, "DELETE FROM settings WHERE name = 'audit_head'");
	assert_int_equal(verify(t).flaw, AUDIT_CUT_OFF);
}

/* Whoever has the database but not the key can't make a chain; who has both is betrayed by a
 * seal that was told. */
static void test_made_anew(void **state)
{
	static const unsigned char other[CRYPTO_KEY] = "another key";
	struct db_test *t = *state;
	struct audit_head told;
	struct audit_finding f;
	struct audit_head head;
	size_t sealed;

	rows_write(t, ROWS);
	told = seal(t, ROWS);
	db_test_exec(t, "UPDATE audit SET seal = NULL, seal_no = NULL");
	db_test_exec(t, "UPDATE audit SET actor = 'eve' WHERE object = 'value 0'");
	db_test_exec(t, "DELETE FROM settings WHERE name = 'audit_head'");
	assert_int_equal(audit_seal(t->db, other, 1000, &sealed, &head), OK);
	assert_int_equal(verify(t).flaw, AUDIT_ALTERED);

	db_test_exec(t, "UPDATE audit SET seal = NULL, seal_no = NULL");
	db_test_exec(t, "DELETE FROM settings WHERE name = 'audit_head'");
	seal(t, ROWS);
	assert_int_equal(
		audit_verify(t->db, key, (struct bytes){ told.seal, CRYPTO_SHA256 }, &f), OK);
	assert_int_equal(f.flaw, AUDIT_WHOLE);
	assert_false(f.seal_known);
}

static void test_told_seal_is_known(void **state)
{
	struct db_test *t = *state;
	struct audit_finding f;
	struct audit_head told;

	rows_write(t, ROWS);
	told = seal(t, ROWS);
	rows_write(t, ROWS);
	seal(t, ROWS);
	assert_int_equal(
		audit_verify(t->db, key, (struct bytes){ told.seal, CRYPTO_SHA256 }, &f), OK);
	assert_true(f.seal_known);
}

/* A row that is committed after ones with higher numbers were sealed joins at the end. */
static void test_late_row(void **state)
{
	struct db_test *t = *state;

	rows_write(t, 2);
	db_test_exec(t, "INSERT INTO audit (id, at, actor, action, object, detail) VALUES "
			"(1000, UTC_TIMESTAMP(6), 'x', 'x', 'x', '{}')");
	seal(t, 3);
	db_test_exec(t, "INSERT INTO audit (id, at, actor, action, object, detail) VALUES "
			"(500, UTC_TIMESTAMP(6), 'x', 'x', 'x', '{}')");
	seal(t, 1);
	assert_int_equal(db_test_number(t, "SELECT seal_no FROM audit WHERE id = 500"), 4);
	assert_int_equal(verify(t).flaw, AUDIT_WHOLE);
}

/* ---- reading ---- */

static size_t found(struct db_test *t, const struct audit_filter *filter, int limit)
{
	struct audit_row *list;
	size_t count;

	assert_int_equal(audit_list(t->db, &t->arena, filter, limit, &list, &count), OK);
	for (size_t i = 1; i < count; i++)
		assert_true(list[i].id < list[i - 1].id);
	return count;
}

static void test_filters(void **state)
{
	struct db_test *t = *state;
	struct audit_row *list;
	size_t count;

	rows_write(t, ROWS);
	assert_int_equal(found(t, &(struct audit_filter){ 0 }, 100), ROWS);
	assert_int_equal(found(t, &(struct audit_filter){ .actor = "anna" }, 100), 6);
	assert_int_equal(found(t, &(struct audit_filter){ .action = "sign_in" }, 100), 3);
	assert_int_equal(found(t, &(struct audit_filter){ .object = "value 0" }, 100), 3);
	assert_int_equal(
		found(t, &(struct audit_filter){ .actor = "anna", .object = "value 0" }, 100),
		1);
	assert_int_equal(found(t, &(struct audit_filter){ .to_at = 1 }, 100), 0);
	assert_int_equal(
		audit_list(t->db, &t->arena, &(struct audit_filter){ 0 }, 5, &list, &count),
		OK);
	assert_int_equal(found(t, &(struct audit_filter){ .before_id = list[4].id }, 100),
			 ROWS - 5);
}

/* Days are turned into ids with some room; the instants still decide. */
static void test_days(void **state)
{
	struct db_test *t = *state;
	int64_t const day = INT64_C(86400000000);
	int64_t const first = INT64_C(1767225600000000); /* 2026-01-01 */

	for (int i = 0; i < 10; i++)
		db_test_exec(t, arena_printf(&t->arena,
					     "INSERT INTO audit (at, actor, action, object, "
					     "detail) VALUES ('2026-01-01' + INTERVAL %d DAY, "
					     "'a', 'x', 'o', '{}')",
					     i));
	for (int from = 0; from < 10; from++)
		for (int to = from; to < 10; to++)
			assert_int_equal(
				found(t,
				      &(struct audit_filter){ .actor = to % 2 ? "a" : NULL,
							      .from_at = first + from * day,
							      .to_at = first + to * day },
				      100),
				to - from);
	assert_int_equal(found(t, &(struct audit_filter){ .from_at = first + 10 * day }, 100),
			 0);
}

static void test_actions(void **state)
{
	struct db_test *t = *state;
	const char **list;
	size_t count;

	rows_write(t, ROWS);
	assert_int_equal(audit_actions(t->db, &t->arena, &list, &count), OK);
	assert_int_equal(count, 2);
	assert_string_equal(list[0], "price");
	assert_string_equal(list[1], "sign_in");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_whole),	     DB_TEST(test_limit),
		DB_TEST(test_altered),	     DB_TEST(test_removed),
		DB_TEST(test_first_removed), DB_TEST(test_swapped),
		DB_TEST(test_cut_off),	     DB_TEST(test_note_removed_too),
		DB_TEST(test_made_anew),     DB_TEST(test_told_seal_is_known),
		DB_TEST(test_late_row),	     DB_TEST(test_filters),
		DB_TEST(test_days),	     DB_TEST(test_actions),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
