/* What of Portmone's answer counts as money, and what is not known. */
#include "shared/service/portmone_evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena arena;

static int teardown(void **state)
{
	UNUSED(state);
	arena_reset(&arena);
	return 0;
}

static struct portmone_row row_of(enum portmone_status status)
{
	return (struct portmone_row){
		.bill_id = "5",
		.status = status,
		.status_word = "",
		.amount = MONEY(10000),
		.receipt_url = "https://receipt.example/5",
		.paid_at = 7,
	};
}

static struct payment_evidence evidence_of(struct portmone_row *rows, size_t count)
{
	struct portmone_rows const answer = { .list = rows, .count = count };
	struct payment_evidence evidence;
	bool test;

	portmone_evidence(&arena, OK, &answer, false, &evidence, &test);
	assert_string_equal(evidence.gateway, "portmone");
	return evidence;
}

static void test_each_status(void **state)
{
	static const struct {
		enum portmone_status status;
		enum payment_answer answer;
		size_t count;
	} cases[] = {
		{ PORTMONE_CREATED, ANSWER_OPEN, 0 }, { PORTMONE_PREAUTH, ANSWER_OPEN, 0 },
		{ PORTMONE_PAYED, ANSWER_PAID, 1 },   { PORTMONE_REJECTED, ANSWER_NONE, 0 },
		{ PORTMONE_RETURN, ANSWER_NONE, 1 },  { PORTMONE_UNKNOWN, ANSWER_OPEN, 0 },
	};

	UNUSED(state);
	_Static_assert(COUNT(cases) == PORTMONE__COUNT, "every status");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct portmone_row row = row_of(cases[i].status);
		struct payment_evidence const evidence = evidence_of(&row, 1);

		assert_int_equal(evidence.answer, cases[i].answer);
		assert_int_equal(evidence.count, cases[i].count);
	}
	assert_int_equal(evidence_of(NULL, 0).answer, ANSWER_NONE);
}

static void test_what_is_told(void **state)
{
	struct portmone_row rows[] = { row_of(PORTMONE_PAYED), row_of(PORTMONE_RETURN) };
	struct payment_evidence evidence;

	UNUSED(state);
	rows[0].chargeback = true;
	evidence = evidence_of(rows, COUNT(rows));
	assert_int_equal(evidence.count, 2);
	assert_string_equal(evidence.rows[0].id, "5");
	assert_int_equal(evidence.rows[0].kind, PAYMENT_IN);
	assert_int_equal(evidence.rows[0].amount.kop, 10000);
	assert_string_equal(evidence.rows[0].receipt_url, "https://receipt.example/5");
	assert_int_equal(evidence.rows[0].paid_at, 7);
	assert_true(evidence.rows[0].chargeback);
	assert_int_equal(evidence.rows[1].kind, PAYMENT_RETURN);
	assert_false(evidence.rows[1].chargeback);
}

/* PAYED with an error beside it. */
static void test_failed_is_no_money(void **state)
{
	struct portmone_row rows[] = { row_of(PORTMONE_PAYED), row_of(PORTMONE_RETURN) };
	struct payment_evidence evidence;

	UNUSED(state);
	rows[0].failed = rows[1].failed = true;
	evidence = evidence_of(rows, COUNT(rows));
	assert_int_equal(evidence.count, 0);
	assert_int_equal(evidence.answer, ANSWER_OPEN);
	evidence = evidence_of(rows + 1, 1);
	assert_int_equal(evidence.answer, ANSWER_NONE);
}

static void test_test_money(void **state)
{
	struct portmone_row rows[] = { row_of(PORTMONE_PAYED), row_of(PORTMONE_PAYED) };
	struct portmone_rows const answer = { .list = rows, .count = 2 };
	struct payment_evidence evidence;
	bool test;

	UNUSED(state);
	rows[0].test = true;
	rows[1].bill_id = "real";
	portmone_evidence(&arena, OK, &answer, false, &evidence, &test);
	assert_true(test);
	assert_int_equal(evidence.count, 1);
	assert_string_equal(evidence.rows[0].id, "real");
	portmone_evidence(&arena, OK, &answer, true, &evidence, &test);
	assert_false(test);
	assert_int_equal(evidence.count, 2);
	/* Nothing but test money: the order may end. */
	portmone_evidence(&arena, OK, &(struct portmone_rows){ .list = rows, .count = 1 },
			  false, &evidence, &test);
	assert_true(test);
	assert_int_equal(evidence.count, 0);
	assert_int_equal(evidence.answer, ANSWER_NONE);
}

/* Nobody concludes from what could not be read that nothing was paid. */
static void test_not_known(void **state)
{
	struct portmone_row row = row_of(PORTMONE_PAYED);
	struct portmone_rows answer = { .list = &row, .count = 1 };
	struct payment_evidence evidence;
	bool test;

	UNUSED(state);
	portmone_evidence(&arena, ERR_DOWN, &answer, false, &evidence, &test);
	assert_int_equal(evidence.answer, ANSWER_UNUSABLE);
	assert_int_equal(evidence.count, 0);
	answer = (struct portmone_rows){ .list = &row, .count = 0, .broken = 1 };
	portmone_evidence(&arena, OK, &answer, false, &evidence, &test);
	assert_int_equal(evidence.answer, ANSWER_UNUSABLE);
	/* What could be read counts all the same. */
	answer.count = 1;
	portmone_evidence(&arena, OK, &answer, false, &evidence, &test);
	assert_int_equal(evidence.answer, ANSWER_PAID);
	assert_int_equal(evidence.count, 1);
	/* Rows of others say nothing about this order. */
	answer = (struct portmone_rows){ .list = &row, .count = 0, .foreign = 3 };
	portmone_evidence(&arena, OK, &answer, false, &evidence, &test);
	assert_int_equal(evidence.answer, ANSWER_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_each_status, teardown),
		cmocka_unit_test_teardown(test_what_is_told, teardown),
		cmocka_unit_test_teardown(test_failed_is_no_money, teardown),
		cmocka_unit_test_teardown(test_test_money, teardown),
		cmocka_unit_test_teardown(test_not_known, teardown),
	};
	int const failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_release(&arena);
	return failed;
}
