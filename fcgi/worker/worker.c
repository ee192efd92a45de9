#include "fcgi/worker/worker.h"

#include "fcgi/worker/checkup.h"
#include "fcgi/worker/outbox_send.h"
#include "fcgi/worker/poll.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/domain/lease.h"
#include "shared/platform/crypto.h"
#include "shared/platform/wake.h"
#include "shared/service/vault.h"

#include <errno.h>
#include <unistd.h>

enum { TELL_AGAIN_MS = 60000, HOST_MAX = 100 };

/* ---- the start ---- */

/* Where this host's responders find us. */
static int host_join(struct worker *w)
{
	char host[HOST_MAX + 1] = "";

	w->run_dir = config_run_path(&w->program.arena, &w->program.config, "");
	if (gethostname(host, HOST_MAX))
		host[0] = '\0';
	w->host = arena_strdup(&w->program.arena, host);
	if (!wake_bind(w->run_dir, &w->wake_fd))
		return OK;
	program_fail(&w->program, "KARTKA_VAR: %s: %s", w->run_dir, strerror(errno));
	return ERR_FAILED;
}

static void clients_init(struct worker *w)
{
	const struct config *c = &w->program.config;

	w->telegram = (struct telegram){
		.http = w->http,
		.api_url = c->telegram_api_url,
		.token = c->bot_token,
	};
	w->portmone = (struct portmone){
		.http = w->http,
		.url = c->portmone_url,
		.payee_id = c->portmone_payee_id,
		.login = c->portmone_login,
		.password = c->portmone_password,
		.key = c->portmone_key,
	};
}

int worker_init(struct worker *w)
{
	int rc;

	if ((rc = program_start("worker", &w->program)) || (rc = host_join(w)))
		return rc;
	if (http_new(&w->http)) {
		program_fail(&w->program, "libcurl does not start");
		return ERR_FAILED;
	}
	clients_init(w);
	vault_fill(&w->program.config, &w->vault);
	key_report_init(&w->keys, &w->program, &w->vault);
	w->catalog = catalog_new();
	w->policy = policy_new();
	w->sender = sender_new();
	w->checkup = checkup_new();
	if (w->program.config.polling)
		w->poller = poller_new();
	w->started_at = clock_now();
	crypto_random(&w->id, sizeof(w->id));
	w->id = (w->id & INT64_MAX) | 1; /* 0 is nobody */
	return OK;
}

void worker_release(struct worker *w)
{
	/* What can't be given back now ends by itself. */
	if (worker_db_ready(w)) {
		if (poller_release(w) || checkup_release(w) ||
		    worker_gone(w->program.db, w->id))
			log_event(LOG_WARN, "leases_kept", "why=%s", db_error(w->program.db));
	}
	key_report_end(&w->keys);
	wake_unbind(w->run_dir, w->wake_fd);
	http_free(w->http);
	sender_free(w->sender);
	poller_free(w->poller);
	checkup_free(w->checkup);
	catalog_free(w->catalog);
	policy_free(w->policy);
	crypto_wipe(&w->vault, sizeof(w->vault));
	program_end(&w->program);
}

/* ---- what jobs ask for ---- */

void worker_soon(struct worker *w, enum job_id job, int64_t ms)
{
	int64_t const at = clock_monotonic_ms() + ms;

	if (w->due_ms[job] > at)
		w->due_ms[job] = at;
}

bool worker_may_tell(int64_t *told_ms)
{
	int64_t const now = clock_monotonic_ms();

	if (*told_ms && now - *told_ms < TELL_AGAIN_MS)
		return false;
	*told_ms = now;
	return true;
}

bool worker_db_ready(const struct worker *w)
{
	return gate_try(w->program.shm, GATE_DB, clock_monotonic_ms());
}

int worker_db_report(struct worker *w, const char *what, int rc)
{
	bool const down = rc == ERR_DOWN;
	bool const broken = down || rc == ERR_RETRY || rc == ERR_UNSURE || rc == ERR_FAILED;

	if (!broken || down)
		gate_report(w->program.shm, GATE_DB, !down, clock_monotonic_ms());
	if (!broken)
		return rc;
	metric_add(w->program.shm, METRIC_DB_ERRORS, 1);
	if (rc == ERR_FAILED || worker_may_tell(&w->db_told_ms))
		log_event(rc == ERR_FAILED ? LOG_ERROR : LOG_WARN, "db_trouble",
			  "what=%s rc=%s why=%s", what, err_name(rc), db_error(w->program.db));
	return rc;
}

bool worker_telegram_ready(const struct worker *w)
{
	int64_t const now = clock_monotonic_ms();

	return now >= w->telegram_pause_ms && gate_try(w->program.shm, GATE_TELEGRAM, now);
}

void worker_telegram_report(struct worker *w, enum telegram_result result)
{
	bool const down = result == TELEGRAM_TROUBLE;

	gate_report(w->program.shm, GATE_TELEGRAM, !down, clock_monotonic_ms());
	if (down || result == TELEGRAM_FLOOD || result == TELEGRAM_REFUSED ||
	    result == TELEGRAM_UNAUTHORIZED)
		metric_add(w->program.shm, METRIC_TELEGRAM_ERRORS, 1);
}
