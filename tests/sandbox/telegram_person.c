#include "tests/sandbox/telegram_person.h"

#include "tests/sandbox/store.h"
#include "tests/sandbox/world.h"

enum person_state person_state(int64_t id)
{
	AUTO_JSON *row = store_row("SELECT started, blocked FROM users WHERE id = ?", "i", id);

	if (!row)
		return PERSON_UNKNOWN;
	if (json_int(row, "blocked", 0))
		return PERSON_BLOCKED;
	return json_int(row, "started", 0) ? PERSON_HERE : PERSON_STRANGER;
}

static void put_names(struct json_object *o, struct json_object *row)
{
	json_put_string(o, "first_name", json_string(row, "first_name"));
	json_put_given(o, "last_name", json_string(row, "last_name"));
	json_put_given(o, "username", json_string(row, "username"));
}

static struct json_object *person_row(int64_t id)
{
	return store_row(
		"SELECT first_name, last_name, username, language_code FROM users WHERE id = ?",
		"i", id);
}

struct json_object *person_user(int64_t id)
{
	AUTO_JSON *row = person_row(id);
	struct json_object *user;

	if (!row)
		return NULL;
	user = json_object_new_object();
	json_put_int(user, "id", id);
	json_put_flag(user, "is_bot", false);
	put_names(user, row);
	json_put_given(user, "language_code", json_string(row, "language_code"));
	return user;
}

struct json_object *person_chat(int64_t id)
{
	AUTO_JSON *row = person_row(id);
	struct json_object *chat;

	if (!row)
		return NULL;
	chat = json_object_new_object();
	json_put_int(chat, "id", id);
	if (id < 0)
		json_put_string(chat, "title", json_string(row, "first_name"));
	else
		put_names(chat, row);
	json_put_string(chat, "type", id < 0 ? "group" : "private");
	return chat;
}

struct json_object *person_bot(void)
{
	struct json_object *bot = json_object_new_object();

	json_put_int(bot, "id", strtoll(options.token, NULL, 10));
	json_put_flag(bot, "is_bot", true);
	json_put_string(bot, "first_name", "Kartka");
	json_put_string(bot, "username", "kartka_sandbox_bot");
	return bot;
}

void person_meet(struct json_object *user)
{
	int64_t const id = json_int(user, "id", 0);
	const char *name = json_string(user, "first_name");

	if (id <= 0 || json_flag(user, "is_bot"))
		return;
	store_run("INSERT OR IGNORE INTO users (id, first_name, last_name, username, "
		  "language_code)"
		  " VALUES (?, ?, ?, ?, ?)",
		  "issss", id, name ? name : "", json_string(user, "last_name"),
		  json_string(user, "username"), json_string(user, "language_code"));
	person_start(id);
}

void person_meet_chat(struct json_object *chat)
{
	int64_t const id = json_int(chat, "id", 0);
	const char *title = json_string(chat, "title");

	if (id >= 0)
		return;
	store_run("INSERT OR IGNORE INTO users (id, first_name) VALUES (?, ?)", "is", id,
		  title ? title : "");
	person_start(id);
}

void person_start(int64_t id)
{
	store_run("UPDATE users SET started = 1 WHERE id = ? AND started = 0", "i", id);
}

void person_touch(int64_t id)
{
	store_run("UPDATE users SET version = version + 1, silent = 0 WHERE id = ?", "i", id);
	world_changed();
}
