#include "fcgi/worker/callback.h"

#include "fcgi/worker/outbox_send.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/platform/wake.h"

enum {
	CALLBACKS_MAX = 256, /* leaves half of the pool to messages and questions */
	TURN = 128,	     /* datagrams taken before the loop goes on */
	HELD_MAX = 64,	     /* answers that wait for Telegram to be back */
	HELD_MS = 10000,     /* Telegram takes them for about so long */
	HELD_LOOK_MS = 100,
};

/* Kept while Telegram is down: a spinner that stops late is better than one that does not. */
static struct {
	struct {
		struct wake_message message;
		int64_t since_ms;
	} ring[HELD_MAX];
	size_t first;
	size_t count;
} held;

bool callback_is_full(const struct worker *w)
{
	return w->callbacks >= CALLBACKS_MAX;
}

static void callback_answered(int rc, const struct http_answer *http, void *worker)
{
	struct worker *w = worker;
	AUTO_ARENA(a);
	AUTO_ANSWER answer;

	w->callbacks--;
	telegram_answer_read(&a, rc, http, &answer);
	worker_telegram_report(w, answer.result);
	if (answer.result == TELEGRAM_OK)
		metric_add(w->program.shm, METRIC_CALLBACKS_ANSWERED, 1);
	else
		metric_add(w->program.shm, METRIC_CALLBACKS_DROPPED, 1);
	if (answer.result == TELEGRAM_FLOOD)
		w->callbacks_pause_ms = clock_monotonic_ms() + answer.retry_after * 1000;
	if (answer.result == TELEGRAM_OK || answer.result == TELEGRAM_TOO_OLD)
		return;
	log_event(LOG_DEBUG, "callback_refused", "result=%s why=%s",
		  telegram_result_name(answer.result), answer.description);
}

static bool may_send(const struct worker *w)
{
	return clock_monotonic_ms() >= w->callbacks_pause_ms && worker_telegram_ready(w);
}

static void callback_drop(struct worker *w)
{
	metric_add(w->program.shm, METRIC_CALLBACKS_DROPPED, 1);
}

static void callback_start(struct worker *w, struct arena *a, const struct wake_message *m)
{
	struct http_request const request = telegram_callback_request(
		&w->telegram, a, m->callback_id, m->text, m->alert);

	if (http_start(w->http, &request, callback_answered, w))
		callback_drop(w);
	else
		w->callbacks++;
}

static void callback_hold(struct worker *w, const struct wake_message *m)
{
	size_t const at = (held.first + held.count) % HELD_MAX;

	if (held.count == HELD_MAX) {
		callback_drop(w);
		return;
	}
	held.ring[at].message = *m;
	held.ring[at].since_ms = clock_monotonic_ms();
	held.count++;
}

int callback_run(struct worker *w, struct arena *a, const char *lease_data)
{
	UNUSED(lease_data);
	while (held.count && !callback_is_full(w)) {
		bool const late = clock_monotonic_ms() - held.ring[held.first].since_ms >
				  HELD_MS;

		if (!late && !may_send(w))
			break;
		if (late)
			callback_drop(w);
		else
			callback_start(w, a, &held.ring[held.first].message);
		held.first = (held.first + 1) % HELD_MAX;
		held.count--;
	}
	if (held.count)
		worker_soon(w, JOB_CALLBACK, HELD_LOOK_MS);
	return OK;
}

static void callback_send(struct worker *w, struct arena *a, const struct wake_message *m)
{
	if (may_send(w)) {
		callback_start(w, a, m);
		return;
	}
	callback_hold(w, m);
	worker_soon(w, JOB_CALLBACK, HELD_LOOK_MS);
}

void callback_receive(struct worker *w, struct arena *a)
{
	struct wake_message message;

	for (int i = 0; i < TURN && !callback_is_full(w); i++) {
		if (wake_receive(w->wake_fd, &message))
			return;
		if (message.opened_order) {
			sender_opened(w, message.opened_order, message.opened_chat);
			continue;
		}
		if (message.is_callback) {
			callback_send(w, a, &message);
			continue;
		}
		worker_soon(w, JOB_OUTBOX, 0);
		worker_soon(w, JOB_ASK, 0);
	}
}
