#include "tests/sandbox/telegram_webhook.h"

#include "tests/sandbox/events.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { SECRET_MAX = 256, SET_SECONDS = 1 /* setWebhook is taken so often */ };

static double changed_at;
static int64_t version;

/* Not sent unless they are asked for by name. */
static const char *const rare[] = { "chat_member", "message_reaction",
				    "message_reaction_count" };

struct json_object *webhook_now(void)
{
	AUTO_FREE char *kept = store_note("webhook");

	return kept ? json_parse_object(kept, strlen(kept)) : NULL;
}

int64_t webhook_version(void)
{
	return version;
}

static bool loopback(const char *url)
{
	const char *host = url + strlen("http://");

	return text_begins(host, "127.") || text_begins(host, "localhost:") ||
	       text_begins(host, "localhost/");
}

static bool url_valid(struct call *c, const char *url)
{
	if (text_begins(url, "https://") && url[8])
		return true;
	/* Here, and only here, plain http on this machine is good enough. */
	if (text_begins(url, "http://") && loopback(url))
		return true;
	call_refuse(c, 400,
		    "Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
	return false;
}

static bool secret_valid(struct call *c, const char *secret)
{
	size_t const fit = strspn(
		secret, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (strlen(secret) > SECRET_MAX)
		call_refuse(c, 400, "Bad Request: secret token is too long");
	else if (secret[fit])
		call_refuse(c, 400, "Bad Request: secret token contains unallowed characters");
	else
		return true;
	return false;
}

void webhook_want(struct json_object *allowed)
{
	if (allowed)
		store_note_set("allowed_updates", json_text(allowed));
}

bool webhook_wants(const char *kind)
{
	AUTO_FREE char *kept = store_note("allowed_updates");
	AUTO_JSON *allowed = kept ? json_parse(kept, strlen(kept)) : NULL;

	for (size_t i = 0; allowed && i < json_object_array_length(allowed); i++) {
		if (text_is(json_object_get_string(json_object_array_get_idx(allowed, i)),
			    kind))
			return true;
	}
	if (allowed && json_object_array_length(allowed))
		return false;
	for (size_t i = 0; i < COUNT(rare); i++) {
		if (text_is(rare[i], kind))
			return false;
	}
	return true;
}

void webhook_begin(void)
{
	AUTO_JSON *webhook = webhook_now();

	event_hide(json_string(webhook, "secret_token"));
}

static void webhook_change(struct json_object *webhook)
{
	store_note_set("webhook", webhook ? json_text(webhook) : NULL);
	store_note_set("last_error", NULL);
	event_hide(json_string(webhook, "secret_token"));
	version++;
	changed_at = clock_now();
	world_changed();
}

/* Here the server adds words to a success too. */
static void finish(struct call *c, const char *words)
{
	snprintf(c->words, sizeof(c->words), "%s", words);
	call_done(c, json_object_new_boolean(true));
}

static void pending_drop(struct call *c)
{
	if (json_flag(c->params, "drop_pending_updates"))
		queue_drop_all();
}

void webhook_set(struct call *c)
{
	const char *url = json_string(c->params, "url");
	const char *secret = json_string(c->params, "secret_token");
	int64_t const connections = json_int(c->params, "max_connections",
					     WEBHOOK_CONNECTIONS_DEFAULT);
	AUTO_JSON *before = webhook_now();
	AUTO_JSON *webhook = json_object_new_object();

	if (!*url) {
		webhook_delete(c);
		return;
	}
	if (!url_valid(c, url) || (secret && !secret_valid(c, secret)))
		return;
	if (connections < 1 || connections > WEBHOOK_CONNECTIONS_MAX) {
		call_refuse(c, 400, "Bad Request: max_connections must be 1-100");
		return;
	}
	json_put_string(webhook, "url", url);
	json_put_given(webhook, "secret_token", secret);
	json_put_int(webhook, "max_connections", connections);
	pending_drop(c);
	if (before && json_same(before, webhook)) {
		webhook_want(json_member(c->params, "allowed_updates"));
		finish(c, "Webhook is already set");
		return;
	}
	if (clock_now() - changed_at < SET_SECONDS) {
		c->retry_after = SET_SECONDS;
		call_cannot(c, 429, "Too Many Requests: retry after %d", SET_SECONDS);
		return;
	}
	webhook_want(json_member(c->params, "allowed_updates"));
	webhook_change(webhook);
	finish(c, "Webhook was set");
}

void webhook_delete(struct call *c)
{
	AUTO_JSON *before = webhook_now();

	pending_drop(c);
	if (before)
		webhook_change(NULL);
	finish(c, before ? "Webhook was deleted" : "Webhook is already deleted");
}

void webhook_failed(const char *words)
{
	AUTO_JSON *error = json_object_new_object();

	json_put_int(error, "date", (int64_t)clock_now());
	json_put_string(error, "message", words);
	store_note_set("last_error", json_text(error));
}

static struct json_object *last_error(void)
{
	AUTO_FREE char *kept = store_note("last_error");

	return kept ? json_parse_object(kept, strlen(kept)) : NULL;
}

char *webhook_last_error(void)
{
	AUTO_JSON *error = last_error();

	return error ? text_copy(json_string(error, "message")) : NULL;
}

void webhook_info(struct call *c)
{
	struct json_object *info = json_object_new_object();
	AUTO_JSON *webhook = webhook_now();
	AUTO_JSON *error = last_error();
	AUTO_FREE char *allowed = store_note("allowed_updates");
	AUTO_JSON *list = allowed ? json_parse(allowed, strlen(allowed)) : NULL;

	json_put_string(info, "url", webhook ? json_string(webhook, "url") : "");
	json_put_flag(info, "has_custom_certificate", false);
	json_put_int(info, "pending_update_count", queue_pending());
	if (error) {
		json_put_int(info, "last_error_date", json_int(error, "date", 0));
		json_put_string(info, "last_error_message", json_string(error, "message"));
	}
	if (webhook) {
		json_put_int(info, "max_connections", json_int(webhook, "max_connections", 0));
		json_put_string(info, "ip_address", "127.0.0.1");
	}
	if (list && json_object_array_length(list))
		json_put(info, "allowed_updates", json_object_get(list));
	call_done(c, info);
}
