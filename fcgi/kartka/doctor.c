/*
 * kartka doctor: every setting tried against the real thing.  A line a finding, with what
 * to do about it; exit 1 when something keeps the shop from working.
 */
#include "fcgi/kartka/outside.h"

#include "fcgi/kartka/backup.h"
#include "fcgi/kartka/place.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/clients/portmone_result.h"
#include "shared/domain/code_key.h"
#include "shared/domain/lease.h"
#include "shared/domain/setting.h"
#include "shared/domain/staff.h"
#include "shared/service/vault.h"

#include <stdarg.h>

enum { BACKUP_OLD_S = 2 * 86400 }; /* one a day, and a day's grace */

enum finding { FINE, ADVICE, TROUBLE };

struct doctor {
	struct command_env *env;
	const struct config *config;
	int troubles;
};

static void found(struct doctor *d, enum finding finding, const char *what, const char *fmt,
		  ...) PRINTF(4, 5);
static void found(struct doctor *d, enum finding finding, const char *what, const char *fmt,
		  ...)
{
	static const char *const marks[] = { "ok   ", "note ", "MEND " };
	va_list args;

	printf("%s %-22s ", marks[finding], what);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	d->troubles += finding == TROUBLE;
}

/* ---- one examination each ---- */

static void look_at_settings(struct doctor *d)
{
	struct str problem = STR(d->env->arena, 8192);
	struct config whole = { 0 };

	if (config_load(d->env->arena, CONFIG_SERVE, &whole, &problem))
		found(d, TROUBLE, "settings", "%s", str_text(&problem));
	else
		found(d, FINE, "settings", "complete");
}

static void look_at_addresses(struct doctor *d)
{
	if (!strncmp(d->config->public_url, "https://", 8))
		found(d, FINE, "PUBLIC_URL", "%s", d->config->public_url);
	else
		found(d, ADVICE, "PUBLIC_URL",
		      "%s: Telegram and Portmone need https:// and a name they can reach",
		      d->config->public_url);
	if (d->config->portmone_test)
		found(d, ADVICE, "PORTMONE_TEST", "yes: test money buys real codes");
	if (!d->config->admin_chat_count)
		found(d, ADVICE, "ADMIN_CHAT_IDS",
		      "nobody is told of sales, empty shelves and trouble");
}

static void look_at_backup(struct doctor *d, struct db *db)
{
	int64_t at;

	if (setting_backup_at(db, &at))
		return;
	if (!at)
		found(d, ADVICE, "backup", "none was ever made: kartka backup FILE");
	else
		found(d, clock_now() - at > BACKUP_OLD_S * CLOCK_SECOND ? ADVICE : FINE,
		      "backup", "the newest is %s old", backup_age(d->env->arena, at));
}

/* Every key that codes need is there, and is the one that they were encrypted with. */
static void look_at_keys(struct doctor *d, struct db *db)
{
	struct code_vault vault;
	struct code_key *keys;
	size_t count;
	int troubles = d->troubles;

	if (!d->config->code_key_count || code_key_list(db, d->env->arena, &keys, &count))
		return;
	vault_fill(d->config, &vault);
	for (size_t i = 0; i < count; i++) {
		bool there;

		if (!keys[i].codes || code_key_is_there(db, &vault, keys[i].id, &there) ||
		    there)
			continue;
		found(d, TROUBLE, "CODE_KEYS",
		      "key %lld of %lld codes is missing or another one", (long long)keys[i].id,
		      (long long)keys[i].codes);
	}
	if (troubles == d->troubles)
		found(d, FINE, "CODE_KEYS", "all that codes need");
	crypto_wipe(&vault, sizeof(vault));
}

static void look_at_database(struct doctor *d)
{
	struct db_options const options = { .url = d->config->db_url };
	struct staff *staff;
	size_t count;
	struct db *db;
	int workers;

	if (!d->config->db_url || db_new(&options, &db)) {
		found(d, TROUBLE, "DB_URL", "is malformed");
		return;
	}
	if (db_ping(db)) {
		found(d, TROUBLE, "database", "does not answer: %s", db_error(db));
		db_free(db);
		return;
	}
	found(d, FINE, "database", "answers");
	if (worker_alive(db, &workers))
		found(d, TROUBLE, "schema", "is not there: kartka migrate");
	else if (!workers)
		found(d, TROUBLE, "worker", "none is alive: nothing is sent or asked");
	else
		found(d, FINE, "worker", "%d alive", workers);
	if (!staff_list(db, d->env->arena, &staff, &count) && !count)
		found(d, ADVICE, "administrators", "none yet: kartka admin add");
	look_at_keys(d, db);
	look_at_backup(d, db);
	db_free(db);
}

static void look_at_webhook(struct doctor *d, const struct telegram *t)
{
	AUTO_ANSWER answer = { 0 };
	const struct json *info;
	const char *url;
	const char *error;

	telegram_call(t, d->env->arena, "getWebhookInfo", (struct bytes){ NULL, 0 }, &answer);
	if (answer.result != TELEGRAM_OK)
		return;
	info = json_get(answer.body.root, "result");
	url = json_text(json_get(info, "url"), "");
	error = json_text(json_get(info, "last_error_message"), "");
	if (d->config->polling) {
		found(d, *url ? ADVICE : FINE, "webhook", "%s",
		      *url ? "is set, but TELEGRAM_MODE is polling"
			   : "none, as polling needs it");
		return;
	}
	if (strcmp(url, arena_printf(d->env->arena, "%s/telegram/webhook",
				     d->config->public_url)) != 0)
		found(d, TROUBLE, "webhook", "%s: kartka webhook set",
		      *url ? "points elsewhere" : "is not set");
	else if (*error)
		found(d, ADVICE, "webhook", "Telegram's last trouble with it: %s", error);
	else
		found(d, FINE, "webhook", "set");
}

static void look_at_telegram(struct doctor *d)
{
	AUTO_ANSWER answer = { 0 };
	struct telegram t;

	if (!d->config->bot_token || !*d->config->bot_token) {
		found(d, ADVICE, "BOT_TOKEN", "none: make run is the sandbox");
		return;
	}
	if (outside_telegram(d->env, &t))
		return;
	telegram_call(&t, d->env->arena, "getMe", (struct bytes){ NULL, 0 }, &answer);
	if (answer.result != TELEGRAM_OK) {
		found(d, TROUBLE, "Telegram", "%s %s", telegram_result_name(answer.result),
		      answer.description);
		return;
	}
	found(d, FINE, "Telegram", "the bot is @%s",
	      json_text(json_get(json_get(answer.body.root, "result"), "username"), "?"));
	look_at_webhook(d, &t);
}

/* A question about an order that can't exist: the credentials are tried, nothing changes. */
static void look_at_portmone(struct doctor *d)
{
	struct portmone_rows rows;
	struct portmone portmone;
	const char *why = "";
	int64_t const now = clock_now();

	if (!d->config->portmone_login || !*d->config->portmone_login)
		return;
	if (outside_portmone(d->env, &portmone))
		return;
	if (portmone_result(&portmone, d->env->arena, "DOCTOR-0", now, now, &rows, &why))
		found(d, TROUBLE, "Portmone", "gives no usable answer%s%s", *why ? ": " : "",
		      why);
	else
		found(d, FINE, "Portmone", "knows PORTMONE_LOGIN and PORTMONE_PASSWORD");
}

static void look_at_programs(struct doctor *d)
{
	static const struct {
		const char *name;
		const char *command;
	} tools[] = {
		{ "nginx", "run" },
		{ "spawn-fcgi", "run" },
		{ "multiwatch", "run" },
		{ "mariadb-dump", "backup" },
	};

	for (size_t i = 0; i < COUNT(tools); i++)
		if (!place_program(d->env->arena, tools[i].name))
			found(d, ADVICE, tools[i].name, "is not installed: needed by kartka %s",
			      tools[i].command);
}

typedef void examination(struct doctor *d);

static examination *const examinations[] = {
	look_at_settings, look_at_addresses, look_at_database,
	look_at_telegram, look_at_portmone,  look_at_programs,
};

int command_doctor(struct command_env *env, int argc, char **argv)
{
	struct doctor d = { .env = env, .config = env->config };

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	for (size_t i = 0; i < COUNT(examinations); i++)
		examinations[i](&d);
	return d.troubles ? command_fail(env, "%d to mend", d.troubles) : 0;
}
