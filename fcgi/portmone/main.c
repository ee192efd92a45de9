/*
 * portmone: the payment pages, the buyer's return from the gateway, its notification.
 */
#include "fcgi/portmone/app.h"

#include "fcgi/portmone/page.h"
#include "shared/base/limits.h"

#include <sys/socket.h>
#include <sys/un.h>

static const struct web_route routes[] = {
	{ WEB_GET | WEB_POST, "/pay/{}", pay_show, 0 },
	{ WEB_GET | WEB_POST, "/portmone/return", return_show, 0 },
	{ WEB_POST, "/portmone/notify", notify_take, 0 },
};

/* People see a page in words; nobody types the other addresses. */
static void refuse(struct app *app, struct arena *a, const struct web_request *req,
		   struct web_response *res, int status)
{
	if (status == 404 && !strncmp(req->path, "/pay/", 5)) {
		page_show(app, a, &(struct page){ .kind = PAGE_BAD, .lang = page_lang(a, req) },
			  res);
		return;
	}
	web_status(res, status);
	if (status == 405)
		web_add_header(res, "Allow",
			       strcmp(req->path, "/portmone/notify") ? "GET, HEAD, POST"
								     : "POST");
}

static void handle(void *data, struct arena *a, const struct web_request *asked,
		   struct web_response *res)
{
	struct web_request req = *asked;
	const struct web_route *route;
	int status;

	route = web_route_find(a, routes, COUNT(routes), &req, &status);
	if (route)
		route->handle(data, a, &req, res);
	else
		refuse(data, a, &req, res, status);
}

static void tick(void *data)
{
	struct app *app = data;

	program_beat(&app->program, app->beat);
}

/* The copies of both sockets are the same program; the health page tells them apart. */
static enum beat beat_of_socket(void)
{
	static const char name[] = "/pay.sock";

	for (int fd = 0; fd <= 3; fd += 3) { /* the socket is 0, or 3 from systemd */
		struct sockaddr_un address = { 0 };
		socklen_t len = sizeof(address) - 1;
		size_t path;

		if (getsockname(fd, (struct sockaddr *)&address, &len) ||
		    address.sun_family != AF_UNIX)
			continue;
		path = strlen(address.sun_path);
		if (path >= sizeof(name) - 1 &&
		    !strcmp(address.sun_path + path - (sizeof(name) - 1), name))
			return BEAT_PAY;
	}
	return BEAT_PORTMONE;
}

static int start(struct app *app)
{
	struct program *p = &app->program;
	struct str problem;

	if (program_start("portmone", p))
		return 1;
	problem = STR(&p->arena, 4096);
	if (templates_load(&p->arena, config_share_path(&p->arena, "templates/web"),
			   &app->templates, &problem))
		return program_fail(p, "%s", str_text(&problem));
	if (wake_new(config_run_path(&p->arena, &p->config, ""), &app->wake))
		return program_fail(p, "KARTKA_VAR: no way to wake the worker");
	if (config_is_given(&p->arena, "ORDER_TTL", &app->ttl_is_fixed))
		return program_fail(p, "ORDER_TTL: can't be read");
	app->catalog = catalog_new();
	app->beat = beat_of_socket();
	app->portmone = (struct portmone){
		.url = p->config.portmone_url,
		.payee_id = p->config.portmone_payee_id,
		.login = p->config.portmone_login,
		.password = p->config.portmone_password,
		.key = p->config.portmone_key,
	};
	return 0;
}

int main(void)
{
	static struct app app;
	struct web_server const server = {
		.name = "portmone",
		.body_max = WEB_BODY_MAX,
		.handle = handle,
		.tick = tick,
		.app = &app,
	};
	int status;

	if (start(&app))
		return 1;
	status = web_serve(&server);
	http_free(app.portmone.http);
	wake_free(app.wake);
	catalog_free(app.catalog);
	program_end(&app.program);
	return status;
}
