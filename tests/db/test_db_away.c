/* Servers that go away, turn read only, freeze and come back. */
#include "shared/platform/db_private.h"
#include "tests/db/db_table.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- servers that go away ---- */

static struct db *open_hosts(struct db_test *t, const char *hosts, int timeout_ms)
{
	const char *url = arena_printf(&t->arena, "mysql://root@%s/mysql", hosts);
	struct db *db;

	assert_int_equal(
		db_new(&(struct db_options){ .url = url, .timeout_ms = timeout_ms }, &db), OK);
	t->others[t->other_count++] = db;
	return db;
}

static const char *port_of(struct db_test *t, struct db *db)
{
	const struct db_cell *row;

	assert_int_equal(db_one(db, &t->arena, "SELECT @@port", NO_PARAMS, &row), OK);
	return arena_printf(&t->arena, "%lld", (long long)row->number);
}

/* Scenario 22. */
static void test_hosts(void **state)
{
	struct db_test *t = *state;
	struct db_server one;
	struct db_server two;
	struct db *db;

	db_server_start(&one, NULL);
	db_server_start(&two, NULL);
	/* Nobody listens on port 1; the port of the last is everybody's without one. */
	db = open_hosts(t,
			arena_printf(&t->arena, "127.0.0.1:1,127.0.0.1:%s,127.0.0.1:%s",
				     one.port, two.port),
			0);
	assert_string_equal(port_of(t, db), one.port);
	db_server_kill(&one);
	assert_string_equal(port_of(t, db), two.port);
	/* A host that is there is kept, until the first ones are looked for again. */
	db_server_restart(&one, NULL);
	assert_int_equal(db_script(db, "DO 0"), OK);
	assert_string_equal(port_of(t, db), two.port);
	db->connected_ms -= 3600 * 1000;
	assert_int_equal(db_script(db, "DO 0"), OK);
	assert_string_equal(port_of(t, db), one.port);
	db_server_kill(&one);
	assert_string_equal(port_of(t, db), two.port);
	/* Back, but not for writing; then the other one goes. */
	db_server_restart(&one, "--read-only=1");
	db_disconnect(db);
	assert_string_equal(port_of(t, db), two.port);
	assert_int_equal(db_script(db, "SET GLOBAL read_only = 1"), OK);
	db_disconnect(db);
	assert_int_equal(db_ping(db), ERR_DOWN);
	assert_non_null(strstr(db_error(db), "read only"));
	db_server_kill(&one);
	db_server_restart(&one, NULL);
	assert_string_equal(port_of(t, db), one.port);
	db_server_end(&one);
	db_server_end(&two);
}

/* A host that turns read only under us is left for the next one. */
static void test_turned_read_only(void **state)
{
	struct db_test *t = *state;
	struct db_server one;
	struct db_server two;
	struct db *db;

	db_server_start(&one, NULL);
	db_server_start(&two, NULL);
	for (int i = 0; i < 2; i++) {
		db = open_hosts(
			t, arena_printf(&t->arena, "127.0.0.1:%s", i ? two.port : one.port), 0);
		assert_int_equal(db_script(db, "CREATE DATABASE shop"), OK);
		assert_int_equal(db_script(db, "CREATE TABLE shop.t (id BIGINT PRIMARY KEY)"),
				 OK);
		assert_int_equal(
			db_script(db, "CREATE USER k@'127.0.0.1' IDENTIFIED BY 'p@ss:w/'"), OK);
		assert_int_equal(db_script(db, "GRANT ALL ON shop.* TO k@'127.0.0.1'"), OK);
	}
	assert_int_equal(
		db_new(&(struct db_options){ .url = arena_printf(
						     &t->arena,
						     "mysql://k:p%%40ss%%3Aw%%2f@127.0.0.1:%s,"
						     "127.0.0.1:%s/shop",
						     one.port, two.port) },
		       &db),
		OK);
	t->others[t->other_count++] = db;
	assert_string_equal(port_of(t, db), one.port);
	assert_int_equal(db_script(t->others[0], "SET GLOBAL read_only = 1"), OK);
	assert_int_equal(db_exec(db, "INSERT INTO shop.t VALUES (1)", NO_PARAMS, NULL), OK);
	assert_string_equal(port_of(t, db), two.port);
	{
		DB_TX(tx, db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(db_script(t->others[0], "SET GLOBAL read_only = 0"), OK);
		assert_int_equal(db_script(t->others[1], "SET GLOBAL read_only = 1"), OK);
		assert_int_equal(db_exec(db, "INSERT INTO shop.t VALUES (2)", NO_PARAMS, NULL),
				 ERR_RETRY);
	}
	assert_string_equal(port_of(t, db), one.port);
	db_server_end(&one);
	db_server_end(&two);
}

static int insert_one(struct db *db, void *data)
{
	DB_TX(tx, db);
	int rc;

	UNUSED(data);
	if ((rc = tx.rc) ||
	    (rc = db_exec(db, "REPLACE INTO test_away VALUES (1)", NO_PARAMS, NULL)))
		return rc;
	return db_tx_commit(&tx);
}

static void freeze(const struct db_server *server)
{
	int status;

	kill(server->pid, SIGSTOP);
	assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
}

static void test_away_and_back(void **state)
{
	struct db_test *t = *state;
	struct db_server server;
	const struct db_cell *row;
	int64_t began_ms;
	struct db *db;

	db_server_start(&server, NULL);
	db = open_hosts(t, arena_printf(&t->arena, "127.0.0.1:%s", server.port), 0);
	assert_int_equal(db_script(db, "CREATE TABLE test_away (id INT PRIMARY KEY)"), OK);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);

	db_server_kill(&server);
	began_ms = clock_monotonic_ms();
	assert_int_equal(db_one(db, &t->arena, "SELECT 1", NO_PARAMS, &row), ERR_DOWN);
	assert_int_equal(db_exec(db, "REPLACE INTO test_away VALUES (2)", NO_PARAMS, NULL),
			 ERR_DOWN);
	assert_int_equal(db_retry(db, insert_one, NULL), ERR_DOWN);
	assert_int_equal(db_ping(db), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - began_ms, 0, 1000);

	db_server_restart(&server, NULL);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);
	assert_int_equal(
		db_one(db, &t->arena, "SELECT COUNT(*) FROM test_away", NO_PARAMS, &row), OK);
	assert_int_equal(row->number, 1);

	/* Frozen: on a connection, at connecting, and in a transaction. */
	freeze(&server);
	for (int i = 0; i < 2; i++) {
		began_ms = clock_monotonic_ms();
		assert_int_equal(db_one(db, &t->arena, "SELECT 1", NO_PARAMS, &row), ERR_DOWN);
		assert_in_range(clock_monotonic_ms() - began_ms, 2000, CALL_TIMEOUT_MS + 500);
	}
	kill(server.pid, SIGCONT);
	assert_int_equal(db_retry(db, insert_one, NULL), OK);
	freeze(&server);
	began_ms = clock_monotonic_ms();
	assert_int_equal(db_retry(db, insert_one, NULL), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - began_ms, 2000, CALL_TIMEOUT_MS + 1000);
	kill(server.pid, SIGCONT);
	assert_int_equal(db_ping(db), OK);
	db_server_end(&server);
}

/* ---- TLS ---- */

static void shell(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

static int try_url(struct db_test *t, const struct db_server *server, const char *host,
		   const char *query)
{
	const char *url = arena_printf(&t->arena, "mysql://tls:p%%40ss@%s:%s/mysql?ssl=on%s",
				       host, server->port, query);
	const struct db_cell *row;
	struct db *db;
	int rc;

	assert_int_equal(db_new(&(struct db_options){ .url = url }, &db), OK);
	rc = db_ping(db);
	if (!rc) {
		assert_int_equal(
			db_one(db, &t->arena, "SHOW STATUS LIKE 'Ssl_cipher'", NO_PARAMS, &row),
			OK);
		assert_true(row[1].len > 0);
	}
	db_free(db);
	return rc;
}

/* PEM holds a key and a certificate of localhost, which is its own authority; its option. */
static const char *certificate(struct db_test *t, const char *pem)
{
	shell(arena_printf(&t->arena,
			   "openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
			   "-subj /CN=localhost -addext subjectAltName=DNS:localhost "
			   "-keyout %s.key -out %s.crt 2>/dev/null && "
			   "cat %s.key %s.crt >%s && rm %s.key %s.crt",
			   pem, pem, pem, pem, pem, pem, pem));
	return arena_printf(&t->arena, "&ssl_ca=%s", pem);
}

/* Of the server's default kind: with MySQL that is caching_sha2_password. */
static void user_make(const struct db_server *server)
{
	struct db *db;

	assert_int_equal(db_new(&(struct db_options){ .url = server->url }, &db), OK);
	assert_int_equal(db_script(db, "CREATE USER tls@'127.0.0.1' IDENTIFIED BY 'p@ss'"), OK);
	assert_int_equal(db_script(db, "GRANT SELECT ON mysql.* TO tls@'127.0.0.1'"), OK);
	db_free(db);
}

/* A server without TLS, or whose certificate is not the one of that host, is refused. */
static void test_tls(void **state)
{
	struct db_test *t = *state;
	char folder[] = "/tmp/kartka-tls.XXXXXX";
	struct db_server server;
	const char *pem;
	const char *other;
	const char *ca;
	const char *other_ca;

	assert_non_null(mkdtemp(folder));
	pem = arena_printf(&t->arena, "%s/server", folder);
	other = arena_printf(&t->arena, "%s/other", folder);
	ca = certificate(t, pem);
	other_ca = certificate(t, other);
	db_server_start(&server, "--skip-ssl");
	assert_int_equal(try_url(t, &server, "127.0.0.1", ""), ERR_DOWN);
	assert_int_equal(try_url(t, &server, "localhost", ca), ERR_DOWN);
	db_server_kill(&server);
	db_server_restart(&server, arena_printf(&t->arena, "--ssl-cert=%s", pem));
	user_make(&server);
	assert_int_equal(try_url(t, &server, "localhost", ca), OK);
	assert_int_equal(try_url(t, &server, "localhost", other_ca), ERR_DOWN);
	assert_int_equal(try_url(t, &server, "localhost", ""), ERR_DOWN);
	assert_int_equal(try_url(t, &server, "127.0.0.1", ca), ERR_DOWN);
	db_server_end(&server);
	unlink(pem);
	unlink(other);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_hosts),
		TABLE_TEST(test_turned_read_only),
		TABLE_TEST(test_away_and_back),
		TABLE_TEST(test_tls),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
