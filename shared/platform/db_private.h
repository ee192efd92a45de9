/*
 * db_private.h: what the files of db share.  The connection is closed by whoever meets its
 * loss; statements end with their connection.
 */
#ifndef KARTKA_DB_PRIVATE_H
#define KARTKA_DB_PRIVATE_H

#include <mysql.h> /* first: its macros name functions that base.h forbids */

#include "shared/platform/db.h"

enum {
	DB_HOSTS_MAX = 16,
	DB_STATEMENTS_MAX = 256, /* a server allows 16,382 over all its connections */
	DB_NEAR = 512,		 /* literals found by their address; a power of two */
};

/* my_bool with MariaDB's library, bool with Oracle's. */
typedef __typeof__(*((MYSQL_BIND *)0)->is_null) db_bool;

#if defined(MARIADB_BASE_VERSION) || defined(MARIADB_PACKAGE_VERSION)
#define DB_IS_CONNECTOR_C 1
#endif

/* DB_URL taken apart; escapes are undone. */
struct db_url {
	const char *user;
	const char *password;
	const char *name;
	const char *socket; /* NULL: TCP */
	const char *ssl_ca; /* NULL: the system's authorities */
	bool ssl;
	struct db_host {
		const char *name;
		unsigned port;
	} hosts[DB_HOSTS_MAX];
	size_t host_count;
};

int db_url_read(struct arena *a, const char *text, struct db_url *ret) MUST_CHECK;

struct db_statement;

struct db {
	struct arena arena; /* holds the URL's parts */
	struct db_url url;
	int timeout_ms;
	MYSQL *conn; /* NULL: not connected */
	size_t host; /* which of url.hosts */
	int64_t connected_ms;

	struct db_statement *statements[DB_STATEMENTS_MAX];
	size_t statement_count;
	struct db_near {
		const char *sql; /* the caller's address */
		struct db_statement *statement;
	} near[DB_NEAR];
	uint64_t uses;

	bool in_tx;
	int tx_rc; /* why the open transaction is over for the server; OK: it is not */

	/* The last failure. */
	unsigned error_number;
	char error[512];
	bool nothing_done; /* the server did not touch it: it may be sent once more */
	bool lost;	   /* … or may have, and the connection is gone */
};

/* Connect unless there is a connection.  ERR_DOWN: no host is fit. */
int db_connect(struct db *db) MUST_CHECK;

/* A call that began then may try again: who waits has not waited for half the limit. */
bool db_has_time(const struct db *db, int64_t began_ms);

/*
 * Before a transaction or a statement that writes: leave a connection the server has hung up
 * on, so that nothing is sent into doubt, and a failover host after a while.
 */
void db_refresh(struct db *db);

/*
 * A call failed with this: note it, undo what the server has left of a transaction, close
 * what is lost.  Returns what the caller returns.  The message may point into conn.
 */
int db_failed(struct db *db, unsigned number, const char *message) MUST_CHECK;
/* The same with the connection's own error. */
int db_conn_failed(struct db *db) MUST_CHECK;

/* Note an error of our own, ERR_FAILED; it ends an open transaction. */
void db_misused(struct db *db, const char *fmt, ...) PRINTF(2, 3);

/* Text only, one statement, no transaction's rules; mysql_errno() of conn says why not. */
bool db_command(struct db *db, const char *sql) MUST_CHECK;

void db_note(struct db *db, unsigned number, const char *message);

/* DATETIME as µs since 1970, both UTC.  False: a DATETIME can't hold it. */
int64_t db_time_read(const MYSQL_TIME *t);
bool db_time_write(int64_t at, MYSQL_TIME *ret) MUST_CHECK;

/* Close every statement; conn is closed already. */
void db_statements_drop(struct db *db);

#endif
