/*
 * /metrics: the counters of this host's processes, and what the database knows that a
 * machine should watch.  For this host only: the numbers are nobody else's business.
 */
#include "fcgi/admin/admin.h"

#include "shared/base/clock.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"

static const char *const beat_names[] = {
	[BEAT_TELEGRAM] = "telegram", [BEAT_PORTMONE] = "portmone", [BEAT_PAY] = "pay",
	[BEAT_ADMIN] = "admin",	      [BEAT_WORKER] = "worker",
};
_Static_assert(COUNT(beat_names) == BEAT__COUNT, "a name for every kind of process");

static const char *const gate_names[] = {
	[GATE_DB] = "database", [GATE_TELEGRAM] = "telegram", [GATE_PORTMONE] = "portmone"
};
_Static_assert(COUNT(gate_names) == GATE__COUNT, "a name for every mark");

static void head(struct str *s, const char *name, const char *type, const char *help)
{
	str_addf(s, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct str *s, const char *name, const char *help, int64_t value)
{
	head(s, name, "gauge", help);
	str_addf(s, "%s %lld\n", name, (long long)value);
}

static void counters_add(struct str *s, struct shm *shm)
{
	for (int i = 0; i < METRIC__COUNT; i++) {
		enum metric const metric = (enum metric)i;

		head(s, metric_name(metric), "counter", metric_help(metric));
		str_addf(s, "%s %llu\n", metric_name(metric),
			 (unsigned long long)metric_get(shm, metric));
	}
}

static void processes_add(struct str *s, struct shm *shm)
{
	int64_t const now_ms = clock_monotonic_ms();

	head(s, "kartka_processes", "gauge", "Processes of this host that are alive.");
	for (int i = 0; i < BEAT__COUNT; i++)
		str_addf(s, "kartka_processes{kind=\"%s\"} %d\n", beat_names[i],
			 beat_alive(shm, (enum beat)i, now_ms));
}

static void gates_add(struct str *s, struct shm *shm)
{
	head(s, "kartka_down", "gauge", "1 while something outside does not answer this host.");
	for (int i = 0; i < GATE__COUNT; i++)
		str_addf(s, "kartka_down{what=\"%s\"} %d\n", gate_names[i],
			 gate_is_down(shm, (enum gate)i));
}

static int outbox_add_counts(struct str *s, struct db *db)
{
	struct outbox_counts counts;
	int const rc = outbox_count(db, &counts);

	if (rc)
		return rc;
	gauge(s, "kartka_outbox_pending", "Messages not sent yet.", counts.pending);
	gauge(s, "kartka_outbox_oldest_seconds", "Age of the oldest message that is due.",
	      counts.oldest_seconds);
	gauge(s, "kartka_outbox_dead", "Messages given up: an administrator looks.",
	      counts.dead);
	gauge(s, "kartka_outbox_undeliverable", "Messages to people who blocked the bot.",
	      counts.undeliverable);
	return OK;
}

static int workers_add(struct str *s, struct db *db)
{
	int workers;
	int const rc = worker_alive(db, &workers);

	if (!rc)
		gauge(s, "kartka_workers", "Workers of all hosts with a fresh heartbeat.",
		      workers);
	return rc;
}

/* Without the database these lines are left out, and kartka_database_up says why. */
static void database_add(struct str *s, struct program *p)
{
	int rc = ERR_DOWN;

	if (program_db_try(p)) {
		if (!(rc = outbox_add_counts(s, p->db)))
			rc = workers_add(s, p->db);
		program_db_done(p, rc);
	}
	gauge(s, "kartka_database_up", "1 when the database answered this request.", !rc);
}

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1") ||
	       !strncmp(address, "unix:", 5);
}

void numbers_show(void *data, struct arena *a, const struct web_request *req,
		  struct web_response *res)
{
	struct admin *admin = data;

	UNUSED(a);
	if (req->forwarded || !is_loopback(req->remote_addr)) {
		web_status(res, 403);
		return;
	}
	web_status(res, 200);
	res->content_type = "text/plain; version=0.0.4; charset=utf-8";
	web_add_header(res, "Cache-Control", "no-store");
	counters_add(&res->body, admin->program.shm);
	processes_add(&res->body, admin->program.shm);
	gates_add(&res->body, admin->program.shm);
	database_add(&res->body, &admin->program);
}
