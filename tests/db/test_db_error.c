/* What an error of the server becomes; and a COMMIT whose answer is lost. */
#include "shared/base/limits.h"
#include "tests/db/db_table.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- by number ---- */

static const struct {
	int number;
	int outside;
	int inside;
} meanings[] = {
	{ 1213, ERR_RETRY, ERR_RETRY },	  /* deadlock */
	{ 1205, ERR_RETRY, ERR_RETRY },	  /* lock wait */
	{ 1020, ERR_RETRY, ERR_RETRY },	  /* snapshot conflict */
	{ 1317, ERR_RETRY, ERR_RETRY },	  /* killed */
	{ 1969, ERR_RETRY, ERR_RETRY },	  /* time is up */
	{ 3024, ERR_RETRY, ERR_RETRY },	  /* time is up */
	{ 1412, ERR_RETRY, ERR_RETRY },	  /* table changed */
	{ 1047, ERR_DOWN, ERR_RETRY },	  /* not in the cluster */
	{ 1053, ERR_DOWN, ERR_RETRY },	  /* shutting down */
	{ 1290, ERR_DOWN, ERR_RETRY },	  /* read only */
	{ 1836, ERR_DOWN, ERR_RETRY },	  /* read only */
	{ 1927, ERR_DOWN, ERR_RETRY },	  /* killed */
	{ 1114, ERR_FAILED, ERR_FAILED }, /* table full */
	{ 1021, ERR_FAILED, ERR_FAILED }, /* disk full */
	{ 1264, ERR_FAILED, ERR_FAILED }, /* out of range */
};

static void test_meanings(void **state)
{
	struct db_test *t = *state;

	for (size_t i = 0; i < COUNT(meanings); i++) {
		const char *sql = arena_printf(&t->arena,
					       "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %d, "
					       "MESSAGE_TEXT = 'said'",
					       meanings[i].number);

		assert_int_equal(db_script(t->db, sql), meanings[i].outside);
		assert_int_equal(db_errno(t->db), meanings[i].number);
		assert_string_equal(db_error(t->db),
				    arena_printf(&t->arena, "%d said", meanings[i].number));
		{
			DB_TX(tx, t->db);

			assert_int_equal(tx.rc, OK);
			table_put(t->db, (int64_t)i, 1);
			assert_int_equal(db_script(t->db, sql), meanings[i].inside);
			assert_int_equal(db_script(t->db, "INSERT INTO t (id) VALUES (99)"),
					 meanings[i].inside);
			assert_int_equal(db_tx_commit(&tx), meanings[i].inside);
		}
		assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM t"), 0);
	}
}

/* ---- a proxy that swallows the answer to COMMIT ---- */

struct proxy {
	int listener;
	int port;
	int server_port;
	atomic_int swallow; /* so many answers */
	atomic_int done;
};

static int loopback(int port, bool listening)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int const fd = socket(AF_INET, SOCK_STREAM, 0);
	int rc;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)port);
	rc = listening ? bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8)
		       : connect(fd, (struct sockaddr *)&address, sizeof(address));
	if (rc)
		die("loopback:%d does not work", port);
	return fd;
}

/* One piece from one side to the other; false: it ends. */
static bool pass(struct proxy *p, int from, int to, bool to_server)
{
	char buffer[65536];
	ssize_t const n = read(from, buffer, sizeof(buffer));

	if (n <= 0 || write(to, buffer, (size_t)n) != n)
		return false;
	/* Oracle's library says before the text that it has no attributes. */
	if (!to_server || n < 6 || memcmp(buffer + n - 6, "COMMIT", 6) != 0 ||
	    atomic_load(&p->swallow) <= 0)
		return true;
	atomic_fetch_sub(&p->swallow, 1);
	/* The server has answered, so it is done; nobody will hear of it. */
	return read(to, buffer, sizeof(buffer)) < 0;
}

static void *proxy_run(void *data)
{
	struct proxy *p = data;
	int client;

	while ((client = accept(p->listener, NULL, NULL)) >= 0) {
		int const server = loopback(p->server_port, false);
		struct pollfd both[] = { { .fd = client, .events = POLLIN },
					 { .fd = server, .events = POLLIN } };
		bool open = true;

		while (open && !atomic_load(&p->done)) {
			if (poll(both, 2, 100) <= 0)
				continue;
			if (both[0].revents)
				open = pass(p, client, server, true);
			if (open && both[1].revents)
				open = pass(p, server, client, false);
		}
		close(client);
		close(server);
	}
	return NULL;
}

static void proxy_start(struct proxy *p, int server_port, pthread_t *ret)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);

	p->server_port = server_port;
	p->listener = loopback(0, true);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&address, &len), 0);
	p->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(ret, NULL, proxy_run, p), 0);
}

static void proxy_stop(struct proxy *p, pthread_t thread)
{
	atomic_store(&p->done, 1);
	shutdown(p->listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(p->listener);
}

/* Idempotent as everything that db_retry() runs: the row says whether it was done. */
static int pay_once(struct db *db, void *data)
{
	int *runs = data;
	DB_TX(tx, db);
	int rc;

	++*runs;
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(db, "INSERT INTO shop.paid VALUES (1)", NO_PARAMS, NULL);
	if (rc == ERR_CONFLICT)
		return OK;
	if (rc || (rc = db_exec_one(db, "UPDATE shop.sum SET n = n + 100", NO_PARAMS)))
		return rc;
	return db_tx_commit(&tx);
}

static void test_lost_commit(void **state)
{
	struct db_test *t = *state;
	struct proxy proxy = { 0 };
	struct db_server server;
	pthread_t thread;
	struct db *db;
	const struct db_cell *row;
	int runs = 0;

	/* The proxy reads what it passes on. */
	db_server_start(&server, "--skip-ssl");
	proxy_start(&proxy, (int)strtol(server.port, NULL, 10), &thread);
	assert_int_equal(db_new(&(struct db_options){ .url = arena_printf(
							      &t->arena,
							      "mysql://root@127.0.0.1:%d/mysql",
							      proxy.port) },
				&db),
			 OK);
	t->others[t->other_count++] = db;
	assert_int_equal(db_script(db, "CREATE DATABASE shop"), OK);
	assert_int_equal(db_script(db, "CREATE TABLE shop.paid (id INT PRIMARY KEY)"), OK);
	assert_int_equal(db_script(db, "CREATE TABLE shop.sum (n INT)"), OK);
	assert_int_equal(db_script(db, "INSERT INTO shop.sum VALUES (0)"), OK);

	atomic_store(&proxy.swallow, 1);
	assert_int_equal(db_retry(db, pay_once, &runs), OK);
	assert_int_equal(runs, 2);
	assert_int_equal(atomic_load(&proxy.swallow), 0);
	assert_int_equal(db_one(db, &t->arena, "SELECT n FROM shop.sum", NO_PARAMS, &row), OK);
	assert_int_equal(row->number, 100);

	/* Never an answer: it is said that nobody knows. */
	assert_int_equal(db_script(db, "DELETE FROM shop.paid"), OK);
	atomic_store(&proxy.swallow, 1000);
	{
		DB_TX(tx, db);

		assert_int_equal(tx.rc, OK);
		assert_int_equal(
			db_exec(db, "INSERT INTO shop.paid VALUES (2)", NO_PARAMS, NULL), OK);
		assert_int_equal(db_tx_commit(&tx), ERR_UNSURE);
		assert_int_equal(db_tx_commit(&tx), ERR_FAILED);
	}
	assert_int_equal(db_one(db, &t->arena, "SELECT id FROM shop.paid", NO_PARAMS, &row),
			 OK);
	assert_int_equal(row->number, 2);
	proxy_stop(&proxy, thread);
	db_server_end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_TEST(test_meanings),
		TABLE_TEST(test_lost_commit),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
