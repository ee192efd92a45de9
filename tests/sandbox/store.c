#include "tests/sandbox/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sandbox/text.h"

enum {
	STATEMENTS_MAX = 256,
	SCHEMA_VERSION = 3, /* as the schema says; a file of another is begun anew */
};

static struct {
	sqlite3 *db;
	bool writing; /* a transaction is open */
	size_t count;
	struct {
		const char *sql; /* a literal: told apart by its address */
		sqlite3_stmt *statement;
	} cache[STATEMENTS_MAX];
} store;

/* A kill loses nothing with synchronous=OFF: the kernel has the pages.  A power cut would. */
static const char schema[] =
	"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
	"BEGIN; PRAGMA user_version=3;"
	"CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
	/* People, and their chat with the bot: version grows with everything the page shows. */
	"CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, first_name TEXT NOT NULL,"
	" last_name TEXT, username TEXT, language_code TEXT, blocked INTEGER NOT NULL DEFAULT "
	"0,"
	" started INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0,"
	" reply_keyboard TEXT, menu_button TEXT,"
	/* of a history that was made up: not in the page's list until something is said */
	" silent INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE IF NOT EXISTS messages (message_id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" chat_id INTEGER NOT NULL, from_bot INTEGER NOT NULL, body TEXT NOT NULL, file TEXT,"
	" fixed INTEGER NOT NULL DEFAULT 0," /* it brought a reply keyboard: not to be edited */
	" deleted INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX IF NOT EXISTS messages_by_chat ON messages (chat_id, message_id);"
	"CREATE TABLE IF NOT EXISTS callbacks (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL,"
	" created_at REAL NOT NULL, answered_at REAL, text TEXT, show_alert INTEGER);"
	"CREATE INDEX IF NOT EXISTS callbacks_by_user ON callbacks (user_id, created_at);"
	"CREATE INDEX IF NOT EXISTS callbacks_open ON callbacks (created_at) WHERE answered_at "
	"IS NULL;"
	/* Updates not yet acknowledged; the first of each queue is the next to go. */
	"CREATE TABLE IF NOT EXISTS updates (seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" update_id INTEGER NOT NULL, queue TEXT NOT "
	"NULL,"
	" kind TEXT NOT NULL, user_id INTEGER, body BLOB NOT NULL, expires_at REAL NOT NULL,"
	" next_at REAL NOT NULL, delay REAL NOT NULL DEFAULT 0,"
	" times INTEGER NOT NULL DEFAULT 1);"
	"CREATE INDEX IF NOT EXISTS updates_by_queue ON updates (queue, seq);"
	"CREATE TABLE IF NOT EXISTS bot_texts (what TEXT NOT NULL, scope TEXT NOT NULL,"
	" language TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (what, scope, language));"
	"CREATE TABLE IF NOT EXISTS documents (file_id TEXT PRIMARY KEY, file_name TEXT NOT "
	"NULL,"
	" mime_type TEXT, data BLOB NOT NULL);"
	/* Portmone's books: a bill is a payment page, a row is one line of the answer to
	   `result`. */
	"CREATE TABLE IF NOT EXISTS bills (bill TEXT PRIMARY KEY, shop_order TEXT NOT NULL,"
	" kopiykas INTEGER NOT NULL, description TEXT NOT NULL, lang TEXT NOT NULL,"
	" success_url TEXT NOT NULL, failure_url TEXT NOT NULL, url TEXT NOT NULL,"
	" attributes TEXT NOT NULL, state TEXT NOT NULL, created_at REAL NOT NULL,"
	" expires_at REAL);"
	"CREATE INDEX IF NOT EXISTS bills_by_order ON bills (shop_order);"
	"CREATE INDEX IF NOT EXISTS bills_by_end ON bills (state, expires_at);"
	"CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY AUTOINCREMENT, bill TEXT NOT "
	"NULL,"
	" shop_order TEXT NOT NULL, status TEXT NOT NULL, kopiykas INTEGER NOT NULL, at REAL "
	"NOT NULL,"
	" auth_code TEXT, card_mask TEXT, error_message TEXT NOT NULL DEFAULT '',"
	" chargeback TEXT NOT NULL DEFAULT 'N', returns INTEGER);"
	"CREATE INDEX IF NOT EXISTS rows_by_order ON rows (shop_order);"
	"CREATE INDEX IF NOT EXISTS rows_by_bill ON rows (bill);"
	"CREATE TABLE IF NOT EXISTS notifications (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" row INTEGER NOT NULL, format TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
	" next_at REAL NOT NULL);"
	"CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT "
	"NOT NULL,"
	" violation TEXT);"
	"CREATE INDEX IF NOT EXISTS events_violations ON events (seq) WHERE violation IS NOT "
	"NULL;"
	"INSERT OR IGNORE INTO users (id, first_name, username, language_code) VALUES"
	" (1001, 'Оксана', 'oksana', 'uk'), (1002, 'Alex', 'alex', 'en'), (1003, 'Иван', "
	"'ivan', 'ru');"
	/* Portmone's ids are long numbers, and none comes a second time, although this store
	   may be lost; messages don't begin at 1 either. */
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'rows', CAST(strftime('%s', 'now') AS "
	"INTEGER)"
	" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'rows');"
	"INSERT INTO sqlite_sequence (name, seq) SELECT 'messages', 100"
	" WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages');"
	"COMMIT;";

static _Noreturn void store_die(const char *sql)
{
	fprintf(stderr, "sandbox: database: %s (%.80s)\n", sqlite3_errmsg(store.db), sql);
	exit(1);
}

static bool folder_make(const char *dir)
{
	AUTO_FREE char *path = text_copy(dir);

	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static int version_of(sqlite3 *db)
{
	sqlite3_stmt *s;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return version;
}

/* Remove the file of an older sandbox. */
static void old_remove(const char *path)
{
	static const char *const endings[] = { "", "-wal", "-shm" };
	sqlite3 *db;
	int version;

	if (access(path, F_OK) != 0)
		return;
	version = sqlite3_open(path, &db) == SQLITE_OK ? version_of(db) : -1;
	sqlite3_close(db);
	for (size_t i = 0; version >= 0 && version != SCHEMA_VERSION && i < COUNT(endings);
	     i++) {
		AUTO_TEXT name = { 0 };

		text_addf(&name, "%s%s", path, endings[i]);
		unlink(name.data);
	}
}

/* DIR/history.sql, once. */
static bool history_read(const char *dir)
{
	AUTO_TEXT path = { 0 };
	AUTO_FREE char *sql = NULL;
	char *why = NULL;
	FILE *file;
	size_t room = 0;
	ssize_t len;

	text_addf(&path, "%s/history.sql", dir);
	file = fopen(path.data, "r");
	if (!file)
		return true;
	len = getdelim(&sql, &room, '\0', file);
	fclose(file);
	if (len > 0 && (sqlite3_exec(store.db, "BEGIN", NULL, NULL, &why) != SQLITE_OK ||
			sqlite3_exec(store.db, sql, NULL, NULL, &why) != SQLITE_OK ||
			sqlite3_exec(store.db, "COMMIT", NULL, NULL, &why) != SQLITE_OK)) {
		fprintf(stderr, "sandbox: %s: %s\n", path.data, why);
		sqlite3_free(why);
		return false;
	}
	return unlink(path.data) == 0;
}

bool store_open(const char *dir)
{
	AUTO_TEXT path = { 0 };
	char *why = NULL;

	if (!folder_make(dir)) {
		fprintf(stderr, "sandbox: --state %s: %s\n", dir, strerror(errno));
		return false;
	}
	text_addf(&path, "%s/sandbox.db", dir);
	old_remove(path.data);
	if (sqlite3_open(path.data, &store.db) == SQLITE_OK) {
		sqlite3_busy_timeout(store.db, 300);
		if (sqlite3_exec(store.db, schema, NULL, NULL, &why) == SQLITE_OK)
			return history_read(dir);
	}
	fprintf(stderr, "sandbox: %s: %s\n", path.data, why ? why : sqlite3_errmsg(store.db));
	sqlite3_free(why);
	return false;
}

static sqlite3_stmt *statement_of(const char *sql)
{
	sqlite3_stmt *s;

	for (size_t i = 0; i < store.count; i++) {
		if (store.cache[i].sql == sql)
			return store.cache[i].statement;
	}
	if (store.count == STATEMENTS_MAX ||
	    sqlite3_prepare_v3(store.db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) !=
		    SQLITE_OK)
		store_die(sql);
	store.cache[store.count].sql = sql;
	store.cache[store.count++].statement = s;
	return s;
}

void store_close(void)
{
	store_commit();
	for (size_t i = 0; i < store.count; i++)
		sqlite3_finalize(store.cache[i].statement);
	store.count = 0;
	sqlite3_close(store.db);
	store.db = NULL;
}

static sqlite3_stmt *bind(const char *sql, const char *types, va_list args)
{
	sqlite3_stmt *s = statement_of(sql);

	for (int i = 0; types[i]; i++) {
		const char *bytes;

		switch (types[i]) {
		case 'i':
			sqlite3_bind_int64(s, i + 1, va_arg(args, int64_t));
			break;
		case 'd':
			sqlite3_bind_double(s, i + 1, va_arg(args, double));
			break;
		case 's':
			sqlite3_bind_text(s, i + 1, va_arg(args, const char *), -1,
					  SQLITE_TRANSIENT);
			break;
		default:
			bytes = va_arg(args, const char *);
			sqlite3_bind_blob64(s, i + 1, bytes, va_arg(args, size_t),
					    SQLITE_TRANSIENT);
		}
	}
	return s;
}

/* True while there is a row; otherwise the statement is ready for the next time. */
static bool step(sqlite3_stmt *s)
{
	int const rc = sqlite3_step(s);

	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		store_die(sqlite3_sql(s));
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return false;
}

static void done(sqlite3_stmt *s)
{
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

static void plain_run(const char *sql)
{
	step(statement_of(sql));
}

int64_t store_run(const char *sql, const char *types, ...)
{
	sqlite3_stmt *s;
	va_list args;

	if (!store.writing) {
		plain_run("BEGIN");
		store.writing = true;
	}
	va_start(args, types);
	s = bind(sql, types, args);
	va_end(args);
	while (step(s))
		;
	return sqlite3_changes64(store.db);
}

void store_commit(void)
{
	if (store.writing)
		plain_run("COMMIT");
	store.writing = false;
}

int64_t store_last_id(void)
{
	return sqlite3_last_insert_rowid(store.db);
}

static struct json_object *row_read(sqlite3_stmt *s)
{
	struct json_object *row = json_object_new_object();

	for (int i = 0; i < sqlite3_column_count(s); i++) {
		const char *name = sqlite3_column_name(s, i);

		switch (sqlite3_column_type(s, i)) {
		case SQLITE_INTEGER:
			json_put_int(row, name, sqlite3_column_int64(s, i));
			break;
		case SQLITE_FLOAT:
			json_put_number(row, name, sqlite3_column_double(s, i));
			break;
		case SQLITE_NULL:
			json_put(row, name, NULL);
			break;
		default: {
			const char *bytes = sqlite3_column_blob(s, i);
			int const len = sqlite3_column_bytes(s, i);

			json_put(row, name,
				 json_object_new_string_len(bytes ? bytes : "", len));
		}
		}
	}
	return row;
}

struct json_object *store_rows(const char *sql, const char *types, ...)
{
	struct json_object *rows = json_object_new_array();
	sqlite3_stmt *s;
	va_list args;

	va_start(args, types);
	s = bind(sql, types, args);
	va_end(args);
	while (step(s))
		json_object_array_add(rows, row_read(s));
	return rows;
}

struct json_object *store_row(const char *sql, const char *types, ...)
{
	struct json_object *row = NULL;
	sqlite3_stmt *s;
	va_list args;

	va_start(args, types);
	s = bind(sql, types, args);
	va_end(args);
	if (!step(s))
		return NULL;
	row = row_read(s);
	done(s);
	return row;
}

int64_t store_number(const char *sql, const char *types, ...)
{
	int64_t value;
	sqlite3_stmt *s;
	va_list args;

	va_start(args, types);
	s = bind(sql, types, args);
	va_end(args);
	if (!step(s))
		return 0;
	value = sqlite3_column_int64(s, 0);
	done(s);
	return value;
}

double store_real(const char *sql, const char *types, ...)
{
	double value;
	sqlite3_stmt *s;
	va_list args;

	va_start(args, types);
	s = bind(sql, types, args);
	va_end(args);
	if (!step(s))
		return 0;
	value = sqlite3_column_double(s, 0);
	done(s);
	return value;
}

char *store_note(const char *name)
{
	AUTO_JSON *row = store_row("SELECT value FROM notes WHERE name = ?", "s", name);

	return row ? text_copy(json_string(row, "value")) : NULL;
}

void store_note_set(const char *name, const char *value)
{
	if (value)
		store_run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", "ss",
			  name, value);
	else
		store_run("DELETE FROM notes WHERE name = ?", "s", name);
}
