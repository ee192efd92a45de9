#include "fcgi/worker/poll.h"

#include "fcgi/worker/backoff.h"
#include "fcgi/worker/poll_feed.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/base/parse.h"
#include "shared/domain/lease.h"

enum {
	MINE_MS = (POLL_LEASE_S - 5) * 1000, /* five seconds to spare */
	POLL_S = 25,			     /* how long Telegram waits for an update */
	POLL_MS = (POLL_S + 10) * 1000,
	BATCH = 100,
	CONFLICT_MS = 3000, /* a webhook, or another process with the same token */
	QUICK_MS = 500,	    /* nothing at all, sooner than this: that server does not wait */
};

struct poller {
	bool begun;	       /* offset and cleared are of this spell of the lease */
	int64_t mine_until_ms; /* the lease, by our clock */
	int64_t offset;
	bool cleared; /* the webhook is deleted */
	bool asking;
	int64_t asked_ms;
	int64_t again_ms; /* not before */
	int failures;
	struct feed *feed;
	int64_t told_ms;
};

static void poll_next(struct worker *w);

struct poller *poller_new(void)
{
	struct poller *p = calloc(1, sizeof(*p));

	if (!p)
		die("out of memory");
	return p;
}

void poller_free(struct poller *p)
{
	if (p && p->feed)
		feed_free(p->feed);
	free(p);
}

static bool is_mine(const struct poller *p)
{
	return clock_monotonic_ms() < p->mine_until_ms;
}

static void poll_after(struct worker *w, int64_t ms)
{
	w->poller->again_ms = clock_monotonic_ms() + ms;
	worker_soon(w, JOB_POLL, ms);
}

/* ---- answers ---- */

static void feed_ended(struct worker *w, int64_t next_offset)
{
	struct poller *p = w->poller;
	AUTO_ARENA(a);
	int rc;

	p->feed = NULL;
	p->offset = next_offset;
	/* Lost, it would only mean that the same updates are fed again. */
	if (worker_db_ready(w)) {
		rc = lease_note(w->program.db, POLL_LEASE, w->id,
				arena_printf(&a, "%lld", (long long)next_offset));
		if (rc == ERR_CONFLICT)
			p->mine_until_ms = 0;
		(void)worker_db_report(w, "lease_note", rc);
	}
	poll_next(w);
}

/* Neither updates nor a deleted webhook. */
static void poll_failed(struct worker *w, const struct telegram_answer *answer)
{
	struct poller *p = w->poller;
	bool const conflict = json_int(json_get(answer->body.root, "error_code"), 0) == 409;
	int64_t wait_ms = backoff_next_ms(++p->failures);

	if (conflict) {
		p->cleared = false;
		wait_ms = CONFLICT_MS;
	} else if (answer->retry_after) {
		wait_ms = answer->retry_after * 1000;
	}
	if (worker_may_tell(&p->told_ms))
		log_event(LOG_WARN, "polling_refused", "result=%s why=%s",
			  telegram_result_name(answer->result), answer->description);
	poll_after(w, wait_ms);
}

/* Read an answer into the arena; false: it is of no use any more, or a failure. */
static bool answer_take(struct worker *w, struct arena *a, int rc,
			const struct http_answer *http, struct telegram_answer *ret)
{
	w->poller->asking = false;
	telegram_answer_read(a, rc, http, ret);
	worker_telegram_report(w, ret->result);
	if (!is_mine(w->poller))
		return false;
	if (ret->result != TELEGRAM_OK) {
		poll_failed(w, ret);
		return false;
	}
	w->poller->failures = 0;
	return true;
}

static void webhook_deleted(int rc, const struct http_answer *http, void *worker)
{
	struct worker *w = worker;
	AUTO_ARENA(a);
	AUTO_ANSWER answer;

	if (!answer_take(w, &a, rc, http, &answer))
		return;
	w->poller->cleared = true;
	poll_next(w);
}

static void updates_came(int rc, const struct http_answer *http, void *worker)
{
	struct worker *w = worker;
	struct poller *p = w->poller;
	AUTO_ARENA(a);
	AUTO_ANSWER answer;
	const struct json *updates;

	if (!answer_take(w, &a, rc, http, &answer))
		return;
	updates = json_get(answer.body.root, "result");
	if (json_count(updates)) {
		p->feed = feed_new(w, updates, feed_ended);
		feed_move(p->feed);
		return;
	}
	if (clock_monotonic_ms() - p->asked_ms < QUICK_MS)
		poll_after(w, QUICK_MS);
	else
		poll_next(w);
}

/* ---- questions ---- */

static struct http_request updates_request(struct worker *w, struct arena *a)
{
	const char *json = arena_printf(
		a,
		"{\"offset\":%lld,\"limit\":%d,\"timeout\":%d,\"allowed_updates\":"
		"[\"message\",\"edited_message\",\"callback_query\",\"my_chat_member\"]}",
		(long long)w->poller->offset, BATCH, POLL_S);
	struct http_request request = telegram_request(&w->telegram, a, "getUpdates",
						       (struct bytes){ json, strlen(json) });

	request.timeout_ms = POLL_MS;
	return request;
}

static void poll_next(struct worker *w)
{
	struct poller *p = w->poller;
	AUTO_ARENA(a);
	struct http_request request;

	if (p->asking || p->feed || w->stopping || !is_mine(p) ||
	    clock_monotonic_ms() < p->again_ms || !worker_telegram_ready(w))
		return;
	request = p->cleared ? updates_request(w, &a)
			     : telegram_request(&w->telegram, &a, "deleteWebhook",
						(struct bytes){ NULL, 0 });
	p->asked_ms = clock_monotonic_ms();
	p->asking = !http_start(w->http, &request, p->cleared ? updates_came : webhook_deleted,
				w);
}

int poll_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct poller *p = w->poller;

	UNUSED(a);
	if (!p->begun || !is_mine(p)) {
		/* Somebody else may have gone on since. */
		if (p->feed)
			feed_abandon(p->feed);
		p->feed = NULL;
		p->cleared = false;
		p->begun = true;
		if (parse_int(lease_data, 0, INT64_MAX, &p->offset))
			p->offset = 0;
	}
	p->mine_until_ms = clock_monotonic_ms() + MINE_MS;
	if (p->feed)
		feed_move(p->feed);
	poll_next(w);
	/* One probe a second while Telegram is down. */
	if (!p->asking && !p->feed && gate_is_down(w->program.shm, GATE_TELEGRAM))
		worker_soon(w, JOB_POLL, GATE_PROBE_MS);
	return OK;
}

int poller_release(struct worker *w)
{
	if (!w->poller || !w->poller->begun)
		return OK;
	return lease_release(w->program.db, POLL_LEASE, w->id);
}
