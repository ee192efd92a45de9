/* Outgoing calls against the small server of http_server.h in threads of the test. */
#include "shared/platform/http_private.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "tests/unit/http_server.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- one call ---- */

struct env {
	struct http *http;
	struct arena arena;
};

static int env_new(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	arena_init(&env->arena);
	assert_int_equal(http_new(&env->http), OK);
	*state = env;
	return 0;
}

static int env_free(void **state)
{
	struct env *env = *state;

	http_free(env->http);
	arena_release(&env->arena);
	free(env);
	return 0;
}

static const char *url(struct env *env, const char *path)
{
	return arena_printf(&env->arena, "http://127.0.0.1:%d%s", server.port, path);
}

static int get(struct env *env, const char *path, struct http_answer *ret)
{
	struct http_request const request = { .url = url(env, path) };

	return http_call(env->http, &env->arena, &request, ret);
}

static void test_call(void **state)
{
	struct env *env = *state;
	static const char *const headers[] = { "X-One: 1", "X-Two: 2", NULL };
	struct http_request request = {
		.url = url(env, "/post"),
		.content_type = "application/json",
		.body = { "{\"a\":\"\0\"}", 9 },
		.headers = headers,
	};
	struct http_answer answer;
	long const before = server.connections;

	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), OK);
	assert_int_equal(answer.status, 200);
	assert_int_equal(answer.body.len, 6);
	assert_string_equal(answer.body.data, "answer");
	assert_int_equal(answer.retry_after, -1);
	assert_non_null(strstr(server.last, "POST /post HTTP/1.1\r\n"));
	assert_non_null(strstr(server.last, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(server.last, "X-One: 1\r\nX-Two: 2\r\n"));
	assert_non_null(strstr(server.last, "Content-Length: 9\r\n"));
	assert_null(strstr(server.last, "Expect"));
	/* Nothing of the first call is left in the second. */
	assert_int_equal(get(env, "/empty", &answer), OK);
	assert_int_equal(answer.status, 204);
	assert_int_equal(answer.body.len, 0);
	assert_string_equal(answer.body.data, "");
	assert_non_null(strstr(server.last, "GET /empty HTTP/1.1\r\n"));
	assert_null(strstr(server.last, "X-One"));
	assert_null(strstr(server.last, "Content-"));
	for (int i = 0; i < 100; i++)
		assert_int_equal(get(env, "/ok", &answer), OK);
	assert_int_equal(server.connections, before + 1); /* kept alive */
}

/* Cut unanswered: libcurl repeats it on a kept-alive connection, unless it must not. */
static void test_once(void **state)
{
	struct env *env = *state;
	struct http_request request = { .url = url(env, "/cut"),
					.content_type = "application/json",
					.body = { "{}", 2 },
					.once = true };
	struct http_answer answer;
	long before;

	assert_int_equal(get(env, "/ok", &answer), OK);
	before = server.requests;
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_DOWN);
	assert_true(answer.sent);
	assert_int_equal(server.requests, before + 1);
	/* The next one may use what there is again. */
	assert_int_equal(get(env, "/ok", &answer), OK);
	before = server.connections;
	assert_int_equal(get(env, "/ok", &answer), OK);
	assert_int_equal(server.connections, before);
}

static void test_parts(void **state)
{
	struct env *env = *state;
	struct http_part const parts[] = {
		{ .name = "chat_id", .value = "42" },
		{ .name = "document",
		  .file = { "code\n", 5 },
		  .file_name = "codes.txt",
		  .file_type = "text/plain" },
	};
	struct http_request const request = { .url = url(env, "/parts"),
					      .parts = parts,
					      .part_count = COUNT(parts) };
	struct http_answer answer;

	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), OK);
	assert_non_null(strstr(server.last, "Content-Type: multipart/form-data; boundary="));
	assert_non_null(strstr(server.last, "name=\"chat_id\"\r\n\r\n42\r\n"));
	assert_non_null(strstr(server.last, "filename=\"codes.txt\"\r\nContent-Type: text/plain"
					    "\r\n\r\ncode\n\r\n"));
	assert_int_equal(get(env, "/ok", &answer), OK);
	assert_non_null(strstr(server.last, "GET /ok HTTP/1.1\r\n"));
}

static void test_answers(void **state)
{
	static const struct {
		const char *path;
		int status;
		int retry_after;
	} cases[] = {
		{ "/busy", 429, 17 },
		{ "/busy0", 503, 0 },
		{ "/past", 503, 0 },
		{ "/move", 302, -1 },
	};
	struct env *env = *state;
	struct http_answer answer;

	for (size_t i = 0; i < COUNT(cases); i++) {
		long const before = server.requests;

		assert_int_equal(get(env, cases[i].path, &answer), OK);
		assert_int_equal(answer.status, cases[i].status);
		assert_int_equal(answer.retry_after, cases[i].retry_after);
		assert_int_equal(server.requests, before + 1); /* no redirect followed */
	}
}

static void test_caps(void **state)
{
	struct env *env = *state;
	struct http_answer answer;

	assert_int_equal(get(env, "/large", &answer), OK);
	assert_int_equal(answer.body.len, HTTP_ANSWER_MAX);
	assert_int_equal(get(env, "/huge", &answer), ERR_DOWN);
	assert_true(answer.sent);
	assert_int_equal(get(env, "/headers", &answer), ERR_DOWN);
	assert_int_equal(get(env, "/ok", &answer), OK);
	assert_int_equal(answer.body.len, 2);
}

static void test_broken(void **state)
{
	static const char *const paths[] = { "/cut", "/half", "/garbage" };
	struct env *env = *state;
	struct http_answer answer;

	for (size_t i = 0; i < COUNT(paths); i++) {
		assert_int_equal(get(env, "/ok", &answer), OK);
		assert_int_equal(get(env, paths[i], &answer), ERR_DOWN);
		assert_true(answer.sent);
		assert_int_equal(answer.body.len, 0);
	}
	assert_int_equal(get(env, "/ok", &answer), OK);
}

static void test_timeout(void **state)
{
	struct env *env = *state;
	struct http_request request = { .url = url(env, "/hang"), .timeout_ms = 300 };
	struct http_answer answer;
	int64_t started = clock_monotonic_ms();

	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_DOWN);
	assert_true(answer.sent);
	assert_in_range(clock_monotonic_ms() - started, 290, 800);
	started = clock_monotonic_ms();
	assert_int_equal(get(env, "/hang", &answer), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - started, 2900, 3500);
}

/* Nothing left this process: the caller may do the same again without a doubt. */
static void test_not_sent(void **state)
{
	struct env *env = *state;
	struct http_request request = { .body = { "x", 1 } };
	struct http_answer answer;
	int64_t started;
	int port;
	int const fd = listen_loopback(&port);

	/* A full backlog: the connection is never made. */
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < 4; i++) {
		int const filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_port = htons((uint16_t)port),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

		(void)connect(filler, (struct sockaddr *)&address, sizeof(address));
	}
	request.url = arena_printf(&env->arena, "http://127.0.0.1:%d/", port);
	started = clock_monotonic_ms();
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_DOWN);
	assert_in_range(clock_monotonic_ms() - started, 1900, 2500);
	assert_false(answer.sent);
	close(fd);
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_DOWN);
	assert_false(answer.sent);
	/* TLS that is none. */
	request.url = arena_printf(&env->arena, "https://127.0.0.1:%d/ok", server.port);
	request.timeout_ms = 500;
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_DOWN);
	assert_false(answer.sent);
	request.url = "ftp://127.0.0.1/";
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_FAILED);
	request.url = "file:///etc/passwd";
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_FAILED);
	request.url = "not a url";
	assert_int_equal(http_call(env->http, &env->arena, &request, &answer), ERR_FAILED);
	assert_false(answer.sent);
}

/* ---- many ---- */

struct seen {
	struct env *env;
	long ok;
	long down;
	long sent;
	long again; /* so many more are started from the callback */
	int status;
};

static void on_done(int rc, const struct http_answer *answer, void *data)
{
	struct seen *seen = data;

	seen->ok += rc == OK;
	seen->down += rc == ERR_DOWN;
	seen->sent += answer->sent;
	seen->status = answer->status;
	if (rc == OK)
		assert_string_equal(answer->body.data, "ok");
	if (seen->again) {
		struct http_request const request = { .url = url(seen->env, "/ok") };

		seen->again--;
		assert_int_equal(http_start(seen->env->http, &request, on_done, seen), OK);
	}
}

static void pump_all(struct env *env)
{
	int64_t const until = clock_monotonic_ms() + 10000;

	while (http_running(env->http) && clock_monotonic_ms() < until)
		assert_int_equal(http_pump(env->http, NULL, 0, 1000), OK);
	assert_int_equal(http_running(env->http), 0);
}

static void test_pool(void **state)
{
	struct env *env = *state;
	struct seen seen = { .env = env, .again = 1000 };
	char text[] = "gone";
	struct http_request request = { .url = url(env, "/ok"),
					.content_type = "text/plain",
					.body = { text, 4 } };
	long const before = server.connections;

	assert_int_equal(http_pump(env->http, NULL, 0, 0), OK);
	for (int i = 0; i < HTTP_RUNNING_MAX; i++)
		assert_int_equal(http_start(env->http, &request, on_done, &seen), OK);
	memset(text, 0, sizeof(text)); /* the request was copied */
	assert_int_equal(http_start(env->http, &request, on_done, &seen), ERR_TOO_LONG);
	assert_int_equal(http_running(env->http), HTTP_RUNNING_MAX);
	pump_all(env);
	assert_int_equal(seen.ok, HTTP_RUNNING_MAX + 1000);
	assert_in_range(server.connections - before, 1, 64);
}

static void test_pool_failures(void **state)
{
	struct env *env = *state;
	struct seen good = { .env = env };
	struct seen bad = { .env = env };
	struct http_request request = { .url = url(env, "/cut") };
	int64_t const started = clock_monotonic_ms();

	for (int i = 0; i < 20; i++) {
		request.url = url(env, i % 2 ? "/cut" : "/half");
		assert_int_equal(http_start(env->http, &request, on_done, &bad), OK);
		request.url = url(env, "/ok");
		assert_int_equal(http_start(env->http, &request, on_done, &good), OK);
	}
	request.url = url(env, "/hang");
	assert_int_equal(http_start(env->http, &request, on_done, &bad), OK);
	pump_all(env);
	assert_int_equal(good.ok, 20);
	assert_int_equal(bad.down, 21);
	assert_int_equal(bad.sent, 21);
	assert_in_range(clock_monotonic_ms() - started, 2900, 3500);
	/* What runs when the pool is freed is ended; nobody is told. */
	assert_int_equal(http_start(env->http, &request, on_done, &bad), OK);
	assert_int_equal(http_pump(env->http, NULL, 0, 50), OK);
}

/* Queued for a connection until its time is over: nothing was sent. */
static void test_pool_queue(void **state)
{
	struct env *env = *state;
	struct seen first = { .env = env };
	struct seen queued = { .env = env };
	struct http_request request = { .url = url(env, "/hang"), .timeout_ms = 2000 };

	for (int i = 0; i < 64; i++)
		assert_int_equal(http_start(env->http, &request, on_done, &first), OK);
	request.timeout_ms = 500;
	for (int i = 0; i < 16; i++)
		assert_int_equal(http_start(env->http, &request, on_done, &queued), OK);
	pump_all(env);
	assert_int_equal(first.down, 64);
	assert_int_equal(first.sent, 64);
	assert_int_equal(queued.down, 16);
	assert_int_equal(queued.sent, 0);
}

static void test_extra(void **state)
{
	struct env *env = *state;
	struct pollfd extra[2] = { { .fd = eventfd(0, 0), .events = POLLIN },
				   { .fd = -1, .events = POLLIN } };
	struct pollfd many[17] = { { .fd = -1 } };
	int64_t started = clock_monotonic_ms();
	int ends[2];

	assert_int_equal(http_pump(env->http, extra, 1, 100), OK);
	assert_in_range(clock_monotonic_ms() - started, 95, 400);
	assert_int_equal(extra[0].revents, 0);
	assert_int_equal(eventfd_write(extra[0].fd, 1), 0);
	assert_int_equal(pipe(ends), 0);
	extra[1].fd = ends[0];
	started = clock_monotonic_ms();
	assert_int_equal(http_pump(env->http, extra, 2, 3000), OK);
	assert_true(clock_monotonic_ms() - started < 1000);
	assert_int_equal(extra[0].revents, POLLIN);
	assert_int_equal(extra[1].revents, 0);
	close(ends[1]);
	assert_int_equal(http_pump(env->http, extra, 2, 3000), OK);
	assert_int_equal(extra[1].revents, POLLHUP);
	assert_int_equal(http_pump(env->http, many, COUNT(many), 0), ERR_TOO_LONG);
	close(ends[0]);
	close(extra[0].fd);
}

static int64_t cpu_ms(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* Printed, and far below what it reaches alone: the machine may be busy. */
static void test_speed(void **state)
{
	struct env *env = *state;
	struct seen seen = { .env = env, .again = 20000 };
	struct http_request const request = { .url = url(env, "/ok") };
	int64_t const started = clock_monotonic_ms();
	int64_t const cpu = cpu_ms();
	int64_t took;

	for (int i = 0; i < 64; i++)
		assert_int_equal(http_start(env->http, &request, on_done, &seen), OK);
	pump_all(env);
	took = clock_monotonic_ms() - started;
	print_message("%ld calls in %lld ms, %lld ms of processor here\n", seen.ok,
		      (long long)took, (long long)(cpu_ms() - cpu));
	assert_int_equal(seen.ok, 20064);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_call, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_once, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_parts, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_answers, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_caps, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_broken, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_timeout, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_not_sent, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_pool, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_pool_failures, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_pool_queue, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_extra, env_new, env_free),
		cmocka_unit_test_setup_teardown(test_speed, env_new, env_free),
	};

	return cmocka_run_group_tests(tests, server_start, NULL);
}
