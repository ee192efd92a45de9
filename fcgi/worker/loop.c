#include "fcgi/worker/loop.h"

#include "fcgi/worker/ask.h"
#include "fcgi/worker/beat.h"
#include "fcgi/worker/callback.h"
#include "fcgi/worker/checkup.h"
#include "fcgi/worker/outbox_send.h"
#include "fcgi/worker/poll.h"
#include "fcgi/worker/seal.h"
#include "fcgi/worker/staging.h"
#include "fcgi/worker/stats.h"
#include "fcgi/worker/refund.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/domain/lease.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	GATE_AGAIN_MS = 100, /* the database is down: is it this process's turn to look? */
	STOP_MS = CALL_TIMEOUT_MS + 500, /* the longest call, and writing down its end */
};

/* ---- the jobs ---- */

static const struct job {
	const char *name;
	int (*run)(struct worker *w, struct arena *a, const char *lease_data);
	int64_t period_ms;
	bool needs_db;
	bool proves_db;	   /* success means that the database answered */
	bool at_end;	   /* goes on while the worker stops */
	const char *lease; /* only one worker of all does it; NULL: each */
	int64_t lease_s;
} jobs[] = {
	[JOB_BEAT] = { .name = "beat", .run = beat_run, .period_ms = 1000, .needs_db = true },
	[JOB_OUTBOX] = { .name = "outbox",
			 .run = outbox_run,
			 .period_ms = 1000,
			 .needs_db = true,
			 .at_end = true },
	[JOB_ASK] = { .name = "ask", .run = ask_run, .period_ms = 1000, .needs_db = true },
	[JOB_REFUND] = { .name = "refund",
			 .run = refund_run,
			 .period_ms = 1000,
			 .needs_db = true },
	[JOB_CALLBACK] = { .name = "callback", .run = callback_run, .period_ms = 1000 },
	[JOB_BURY] = { .name = "bury", .run = bury_run, .period_ms = 2000, .needs_db = true },
	[JOB_STAGING] = { .name = "staging",
			  .run = staging_run,
			  .period_ms = 1000,
			  .needs_db = true },
	[JOB_WAITING] = { .name = "waiting",
			  .run = waiting_run,
			  .period_ms = 2000,
			  .needs_db = true },
	[JOB_RESTOCK] = { .name = "restock",
			  .run = restock_run,
			  .period_ms = 5000,
			  .needs_db = true },
	[JOB_LOW_STOCK] = { .name = "low_stock",
			    .run = low_stock_run,
			    .period_ms = 10000,
			    .needs_db = true,
			    .lease = LOW_STOCK_LEASE,
			    .lease_s = LOW_STOCK_LEASE_S },
	[JOB_SALES] = { .name = "sales",
			.run = sales_run,
			.period_ms = 3000,
			.needs_db = true,
			.lease = SALES_LEASE,
			.lease_s = SALES_LEASE_S },
	[JOB_BOT_NAME] = { .name = "bot_name", .run = bot_name_run, .period_ms = 1000 },
	[JOB_POLL] = { .name = "poll",
		       .run = poll_run,
		       .period_ms = 5000,
		       .needs_db = true,
		       .lease = POLL_LEASE,
		       .lease_s = POLL_LEASE_S },
	[JOB_CHECKUP] = { .name = "checkup",
			  .run = checkup_run,
			  .period_ms = 60000,
			  .needs_db = true,
			  .lease = CHECKUP_LEASE,
			  .lease_s = CHECKUP_LEASE_S },
	[JOB_SEAL] = { .name = "seal",
		       .run = seal_run,
		       .period_ms = 1000,
		       .needs_db = true,
		       .lease = SEAL_LEASE,
		       .lease_s = SEAL_LEASE_S },
	[JOB_SWEEP] = { .name = "sweep",
			.run = sweep_run,
			.period_ms = 60000,
			.needs_db = true,
			.lease = SWEEP_LEASE,
			.lease_s = SWEEP_LEASE_S },
	[JOB_STATS] = { .name = "stats",
			.run = stats_run,
			.period_ms = STATS_MS,
			.needs_db = true,
			.lease = STATS_LEASE,
			.lease_s = STATS_LEASE_S },
};
_Static_assert(COUNT(jobs) == JOB__COUNT, "a row for every job");

static int job_call(struct worker *w, struct arena *a, const struct job *job)
{
	const char *data = "";
	bool ours = true;
	int rc = OK;

	if (job->lease)
		rc = lease_take(w->program.db, a, job->lease, w->id, job->lease_s, &ours,
				&data);
	if (!rc && ours)
		rc = job->run(w, a, data);
	return rc;
}

/*
 * May the job call the database?  While it is down the second's probe asks whether it is
 * there before anything else: not every job would show it.
 */
static bool db_is_there(struct worker *w)
{
	bool const down = gate_is_down(w->program.shm, GATE_DB);

	if (!worker_db_ready(w))
		return false;
	return !down || !worker_db_report(w, "ping", db_ping(w->program.db));
}

static void job_run(struct worker *w, struct arena *a, enum job_id id, int64_t now)
{
	const struct job *job = &jobs[id];
	int rc;

	if (job->needs_db && !db_is_there(w)) {
		w->due_ms[id] = clock_monotonic_ms() + GATE_AGAIN_MS;
		return;
	}
	w->due_ms[id] = now + job->period_ms; /* the job may ask for less */
	rc = job_call(w, a, job);
	if (rc)
		(void)worker_db_report(w, job->name, rc);
	arena_reset(a);
}

/* Returns how long nothing is due. */
static int jobs_run(struct worker *w, struct arena *a)
{
	int64_t next = clock_monotonic_ms() + TICK_MS;

	for (int id = 0; id < JOB__COUNT; id++) {
		int64_t const now = clock_monotonic_ms();

		if (w->stopping && !jobs[id].at_end)
			continue;
		if (w->due_ms[id] <= now)
			job_run(w, a, (enum job_id)id, now);
	}
	for (int id = 0; id < JOB__COUNT; id++)
		if (w->due_ms[id] < next && (!w->stopping || jobs[id].at_end))
			next = w->due_ms[id];
	next -= clock_monotonic_ms();
	return next > 0 ? (int)next : 0;
}

/* ---- signals and datagrams ---- */

static int signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		die("sigprocmask failed");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd failed");
	return fd;
}

static void stop_begin(struct worker *w, int signals)
{
	struct signalfd_siginfo info;

	if (w->stopping || read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	log_event(LOG_INFO, "stopping", "calls=%zu", http_running(w->http));
	w->stopping = true;
	sender_stop(w);
}

/* Move everything on, for so long at most. */
static void wait_for(struct worker *w, struct arena *a, int signals, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = w->wake_fd, .events = POLLIN },
	};
	/* Datagrams that can't be taken now wait where they are. */
	bool const listens = !w->stopping && !callback_is_full(w);

	if (http_pump(w->http, fds, listens ? 2 : 1, timeout_ms))
		die("libcurl's poll failed");
	if (fds[0].revents)
		stop_begin(w, signals);
	if (listens && fds[1].revents)
		callback_receive(w, a);
	arena_reset(a);
}

static bool is_over(const struct worker *w, int64_t stop_ms)
{
	if (!w->stopping)
		return false;
	return clock_monotonic_ms() >= stop_ms ||
	       (sender_is_idle(w) && !w->questions && !w->refunds && !w->callbacks);
}

/* What does not need the database. */
static void tick(struct worker *w, int64_t *ticked_ms)
{
	int64_t const now = clock_monotonic_ms();

	if (now - *ticked_ms < TICK_MS)
		return;
	*ticked_ms = now;
	program_beat(&w->program, BEAT_WORKER);
	checkup_reap(w);
}

void loop_run(struct worker *w)
{
	int const signals = signals_open();
	int64_t ticked_ms = 0;
	int64_t stop_ms = 0;
	struct arena a;

	arena_init(&a);
	/* The start is busy enough. */
	w->due_ms[JOB_CHECKUP] = clock_monotonic_ms() + jobs[JOB_CHECKUP].period_ms;
	if (!w->poller)
		w->due_ms[JOB_POLL] = INT64_MAX;
	while (!is_over(w, stop_ms)) {
		tick(w, &ticked_ms);
		wait_for(w, &a, signals, jobs_run(w, &a));
		if (w->stopping && !stop_ms)
			stop_ms = clock_monotonic_ms() + STOP_MS;
	}
	arena_release(&a);
	close(signals);
}
