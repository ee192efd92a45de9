#include "shared/domain/schema.h"

/* Where whatever somebody did has left a row. */
#define TELLING "'users', 'categories', 'card_codes', 'orders', 'staff'"

int schema_is_empty(struct db *db, bool *ret)
{
	AUTO_ARENA(a);
	struct db_rows tables;
	int rc = db_query(db, &a,
			  "SELECT table_name FROM information_schema.tables "
			  "WHERE table_schema = DATABASE() AND table_name IN (" TELLING ")",
			  NO_PARAMS, &tables);
	bool empty = true;

	for (size_t i = 0; !rc && empty && i < tables.count; i++) {
		const struct db_cell *row;

		rc = db_one(db, &a,
			    arena_printf(&a, "SELECT EXISTS (SELECT 1 FROM `%s`)",
					 db_row(&tables, i)[0].text),
			    NO_PARAMS, &row);
		empty = !rc && !row[0].number;
	}
	if (!rc)
		*ret = empty;
	return rc;
}

int schema_drop(struct db *db)
{
	AUTO_ARENA(a);
	struct db_rows tables;
	int rc = db_query(db, &a,
			  "SELECT table_name FROM information_schema.tables "
			  "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'",
			  NO_PARAMS, &tables);

	if (!rc)
		rc = db_script(db, "SET FOREIGN_KEY_CHECKS = 0");
	for (size_t i = 0; !rc && i < tables.count; i++)
		rc = db_script(db,
			       arena_printf(&a, "DROP TABLE `%s`", db_row(&tables, i)[0].text));
	/* The next connection has its checks. */
	db_disconnect(db);
	return rc;
}
