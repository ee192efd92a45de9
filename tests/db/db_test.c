#include "tests/db/db_test.h"

#include "shared/platform/crypto.h"
#include "shared/base/clock.h"
#include "shared/domain/migration.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_MS = 120000, DATABASE_MS = 60000 }; /* a whole database is slow to go */
enum { PORT_FIRST = 24000, PORTS = 2000 };

static struct db_server own;	 /* pid 0: the server is somebody else's */
static struct arena group_arena; /* ends with the program */
static const char *url;		 /* of this program's database */
static const char *name;	 /* of it; name_seed holds what the migrations put in */
static const char *made[8];	 /* databases, to be dropped */
static size_t made_count;

/* Tests are run in the project's folder; a program that was started elsewhere goes there. */
static void go_home(void)
{
	char path[PATH_MAX];
	ssize_t const len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (!access("sql/migrations", X_OK) || len < 0)
		return;
	path[len] = '\0';
	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (*path && !chdir(path) && !access("sql/migrations", X_OK))
			return;
	}
	die("sql/migrations is not to be found");
}

/* ---- servers ---- */

/*
 * A port that is free now.  Below those that the system gives to outgoing connections, any of
 * which could be taken before the server is there.
 */
static int free_port(void)
{
	for (int tries = 0; tries < 100; tries++) {
		struct sockaddr_in address = { .sin_family = AF_INET };
		int const fd = socket(AF_INET, SOCK_STREAM, 0);
		uint16_t random;
		int port;

		crypto_random(&random, sizeof(random));
		port = PORT_FIRST + random % PORTS;
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address.sin_port = htons((uint16_t)port);
		if (fd < 0)
			die("no free port: %s", strerror(errno));
		if (!bind(fd, (struct sockaddr *)&address, sizeof(address))) {
			close(fd);
			return port;
		}
		close(fd);
	}
	die("no free port");
}

static void server_wait(const struct db_server *s)
{
	int64_t const end_ms = clock_monotonic_ms() + START_MS;
	struct db *db;

	if (db_new(&(struct db_options){ .url = s->url }, &db))
		die("malformed: %s", s->url);
	/* One that won't be written to is there, too. */
	while (db_ping(db) && !strstr(db_error(db), "read only")) {
		if (clock_monotonic_ms() > end_ms || waitpid(s->pid, NULL, WNOHANG) > 0)
			die("mariadbd does not start, see %s/log: %s", s->folder, db_error(db));
		usleep(20000);
	}
	db_free(db);
}

void db_server_restart(struct db_server *s, const char *option)
{
	char port[32];
	pid_t const parent = getpid();

	snprintf(port, sizeof(port), "--port=%s", s->port);
	s->pid = fork();
	if (s->pid < 0)
		die("fork: %s", strerror(errno));
	if (!s->pid) {
		/* It ends with us, however we end. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			execl("tests/db/server", "tests/db/server", s->folder,
			      "--skip-skip-networking", "--bind-address=127.0.0.1", port,
			      option, (char *)NULL);
		_exit(127);
	}
	server_wait(s);
}

void db_server_start(struct db_server *s, const char *option)
{
	const char *base = getenv("KARTKA_TEST_DIR");

	go_home();
	*s = (struct db_server){ 0 };
	snprintf(s->folder, sizeof(s->folder), "%s/kartka-db.XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(s->folder))
		die("%s: %s", s->folder, strerror(errno));
	snprintf(s->port, sizeof(s->port), "%d", free_port());
	snprintf(s->url, sizeof(s->url), "mysql://root@127.0.0.1:%s/mysql", s->port);
	db_server_restart(s, option);
}

void db_server_kill(struct db_server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	UNUSED(st);
	UNUSED(type);
	UNUSED(ftw);
	return remove(path);
}

void db_server_end(struct db_server *s)
{
	db_server_kill(s);
	if (*s->folder)
		nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	*s->folder = '\0';
}

/* ---- the program's database ---- */

static struct db *open_patiently(const char *where, int timeout_ms)
{
	struct db_options const options = { .url = where, .timeout_ms = timeout_ms };
	struct db *db;

	if (db_new(&options, &db) || db_ping(db))
		die("the test's database does not answer: %s", where);
	return db;
}

static struct db *open_url(const char *where)
{
	return open_patiently(where, 0);
}

static void run_sql(struct db *db, const char *sql)
{
	if (db_script(db, sql))
		die("%s: %s", sql, db_error(db));
}

static struct db_rows all_tables(struct db *db, struct arena *a)
{
	struct db_rows rows;

	if (db_query(db, a,
		     "SELECT table_name FROM information_schema.tables WHERE table_schema = ? "
		     "AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations'",
		     PARAMS(P(name)), &rows))
		die("tables: %s", db_error(db));
	return rows;
}

/* What the migrations put into tables is put back by db_test_clean(). */
static void seed_keep(struct db *db, struct arena *a)
{
	struct db_rows const tables = all_tables(db, a);

	for (size_t i = 0; i < tables.count; i++) {
		const char *table = db_row(&tables, i)->text;
		const char *some = arena_printf(a, "SELECT 1 FROM %s LIMIT 1", table);
		struct db_rows rows;

		if (db_query(db, a, some, NO_PARAMS, &rows))
			die("%s: %s", some, db_error(db));
		if (rows.count)
			run_sql(db, arena_printf(a, "CREATE TABLE %s_seed.%s SELECT * FROM %s",
						 name, table, table));
	}
}

/* The server's URL with another database. */
static const char *url_of_database(struct arena *a, const char *server, const char *database)
{
	const char *slash = strchr(server + strlen("mysql://"), '/');
	const char *query = strchr(server, '?');

	return arena_printf(a, "%.*s/%s%s", (int)(slash - server), server, database,
			    query ? query : "");
}

static const char *server_url(void)
{
	const char *given = getenv("KARTKA_TEST_DB_URL");

	if (given && *given)
		return given;
	if (!own.pid)
		db_server_start(&own, NULL);
	return own.url;
}

const char *db_test_database(const char *suffix)
{
	const char *database = arena_printf(&group_arena, "test_%ld%s", (long)getpid(), suffix);
	struct db *db = open_patiently(server_url(), DATABASE_MS);
	bool known = false;

	for (size_t i = 0; i < made_count; i++)
		known = known || !strcmp(made[i], database);
	if (!known && made_count == COUNT(made))
		die("too many databases");
	if (!known)
		made[made_count++] = database;
	run_sql(db, arena_printf(&group_arena, "DROP DATABASE IF EXISTS %s", database));
	run_sql(db, arena_printf(&group_arena, "CREATE DATABASE %s CHARACTER SET utf8mb4",
				 database));
	db_free(db);
	return url_of_database(&group_arena, server_url(), database);
}

/* ---- what tests take for granted, and MySQL does not have ---- */

enum { NO_SUCH_TABLE = 1146, NO_SUCH_FUNCTION = 1305 };

/* MariaDB's series of numbers, seq_1_to_N, as a view.  False: SQL asks for none. */
static bool series_make(struct db *db, struct arena *a, const char *sql)
{
	static const char digits[] =
		"(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 "
		"UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 "
		"UNION ALL SELECT 8 UNION ALL SELECT 9)";
	const char *series = strstr(sql, "seq_1_to_");
	const char *count = series ? series + strlen("seq_1_to_") : "";
	int const len = (int)strspn(count, "0123456789");

	if (!len)
		return false;
	run_sql(db,
		arena_printf(
			a,
			"CREATE OR REPLACE VIEW seq_1_to_%.*s AS SELECT seq FROM (SELECT 1 + "
			"a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS seq "
			"FROM %s a JOIN %s b JOIN %s c JOIN %s e JOIN %s f) s "
			"WHERE seq <= %.*s ORDER BY seq",
			len, count, digits, digits, digits, digits, digits, len, count));
	return true;
}

/* Gone since MySQL 9.6; here any 16 bytes will do that are the same for the same. */
static void md5_make(struct db *db)
{
	if (db_script(db, "SELECT MD5('')") && db_errno(db) == NO_SUCH_FUNCTION)
		run_sql(db, "CREATE FUNCTION MD5(text VARCHAR(1000)) RETURNS CHAR(32) "
			    "DETERMINISTIC RETURN LEFT(SHA2(text, 256), 32)");
}

int db_test_start(void **state)
{
	struct migration_list list;
	struct str problem = STR(&group_arena, 1000);
	struct db *db;

	UNUSED(state);
	go_home();
	name = arena_printf(&group_arena, "test_%ld", (long)getpid());
	url = db_test_database("");
	db_test_database("_seed");
	if (migration_run(url, &group_arena, "sql/migrations", &list, &problem))
		die("%s", str_text(&problem));
	db = open_url(url);
	md5_make(db);
	seed_keep(db, &group_arena);
	db_free(db);
	return 0;
}

static void databases_drop(void)
{
	struct db *db = open_patiently(server_url(), DATABASE_MS);

	for (size_t i = 0; i < made_count; i++)
		run_sql(db, arena_printf(&group_arena, "DROP DATABASE IF EXISTS %s", made[i]));
	db_free(db);
}

int db_test_stop(void **state)
{
	UNUSED(state);
	if (own.pid)
		db_server_end(&own);
	else
		databases_drop();
	arena_release(&group_arena);
	return 0;
}

/* ---- one test ---- */

/* DELETE is quicker than TRUNCATE where there is little. */
void db_test_clean(struct db_test *t)
{
	struct db_rows const tables = all_tables(t->db, &t->arena);
	struct db_rows seeds;

	run_sql(t->db, "SET SESSION foreign_key_checks = 0");
	for (size_t i = 0; i < tables.count; i++)
		run_sql(t->db,
			arena_printf(&t->arena, "DELETE FROM %s", db_row(&tables, i)->text));
	if (db_query(t->db, &t->arena,
		     "SELECT table_name FROM information_schema.tables WHERE table_schema = ?",
		     PARAMS(P(arena_printf(&t->arena, "%s_seed", name))), &seeds))
		die("seeds: %s", db_error(t->db));
	for (size_t i = 0; i < seeds.count; i++)
		run_sql(t->db,
			arena_printf(&t->arena, "INSERT INTO %s SELECT * FROM %s_seed.%s",
				     db_row(&seeds, i)->text, name, db_row(&seeds, i)->text));
	run_sql(t->db, "SET SESSION foreign_key_checks = 1");
}

int db_test_setup(void **state)
{
	struct db_test *t = calloc(1, sizeof(*t));

	if (!t)
		die("out of memory");
	arena_init(&t->arena);
	t->url = url;
	t->db = open_url(url);
	db_test_clean(t);
	*state = t;
	return 0;
}

int db_test_teardown(void **state)
{
	struct db_test *t = *state;

	for (size_t i = 0; i < t->other_count; i++)
		db_free(t->others[i]);
	db_free(t->db);
	arena_release(&t->arena);
	free(t);
	return 0;
}

struct db *db_test_open(struct db_test *t)
{
	if (t->other_count == COUNT(t->others))
		die("too many connections in one test");
	t->others[t->other_count] = open_url(t->url);
	return t->others[t->other_count++];
}

void db_test_exec(struct db_test *t, const char *sql)
{
	int rc = db_script(t->db, sql);

	if (rc && db_errno(t->db) == NO_SUCH_TABLE && series_make(t->db, &t->arena, sql))
		rc = db_script(t->db, sql);
	if (rc)
		fail_msg("%s: %s", sql, db_error(t->db));
}

static const struct db_cell *first_row(struct db_test *t, const char *sql)
{
	const struct db_cell *row;
	int const rc = db_one(t->db, &t->arena, sql, NO_PARAMS, &row);

	if (rc) {
		fail_msg("%s: %s %s", sql, err_name(rc), db_error(t->db));
		abort();
	}
	return row;
}

int64_t db_test_number(struct db_test *t, const char *sql)
{
	return first_row(t, sql)->number;
}

const char *db_test_text(struct db_test *t, const char *sql)
{
	return first_row(t, sql)->text;
}
