#include "shared/domain/setting.h"

#include "shared/base/parse.h"

int setting_get(struct db *db, struct arena *a, const char *name, const char **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT value FROM settings WHERE name = ?",
			      PARAMS(P(name)), &row);

	if (!rc)
		*ret = row[0].text;
	return rc;
}

int setting_set(struct db *db, const char *name, const char *value)
{
	return db_exec(db,
		       "INSERT INTO settings (name, value, changed_at) "
		       "VALUES (?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE "
		       "value = VALUES(value), changed_at = VALUES(changed_at)",
		       PARAMS(P(name), P(value)), NULL);
}

int setting_sales_paused(struct db *db, bool configured, bool *ret)
{
	AUTO_ARENA(a);
	const char *value;
	int rc;

	rc = setting_get(db, &a, SETTING_SALES, &value);
	if (rc == ERR_NOT_FOUND)
		*ret = configured;
	else if (!rc)
		*ret = !strcmp(value, "paused");
	return rc == ERR_NOT_FOUND ? OK : rc;
}

int setting_note(struct db *db, const char *name, const char *words)
{
	return setting_set(db, name, words);
}

int setting_noted(struct db *db, struct arena *a, const char *name, int64_t *ret_at,
		  const char **ret_words)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT changed_at, value FROM settings WHERE name = ?",
			      PARAMS(P(name)), &row);

	if (!rc) {
		*ret_at = row[0].number;
		*ret_words = row[1].text;
	}
	return rc;
}

int setting_backup_at(struct db *db, int64_t *ret)
{
	AUTO_ARENA(a);
	const char *value;
	int const rc = setting_get(db, &a, SETTING_LAST_BACKUP, &value);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	if (rc || parse_int(value, 0, INT64_MAX, ret))
		*ret = 0;
	return OK;
}

int setting_backup_note(struct db *db, int64_t at)
{
	AUTO_ARENA(a);

	return setting_set(db, SETTING_LAST_BACKUP, arena_printf(&a, "%lld", (long long)at));
}
