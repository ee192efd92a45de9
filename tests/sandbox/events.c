#include "tests/sandbox/events.h"

#include "tests/sandbox/store.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum {
	SECRETS_MAX = 16,
	SECRET_MIN = 3,	     /* shorter ones would hide half of every event */
	EVENTS_KEPT = 20000, /* a day of tests */
	EVENTS_TRIM_EACH = 500,
	BODY_MAX = 64 * 1024, /* of a request or an answer, in an event */
};

static char *secrets[SECRETS_MAX]; /* as they stand in JSON text */
static size_t secret_count;

void event_hide(const char *secret)
{
	AUTO_JSON *o = NULL;
	const char *text;

	if (!secret || strlen(secret) < SECRET_MIN || secret_count == SECRETS_MAX)
		return;
	o = json_object_new_string(secret);
	text = json_text(o);
	for (size_t i = 0; i < secret_count; i++) {
		if (strlen(secrets[i]) == strlen(text) - 2 && strstr(text, secrets[i]))
			return;
	}
	secrets[secret_count] = text_copy(text + 1);
	secrets[secret_count][strlen(text) - 2] = '\0';
	secret_count++;
}

static char *masked(const char *json)
{
	struct text out = { 0 };

	while (*json) {
		size_t found = secret_count;

		for (size_t i = 0; i < secret_count; i++) {
			if (text_begins(json, secrets[i]))
				found = i;
		}
		if (found < secret_count) {
			text_add(&out, "…");
			json += strlen(secrets[found]);
		} else {
			text_addc(&out, *json++);
		}
	}
	return text_take(&out);
}

static void put_body(struct json_object *event, const char *key, struct json_object *body)
{
	const char *text = body ? json_text(body) : "";
	char note[64];

	if (strlen(text) <= BODY_MAX) {
		json_put(event, key, json_object_get(body));
		return;
	}
	snprintf(note, sizeof(note), "(%zu bytes)", strlen(text));
	json_put_string(event, key, note);
}

void event_add(const struct event *e)
{
	AUTO_JSON *event = json_object_new_object();
	AUTO_FREE char *text = NULL;
	double const now = clock_now();

	json_put_number(event, "at", e->started_at ? e->started_at : now);
	json_put_number(event, "took_ms", e->started_at ? (now - e->started_at) * 1000 : 0);
	json_put_string(event, "from", e->from);
	json_put_string(event, "to", e->to);
	json_put_string(event, "what", e->what);
	json_put_int(event, "status", e->status);
	put_body(event, "request", e->request);
	put_body(event, "response", e->response);
	if (e->user_id)
		json_put_int(event, "user_id", e->user_id);
	if (e->violation)
		json_put_string(event, "violation", e->violation);
	text = masked(json_text(event));
	store_run("INSERT INTO events (body, violation) VALUES (?, ?)", "ss", text,
		  e->violation);
	if (store_last_id() % EVENTS_TRIM_EACH == 0)
		store_run("DELETE FROM events WHERE seq <= ? AND violation IS NULL", "i",
			  store_last_id() - EVENTS_KEPT);
	world_changed();
}

static struct json_object *event_of(struct json_object *row)
{
	const char *body = json_string(row, "body");
	struct json_object *event = json_parse_object(body, strlen(body));
	struct json_object *numbered = json_object_new_object();

	json_put_int(numbered, "seq", json_int(row, "seq", 0));
	json_object_object_foreach (event, key, value) {
		json_put(numbered, key, json_object_get(value));
	}
	json_object_put(event);
	return numbered;
}

struct json_object *event_list(int64_t after, int64_t limit)
{
	struct json_object *list = json_object_new_array();
	AUTO_JSON *rows = NULL;

	if (after < 0)
		after = store_number(
			"SELECT seq FROM events ORDER BY seq DESC LIMIT 1 OFFSET ?", "i",
			limit);
	rows = store_rows("SELECT seq, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
			  "ii", after, limit);
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(list, event_of(json_object_array_get_idx(rows, i)));
	return list;
}

int64_t event_last(void)
{
	return store_number("SELECT MAX(seq) FROM events", "");
}

struct json_object *event_violations(void)
{
	struct json_object *list = json_object_new_array();
	AUTO_JSON *rows = store_rows("SELECT seq, body FROM events WHERE violation IS NOT NULL"
				     " ORDER BY seq",
				     "");

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		AUTO_JSON *event = event_of(json_object_array_get_idx(rows, i));
		struct json_object *violation = json_object_new_object();

		json_put_int(violation, "seq", json_int(event, "seq", 0));
		json_put_string(violation, "what", json_string(event, "what"));
		json_put_string(violation, "why", json_string(event, "violation"));
		json_object_array_add(list, violation);
	}
	return list;
}
