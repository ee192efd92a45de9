/*
 * db.h: the database: typed parameters, rows in an arena, transactions as scopes.
 *
 * One connection per process.  It is opened when first needed, tried host after host
 * (DB_URL names several; the first that is fit for writing is used, and looked for again
 * after a while on another), and set up the same way every time: utf8mb4, UTC, READ
 * COMMITTED, strict mode, limits of CALL_TIMEOUT_MS on connecting, reading, writing.
 * Before a limit runs out the server itself gives up: on a lock a second earlier (5 s at
 * most), on the statement just before, so that no lock is left behind.  There is no
 * automatic reconnection inside a transaction: it fails with ERR_RETRY and is run again
 * whole.
 *
 * Statements are literals with ? and are prepared once per connection.
 */
#ifndef KARTKA_DB_H
#define KARTKA_DB_H

#include "shared/base/arena.h"
#include "shared/base/money.h"

struct db;

struct db_options {
	/*
	 * mysql://user:password@host[,host…][:port]/db?ssl=on, or ?socket=/path.  A host may
	 * have a port of its own; ssl_ca=/path names other authorities than the system's.  %XX
	 * for what would end a part.
	 */
	const char *url;
	int timeout_ms; /* of every call; 0: CALL_TIMEOUT_MS */
};

/* Does not connect.  ERR_INVALID: the URL is malformed. */
int db_new(const struct db_options *options, struct db **ret) MUST_CHECK;
void db_free(struct db *db);

/* Close the connection; the next call opens a new one. */
void db_disconnect(struct db *db);

/* Connect if need be and ask the server whether it is there.  ERR_DOWN: it is not. */
int db_ping(struct db *db) MUST_CHECK;

/*
 * The connection's server for the database's own programs (mariadb-dump, mariadb): an option
 * file's text, with the password, and the database's name.  After a call that succeeded.
 */
void db_client_options(const struct db *db, struct arena *a, const char **ret_file,
		       const char **ret_name);

/* Why the last call failed, for logs: "1213 Deadlock found…"; never holds values. */
const char *db_error(const struct db *db);
unsigned db_errno(const struct db *db);

/* ---- parameters: P(x) picks the type of x at compile time ---- */

enum db_kind { DB_NULL, DB_INT, DB_TEXT, DB_BLOB, DB_TIME };

struct db_param {
	enum db_kind kind;
	int64_t number; /* DB_INT; DB_TIME: µs since 1970 UTC */
	const void *data;
	size_t len;
};

static inline struct db_param db_p_int(int64_t n)
{
	return (struct db_param){ .kind = DB_INT, .number = n };
}
static inline struct db_param db_p_text(const char *text)
{
	return (struct db_param){ .kind = text ? DB_TEXT : DB_NULL,
				  .data = text,
				  .len = text ? strlen(text) : 0 };
}
static inline struct db_param db_p_blob(struct bytes b)
{
	return (struct db_param){ .kind = b.data ? DB_BLOB : DB_NULL,
				  .data = b.data,
				  .len = b.len };
}
static inline struct db_param db_p_money(struct money m)
{
	return (struct db_param){ .kind = DB_INT, .number = m.kop };
}

/* clang-format off */
#define P(x) _Generic((x), \
	char *: db_p_text, const char *: db_p_text, \
	struct bytes: db_p_blob, struct money: db_p_money, \
	default: db_p_int)(x)
/* clang-format on */
#define P_TIME(at) ((struct db_param){ .kind = DB_TIME, .number = (at) })
#define P_NULL ((struct db_param){ .kind = DB_NULL })

struct db_params {
	const struct db_param *list;
	size_t count;
};

#define PARAMS(...)                                                       \
	((struct db_params){ (const struct db_param[]){ __VA_ARGS__ },    \
			     sizeof((struct db_param[]){ __VA_ARGS__ }) / \
				     sizeof(struct db_param) })
#define NO_PARAMS ((struct db_params){ NULL, 0 })

/* ---- results ---- */

struct db_cell {
	bool is_null;
	int64_t number;	  /* integers; DATETIME as µs since 1970 UTC; DECIMAL is not used */
	const char *text; /* strings and blobs, NUL after the end; "" for numbers and NULL */
	size_t len;
};

struct db_rows {
	size_t count;
	size_t columns;
	struct db_cell *cells; /* row after row */
};

/* One row, for a struct's read function: value_read(db_row(&rows, i), …). */
static inline const struct db_cell *db_row(const struct db_rows *rows, size_t row)
{
	return rows->cells + row * rows->columns;
}

struct db_result {
	uint64_t affected; /* rows changed (not merely matched) */
	int64_t insert_id;
};

/*
 * Run a statement.  Results live in the arena.  Each returns
 *   OK
 *   ERR_CONFLICT  a unique key refused it (1062)
 *   ERR_RETRY     deadlock, lock wait, lost connection inside a transaction …: the
 *                 transaction is rolled back; run all of it again
 *   ERR_DOWN      no host could be reached (outside a transaction a lost connection is
 *                 reopened and the statement tried once more, SELECTs only)
 *   ERR_FAILED    anything else: a bug, a full disk; db_error() says
 */
int db_query(struct db *db, struct arena *a, const char *sql, struct db_params params,
	     struct db_rows *ret) MUST_CHECK;
int db_exec(struct db *db, const char *sql, struct db_params params,
	    struct db_result *ret) MUST_CHECK; /* ret may be NULL */

/* The first row only; ERR_NOT_FOUND when there is none. */
int db_one(struct db *db, struct arena *a, const char *sql, struct db_params params,
	   const struct db_cell **ret) MUST_CHECK;

/* Exactly one row must change; ERR_CONFLICT otherwise. */
int db_exec_one(struct db *db, const char *sql, struct db_params params) MUST_CHECK;

/* Run text that is not prepared (migrations, SET): no parameters, one statement. */
int db_script(struct db *db, const char *sql) MUST_CHECK;

/* ---- transactions ----
 *
 *	DB_TX(tx, db);
 *	if ((rc = tx.rc) || (rc = order_mark_paid(tx.db, …)) || …)
 *		return rc;
 *	return db_tx_commit(&tx);
 *
 * Leaving the scope without commit rolls back.  A whole transaction is run again by
 * db_retry(): up to DB_TX_TRIES times on ERR_RETRY and ERR_UNSURE with a growing, jittered
 *pause, so what it runs must be idempotent.
 */
struct db_tx {
	struct db *db;
	int rc; /* of START TRANSACTION */
	bool open;
};

struct db_tx db_tx_begin(struct db *db);
int db_tx_commit(struct db_tx *tx) MUST_CHECK; /* ERR_UNSURE: the answer was lost */
void db_tx_end(struct db_tx *tx);

#define DB_TX(name, database) \
	struct db_tx name __attribute__((cleanup(db_tx_end), unused)) = db_tx_begin(database)

typedef int db_work(struct db *db, void *data);
int db_retry(struct db *db, db_work *work, void *data) MUST_CHECK;

/* True inside an open transaction: asserted where no network call may happen. */
bool db_in_tx(const struct db *db);

/* Put wildcards of LIKE in text out of force. */
const char *db_like_escape(struct arena *a, const char *text);

#endif
