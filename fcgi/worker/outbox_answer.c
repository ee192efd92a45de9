/* What each of Telegram's answers means for the message that was sent. */
#include "fcgi/worker/backoff.h"
#include "fcgi/worker/flight.h"
#include "fcgi/worker/notices.h"
#include "shared/base/crash.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/domain/lease.h"

typedef void answer_act(struct flight *f, const struct telegram_answer *answer);

static void done(struct flight *f, const struct telegram_answer *answer)
{
	f->message_id = answer->message_id ? answer->message_id : f->message.edit_id;
	metric_add(f->w->program.shm, METRIC_MESSAGES_SENT, 1);
	log_event(f->row.kind == OUTBOX_DELIVERED ? LOG_INFO : LOG_DEBUG, "message_sent",
		  "outbox=%lld kind=%s order_id=%lld attempt=%d took_ms=%lld",
		  (long long)f->row.id, outbox_kind_name(f->row.kind),
		  (long long)f->row.order_id, f->row.attempts,
		  (long long)(clock_monotonic_ms() - f->begun_ms));
	flight_land(f, LANDING_SENT, 0, "");
}

/* The message to edit: failing that is no error, unless the words are worth a new one. */
static void gone(struct flight *f, const struct telegram_answer *answer)
{
	if (f->message.edit_id && notice_outlives_message(f->row.kind)) {
		f->message.edit_id = 0;
		flight_send(f);
		return;
	}
	if (f->message.edit_id)
		flight_land(f, LANDING_SENT, 0, "");
	else
		flight_land(f, LANDING_DEAD, 0, answer->description);
}

static void blocked(struct flight *f, const struct telegram_answer *answer)
{
	metric_add(f->w->program.shm, METRIC_MESSAGES_FAILED, 1);
	log_event(LOG_INFO, "message_undeliverable", "outbox=%lld kind=%s chat=%lld why=%s",
		  (long long)f->row.id, outbox_kind_name(f->row.kind),
		  (long long)f->message.chat_id, answer->description);
	flight_land(f, LANDING_UNDELIVERABLE, 0, answer->description);
}

/* A group in ADMIN_CHAT_IDS became a supergroup. */
static void moved(struct flight *f, const struct telegram_answer *answer)
{
	log_event(LOG_WARN, "chat_moved", "from=%lld to=%lld hint=ADMIN_CHAT_IDS",
		  (long long)f->message.chat_id, (long long)answer->migrate_to);
	if (f->message.chat_id == f->row.chat_id) {
		f->message.chat_id = answer->migrate_to;
		flight_send(f);
		return;
	}
	flight_land(f, LANDING_DEAD, 0, answer->description);
}

/* Others of this chat are put off as well; several chats at once: everything is. */
static void flood(struct flight *f, const struct telegram_answer *answer)
{
	struct worker *w = f->w;
	struct sender *s = w->sender;
	int64_t const now = clock_monotonic_ms();
	int64_t const wait_ms = answer->retry_after * 1000;

	log_event(LOG_WARN, "telegram_flood", "retry_after=%lld kind=%s",
		  (long long)answer->retry_after, outbox_kind_name(f->row.kind));
	if (pace_flood(&s->pace, f->row.chat_id, now)) {
		w->telegram_pause_ms = now + wait_ms;
		if (worker_db_ready(w))
			(void)worker_db_report(
				w, "pause_set",
				pause_set(w->program.db, "telegram", answer->retry_after));
	}
	for (size_t i = 0; i < s->count;) {
		struct flight *other = s->flights[i];

		if (other->state == FLIGHT_WAITING && other->row.chat_id == f->row.chat_id)
			flight_land(other, LANDING_LATER, wait_ms, "flood");
		if (i < s->count && s->flights[i] == other)
			i++;
	}
	flight_land(f, LANDING_HOLD, wait_ms, answer->description);
}

/*
 * Our own mistake.  The words without tags and keys reach the reader all the same; if
 * not even they do, a person has to look.
 */
static void refused(struct flight *f, const struct telegram_answer *answer)
{
	log_event(LOG_ERROR, "message_refused", "outbox=%lld kind=%s why=%s",
		  (long long)f->row.id, outbox_kind_name(f->row.kind), answer->description);
	if (f->plain) {
		metric_add(f->w->program.shm, METRIC_MESSAGES_FAILED, 1);
		flight_land(f, LANDING_DEAD, 0, answer->description);
		return;
	}
	f->plain = true;
	f->message.html = notice_untagged(&f->arena, f->message.html);
	if (!strcasestr(answer->description, "can't parse entities"))
		f->message.buttons = (struct keyboard){ 0 };
	flight_send(f);
}

/* Was it done or not?  It is done again: the worst is the same message twice. */
static void trouble(struct flight *f, const struct telegram_answer *answer)
{
	int64_t wait_ms = backoff_next_ms(f->row.attempts);

	if (answer->retry_after * 1000 > wait_ms)
		wait_ms = answer->retry_after * 1000;
	if (worker_may_tell(&f->w->sender->told_ms))
		log_event(LOG_WARN, "telegram_trouble",
			  "outbox=%lld result=%s unsure=%d again_ms=%lld why=%s",
			  (long long)f->row.id, telegram_result_name(answer->result),
			  answer->unsure, (long long)wait_ms, answer->description);
	flight_land(f, LANDING_LATER, wait_ms, telegram_result_name(answer->result));
}

static answer_act *const acts[] = {
	[TELEGRAM_OK] = done,
	[TELEGRAM_SAME] = done,
	[TELEGRAM_GONE] = gone,
	[TELEGRAM_TOO_OLD] = refused,
	[TELEGRAM_BLOCKED] = blocked,
	[TELEGRAM_MOVED] = moved,
	[TELEGRAM_FLOOD] = flood,
	[TELEGRAM_REFUSED] = refused,
	[TELEGRAM_UNAUTHORIZED] = trouble,
	[TELEGRAM_TROUBLE] = trouble,
};
_Static_assert(COUNT(acts) == TELEGRAM__COUNT, "an act for every answer");

void flight_answered(int rc, const struct http_answer *http, void *flight)
{
	struct flight *f = flight;
	struct worker *w = f->w;
	struct telegram_answer answer;
	struct json_doc body;

	telegram_answer_read(&f->arena, rc, http, &answer);
	body = answer.body; /* the flight and its arena may be gone after the act */
	worker_telegram_report(w, answer.result);
	CRASH_POINT("outbox.answered");
	acts[answer.result](f, &answer);
	json_doc_free(&body);
	/* The chat is free for its next message. */
	worker_soon(w, JOB_OUTBOX, 0);
}
