#include "shared/platform/db_private.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <poll.h>
#include <stdarg.h>

enum {
	AWAY_MS = 60 *
		  1000, /* so long on a failover host, then the first ones are tried again */
	LOCK_WAIT_MAX_S = 5,
	HEADROOM_MS = 200, /* the server gives up that long before we do */
};

/* ---- what an error number means ---- */

enum action {
	ACT_FAIL,     /* a bug, a full disk */
	ACT_CONFLICT, /* the statement did nothing, the transaction goes on */
	ACT_RETRY,    /* the same again may do */
	ACT_PREPARE,  /* … with the statement prepared anew */
	ACT_HOST,     /* refused: this host is no longer fit */
	ACT_LOST,     /* nobody knows whether it was done */
};

/* By number: each library has names for some of them only. */
static const struct {
	unsigned number;
	enum action action;
} actions[] = {
	{ 1062, ACT_CONFLICT }, /* duplicate entry */
	{ 1586, ACT_CONFLICT },
	{ 1213, ACT_RETRY },   /* deadlock; Galera: another node was first */
	{ 1205, ACT_RETRY },   /* lock wait */
	{ 3572, ACT_RETRY },   /* NOWAIT, MySQL */
	{ 1020, ACT_RETRY },   /* changed since the snapshot, MariaDB */
	{ 1317, ACT_RETRY },   /* KILL QUERY */
	{ 1969, ACT_RETRY },   /* the statement's time is up, MariaDB */
	{ 3024, ACT_RETRY },   /* … MySQL */
	{ 1412, ACT_RETRY },   /* a migration changed the table */
	{ 1615, ACT_PREPARE }, /* … and the statement */
	{ 1243, ACT_PREPARE }, /* the server does not know the statement */
	{ 1461, ACT_PREPARE }, /* it has too many: ours are given back */
	{ 2057, ACT_PREPARE }, /* it has other columns now */
	{ 1047, ACT_HOST },    /* a Galera node without its cluster */
	{ 1053, ACT_HOST },    /* shutting down */
	{ 1290, ACT_HOST },    /* read only */
	{ 1836, ACT_HOST },
	{ 1927, ACT_LOST }, /* KILL */
	{ 4031, ACT_LOST }, /* idle too long, MySQL */
	{ 2006, ACT_LOST }, /* gone away */
	{ 2013, ACT_LOST }, /* lost during the query, or no answer in time */
	{ 2055, ACT_LOST },
	{ 2014, ACT_LOST }, /* out of step: our bug, but a new connection ends it */
	{ 2027, ACT_LOST }, /* malformed packet */
};

static enum action action_of(unsigned number)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (actions[i].number == number)
			return actions[i].action;
	return ACT_FAIL;
}

/* ---- noting a failure ---- */

/* Their messages quote values; what stands after the value, and always does, is kept. */
static const struct {
	unsigned number;
	const char *tail;
} quoting[] = {
	{ 1062, " for key " }, { 1586, " for key " }, { 1366, " for column " }, { 1292, NULL },
	{ 1367, NULL },	       { 1411, NULL },	      { 1525, NULL },		{ 1690, NULL },
};

static const char *last_of(const char *text, const char *part)
{
	const char *last = "";

	for (const char *at = text; (at = strstr(at, part)); at++)
		last = at;
	return last;
}

void db_note(struct db *db, unsigned number, const char *message)
{
	size_t const size = sizeof(db->error);
	int const used = snprintf(db->error, size, "%u ", number);
	char *rest = db->error + used;

	db->error_number = number;
	for (size_t i = 0; i < COUNT(quoting); i++)
		if (quoting[i].number == number) {
			const char *tail = quoting[i].tail;

			snprintf(rest, size - (size_t)used, "%.*s'…'%s",
				 (int)strcspn(message, "'"), message,
				 tail ? last_of(message, tail) : "");
			return;
		}
	snprintf(rest, size - (size_t)used, "%s", message);
}

void db_misused(struct db *db, const char *fmt, ...)
{
	va_list args;

	db->error_number = 0;
	va_start(args, fmt);
	vsnprintf(db->error, sizeof(db->error), fmt, args);
	va_end(args);
	db->nothing_done = db->lost = false;
	if (db->in_tx && !db->tx_rc) {
		db->tx_rc = ERR_FAILED;
		if (!db_command(db, "ROLLBACK"))
			db_disconnect(db);
	}
}

int db_failed(struct db *db, unsigned number, const char *message)
{
	enum action const action = action_of(number);
	int rc = action == ACT_FAIL ? ERR_FAILED : ERR_RETRY;

	db_note(db, number, message);
	db->nothing_done = action == ACT_HOST || action == ACT_PREPARE;
	db->lost = action == ACT_LOST;
	if (action == ACT_CONFLICT)
		return ERR_CONFLICT;
	if (action == ACT_PREPARE)
		db_statements_drop(db);
	if (db->in_tx)
		db->tx_rc = rc;
	else if (action == ACT_LOST || action == ACT_HOST)
		rc = ERR_DOWN;
	/* A lock wait that timed out has undone its statement only: half would be committed. */
	if (action == ACT_LOST || action == ACT_HOST ||
	    (db->in_tx && !db_command(db, "ROLLBACK")))
		db_disconnect(db);
	return rc;
}

int db_conn_failed(struct db *db)
{
	return db_failed(db, mysql_errno(db->conn), mysql_error(db->conn));
}

const char *db_error(const struct db *db)
{
	return db->error;
}

unsigned db_errno(const struct db *db)
{
	return db->error_number;
}

/* ---- connecting ---- */

bool db_command(struct db *db, const char *sql)
{
	MYSQL_RES *res;

	if (mysql_real_query(db->conn, sql, strlen(sql)))
		return false;
	/* An error may surface only here. */
	res = mysql_store_result(db->conn);
	mysql_free_result(res);
	return res || !mysql_errno(db->conn);
}

/* The first row's last column, copied; "" without a row.  False: it failed. */
static bool ask(MYSQL *conn, const char *sql, char ret[32])
{
	MYSQL_RES *res;
	MYSQL_ROW row;
	unsigned columns;

	ret[0] = '\0';
	if (mysql_real_query(conn, sql, strlen(sql)) || !(res = mysql_store_result(conn)))
		return false;
	columns = mysql_num_fields(res);
	row = mysql_fetch_row(res);
	if (row && columns && row[columns - 1])
		snprintf(ret, 32, "%s", row[columns - 1]);
	mysql_free_result(res);
	return true;
}

/*
 * What another node has committed may not have come here yet.  Once, at connecting: afterwards
 * this is the node that is written to.
 */
static bool catch_up(struct db *db)
{
	char one[32];

	return db_command(db, "SET SESSION wsrep_sync_wait = 1") &&
	       ask(db->conn, "SELECT 1", one) &&
	       db_command(db, "SET SESSION wsrep_sync_wait = DEFAULT");
}

/* A host that can't write is passed over. */
static bool is_fit(struct db *db, const struct db_host *host)
{
	char read_only[32];
	char galera[32]; /* "" where there is no such thing */
	char ready[32] = "ON";

	if (!ask(db->conn, "SELECT @@global.read_only", read_only) ||
	    !ask(db->conn, "SHOW GLOBAL VARIABLES LIKE 'wsrep_on'", galera) ||
	    (!strcmp(galera, "ON") &&
	     (!ask(db->conn, "SHOW STATUS LIKE 'wsrep_ready'", ready) ||
	      (!strcmp(ready, "ON") && !catch_up(db))))) {
		db_note(db, mysql_errno(db->conn), mysql_error(db->conn));
		return false;
	}
	if (!strcmp(read_only, "0") || !strcmp(read_only, "OFF")) {
		if (!strcmp(ready, "ON"))
			return true;
		snprintf(db->error, sizeof(db->error), "%s:%u has lost its cluster", host->name,
			 host->port);
		return false;
	}
	snprintf(db->error, sizeof(db->error), "%s:%u is read only", host->name, host->port);
	return false;
}

/* Lost with every connection, so set with every connection. */
static bool set_up(struct db *db)
{
	int const seconds = db->timeout_ms / 1000 - 1;
	int const lock_wait = seconds < 1		  ? 1
			      : seconds > LOCK_WAIT_MAX_S ? LOCK_WAIT_MAX_S
							  : seconds;
	int const limit_ms = db->timeout_ms > 2 * HEADROOM_MS ? db->timeout_ms - HEADROOM_MS
							      : db->timeout_ms / 2;
	char sql[640];

	/*
	 * The comments are for one kind of server each.  MySQL would round the last moment of a
	 * day up into the next one where a column has whole seconds; MariaDB cuts off.
	 */
	snprintf(sql, sizeof(sql),
		 "SET SESSION sql_mode = "
		 "CONCAT('STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
		 "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION' "
		 "/*!80000 , ',TIME_TRUNCATE_FRACTIONAL' */), time_zone = '+00:00', "
		 "innodb_lock_wait_timeout = %d, lock_wait_timeout = %d /*M!100100 , "
		 "max_statement_time = %d.%03d */ "
		 "/*!80000 , max_execution_time = %d */",
		 lock_wait, lock_wait, limit_ms / 1000, limit_ms % 1000, limit_ms);
	if (db_command(db, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") &&
	    db_command(db, sql))
		return true;
	db_note(db, mysql_errno(db->conn), mysql_error(db->conn));
	return false;
}

static bool set_tls(MYSQL *conn, const struct db_url *url)
{
#if DB_IS_CONNECTOR_C
	db_bool const on = url->ssl ? 1 : 0;

	if (mysql_options(conn, MYSQL_OPT_SSL_ENFORCE, &on) ||
	    mysql_options(conn, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on))
		return false;
#else
	unsigned const mode = url->ssl ? SSL_MODE_VERIFY_IDENTITY : SSL_MODE_PREFERRED;

	if (mysql_options(conn, MYSQL_OPT_SSL_MODE, &mode))
		return false;
	/* It knows the system's authorities only when it is told where they are. */
	if (url->ssl && !url->ssl_ca &&
	    mysql_options(conn, MYSQL_OPT_SSL_CAPATH, "/etc/ssl/certs"))
		return false;
#endif
	return !url->ssl_ca || !mysql_options(conn, MYSQL_OPT_SSL_CA, url->ssl_ca);
}

/*
 * The libraries count in whole seconds.  All hosts together are connected to within the limit
 * of a call.
 */
static bool set_limits(MYSQL *conn, int timeout_ms, size_t hosts)
{
	unsigned const total = (unsigned)(timeout_ms + 999) / 1000;
	unsigned const share = CALL_TIMEOUT_MS / 1000 / (unsigned)hosts;
	unsigned const connecting = !share ? 1 : share < total ? share : total;

	/* Oracle's manual says that its library asks three times; measured, 9.7 asks once. */
	return !mysql_options(conn, MYSQL_OPT_CONNECT_TIMEOUT, &connecting) &&
	       !mysql_options(conn, MYSQL_OPT_READ_TIMEOUT, &total) &&
	       !mysql_options(conn, MYSQL_OPT_WRITE_TIMEOUT, &total);
}

/* MYSQL_OPT_RECONNECT is left alone: off is its default, and Oracle's library grumbles at it.
 */
static bool set_options(struct db *db, MYSQL *conn)
{
	unsigned const protocol = db->url.socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	unsigned const no_files = 0;

	return !mysql_options(conn, MYSQL_SET_CHARSET_NAME, "utf8mb4") &&
	       !mysql_options(conn, MYSQL_OPT_LOCAL_INFILE, &no_files) &&
	       !mysql_options(conn, MYSQL_OPT_PROTOCOL, &protocol) &&
	       set_limits(conn, db->timeout_ms, db->url.host_count) && set_tls(conn, &db->url);
}

static bool connect_host(struct db *db, const struct db_host *host)
{
	const struct db_url *u = &db->url;
	MYSQL *conn = mysql_init(NULL);

	if (!conn)
		die("out of memory");
	if (!set_options(db, conn) ||
	    !mysql_real_connect(conn, u->socket ? NULL : host->name, u->user, u->password,
				u->name, u->socket ? 0 : host->port, u->socket, 0)) {
		db_note(db, mysql_errno(conn), mysql_error(conn));
		mysql_close(conn);
		return false;
	}
	db->conn = conn;
	if (is_fit(db, host) && set_up(db))
		return true;
	db_disconnect(db);
	return false;
}

int db_connect(struct db *db)
{
	if (db->conn)
		return OK;
	for (size_t i = 0; i < db->url.host_count; i++)
		if (connect_host(db, &db->url.hosts[i])) {
			db->host = i;
			db->connected_ms = clock_monotonic_ms();
			return OK;
		}
	db->nothing_done = db->lost = false;
	return ERR_DOWN;
}

bool db_has_time(const struct db *db, int64_t began_ms)
{
	return clock_monotonic_ms() - began_ms < db->timeout_ms / 2;
}

/* True when the server has hung up on an idle connection. */
static bool is_stale(const struct db *db)
{
#if DB_IS_CONNECTOR_C
	int const fd = (int)mysql_get_socket(db->conn);
#else
	int const fd = (int)db->conn->net.fd;
#endif
	struct pollfd one = { .fd = fd, .events = POLLRDHUP };

	return poll(&one, 1, 0) > 0;
}

void db_refresh(struct db *db)
{
	if (!db->conn || db->in_tx)
		return;
	/* Writers that meet on one host are in each other's way less than on two. */
	if (is_stale(db) ||
	    (db->host > 0 && clock_monotonic_ms() - db->connected_ms >= AWAY_MS))
		db_disconnect(db);
}

void db_disconnect(struct db *db)
{
	if (!db->conn)
		return;
	/* First, so that closing the statements sends nothing. */
	mysql_close(db->conn);
	db->conn = NULL;
	db_statements_drop(db);
	if (db->in_tx && !db->tx_rc)
		db->tx_rc = ERR_RETRY;
}

int db_ping(struct db *db)
{
	int64_t const began_ms = clock_monotonic_ms();

	if (db->in_tx)
		return db->tx_rc;
	for (int attempt = 0; attempt < 2; attempt++) {
		if (attempt && !db_has_time(db, began_ms))
			break;
		db_refresh(db);
		if (db_connect(db))
			return ERR_DOWN;
		if (!mysql_ping(db->conn))
			return OK;
		db_note(db, mysql_errno(db->conn), mysql_error(db->conn));
		db_disconnect(db);
	}
	return ERR_DOWN;
}

/* ---- the handle ---- */

int db_new(const struct db_options *options, struct db **ret)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db || mysql_library_init(0, NULL, NULL))
		die("out of memory");
	arena_init(&db->arena);
	db->timeout_ms = options->timeout_ms ? options->timeout_ms : CALL_TIMEOUT_MS;
	if (db_url_read(&db->arena, options->url, &db->url)) {
		db_free(db);
		return ERR_INVALID;
	}
	*ret = db;
	return OK;
}

void db_free(struct db *db)
{
	if (!db)
		return;
	db_disconnect(db);
	arena_release(&db->arena);
	free(db);
}

/* ---- text ---- */

const char *db_like_escape(struct arena *a, const char *text)
{
	char *escaped = arena_alloc(a, 2 * strlen(text) + 1);
	size_t n = 0;

	for (; *text; text++) {
		if (strchr("\\%_", *text))
			escaped[n++] = '\\';
		escaped[n++] = *text;
	}
	return escaped;
}
