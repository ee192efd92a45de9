#include "fcgi/worker/callback.h"

#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/platform/wake.h"

enum {
	CALLBACKS_MAX = 256, /* leaves half of the pool to messages and questions */
	TURN = 128,	     /* datagrams taken before the loop goes on */
};

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

static void callback_send(struct worker *w, struct arena *a, const struct wake_message *m)
{
	struct http_request request;

	if (clock_monotonic_ms() < w->callbacks_pause_ms || !worker_telegram_ready(w)) {
		metric_add(w->program.shm, METRIC_CALLBACKS_DROPPED, 1);
		return;
	}
	request = telegram_callback_request(&w->telegram, a, m->callback_id, m->text, m->alert);
	if (http_start(w->http, &request, callback_answered, w))
		metric_add(w->program.shm, METRIC_CALLBACKS_DROPPED, 1);
	else
		w->callbacks++;
}

void callback_receive(struct worker *w, struct arena *a)
{
	struct wake_message message;

	for (int i = 0; i < TURN && !callback_is_full(w); i++) {
		if (wake_receive(w->wake_fd, &message))
			return;
		if (message.is_callback) {
			callback_send(w, a, &message);
			continue;
		}
		worker_soon(w, JOB_OUTBOX, 0);
		worker_soon(w, JOB_ASK, 0);
	}
}
