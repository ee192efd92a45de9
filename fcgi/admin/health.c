/*
 * /healthz and /readyz: is anybody there, and is everything there that a purchase needs.
 * What is missing is told in lines, for `kartka run` and for whoever is woken at night.
 */
#include "fcgi/admin/admin.h"

#include "shared/base/clock.h"
#include "shared/domain/lease.h"
#include "shared/domain/migration.h"

static const struct {
	enum beat beat;
	const char *missing;
} programs[] = {
	{ BEAT_TELEGRAM, "telegram: no process answers the webhook" },
	{ BEAT_PAY, "pay: no process serves the payment pages" },
	{ BEAT_PORTMONE, "portmone: no process takes notifications" },
	{ BEAT_ADMIN, "admin: no process" },
	{ BEAT_WORKER, "worker: none on this host" },
};
_Static_assert(COUNT(programs) == BEAT__COUNT, "a line for every kind of process");

static void answer_text(struct web_response *res, int status)
{
	if (status == 503)
		web_unavailable(res);
	else
		web_status(res, status);
	res->content_type = "text/plain; charset=utf-8";
	web_add_header(res, "Cache-Control", "no-store");
}

void health_live(void *data, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	UNUSED(data);
	UNUSED(a);
	UNUSED(req);
	answer_text(res, 200);
	str_add(&res->body, "ok\n");
}

/* A schema that another release has brought further is not the one these programs know. */
static int schema_look(struct program *p, struct arena *a, struct str *missing)
{
	struct migration_list list;
	struct str problem = STR(a, 4096);
	int const rc = migration_status(p->db, a, config_share_path(a, "sql/migrations"), &list,
					&problem);

	if (rc == ERR_INVALID || rc == ERR_CONFLICT) {
		str_addf(missing, "database: %s\n", str_text(&problem));
		return OK;
	}
	if (!rc && list.pending)
		str_addf(missing, "database: %zu of %zu migrations are missing\n", list.pending,
			 list.count);
	return rc;
}

static int worker_look(struct program *p, struct str *missing)
{
	int workers;
	int const rc = worker_alive(p->db, &workers);

	if (!rc && !workers)
		str_add(missing, "worker: no heartbeat in the database\n");
	return rc;
}

static void database_look(struct program *p, struct arena *a, struct str *missing)
{
	size_t const before = missing->len;
	int rc = ERR_DOWN;

	if (program_db_try(p)) {
		rc = db_ping(p->db);
		if (!rc)
			rc = schema_look(p, a, missing);
		if (!rc && missing->len == before)
			rc = worker_look(p, missing);
		program_db_done(p, rc);
	}
	if (rc == ERR_DOWN)
		str_add(missing, "database: can't be reached\n");
	else if (rc)
		str_add(missing, "database: does not answer as it should\n");
}

void health_ready(void *data, struct arena *a, const struct web_request *req,
		  struct web_response *res)
{
	struct admin *admin = data;
	struct program *p = &admin->program;
	struct str missing = STR(a, 16384);
	int64_t const now_ms = clock_monotonic_ms();

	UNUSED(req);
	for (size_t i = 0; i < COUNT(programs); i++)
		if (!beat_alive(p->shm, programs[i].beat, now_ms))
			str_addf(&missing, "%s\n", programs[i].missing);
	database_look(p, a, &missing);
	answer_text(res, missing.len ? 503 : 200);
	res->expected = true; /* that something is missing is for whoever asks */
	str_add(&res->body, missing.len ? str_text(&missing) : "ok\n");
}
