#include "fcgi/worker/beat.h"

#include "fcgi/worker/backoff.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/log.h"
#include "shared/base/version.h"
#include "shared/domain/key_holder.h"
#include "shared/domain/lease.h"
#include "shared/domain/order_fill.h"
#include "shared/domain/outbox.h"
#include "shared/domain/restock.h"
#include "shared/domain/sale_notice.h"
#include "shared/domain/setting.h"
#include "shared/domain/stock_low.h"

#include <unistd.h>

enum {
	BEAT_GAP_MS = 3000, /* longer: nobody else could beat either */
	BEATS_TO_BURY = 4,  /* a second apart, and every live worker had its turn */
	BEATS_TO_FORGET = KEY_HOLDER_BEAT_MS / 1000 + 2, /* so had who knows keys */
	RESTOCK_BATCH = 50,
	SWEEP_BATCH = 500,
};

int beat_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct worker_beat const beat = {
		.id = w->id,
		.host = w->host,
		.pid = getpid(),
		.version = version_text(),
		.started_at = w->started_at,
	};
	int rc;

	UNUSED(a);
	UNUSED(lease_data);
	key_report_tick(&w->keys);
	rc = worker_beat(w->program.db, &beat);
	if (!rc) {
		int64_t const now = clock_monotonic_ms();

		w->beats = now - w->beat_ms < BEAT_GAP_MS ? w->beats + 1 : 1;
		w->beat_ms = now;
	}
	return rc;
}

int bury_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int buried = 0;
	int rc = OK;

	UNUSED(a);
	UNUSED(lease_data);
	if (w->beats >= BEATS_TO_BURY)
		rc = worker_bury(w->program.db, &buried);
	if (buried) {
		log_event(LOG_WARN, "workers_buried", "count=%d", buried);
		worker_soon(w, JOB_OUTBOX, 0);
	}
	if (!rc && w->beats >= BEATS_TO_FORGET)
		rc = key_holder_sweep(w->program.db);
	return rc;
}

int waiting_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int64_t value_id = 0;
	int filled;
	int rc;

	UNUSED(a);
	UNUSED(lease_data);
	while (!(rc = order_waiting_value(w->program.db, value_id, &value_id)) && value_id) {
		if ((rc = order_fill_waiting(w->program.db, value_id, &filled)))
			break;
		if (!filled)
			continue;
		log_event(LOG_INFO, "waiting_filled", "value=%lld orders=%d",
			  (long long)value_id, filled);
		worker_soon(w, JOB_OUTBOX, 0);
	}
	return rc;
}

int restock_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int told = 0;
	int const rc = restock_tell(w->program.db, RESTOCK_BATCH, &told);

	UNUSED(a);
	UNUSED(lease_data);
	if (told) {
		worker_soon(w, JOB_OUTBOX, 0);
		worker_soon(w, JOB_RESTOCK, 0);
	}
	return rc;
}

int low_stock_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int told = 0;
	int rc = policy_refresh(w->policy, w->program.db, clock_monotonic_ms());

	UNUSED(a);
	UNUSED(lease_data);
	if (!rc && policy_number(w->policy, POLICY_ALERT_STOCK))
		rc = stock_low_tell(w->program.db, &told);
	if (told)
		worker_soon(w, JOB_OUTBOX, 0);
	return rc;
}

int sales_run(struct worker *w, struct arena *a, const char *lease_data)
{
	bool told = false;
	int rc;

	UNUSED(a);
	if (!w->program.config.admin_chat_count)
		return OK;
	rc = policy_refresh(w->policy, w->program.db, clock_monotonic_ms());
	if (rc)
		return rc;
	if (!policy_number(w->policy, POLICY_ALERT_SALES))
		/* What is sold meanwhile is not told later. */
		return *lease_data ? lease_note(w->program.db, SALES_LEASE, w->id, "") : OK;
	rc = sale_notice_tell(w->program.db, SALES_LEASE, w->id, lease_data, &told);
	if (told)
		worker_soon(w, JOB_OUTBOX, 0);
	return rc == ERR_CONFLICT ? OK : rc; /* another worker tells it */
}

int sweep_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int swept = 0;
	int const rc = outbox_sweep(w->program.db, SWEEP_BATCH, &swept);

	UNUSED(a);
	UNUSED(lease_data);
	if (swept == SWEEP_BATCH)
		worker_soon(w, JOB_SWEEP, 1000);
	return rc;
}

/* ---- the bot's name ---- */

static void name_answered(int rc, const struct http_answer *http, void *worker)
{
	static int64_t told_ms;
	struct worker *w = worker;
	AUTO_ARENA(a);
	AUTO_ANSWER answer;
	const char *name;

	telegram_answer_read(&a, rc, http, &answer);
	worker_telegram_report(w, answer.result);
	name = json_text(json_get(json_get(answer.body.root, "result"), "username"), "");
	if (answer.result != TELEGRAM_OK || !*name) {
		w->name_again_ms = clock_monotonic_ms() + backoff_next_ms(++w->name_failures);
		if (worker_may_tell(&told_ms))
			log_event(LOG_WARN, "bot_name_unknown", "result=%s why=%s",
				  telegram_result_name(answer.result), answer.description);
		return;
	}
	if (!worker_db_ready(w) ||
	    worker_db_report(w, "setting_set",
			     setting_set(w->program.db, SETTING_BOT_USERNAME, name)))
		return;
	w->named = true;
	log_event(LOG_INFO, "bot_named", "username=%s", name);
}

int bot_name_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct http_request request;

	UNUSED(lease_data);
	if (w->named || clock_monotonic_ms() < w->name_again_ms || !worker_telegram_ready(w))
		return OK;
	request = telegram_request(&w->telegram, a, "getMe", (struct bytes){ NULL, 0 });
	if (http_start(w->http, &request, name_answered, w))
		worker_soon(w, JOB_BOT_NAME, 1000); /* no room */
	return OK;
}
