/*
 * echo_responder.c: the smallest program on web.h, for test_web_loop.py: it tells what it
 * was asked, and misbehaves on demand.  Each handled request leaves a byte in the file
 * named by its argument, so a test sees when a handler was not called.
 */
#include "shared/platform/web.h"

#include "shared/base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

struct app {
	int mark;
	int ticks_left; /* until there are descriptors again */
};

static void show(struct app *app, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	const char *cookie = web_header(req, "HTTP_COOKIE");
	unsigned long sum = 5381;

	UNUSED(app);
	UNUSED(a);
	for (size_t i = 0; i < req->body.len; i++)
		sum = sum * 33 + ((const unsigned char *)req->body.data)[i];
	res->status = 200;
	res->content_type = "text/plain; charset=utf-8";
	str_addf(&res->body,
		 "pid=%d\nmethod=%d\npath=%s\nquery=%s\ntype=%s\nremote=%s\nforwarded=%d\n"
		 "https=%d\nid=%s\ncookie=%s\nlen=%zu\nsum=%lu\n",
		 (int)getpid(), (int)req->method, req->path, req->query, req->content_type,
		 req->remote_addr, req->forwarded, req->https, req->id, cookie ? cookie : "-",
		 req->body.len, sum);
}

/* No descriptor for the next connection, as under EMFILE of a real flood. */
static void exhaust(struct app *app)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = STDERR_FILENO + 1;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	app->ticks_left = 2;
}

static void handle(void *data, struct arena *a, const struct web_request *req,
		   struct web_response *res)
{
	struct app *app = data;

	if (write(app->mark, "x", 1) != 1)
		die("no mark: %s", strerror(errno));
	if (!strcmp(req->path, "/slow")) {
		usleep(400000);
	} else if (!strcmp(req->path, "/exhaust")) {
		exhaust(app);
	} else if (!strcmp(req->path, "/abort")) {
		abort();
	} else if (!strcmp(req->path, "/plain")) {
		res->status = 200;
		res->content_type = "text/plain";
		str_add(&res->body, "plain\n");
		return;
	} else if (!strcmp(req->path, "/inject")) {
		web_redirect(res, "/x\r\nSet-Cookie: y");
		return;
	} else if (!strcmp(req->path, "/away")) {
		web_redirect(res, "/home");
		return;
	} else if (!strcmp(req->path, "/down")) {
		web_unavailable(res);
		return;
	} else if (!strcmp(req->path, "/big")) {
		res->status = 200;
		res->content_type = "application/octet-stream";
		while (res->body.len < WEB_RESPONSE_MAX - 64)
			str_add(&res->body, "0123456789abcdef0123456789abcdef");
		return;
	}
	show(app, a, req, res);
}

static void tick(void *data)
{
	struct app *app = data;
	struct rlimit limit;

	if (!app->ticks_left || --app->ticks_left)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	static struct app app;
	struct web_server const server = {
		.name = "echo",
		.body_max = WEB_BODY_MAX,
		.handle = handle,
		.tick = tick,
		.app = &app,
	};

	if (argc != 2)
		die("usage: echo_responder MARK_FILE");
	app.mark = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (app.mark < 0)
		die("%s: %s", argv[1], strerror(errno));
	return web_serve(&server);
}
