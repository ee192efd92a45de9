/*
 * admin: the shop's health and numbers, and the panel.
 *
 *	admin --routes		the panel's addresses with what each asks for, for tests
 */
#include "fcgi/admin/route.h"

#include "shared/service/vault.h"

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

	if (!strncmp(req.path, "/admin/", strlen("/admin/"))) {
		door_handle(data, a, &req, res);
		return;
	}
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

	program_beat(&admin->program, BEAT_ADMIN);
	key_report_tick(&admin->keys);
}

static int start(struct admin *admin)
{
	struct program *p = &admin->program;
	struct str problem;

	if (program_start("admin", p))
		return 1;
	problem = STR(&p->arena, 4096);
	if (templates_load(&p->arena, config_share_path(&p->arena, "templates/admin"),
			   &admin->templates, &problem))
		return program_fail(p, "%s", str_text(&problem));
	if (wake_new(config_run_path(&p->arena, &p->config, ""), &admin->wake))
		return program_fail(p, "KARTKA_VAR: no way to wake the worker");
	for (int i = 0; i < LANG__COUNT; i++)
		admin->words[i] = words_new(&p->arena, (enum lang)i);
	admin->catalog = catalog_new();
	vault_fill(&p->config, &admin->vault);
	key_report_init(&admin->keys, p, &admin->vault);
	admin->secure = !strncmp(p->config.public_url, "https:", strlen("https:"));
	return 0;
}

int main(int argc, char **argv)
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

	if (argc == 2 && !strcmp(argv[1], "--routes")) {
		route_print(stdout);
		return 0;
	}
	if (start(&admin))
		return 1;
	status = web_serve(&server);
	key_report_end(&admin.keys);
	http_free(admin.http);
	wake_free(admin.wake);
	catalog_free(admin.catalog);
	crypto_wipe(&admin.vault, sizeof(admin.vault));
	program_end(&admin.program);
	return status;
}
