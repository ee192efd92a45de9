#include "tests/db/pay_test.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/platform/i18n.h"
#include "shared/platform/web_private.h"

#include <arpa/inet.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the gateway: a bill for every question, or what the test wants ---- */

struct pay_gateway pay_gateway;

static void gateway_answer(int fd)
{
	static const char *const answers[] = {
		[GATEWAY_WELL] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
				 "{\"linkPayment\":\"https://pay.example/%d\","
				 "\"errorCode\":\"0\"}",
		[GATEWAY_BROKEN] = "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n%d",
		[GATEWAY_REFUSING] = ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
				      "{\"errorCode\":\"7\",\"error\":\"no %d\"}"),
		[GATEWAY_SILENT] = "%d",
	};
	struct timespec const pause = { .tv_sec = CALL_TIMEOUT_MS / 1000 + 1 };
	int const mood = pay_gateway.mood;
	char text[8192];

	(void)!read(fd, text, sizeof(text));
	if (mood == GATEWAY_SILENT)
		nanosleep(&pause, NULL);
	if (pay_gateway.overtaker &&
	    db_script(pay_gateway.overtaker,
		      "UPDATE orders SET link_url = 'https://pay.example/first'"))
		die("nobody was faster");
	snprintf(text, sizeof(text), answers[mood], ++pay_gateway.bills);
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	close(fd);
}

static void *gateway_run(void *data)
{
	UNUSED(data);
	for (;;) {
		int const fd = accept(pay_gateway.listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		gateway_answer(fd);
	}
}

static void gateway_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	pthread_t thread;

	pay_gateway.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(pay_gateway.listener, (struct sockaddr *)&address, len) ||
	    listen(pay_gateway.listener, 64) ||
	    getsockname(pay_gateway.listener, (struct sockaddr *)&address, &len) ||
	    pthread_create(&thread, NULL, gateway_run, NULL))
		die("the test's gateway can't be started");
	pay_gateway.port = ntohs(address.sin_port);
	pthread_detach(thread);
}

/* ---- the program without nginx ---- */

struct app pay_app;
static char folder[] = "/tmp/kartka-pay-XXXXXX";

int pay_test_start(void **state)
{
	struct program *p = &pay_app.program;
	struct arena *a = &p->arena;
	struct str problem;

	arena_init(a);
	problem = STR(a, 512);
	gateway_start();
	if (!mkdtemp(folder) || i18n_load(config_share_path(a, "templates/i18n"), &problem) ||
	    templates_load(a, config_share_path(a, "templates/web"), &pay_app.templates,
			   &problem) ||
	    wake_new(folder, &pay_app.wake))
		return 1;
	p->config = (struct config){ .portmone_url = "https://www.portmone.com.ua/gateway/",
				     .public_url = "http://127.0.0.1:1",
				     .order_ttl = 900,
				     .data_key = { 9 } };
	pay_app.catalog = catalog_new();
	pay_app.portmone = (struct portmone){
		.url = arena_printf(a, "http://127.0.0.1:%d/", pay_gateway.port),
		.payee_id = "1185",
		.login = "WDISHOP",
		.password = "p",
		.key = "k",
	};
	return db_test_start(state);
}

int pay_test_stop(void **state)
{
	http_free(pay_app.portmone.http);
	wake_free(pay_app.wake);
	catalog_free(pay_app.catalog);
	(void)unlink(arena_printf(&pay_app.program.arena, "%s/shared.mem", folder));
	(void)rmdir(folder);
	arena_release(&pay_app.program.arena);
	return db_test_stop(state);
}

int pay_test_setup(void **state)
{
	const char *shared = arena_printf(&pay_app.program.arena, "%s/shared.mem", folder);
	int const rc = db_test_setup(state);

	if (rc)
		return rc;
	(void)unlink(shared);
	if (shm_open_file(shared, &pay_app.program.shm))
		return 1;
	pay_app.program.db = ((struct db_test *)*state)->db;
	pay_app.bot_name_due_ms = 0;
	pay_gateway.mood = GATEWAY_WELL;
	pay_gateway.bills = 0;
	pay_gateway.overtaker = NULL;
	return 0;
}

int pay_test_teardown(void **state)
{
	shm_close(pay_app.program.shm);
	return db_test_teardown(state);
}

struct pay_reply pay_test_asked(struct db_test *t, const struct pay_ask *ask)
{
	char *env[] = { arena_printf(&t->arena, "REQUEST_METHOD=%s", ask->method), NULL };
	FCGX_Request fcgi = { .envp = env };
	const char *const parts[] = { ask->part, NULL };
	struct web_request const req = {
		.method = strcmp(ask->method, "POST") ? WEB_GET : WEB_POST,
		.path = "/",
		.query = ask->query ? ask->query : "",
		.content_type = ask->content_type ? ask->content_type : "",
		.body = { ask->body ? ask->body : "", ask->body ? strlen(ask->body) : 0 },
		.id = "test",
		.fcgi = &fcgi,
		.parts = parts,
	};
	struct web_response res;
	const char *location;
	struct pay_reply reply;

	web_response_init(&res, &t->arena);
	ask->handle(&pay_app, &t->arena, &req, &res);
	location = strstr(str_text(&res.headers), "Location: ");
	reply = (struct pay_reply){ .status = res.status,
				    .location = "",
				    .body = str_text(&res.body),
				    .refreshes = strstr(str_text(&res.headers), "Refresh: ") };
	if (location)
		reply.location = arena_strndup(&t->arena, location + 10,
					       strcspn(location + 10, "\r"));
	return reply;
}

struct pay_reply pay_test_open(struct db_test *t, const char *method,
			       const struct order_offer *offer)
{
	const char *token = order_token_write(&t->arena, pay_app.program.config.data_key,
					      offer);

	return pay_test_asked(
		t, &(struct pay_ask){ .handle = pay_show, .method = method, .part = token });
}

bool pay_test_shows(struct pay_reply reply, const char *key)
{
	return strstr(reply.body, i18n_text(LANG_UK, key)) != NULL;
}

int64_t pay_test_orders(struct db_test *t)
{
	return db_test_number(t, "SELECT COUNT(*) FROM orders");
}
