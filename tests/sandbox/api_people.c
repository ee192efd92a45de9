/* The people: who they are, what they write and tap. */
#include "tests/sandbox/api.h"
#include "tests/sandbox/events.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_callback.h"
#include "tests/sandbox/telegram_markup.h"
#include "tests/sandbox/telegram_message.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { SAY_MAX = 4096, TAPS_MAX = 100 };

struct json_object *api_body(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *body = r->len ? json_parse_object(r->body, r->len)
					  : json_object_new_object();

	if (!body)
		http_answer_error(ret, 400, "the body must be a JSON object");
	return body;
}

/* The person the address names; 0: there is none, and that is answered. */
static int64_t person_named(const struct http_request *r, struct http_answer *ret)
{
	int64_t id;

	if (number_read(r->parts[0], &id) && person_state(id) != PERSON_UNKNOWN)
		return id;
	http_answer_error(ret, 404, "there is no such person");
	return 0;
}

static struct json_object *person_shown(struct json_object *row)
{
	json_put_flag(row, "blocked", json_int(row, "blocked", 0));
	return json_object_get(row);
}

#define USER_COLUMNS "id, first_name, last_name, username, language_code, blocked"

void api_users(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *users = json_object_new_array();
	AUTO_JSON *rows = NULL;

	(void)r;
	world_lock();
	rows = store_rows("SELECT " USER_COLUMNS
			  " FROM users WHERE id > 0 AND silent = 0 ORDER BY id",
			  "");
	world_unlock();
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(users, person_shown(json_object_array_get_idx(rows, i)));
	http_answer_json(ret, 200, users);
}

static void person_change(int64_t id, struct json_object *body)
{
	/* What is not named stays; null empties it. */
	json_object_object_foreach (body, name, value) {
		const char *text = json_object_is_type(value, json_type_string)
					   ? json_object_get_string(value)
					   : NULL;

		if (text_is(name, "first_name"))
			store_run("UPDATE users SET first_name = ? WHERE id = ?", "si",
				  text ? text : "", id);
		else if (text_is(name, "last_name"))
			store_run("UPDATE users SET last_name = ? WHERE id = ?", "si", text,
				  id);
		else if (text_is(name, "username"))
			store_run("UPDATE users SET username = ? WHERE id = ?", "si", text, id);
		else if (text_is(name, "language_code"))
			store_run("UPDATE users SET language_code = ? WHERE id = ?", "si", text,
				  id);
	}
	person_touch(id);
}

void api_user_set(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	AUTO_JSON *row = NULL;
	int64_t id = json_int(body, "id", 0);

	if (!body)
		return;
	world_lock();
	if (person_state(id) == PERSON_UNKNOWN && !json_string(body, "first_name")) {
		world_unlock();
		http_answer_error(ret, 400, "first_name is needed");
		return;
	}
	if (!id)
		id = store_number("SELECT MAX(id) + 1 FROM users", "");
	store_run("INSERT OR IGNORE INTO users (id, first_name) VALUES (?, '')", "i", id);
	person_change(id, body);
	row = store_row("SELECT " USER_COLUMNS " FROM users WHERE id = ?", "i", id);
	world_unlock();
	http_answer_json(ret, 200, person_shown(row));
}

static struct json_object *member_of(const char *status)
{
	struct json_object *member = json_object_new_object();

	json_put(member, "user", person_bot());
	json_put_string(member, "status", status);
	if (text_is(status, "kicked"))
		json_put_int(member, "until_date", 0);
	return member;
}

void api_user_block(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	bool const blocked = json_flag(body, "blocked");
	struct json_object *change;
	int64_t id;

	if (!body)
		return;
	world_lock();
	id = person_named(r, ret);
	if (id && store_run("UPDATE users SET blocked = ? WHERE id = ? AND blocked <> ?", "iii",
			    (int64_t)blocked, id, (int64_t)blocked)) {
		change = json_object_new_object();
		json_put(change, "chat", person_chat(id));
		json_put(change, "from", person_user(id));
		json_put_int(change, "date", (int64_t)clock_now());
		json_put(change, "old_chat_member", member_of(blocked ? "member" : "kicked"));
		json_put(change, "new_chat_member", member_of(blocked ? "kicked" : "member"));
		queue_add("my_chat_member", id, change);
		person_touch(id);
	}
	world_unlock();
	if (id)
		http_answer_json(ret, 200, json_object_get(body));
}

/* With the world locked. */
static void say(int64_t id, struct json_object *body, struct http_answer *ret)
{
	const char *text = json_string(body, "text");
	struct json_object *entities = json_member(body, "entities");
	struct json_object *message;
	struct json_object *answer;

	if (!text || !*text || utf16_len(text) > SAY_MAX) {
		http_answer_error(ret, 400, "text must be 1-4096 characters");
		return;
	}
	if (person_state(id) == PERSON_BLOCKED) {
		http_answer_error(ret, 409, "the person has stopped the bot");
		return;
	}
	person_start(id);
	message = message_say(id, text,
			      json_object_is_type(entities, json_type_array) ? entities : NULL);
	answer = json_object_new_object();
	json_put_int(answer, "message_id", json_int(message, "message_id", 0));
	json_put_int(answer, "update_id", queue_add("message", id, message));
	http_answer_json(ret, 200, answer);
}

void api_user_say(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	int64_t id;

	if (!body)
		return;
	world_lock();
	id = person_named(r, ret);
	if (id)
		say(id, body, ret);
	world_unlock();
}

static void tap(int64_t id, struct json_object *body, struct http_answer *ret)
{
	const char *data = json_string(body, "data");
	AUTO_JSON *message = message_of(id, json_int(body, "message_id", 0));
	int64_t const wanted = fault_number("duplicate_taps");
	int64_t const times = wanted < 1 ? 1 : wanted > TAPS_MAX ? TAPS_MAX : wanted;
	struct json_object *answer;
	int64_t update_id = 0;
	char query_id[24];

	if (!data) {
		http_answer_error(ret, 400, "data is needed");
		return;
	}
	if (!json_flag(body, "force") &&
	    !markup_shows(json_member(message, "reply_markup"), data)) {
		http_answer_error(ret, 409, "the message shows no such button now");
		return;
	}
	person_start(id);
	/* As after a reconnection: the same tap, other ids. */
	for (int64_t i = 0; i < times; i++)
		update_id = callback_tap(id, message, data, query_id);
	answer = json_object_new_object();
	json_put_int(answer, "update_id", update_id);
	json_put_string(answer, "callback_query_id", query_id);
	http_answer_json(ret, 200, answer);
}

void api_user_tap(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	int64_t id;

	if (!body)
		return;
	world_lock();
	id = person_named(r, ret);
	if (id)
		tap(id, body, ret);
	world_unlock();
}

void api_user_clear(const struct http_request *r, struct http_answer *ret)
{
	int64_t id;

	world_lock();
	id = person_named(r, ret);
	if (id) {
		message_hide_all(id);
		http_answer_json(ret, 200, json_object_new_object());
	}
	world_unlock();
}

void api_update(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	struct json_object *update = json_member(body, "update");
	struct json_object *raw = json_member(body, "raw");
	struct json_object *answer;
	int64_t id;

	if (!body)
		return;
	if (!json_object_is_type(update, json_type_object) &&
	    !json_object_is_type(raw, json_type_string)) {
		http_answer_error(ret, 400, "update (an object) or raw (a text) is needed");
		return;
	}
	world_lock();
	if (raw)
		id = queue_add_raw(json_object_get_string(raw),
				   (size_t)json_object_get_string_len(raw));
	else
		id = queue_add_update(json_object_get(update));
	world_unlock();
	answer = json_object_new_object();
	json_put_int(answer, "update_id", id);
	http_answer_json(ret, 200, answer);
}
