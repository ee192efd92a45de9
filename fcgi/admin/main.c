/*
 * admin: the shop's health and numbers, and the panel.
 */
#include "fcgi/admin/admin.h"

#include "shared/base/clock.h"

/* A file of codes is uploaded whole; nginx's limit for /admin/ is the same. */
enum { BODY_MAX = 16 * 1024 * 1024 };

static const struct web_route routes[] = {
	{ WEB_GET, "/healthz", health_live, 0 },
	{ WEB_GET, "/readyz", health_ready, 0 },
	{ WEB_GET, "/metrics", numbers_show, 0 },
};

static void handle(void *data, struct arena *a, const struct web_request *asked,
		   struct web_response *res)
{
	struct web_request req = *asked;
	const struct web_route *route;
	int status;

	route = web_route_find(a, routes, COUNT(routes), &req, &status);
	if (route) {
		route->handle(data, a, &req, res);
		return;
	}
	web_status(res, status);
	if (status == 405)
		web_add_header(res, "Allow", "GET, HEAD");
}

static void tick(void *data)
{
	struct admin *admin = data;

	beat_stamp(admin->program.shm, BEAT_ADMIN, clock_monotonic_ms());
}

int main(void)
{
	static struct admin admin;
	struct web_server const server = {
		.name = "admin",
		.body_max = BODY_MAX,
		.handle = handle,
		.tick = tick,
		.app = &admin,
	};
	int status;

	if (program_start("admin", &admin.program))
		return 1;
	status = web_serve(&server);
	program_end(&admin.program);
	return status;
}
