#include "tests/db/worker_test.h"

#include "fcgi/worker/outbox_send.h"
#include "shared/base/clock.h"
#include "shared/platform/i18n.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUESTIONS_MAX = 64, QUESTION_MAX = 32 * 1024, CALLS_MS = 10000 };

struct worker worker;

/* ---- the other side ---- */

static struct {
	int listener;
	int port;
	pthread_mutex_t lock;
	struct {
		int status;
		const char *body;
	} answers[QUESTIONS_MAX];
	int answer_count;
	char questions[QUESTIONS_MAX][QUESTION_MAX];
	int asked;
} peer = { .lock = PTHREAD_MUTEX_INITIALIZER };

void peer_answers(int status, const char *body)
{
	pthread_mutex_lock(&peer.lock);
	peer.answers[peer.answer_count].status = status;
	peer.answers[peer.answer_count++].body = body;
	pthread_mutex_unlock(&peer.lock);
}

int peer_asked(void)
{
	pthread_mutex_lock(&peer.lock);

	int const asked = peer.asked;

	pthread_mutex_unlock(&peer.lock);
	return asked;
}

const char *peer_question(int n)
{
	assert_true(n < peer_asked());
	return peer.questions[n];
}

bool peer_heard(const char *part)
{
	for (int i = 0; i < peer_asked(); i++)
		if (strstr(peer.questions[i], part))
			return true;
	return false;
}

/* The head and as much as it says will follow. */
static void question_read(int fd, char *text)
{
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, QUESTION_MAX - 1 - len, 0)) > 0) {
		const char *end;
		const char *said;
		size_t body = 0;

		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		said = strstr(text, "Content-Length: ");
		if (said)
			body = strtoul(said + strlen("Content-Length: "), NULL, 10);
		if (end && len >= (size_t)(end + 4 - text) + body)
			return;
	}
}

static void question_answer(int fd)
{
	char text[8192];

	pthread_mutex_lock(&peer.lock);
	if (peer.asked < QUESTIONS_MAX) {
		int const n = peer.asked;
		bool const told = n < peer.answer_count;

		question_read(fd, peer.questions[n]);
		snprintf(text, sizeof(text),
			 "HTTP/1.1 %d So\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
			 told ? peer.answers[n].status : 200,
			 strlen(told ? peer.answers[n].body : "{\"ok\":true}"),
			 told ? peer.answers[n].body : "{\"ok\":true}");
		(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
		peer.asked++;
	}
	pthread_mutex_unlock(&peer.lock);
	close(fd);
}

static void *peer_run(void *data)
{
	UNUSED(data);
	for (;;) {
		int const fd = accept(peer.listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		question_answer(fd);
	}
}

static void peer_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	pthread_t thread;

	peer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(peer.listener, (struct sockaddr *)&address, len) ||
	    listen(peer.listener, 64) ||
	    getsockname(peer.listener, (struct sockaddr *)&address, &len) ||
	    pthread_create(&thread, NULL, peer_run, NULL))
		die("the other side can't be started");
	peer.port = ntohs(address.sin_port);
	pthread_detach(thread);
}

/* ---- the worker ---- */

int worker_test_start(void **state)
{
	static struct arena a;
	struct str problem = STR(&a, 4096);

	peer_start();
	if (clock_set_zone("Europe/Kyiv") ||
	    i18n_load(config_share_path(&a, "templates/i18n"), &problem))
		die("%s", str_text(&problem));
	arena_release(&a);
	return db_test_start(state);
}

int worker_test_stop(void **state)
{
	return db_test_stop(state);
}

static const char *shared_path(struct arena *a)
{
	return arena_printf(a, "/tmp/kartka-worker-%ld.mem", (long)getpid());
}

int worker_test_setup(void **state)
{
	struct db_test *t;
	const char *url;
	int const rc = db_test_setup(state);

	if (rc)
		return rc;
	t = *state;
	url = arena_printf(&t->arena, "http://127.0.0.1:%d", peer.port);
	worker = (struct worker){ .id = 99, .catalog = catalog_new(), .sender = sender_new() };
	worker.program = (struct program){ .name = "worker", .db = t->db };
	worker.program.config = (struct config){ .public_url = "https://shop.example" };
	if (http_new(&worker.http) ||
	    shm_open_file(shared_path(&t->arena), &worker.program.shm))
		return 1;
	worker.telegram = (struct telegram){ worker.http, url, "42:token" };
	worker.portmone = (struct portmone){ .http = worker.http,
					     .url = arena_printf(&t->arena, "%s/", url),
					     .payee_id = "1185",
					     .login = "WDISHOP",
					     .password = "p",
					     .key = "k" };
	peer.answer_count = peer.asked = 0;
	return 0;
}

int worker_test_teardown(void **state)
{
	struct db_test *t = *state;

	http_free(worker.http);
	sender_free(worker.sender);
	catalog_free(worker.catalog);
	shm_close(worker.program.shm);
	(void)unlink(shared_path(&t->arena));
	arena_release(&worker.program.arena);
	return db_test_teardown(state);
}

void worker_test_run(worker_job *job)
{
	int64_t const end_ms = clock_monotonic_ms() + CALLS_MS;
	AUTO_ARENA(a);

	assert_int_equal(job(&worker, &a, ""), OK);
	while (http_running(worker.http)) {
		assert_int_equal(http_pump(worker.http, NULL, 0, 20), OK);
		assert_true(clock_monotonic_ms() < end_ms);
	}
}
