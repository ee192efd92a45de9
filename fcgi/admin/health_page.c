/*
 * Health: what runs where, what waits to be sent, what was heard from outside.  It is read
 * when something is down, so it asks nobody outside by itself, and a part that can't be read
 * is a line of its own.
 */
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/base/version.h"
#include "shared/domain/migration.h"
#include "shared/domain/outbox.h"
#include "shared/domain/process.h"
#include "shared/domain/setting.h"
#include "shared/platform/json.h"
#include "shared/service/webhook.h"

enum {
	DEAD_SHOWN = 50,
	HEARD_DEPTH = 4,
	OUTBOX_OLD_S = 60,     /* due for so long: nothing is sent */
	BACKUP_OLD_DAYS = 2,   /* then it is said with a mark */
	LATENCY_SLOW_MS = 100, /* of one question to the database */
};

/* ---- words ---- */

static const char *span_text(struct visit *v, int64_t seconds)
{
	if (seconds < 120)
		return VISIT_TEXT(v, "admin.health.seconds", N("n", seconds));
	if (seconds < 7200)
		return VISIT_TEXT(v, "admin.health.minutes", N("n", seconds / 60));
	if (seconds < 172800)
		return VISIT_TEXT(v, "admin.health.hours", N("n", seconds / 3600));
	return VISIT_TEXT(v, "admin.health.days", N("n", seconds / 86400));
}

/* One line: what, how it is, and whether somebody should look. */
static void fact_add(struct visit *v, struct value *facts, const char *label, const char *text,
		     bool care)
{
	struct value *fact = value_object(v->a);

	value_set_text(fact, "label", visit_text(v, label));
	value_set_text(fact, "text", text);
	value_set_bool(fact, "care", care);
	value_push(facts, fact);
}

/* ---- processes ---- */

static const struct {
	enum beat beat;
	const char *name;
} beats[] = {
	{ BEAT_TELEGRAM, "telegram" }, { BEAT_PAY, "pay" },	  { BEAT_PORTMONE, "portmone" },
	{ BEAT_ADMIN, "admin" },       { BEAT_WORKER, "worker" },
};
_Static_assert(COUNT(beats) == BEAT__COUNT, "a name for every kind of process");

static void host_add(struct visit *v)
{
	struct value *rows = value_list(v->a);

	for (size_t i = 0; i < COUNT(beats); i++) {
		struct value *row = value_object(v->a);
		int const alive = beat_alive(v->program->shm, beats[i].beat,
					     clock_monotonic_ms());

		value_set_text(row, "name", beats[i].name);
		value_set_int(row, "alive", alive);
		value_set_bool(row, "none", !alive);
		value_push(rows, row);
	}
	value_set(v->data, "host", rows);
}

static int processes_add(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct process *list;
	bool worker = false;
	size_t count;
	int const rc = process_list(v->db, v->a, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		worker |= list[i].fresh && !strcmp(list[i].program, "worker");
		value_set_text(row, "program", list[i].program);
		value_set_text(row, "host", list[i].host);
		value_set_int(row, "pid", list[i].pid);
		value_set_text(row, "version", list[i].version);
		value_set_text(row, "since",
			       list[i].started_at ? visit_time(v, list[i].started_at) : "–");
		value_set_bool(row, "fresh", list[i].fresh);
		value_set_text(row, "silent", span_text(v, list[i].silent_s));
		value_push(rows, row);
	}
	value_set(v->data, "processes", rows);
	value_set_bool(v->data, "has_processes", !rc && count);
	value_set_bool(v->data, "no_worker", !rc && !worker);
	return rc;
}

/* ---- what is outside ---- */

static void heard_add(struct visit *v, struct value *facts, const char *name, const char *label,
		      bool bad)
{
	int64_t at;
	const char *words;

	if (setting_noted(v->db, v->a, name, &at, &words)) {
		fact_add(v, facts, label, visit_text(v, "admin.health.never"), false);
		return;
	}
	fact_add(v, facts, label,
		 bad ? arena_printf(v->a, "%s: %s", visit_time(v, at), words)
		     : visit_time(v, at),
		 bad && clock_now() - at < 600 * CLOCK_SECOND);
}

static void mark_add(struct visit *v, struct value *facts, enum gate gate)
{
	bool const down = gate_is_down(v->program->shm, gate);

	fact_add(v, facts, "admin.health.mark",
		 visit_text(v, down ? "admin.health.down" : "admin.health.up"), down);
}

static void portmone_add(struct visit *v)
{
	struct value *facts = value_list(v->a);

	mark_add(v, facts, GATE_PORTMONE);
	heard_add(v, facts, SETTING_PORTMONE_GOOD, "admin.health.good", false);
	heard_add(v, facts, SETTING_PORTMONE_BAD, "admin.health.bad", true);
	value_set(v->data, "portmone", facts);
}

/* As webhook.c stored it. */
static void webhook_add(struct visit *v, struct value *facts)
{
	AUTO_JSON doc = { 0 };
	const char *words;
	const char *text;
	int64_t at;
	bool ours;

	if (setting_noted(v->db, v->a, SETTING_WEBHOOK, &at, &words) ||
	    json_parse((struct bytes){ words, strlen(words) }, HEARD_DEPTH, &doc)) {
		fact_add(v, facts, "admin.health.asked", visit_text(v, "admin.health.never"),
			 false);
		return;
	}
	fact_add(v, facts, "admin.health.asked", visit_time(v, at), false);
	text = arena_strdup(v->a, json_text(json_get(doc.root, "failed"), ""));
	if (*text) {
		fact_add(v, facts, "admin.health.bad", text, true);
		return;
	}
	text = arena_strdup(v->a, json_text(json_get(doc.root, "url"), ""));
	ours = !strcmp(text, webhook_url(v->a, &v->program->config));
	fact_add(v, facts, "admin.health.webhook_url",
		 *text ? text : visit_text(v, "admin.health.webhook_none"),
		 !ours && !v->program->config.polling);
	fact_add(v, facts, "admin.health.webhook_pending",
		 visit_number(v, json_int(json_get(doc.root, "pending"), 0)),
		 json_int(json_get(doc.root, "pending"), 0) > 100);
	text = arena_strdup(v->a, json_text(json_get(doc.root, "error"), ""));
	if (*text)
		fact_add(
			v, facts, "admin.health.webhook_error",
			arena_printf(v->a, "%s: %s",
				     visit_time(v, json_int(json_get(doc.root, "error_at"), 0) *
							   CLOCK_SECOND),
				     text),
			true);
}

static void telegram_add(struct visit *v)
{
	struct value *facts = value_list(v->a);

	mark_add(v, facts, GATE_TELEGRAM);
	fact_add(v, facts, "admin.health.mode",
		 visit_text(v, v->program->config.polling ? "admin.health.mode_polling"
							  : "admin.health.mode_webhook"),
		 false);
	webhook_add(v, facts);
	value_set(v->data, "telegram", facts);
	value_set_bool(v->data, "may_set", visit_may(v, ROLE_OWNER));
}

/* ---- the outbox ---- */

static int letters_add(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct outbox_letter *list;
	size_t count;
	int const rc = outbox_dead_list(v->db, v->a, DEAD_SHOWN, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_int(row, "id", list[i].id);
		value_set_text(row, "kind",
			       visit_text(v, arena_printf(v->a, "admin.message.kind.%s",
							  list[i].kind)));
		value_set_int(row, "chat", list[i].chat_id);
		value_set_bool(row, "is_buyer", list[i].chat_id > 0);
		value_set_int(row, "order", list[i].order_id);
		value_set_text(row, "at", visit_time(v, list[i].created_at));
		value_set_text(row, "error", list[i].error);
		value_set_bool(row, "may_act", visit_may(v, ROLE_MANAGER));
		value_push(rows, row);
	}
	value_set(v->data, "letters", rows);
	value_set_bool(v->data, "has_letters", !rc && count);
	return rc;
}

static int outbox_facts(struct visit *v)
{
	struct value *facts = value_list(v->a);
	struct outbox_counts counts;
	int const rc = outbox_count(v->db, &counts);

	if (rc)
		return rc;
	fact_add(v, facts, "admin.health.waiting", visit_number(v, counts.pending), false);
	fact_add(v, facts, "admin.health.oldest",
		 counts.oldest_seconds ? span_text(v, counts.oldest_seconds) : "–",
		 counts.oldest_seconds > OUTBOX_OLD_S);
	fact_add(v, facts, "admin.health.undeliverable", visit_number(v, counts.undeliverable),
		 false);
	fact_add(v, facts, "admin.health.dead", visit_number(v, counts.dead), counts.dead > 0);
	value_set(v->data, "outbox", facts);
	return letters_add(v);
}

/* ---- the database, the backup ---- */

static int migrations_add(struct visit *v, struct value *facts)
{
	struct str problem = STR(v->a, 4096);
	struct migration_list list;
	int const rc = migration_status(v->db, v->a, config_share_path(v->a, "sql/migrations"),
					&list, &problem);

	if (rc == ERR_INVALID || rc == ERR_CONFLICT) {
		fact_add(v, facts, "admin.health.migrations", str_text(&problem), true);
		return OK;
	}
	if (rc)
		return rc;
	fact_add(v, facts, "admin.health.migrations",
		 list.pending ? VISIT_TEXT(v, "admin.health.migrations_missing",
					   N("n", (int64_t)list.pending))
			      : VISIT_TEXT(v, "admin.health.migrations_all",
					   N("n", (int64_t)list.count)),
		 list.pending > 0);
	return OK;
}

static int database_add(struct visit *v)
{
	struct value *facts = value_list(v->a);
	int64_t const begun_ms = clock_monotonic_ms();
	struct database_facts db;
	int64_t backup_at;
	int64_t took_ms;
	int rc = database_facts(v->db, v->a, &db);

	if (rc)
		return rc;
	took_ms = clock_monotonic_ms() - begun_ms;
	fact_add(v, facts, "admin.health.database_version", db.version, false);
	fact_add(v, facts, "admin.health.engine",
		 arena_printf(v->a, "%s, %s", db.engine, db.comment), false);
	fact_add(v, facts, "admin.health.latency",
		 VISIT_TEXT(v, "admin.health.milliseconds", N("n", took_ms)),
		 took_ms > LATENCY_SLOW_MS);
	if ((rc = migrations_add(v, facts)) || (rc = setting_backup_at(v->db, &backup_at)))
		return rc;
	fact_add(v, facts, "admin.health.backup",
		 backup_at ? arena_printf(v->a, "%s (%s)", visit_time(v, backup_at),
					  span_text(v, (db.now - backup_at) / CLOCK_SECOND))
			   : visit_text(v, "admin.health.backup_never"),
		 !backup_at || db.now - backup_at > BACKUP_OLD_DAYS * 86400 * CLOCK_SECOND);
	value_set(v->data, "database", facts);
	return OK;
}

int page_health(struct visit *v)
{
	bool paused;
	int rc;

	host_add(v);
	if ((rc = processes_add(v)) || (rc = outbox_facts(v)) || (rc = database_add(v)) ||
	    (rc = setting_sales_paused(v->db, v->program->config.sales_paused, &paused)))
		return rc;
	portmone_add(v);
	telegram_add(v);
	value_set_bool(v->data, "paused_now", paused);
	value_set_text(v->data, "version", version_text());
	value_set_bool(v->data, "may_act", visit_may(v, ROLE_MANAGER));
	return visit_show(v, "health/show", visit_text(v, "admin.menu.health"));
}

/* ---- messages that were given up ---- */

static int letter_post(struct visit *v, int (*deed)(struct db *db, int64_t id),
		       const char *action, const char *done)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc)
		return rc;
	rc = deed(v->db, id);
	/* Somebody was faster: that was the wish. */
	if (rc == ERR_CONFLICT)
		return visit_redirect(v, "/admin/health");
	if (rc ||
	    (rc = visit_audit(v, action, arena_printf(v->a, "message %lld", (long long)id),
			      NULL)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, done))))
		return rc;
	return visit_redirect(v, "/admin/health");
}

int message_retry_post(struct visit *v)
{
	return letter_post(v, outbox_retry, "message_retry", "admin.health.retried");
}

int message_bury_post(struct visit *v)
{
	return letter_post(v, outbox_bury, "message_bury", "admin.health.buried");
}
