/* What becomes of a file of codes, line by line; and of one that is imported twice, or at once.
 */
#include "tests/db/shop.h"

#include "shared/base/clock.h"
#include "shared/base/str.h"
#include "shared/domain/stock_import.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct import_report import_parts(struct shop *s, const char *text, size_t len,
					 size_t step, bool dry_run)
{
	struct import_options const options = { .value_id = s->value_id,
						.batch = "b",
						.dry_run = dry_run };
	struct import_report report;
	struct stock_import *import;

	assert_int_equal(stock_import_begin(s->t->db, &s->vault, &options, &import), OK);
	for (size_t at = 0; at < len; at += step)
		assert_int_equal(
			stock_import_feed(
				import,
				(struct bytes){ text + at, len - at < step ? len - at : step }),
			OK);
	assert_int_equal(stock_import_end(import, &report), OK);
	stock_import_free(import);
	return report;
}

static struct import_report import_text(struct shop *s, const char *text)
{
	return import_parts(s, text, strlen(text), 4096, false);
}

static void expect(struct import_report r, int64_t added, int64_t repeated, int64_t known,
		   int64_t bad)
{
	assert_int_equal(r.added, added);
	assert_int_equal(r.repeated, repeated);
	assert_int_equal(r.known, known);
	assert_int_equal(r.bad, bad);
}

static void test_lines(void **state)
{
	struct shop s;

	shop_make(&s, *state, 0);
	expect(import_text(&s, "\xef\xbb\xbfone\r\ntwo\rthree\n\n  \t\n  four  \nfive"), 5, 0,
	       0, 0);
	expect(import_text(&s, "one\nO-N E\nON-E\n"), 1, 1, 1,
	       0); /* case counts, hyphens don't */
	assert_int_equal(shop_codes(&s, "available"), 6);
}

static void test_cut_anywhere(void **state)
{
	static const char text[] =
		"code;serial;expires\r\n\"A;1\";s-1;2099-01-31\r\nB2;;\r\nC3";

	for (size_t step = 1; step < 9; step++) {
		struct shop s;

		db_test_clean(*state);
		shop_make(&s, *state, 0);
		expect(import_parts(&s, text, sizeof(text) - 1, step, false), 3, 0, 0, 0);
		assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM card_codes WHERE "
						     "serial = 's-1' AND "
						     "expires_at = '2099-01-31 21:59:59'"),
				 1); /* the evening of Kyiv */
		assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM card_codes WHERE "
						     "expires_at = '9999-12-31'"),
				 2);
	}
}

/* As spreadsheets write "Unicode text": a mark, then two bytes a unit, in either order. */
static void test_utf16(void **state)
{
	static const char little[] = "\xff\xfe"
				     "A\0001\0\r\0\n\0"
				     "\x3d\xd8\x00\xde\n\0"
				     "\x56\x04"
				     "2\0";
	static const char big[] = "\xfe\xff\0B\0001\0\n"
				  "\xd8\x3d\0X\0\n"
				  "\0B\0002\0\n\0";

	for (size_t step = 1; step < 6; step++) {
		struct import_report r;
		struct shop s;

		db_test_clean(*state);
		shop_make(&s, *state, 0);
		expect(import_parts(&s, little, sizeof(little) - 1, step, false), 3, 0, 0, 0);
		/* Half a pair, and half a unit at the end. */
		r = import_parts(&s, big, sizeof(big) - 1, step, false);
		expect(r, 2, 0, 0, 2);
		assert_int_equal(r.bad_lines[0].line, 2);
		assert_int_equal(r.bad_lines[0].fault, IMPORT_FAULT_TEXT);
		assert_int_equal(r.bad_lines[1].line, 4);
	}
}

static void test_bad_lines_are_named(void **state)
{
	static const char text[] = "good-1\n"
				   "nul\0byte\n"  /* 2 */
				   "\xff\xfe\n"	  /* 3 */
				   " - - \n"	  /* 4 */
				   "tab\there\n"; /* 5: a control character inside */
	struct import_report r;
	struct shop s;

	shop_make(&s, *state, 0);
	r = import_parts(&s, text, sizeof(text) - 1, 4096, false);
	expect(r, 1, 0, 0, 4);
	assert_int_equal(r.bad_lines[0].line, 2);
	assert_int_equal(r.bad_lines[0].fault, IMPORT_FAULT_TEXT);
	assert_int_equal(r.bad_lines[2].fault, IMPORT_FAULT_LENGTH);
	assert_int_equal(r.bad_lines[3].line, 5);
}

static void test_bad_csv(void **state)
{
	struct import_report r;
	struct shop s;

	shop_make(&s, *state, 0);
	r = import_text(&s, "code,serial,expires\n"
			    "\"unclosed,a,\n"  /* 2 */
			    "B,s,2001-01-01\n" /* 3: past */
			    "C,s,tomorrow\n"   /* 4 */
			    "D,s,,surplus\n"   /* 5 */
			    "\"E\"x,s,\n"      /* 6 */
			    "\"F\"\"G\",s,\n");
	expect(r, 1, 0, 0, 5);
	assert_int_equal(r.bad_lines[0].fault, IMPORT_FAULT_COLUMNS);
	assert_int_equal(r.bad_lines[1].fault, IMPORT_FAULT_EXPIRY);
	assert_int_equal(r.bad_lines[2].line, 4);
}

static void test_long_codes(void **state)
{
	struct import_report r;
	struct shop s;
	char *line;

	shop_make(&s, *state, 0);
	line = arena_alloc(&s.t->arena, 20000);
	memset(line, 'x', 256);
	strncat(line, "\n", 2);
	memset(line + 257, 'y', 257);
	line[514] = '\n';
	memset(line + 515, 'z', 10000);
	line[10515] = '\n';
	memcpy(line + 10516, "last", 4);
	r = import_parts(&s, line, 10520, 1000, false);
	expect(r, 2, 0, 0, 2);
	assert_int_equal(r.bad_lines[0].line, 2);
	assert_int_equal(r.bad_lines[1].line, 3);
}

static void test_pattern(void **state)
{
	struct import_options options = { .batch = "b" };
	struct stock_import *import;
	struct shop s;

	shop_make(&s, *state, 0);
	db_test_exec(s.t, "UPDATE card_values SET code_pattern = '[0-9]{4}'");
	expect(import_text(&s, "1234\n12345\nabcd\n"), 1, 0, 0, 2);
	db_test_exec(s.t, "UPDATE card_values SET code_pattern = '('");
	options.value_id = s.value_id;
	assert_int_equal(stock_import_begin(s.t->db, &s.vault, &options, &import), ERR_INVALID);
}

static void test_dry_run_changes_nothing(void **state)
{
	static const char text[] = "a1\na2\na2\nknown\n";
	struct shop s;

	shop_make(&s, *state, 0);
	expect(import_text(&s, "known\n"), 1, 0, 0, 0);
	expect(import_parts(&s, text, sizeof(text) - 1, 4096, true), 2, 1, 1, 0);
	assert_int_equal(shop_codes(&s, "available"), 1);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM code_batches"), 1);
}

static void test_known_whatever_its_state_and_value(void **state)
{
	struct shop s;

	shop_make(&s, *state, 0);
	expect(import_text(&s, "one\ntwo\n"), 2, 0, 0, 0);
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn'");
	expect(import_text(&s, "one\ntwo\nthree\n"), 1, 0, 2, 0);
	assert_int_equal(shop_codes(&s, "withdrawn"), 2);
}

enum { MANY = 1777, IMPORTERS = 4 };

struct importer {
	struct shop shop;
	struct db_test t;
	const char *text;
	int64_t added;
};

static void *run_import(void *data)
{
	struct importer *i = data;

	i->added = import_text(&i->shop, i->text).added;
	return NULL;
}

/* Scenario 41. */
static void test_many_imports_of_one_file_at_once(void **state)
{
	struct importer importers[IMPORTERS];
	pthread_t threads[IMPORTERS];
	struct shop s;
	struct str text;
	int64_t added = 0;

	shop_make(&s, *state, 0);
	text = STR(&s.t->arena, 1 << 20);
	for (int i = 0; i < MANY; i++)
		str_addf(&text, "CODE-%d\n", i);
	for (int i = 0; i < IMPORTERS; i++) {
		importers[i] = (struct importer){ .shop = s, .text = str_text(&text) };
		importers[i].t.db = db_test_open(s.t);
		importers[i].shop.t = &importers[i].t;
		assert_int_equal(pthread_create(&threads[i], NULL, run_import, &importers[i]),
				 0);
	}
	for (int i = 0; i < IMPORTERS; i++) {
		pthread_join(threads[i], NULL);
		added += importers[i].added;
	}
	assert_int_equal(added, MANY);
	assert_int_equal(shop_codes(&s, "available"), MANY);
}

/* Nothing of a code is readable in what the database holds. */
static void test_no_code_in_clear(void **state)
{
	struct shop s;

	shop_make(&s, *state, 0);
	import_text(&s, "SECRET-CODE-12345\n");
	assert_int_equal(
		db_test_number(s.t, "SELECT COUNT(*) FROM card_codes WHERE "
				    "INSTR(ciphertext, 'SECRET') OR INSTR(ciphertext, '12345') "
				    "OR INSTR(fingerprint, '12345')"),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_lines),
		DB_TEST(test_utf16),
		DB_TEST(test_cut_anywhere),
		DB_TEST(test_bad_lines_are_named),
		DB_TEST(test_bad_csv),
		DB_TEST(test_long_codes),
		DB_TEST(test_pattern),
		DB_TEST(test_dry_run_changes_nothing),
		DB_TEST(test_known_whatever_its_state_and_value),
		DB_TEST(test_many_imports_of_one_file_at_once),
		DB_TEST(test_no_code_in_clear),
	};

	if (clock_set_zone("Europe/Kyiv"))
		return 1;
	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
