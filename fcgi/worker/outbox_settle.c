/* Telling the database what came of a claimed row. */
#include "fcgi/worker/flight.h"
#include "shared/base/crash.h"
#include "shared/base/log.h"
#include "shared/domain/user.h"
#include "shared/platform/json.h"

enum { ALERT_MAX = 1500 }; /* bytes; the column holds 2000 characters */

typedef int landing_settle(struct flight *f, struct db *db);

static int settle_sent(struct flight *f, struct db *db)
{
	int const rc = outbox_sent(db, f->row.id, f->w->id, f->message_id);

	CRASH_POINT("outbox.marked");
	return rc;
}

static int settle_later(struct flight *f, struct db *db)
{
	return outbox_later(db, f->row.id, f->w->id, f->wait_ms, f->error);
}

static int settle_hold(struct flight *f, struct db *db)
{
	int const rc = settle_later(f, db);

	if (rc && rc != ERR_CONFLICT)
		return rc;
	return outbox_hold_chat(db, f->row.chat_id, f->wait_ms / 1000);
}

static int settle_undeliverable(struct flight *f, struct db *db)
{
	/* A private chat has its person's id; groups are negative. */
	int rc = f->row.chat_id > 0 ? user_set_blocked(db, f->row.chat_id, true) : OK;

	if (!rc)
		rc = outbox_undeliverable(db, f->row.id, f->w->id, f->error);
	return rc;
}

/* To the administrators, once a row; never about an alert of theirs. */
static int alert_add(struct flight *f, struct db *db, const char *what)
{
	struct str data = STR(&f->arena, ALERT_MAX);
	struct json_out j = JSON_OUT(&data);

	if (f->row.kind == OUTBOX_ALERT)
		return OK;
	json_open(&j, '{');
	json_add_text(&j, "what", what);
	json_add_int(&j, "outbox", f->row.id);
	json_add_text(&j, "kind", outbox_kind_name(f->row.kind));
	json_add_text(&j, "error", f->error);
	json_close(&j, '}');
	if (!str_ok(&data))
		return OK;
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(&f->arena, "alert:%s:%lld", what,
							   (long long)f->row.id),
				      .kind = OUTBOX_ALERT,
				      .priority = OUTBOX_ALERTS,
				      .order_id = f->row.order_id,
				      .data = str_text(&data),
			      });
}

static int settle_dead(struct flight *f, struct db *db)
{
	int rc;

	log_event(LOG_ERROR, "message_dead", "outbox=%lld kind=%s order_id=%lld why=%s",
		  (long long)f->row.id, outbox_kind_name(f->row.kind),
		  (long long)f->row.order_id, f->error);
	if ((rc = alert_add(f, db, "dead")))
		return rc;
	return outbox_dead(db, f->row.id, f->w->id, f->error);
}

static int settle_sealed(struct flight *f, struct db *db)
{
	int const rc = alert_add(f, db, f->alert);

	return rc ? rc : settle_later(f, db);
}

static landing_settle *const settles[] = {
	[LANDING_SENT] = settle_sent, [LANDING_LATER] = settle_later,
	[LANDING_HOLD] = settle_hold, [LANDING_UNDELIVERABLE] = settle_undeliverable,
	[LANDING_DEAD] = settle_dead, [LANDING_SEALED] = settle_sealed,
};
_Static_assert(COUNT(settles) == LANDING__COUNT, "an act for every landing");

static void flight_remove(struct flight *f)
{
	struct sender *s = f->w->sender;
	size_t kept = 0;

	/* In order, so that older ones begin first. */
	for (size_t i = 0; i < s->count; i++)
		if (s->flights[i] != f)
			s->flights[kept++] = s->flights[i];
	s->count = kept;
	arena_release(&f->arena);
	f->taken = false;
}

/* OK: the flight is over.  Else it stays as it is. */
static int flight_settle(struct flight *f)
{
	struct worker *w = f->w;
	/* Without a row there is nothing to write down. */
	int rc = f->row.id ? settles[f->landing](f, w->program.db) : OK;

	if (rc == ERR_CONFLICT) {
		/* We were so slow that somebody else has the row, or has sent it. */
		log_event(LOG_INFO, "outbox_lease_lost", "outbox=%lld", (long long)f->row.id);
		rc = OK;
	}
	(void)worker_db_report(w, "outbox_settle", rc);
	if (!rc)
		flight_remove(f);
	return rc;
}

void flight_land(struct flight *f, enum landing landing, int64_t wait_ms, const char *error)
{
	f->state = FLIGHT_LANDED;
	f->landing = landing;
	f->wait_ms = wait_ms;
	f->error = arena_strdup(&f->arena, error);
	if (!f->row.id || worker_db_ready(f->w))
		(void)flight_settle(f);
}

int flights_settle(struct worker *w)
{
	struct sender *s = w->sender;
	int rc = OK;

	for (size_t i = 0; !rc && i < s->count;) {
		/* One that is over has given its turn to the next. */
		if (s->flights[i]->state == FLIGHT_LANDED)
			rc = flight_settle(s->flights[i]);
		else
			i++;
	}
	return rc;
}
