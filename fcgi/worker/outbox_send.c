#include "fcgi/worker/outbox_send.h"

#include "fcgi/worker/backoff.h"
#include "fcgi/worker/flight.h"
#include "fcgi/worker/notices.h"
#include "shared/base/crash.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"
#include "shared/domain/lease.h"
#include "shared/domain/order_quarantine.h"

enum {
	SEALED_AGAIN_MS = 300000, /* a key may be given back to the configuration */
	CROWDED_MS = 200,	  /* all of the pool's calls are taken */
};

struct sender *sender_new(void)
{
	struct sender *s = calloc(1, sizeof(*s));

	if (!s)
		die("out of memory");
	return s;
}

void sender_free(struct sender *s)
{
	for (size_t i = 0; i < s->count; i++)
		arena_release(&s->flights[i]->arena);
	free(s);
}

bool sender_is_idle(const struct worker *w)
{
	return !w->sender->count;
}

/* ---- sending one ---- */

void flight_send(struct flight *f)
{
	struct http_request request;
	int rc = telegram_message_request(&f->w->telegram, &f->arena, &f->message, &request);

	if (rc) {
		/* Too long or too many buttons: the drawing is wrong, and stays so. */
		flight_land(f, LANDING_DEAD, 0, "the message is over Telegram's limits");
		return;
	}
	rc = http_start(f->w->http, &request, flight_answered, f);
	if (rc) {
		flight_land(f, LANDING_LATER, CROWDED_MS, "no free connection");
		return;
	}
	f->state = FLIGHT_SENDING;
	pace_sent(&f->w->sender->pace, f->message.chat_id, clock_monotonic_ms());
}

/* To everybody in ADMIN_CHAT_IDS, in a row of its own each. */
static int alert_spread(struct flight *f)
{
	const struct config *c = &f->w->program.config;
	int rc = OK;

	for (size_t i = 0; !rc && i < c->admin_chat_count; i++)
		rc = outbox_add(f->w->program.db,
				&(struct outbox_message){
					.fact = arena_printf(&f->arena, "copy:%lld:%lld",
							     (long long)f->row.id,
							     (long long)c->admin_chats[i]),
					.kind = OUTBOX_ALERT,
					.priority = OUTBOX_ALERTS,
					.chat_id = c->admin_chats[i],
					.order_id = f->row.order_id,
					.data = f->row.data,
				});
	if (!rc && !c->admin_chat_count)
		log_event(LOG_WARN, "alert_unheard", "outbox=%lld data=%s",
			  (long long)f->row.id, f->row.data);
	worker_soon(f->w, JOB_OUTBOX, 0);
	return rc;
}

/* Nothing of the order may be sent: later, and administrators are told. */
static void flight_seal(struct flight *f, const char *alert, const char *why)
{
	log_event(LOG_ERROR, "codes_unreadable", "outbox=%lld order_id=%lld why=%s",
		  (long long)f->row.id, (long long)f->row.order_id, why);
	f->alert = alert;
	flight_land(f, LANDING_SEALED, SEALED_AGAIN_MS, "the codes don't open");
}

/* A code does not open: the order gets another one, or waits. */
static void flight_quarantine(struct flight *f)
{
	struct worker *w = f->w;
	enum quarantine_result result = QUARANTINE_NOTHING;
	int const rc = order_quarantine(w->program.db, &w->vault, f->row.order_id, &result);

	if (rc) {
		(void)worker_db_report(w, "order_quarantine", rc);
		flight_land(f, LANDING_LATER, backoff_next_ms(f->row.attempts), "database");
	} else if (result == QUARANTINE_KEYS) {
		flight_seal(f, "sealed", "keys");
	} else if (result == QUARANTINE_NO_STOCK) {
		flight_seal(f, "unreadable", "no_stock");
	} else {
		/* Drawn anew, with others or because nothing is wrong any more; where the order
		 * waits now the row is gone. */
		if (result != QUARANTINE_NOTHING)
			log_event(LOG_ERROR, "code_quarantined", "order_id=%lld waits=%d",
				  (long long)f->row.order_id, result == QUARANTINE_WAITING);
		flight_land(f, LANDING_LATER, 0, "");
		worker_soon(w, JOB_OUTBOX, 0);
	}
}

/* How a drawing that is none ends. */
static void flight_undrawn(struct flight *f, int rc)
{
	switch (rc) {
	case ERR_NOT_FOUND:
		log_event(LOG_DEBUG, "message_obsolete", "outbox=%lld kind=%s",
			  (long long)f->row.id, outbox_kind_name(f->row.kind));
		flight_land(f, LANDING_SENT, 0, "");
		break;
	case ERR_DENIED:
		flight_quarantine(f);
		break;
	case ERR_CONFLICT:
		flight_seal(f, "sealed", err_name(rc));
		break;
	case ERR_INVALID:
	case ERR_TOO_LONG:
		flight_land(f, LANDING_DEAD, 0, "the row can't be drawn");
		break;
	default:
		(void)worker_db_report(f->w, "outbox_draw", rc);
		flight_land(f, LANDING_LATER, backoff_next_ms(f->row.attempts), "database");
		break;
	}
}

static void flight_begin(struct flight *f)
{
	struct worker *w = f->w;
	struct notice_source const source = {
		.db = w->program.db,
		.catalog = w->catalog,
		.vault = &w->vault,
		.public_url = w->program.config.public_url,
		.data_key = w->program.config.data_key,
	};
	bool const spread = f->row.kind == OUTBOX_ALERT && !f->row.chat_id;
	int rc;

	f->begun_ms = clock_monotonic_ms();
	rc = spread ? alert_spread(f)
		    : notice_message(&source, &f->arena, &f->row, &f->message);
	if (rc)
		flight_undrawn(f, rc);
	else if (spread)
		flight_land(f, LANDING_SENT, 0, "");
	else
		flight_send(f);
}

/* ---- whose turn it is ---- */

static size_t chat_flights(const struct sender *s, int64_t chat_id, bool sending)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->flights[i]->row.chat_id == chat_id &&
		     (!sending || s->flights[i]->state == FLIGHT_SENDING);
	return n;
}

/* Codes don't wait for their chat's pace: Telegram tolerates bursts. */
static bool may_begin(struct sender *s, const struct flight *f, int64_t now_ms)
{
	if (f->state != FLIGHT_WAITING || chat_flights(s, f->row.chat_id, true))
		return false;
	return f->row.kind == OUTBOX_DELIVERED || !pace_wait(&s->pace, f->row.chat_id, now_ms);
}

/* Those with codes first.  Landing takes a flight out of the list, so it is begun anew. */
static void flights_begin(struct worker *w)
{
	struct sender *s = w->sender;
	int64_t const now = clock_monotonic_ms();

	for (int codes = 1; codes >= 0; codes--)
		for (size_t i = 0; i < s->count;) {
			struct flight *f = s->flights[i];

			if ((f->row.kind == OUTBOX_DELIVERED) != (codes == 1) ||
			    !may_begin(s, f, now)) {
				i++;
				continue;
			}
			if (!worker_telegram_ready(w))
				return;
			flight_begin(f);
			if (i < s->count && s->flights[i] == f)
				i++;
		}
}

/* Rows that could not begin in time go back before their lease ends by itself. */
static void flights_give_back(struct worker *w, int64_t older_ms)
{
	struct sender *s = w->sender;
	int64_t const now = clock_monotonic_ms();

	for (size_t i = 0; i < s->count;) {
		struct flight *f = s->flights[i];

		if (f->state == FLIGHT_WAITING && now - f->claimed_ms >= older_ms)
			flight_land(f, LANDING_LATER, 0, "");
		if (i < s->count && s->flights[i] == f)
			i++;
	}
}

/* ---- claiming ---- */

/* There is one: no more are claimed than fit. */
static struct flight *place_find(struct sender *s)
{
	for (size_t i = 0; i < FLIGHTS_MAX; i++)
		if (!s->places[i].taken)
			return &s->places[i];
	die("more rows were claimed than asked for");
}

static void flight_add(struct worker *w, const struct outbox_row *row)
{
	struct sender *s = w->sender;
	struct flight *f = place_find(s);
	int64_t const now = clock_monotonic_ms();
	bool const crowd = row->chat_id && chat_flights(s, row->chat_id, false) >= FLIGHTS_CHAT;

	*f = (struct flight){ .taken = true, .w = w, .row = *row, .claimed_ms = now };
	f->row.data = arena_strdup(&f->arena, row->data);
	s->flights[s->count++] = f;
	if (crowd)
		flight_land(f, LANDING_LATER, pace_book(&s->pace, row->chat_id, now), "");
}

/* Of the places, so that codes always find one. */
static bool is_crowded(const struct sender *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += !s->flights[i]->row.id;
	return n >= FLIGHTS_OPENED || s->count == FLIGHTS_MAX;
}

void sender_opened(struct worker *w, int64_t order_id, int64_t chat_id)
{
	if (w->stopping || is_crowded(w->sender))
		return;
	flight_add(w, &(struct outbox_row){ .kind = OUTBOX_OPENED,
					    .chat_id = chat_id,
					    .order_id = order_id,
					    .data = "{}",
					    .attempts = 1,
					    .created_at = clock_now() });
	worker_soon(w, JOB_OUTBOX, 0);
}

static bool is_waiting(const struct sender *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->flights[i]->state == FLIGHT_WAITING)
			return true;
	return false;
}

/* How many rows to claim.  While Telegram is down: one, as the second's probe. */
static int claim_limit(const struct worker *w)
{
	size_t const room = FLIGHTS_MAX - w->sender->count;

	if (w->stopping || clock_monotonic_ms() < w->telegram_pause_ms)
		return 0;
	if (gate_is_down(w->program.shm, GATE_TELEGRAM))
		return !is_waiting(w->sender) && room;
	return room < CLAIM_MAX ? (int)room : CLAIM_MAX;
}

static int claim(struct worker *w, struct arena *a, bool *ret_more)
{
	int const limit = claim_limit(w);
	struct outbox_row *rows;
	int64_t pause_ms;
	size_t count;
	int rc;

	*ret_more = false;
	if (!limit)
		return OK;
	/* Another worker may have been told to pause. */
	if ((rc = pause_left(w->program.db, "telegram", &pause_ms)))
		return rc;
	if (pause_ms) {
		w->telegram_pause_ms = clock_monotonic_ms() + pause_ms;
		return OK;
	}
	rc = outbox_claim(w->program.db, a, w->id, limit, LEASE_S, &rows, &count);
	if (rc)
		return rc;
	if (count)
		CRASH_POINT("outbox.claimed");
	for (size_t i = 0; i < count; i++)
		flight_add(w, &rows[i]);
	*ret_more = count == (size_t)limit && count > 1;
	return OK;
}

/* When the job has to come again before its ordinary second is over. */
static void next_round(struct worker *w, bool more)
{
	struct sender *s = w->sender;
	int64_t const now = clock_monotonic_ms();

	if (more)
		worker_soon(w, JOB_OUTBOX, 0);
	if (w->telegram_pause_ms > now)
		worker_soon(w, JOB_OUTBOX, w->telegram_pause_ms - now);
	for (size_t i = 0; i < s->count; i++) {
		struct flight *f = s->flights[i];
		int64_t const wait = pace_wait(&s->pace, f->row.chat_id, now);

		if (f->state == FLIGHT_WAITING && wait)
			worker_soon(w, JOB_OUTBOX, wait);
	}
}

int outbox_run(struct worker *w, struct arena *a, const char *lease_data)
{
	bool more;
	int rc;

	UNUSED(lease_data);
	if ((rc = flights_settle(w)))
		return rc;
	flights_give_back(w, LEASE_USED_MS);
	flights_begin(w);
	rc = claim(w, a, &more);
	if (rc)
		return rc;
	flights_begin(w);
	next_round(w, more);
	return OK;
}

void sender_stop(struct worker *w)
{
	flights_give_back(w, 0);
}
