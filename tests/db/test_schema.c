/*
 * sql/schema.sql is what the migrations make: SHOW CREATE TABLE of each table, in the order the
 * migrations make them.  KARTKA_SCHEMA_WRITE names a file to write it to (sql/schema.sh does).
 */
#include "tests/db/db_test.h"
#include "shared/base/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SCHEMA_MAX = 4 * 1024 * 1024 };

static const char head[] = "-- The schema as the migrations make it, with the reason for every "
			   "table, column and key.\n"
			   "-- Made by sql/schema.sh from sql/migrations; a test compares the "
			   "two.  Not to be edited.\n";

static const char *read_whole(struct arena *a, const char *path)
{
	struct str text = STR(a, SCHEMA_MAX);
	FILE *f = fopen(path, "re");
	char chunk[4096];
	size_t n;

	if (!f)
		return "";
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		str_addn(&text, chunk, n);
	fclose(f);
	assert_true(str_ok(&text));
	return str_text(&text);
}

static const char *all_migrations(struct arena *a)
{
	struct str text = STR(a, SCHEMA_MAX);
	struct dirent **entries;
	int const count = scandir("sql/migrations", &entries, NULL, alphasort);

	assert_true(count > 2);
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.')
			str_add(&text, read_whole(a, arena_printf(a, "sql/migrations/%s",
								  entries[i]->d_name)));
		free(entries[i]);
	}
	free(entries);
	return str_text(&text);
}

/* Without the counter, which says how many rows there were. */
static void add_table(struct db_test *t, const char *table, struct str *schema)
{
	static const char counter[] = " AUTO_INCREMENT=";
	const struct db_cell *row;
	const char *sql;
	const char *at;

	assert_int_equal(db_one(t->db, &t->arena,
				arena_printf(&t->arena, "SHOW CREATE TABLE %s", table),
				NO_PARAMS, &row),
			 OK);
	sql = row[1].text;
	at = strstr(sql, counter);
	str_addc(schema, '\n');
	str_addn(schema, sql, at ? (size_t)(at - sql) : strlen(sql));
	if (at) {
		at += strlen(counter);
		str_add(schema, at + strspn(at, "0123456789"));
	}
	str_add(schema, ";\n");
}

struct table {
	const char *name;
	const char *made; /* where in the migrations; NULL: by their runner */
};

static int by_place(const void *a, const void *b)
{
	const struct table *x = a;
	const struct table *y = b;

	return (x->made > y->made) - (x->made < y->made);
}

static const char *schema_of(struct db_test *t)
{
	const char *migrations = all_migrations(&t->arena);
	struct str schema = STR(&t->arena, SCHEMA_MAX);
	struct db_rows rows;
	struct table *tables;

	assert_int_equal(db_query(t->db, &t->arena,
				  "SELECT table_name FROM information_schema.tables WHERE "
				  "table_schema = DATABASE() ORDER BY table_name",
				  NO_PARAMS, &rows),
			 OK);
	tables = arena_array(&t->arena, rows.count, sizeof(*tables));
	for (size_t i = 0; i < rows.count; i++) {
		tables[i].name = db_row(&rows, i)->text;
		tables[i].made = strstr(migrations, arena_printf(&t->arena, "CREATE TABLE %s (",
								 tables[i].name));
	}
	qsort(tables, rows.count, sizeof(*tables), by_place);
	str_add(&schema, head);
	for (size_t i = 0; i < rows.count; i++)
		add_table(t, tables[i].name, &schema);
	assert_true(str_ok(&schema));
	return str_text(&schema);
}

static void write_whole(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_schema(void **state)
{
	struct db_test *t = *state;
	const char *target = getenv("KARTKA_SCHEMA_WRITE");
	const char *made;
	const char *kept;
	size_t same = 0;
	int line = 1;

	/* Other servers describe the same table in other words. */
	if (!strstr(db_test_text(t, "SELECT VERSION()"), "10.11."))
		skip();
	made = schema_of(t);
	if (target && *target) {
		write_whole(target, made);
		return;
	}
	kept = read_whole(&t->arena, "sql/schema.sql");
	for (; made[same] && made[same] == kept[same]; same++)
		line += made[same] == '\n';
	if (made[same] != kept[same])
		fail_msg("sql/schema.sql differs from the migrations in line %d: run "
			 "sql/schema.sh",
			 line);
}

/* Every table, column and key says why it is there. */
static void test_comments(void **state)
{
	struct db_test *t = *state;
	static const char *const queries[] = {
		"SELECT table_name FROM information_schema.tables WHERE table_schema = "
		"DATABASE() AND table_comment = ''",
		"SELECT CONCAT(table_name, '.', column_name) FROM information_schema.columns "
		"WHERE table_schema = DATABASE() AND column_comment = ''",
		"SELECT CONCAT(table_name, ' key ', index_name) FROM "
		"information_schema.statistics WHERE table_schema = DATABASE() AND "
		"index_comment = '' AND index_name NOT IN (SELECT constraint_name FROM "
		"information_schema.referential_constraints WHERE constraint_schema = "
		"DATABASE())",
	};
	struct db_rows rows;
	size_t found = 0;

	for (size_t i = 0; i < COUNT(queries); i++) {
		assert_int_equal(db_query(t->db, &t->arena, queries[i], NO_PARAMS, &rows), OK);
		for (size_t j = 0; j < rows.count; j++, found++)
			print_message("no comment: %s\n", db_row(&rows, j)->text);
	}
	assert_int_equal(found, 0);
}

/* What the shop relies on everywhere: rows are locked, text is UTF-8, each row has its key. */
static void test_engine(void **state)
{
	struct db_test *t = *state;

	assert_int_equal(db_test_number(t,
					"SELECT COUNT(*) FROM information_schema.tables WHERE "
					"table_schema = DATABASE() AND (engine <> 'InnoDB' OR "
					"table_collation NOT LIKE 'utf8mb4%')"),
			 0);
	assert_int_equal(
		db_test_number(t,
			       "SELECT COUNT(*) FROM information_schema.tables t WHERE "
			       "table_schema = DATABASE() AND NOT EXISTS (SELECT 1 FROM "
			       "information_schema.table_constraints c WHERE c.table_schema = "
			       "t.table_schema AND c.table_name = t.table_name AND "
			       "c.constraint_type = 'PRIMARY KEY')"),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_schema),
		DB_TEST(test_comments),
		DB_TEST(test_engine),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
