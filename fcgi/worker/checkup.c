#include "fcgi/worker/checkup.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/parse.h"
#include "shared/domain/invariant.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/platform/json.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	HOUR_S = 3600,
	QUERY_MS = 30000,  /* ten times what the slowest takes over a million orders */
	CHILD_MS = 900000, /* then it hangs */
	ALERT_MAX = 1500,
};

struct checkup {
	pid_t child; /* 0: none */
	int64_t begun_ms;
};

struct checkup *checkup_new(void)
{
	struct checkup *c = calloc(1, sizeof(*c));

	if (!c)
		die("out of memory");
	return c;
}

static void child_end(struct checkup *c)
{
	if (!c->child)
		return;
	(void)kill(c->child, SIGKILL);
	(void)waitpid(c->child, NULL, 0);
	c->child = 0;
}

void checkup_free(struct checkup *c)
{
	child_end(c);
	free(c);
}

/* ---- the child ---- */

/* Once a day for each rule, however long it stays broken. */
static int breach_tell(struct db *db, struct arena *a, const struct invariant *inv,
		       const char *first)
{
	struct str data = STR(a, ALERT_MAX);
	struct json_out j = JSON_OUT(&data);

	json_open(&j, '{');
	json_add_text(&j, "what", "invariant");
	json_add_text(&j, "name", inv->name);
	json_add_text(&j, "says", inv->says);
	json_add_text(&j, "first", first);
	json_close(&j, '}');
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "alert:%.40s:%s", inv->name,
							   clock_date(a, clock_now())),
				      .kind = OUTBOX_ALERT,
				      .priority = OUTBOX_ALERTS,
				      .data = str_ok(&data) ? str_text(&data) : NULL,
			      });
}

static int invariant_look(struct db *db, const struct invariant *inv, int64_t hour)
{
	AUTO_ARENA(a);
	struct db_rows rows;
	int const rc = invariant_check_hourly(db, &a, inv, hour, &rows);

	if (rc || !rows.count)
		return rc;
	log_event(LOG_ERROR, "invariant_broken", "name=%s offenders=%zu first=%s", inv->name,
		  rows.count, db_row(&rows, 0)->text);
	return breach_tell(db, &a, inv, db_row(&rows, 0)->text);
}

/* Touches nothing of its parent's: the database's and Telegram's connections are not ours. */
static int child_main(const char *db_url, int64_t hour)
{
	sigset_t none;
	struct db *db;
	int failed = 0;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (db_new(&(struct db_options){ .url = db_url, .timeout_ms = QUERY_MS }, &db))
		return 1;
	for (size_t i = 0; i < invariant_count(); i++) {
		if (!invariant_look(db, invariant_at(i), hour))
			continue;
		log_event(LOG_WARN, "invariant_unchecked", "name=%s why=%s",
			  invariant_at(i)->name, db_error(db));
		failed++;
	}
	db_free(db);
	return failed != 0;
}

/* ---- the parent ---- */

int checkup_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct checkup *c = w->checkup;
	int64_t const now_s = clock_now() / CLOCK_SECOND;
	int64_t last_s = 0;
	int rc;

	if (parse_int(lease_data, 0, INT64_MAX, &last_s))
		last_s = 0;
	if (c->child || (last_s <= now_s && now_s - last_s < HOUR_S))
		return OK;
	rc = lease_note(w->program.db, CHECKUP_LEASE, w->id,
			arena_printf(a, "%lld", (long long)now_s));
	if (rc)
		return rc == ERR_CONFLICT ? OK : rc;
	c->child = fork();
	if (!c->child) {
		/* Not one second longer than its parent. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(child_main(w->program.config.db_url, now_s / HOUR_S));
	}
	if (c->child < 0) {
		c->child = 0;
		log_event(LOG_WARN, "checkup_not_begun", "why=fork");
	}
	c->begun_ms = clock_monotonic_ms();
	return OK;
}

void checkup_reap(struct worker *w)
{
	struct checkup *c = w->checkup;
	int status;

	if (!c->child)
		return;
	if (waitpid(c->child, &status, WNOHANG) == c->child) {
		c->child = 0;
		log_event(LOG_INFO, "checkup_done", "whole=%d took_ms=%lld",
			  WIFEXITED(status) && !WEXITSTATUS(status),
			  (long long)(clock_monotonic_ms() - c->begun_ms));
	} else if (clock_monotonic_ms() - c->begun_ms > CHILD_MS) {
		child_end(c);
		log_event(LOG_WARN, "checkup_hung", "killed=1");
	}
}

int checkup_release(struct worker *w)
{
	child_end(w->checkup);
	return lease_release(w->program.db, CHECKUP_LEASE, w->id);
}
