#include "tests/sandbox/telegram_bot.h"

#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/text.h"

/* core.telegram.org/bots/api: setMyCommands, setMyName, setMyDescription,
 * setMyShortDescription, BotCommand */
enum {
	COMMANDS_MAX = 100,
	COMMAND_MAX = 32,
	COMMAND_DESCRIPTION_MAX = 256,
	NAME_MAX_LEN = 64,
	DESCRIPTION_MAX = 512,
	SHORT_DESCRIPTION_MAX = 120,
};

void bot_get_me(struct call *c)
{
	struct json_object *bot = person_bot();

	json_put_flag(bot, "can_join_groups", true);
	json_put_flag(bot, "can_read_all_group_messages", false);
	json_put_flag(bot, "supports_inline_queries", false);
	json_put_flag(bot, "can_connect_to_business", false);
	json_put_flag(bot, "has_main_web_app", false);
	call_done(c, bot);
}

/* "" or a two-letter code; NULL: the call is refused. */
static const char *language_of(struct call *c)
{
	const char *language = json_string(c->params, "language_code");

	if (!language || !*language)
		return "";
	if (strlen(language) == 2 && language[0] >= 'a' && language[0] <= 'z' &&
	    language[1] >= 'a' && language[1] <= 'z')
		return language;
	call_refuse(c, 400, "Bad Request: invalid language code specified");
	return NULL;
}

static const char *scope_of(struct call *c)
{
	struct json_object *scope = json_member(c->params, "scope");

	return !scope || text_is(json_string(scope, "type"), "default") ? "" : json_text(scope);
}

static void keep(const char *what, const char *scope, const char *language, const char *value)
{
	store_run("INSERT OR REPLACE INTO bot_texts (what, scope, language, value) VALUES (?, "
		  "?, ?, ?)",
		  "ssss", what, scope, language, value);
}

static bool command_valid(struct call *c, struct json_object *command)
{
	const char *name = json_string(command, "command");
	const char *description = json_string(command, "description");
	size_t const len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	if (!len || name[len] || len > COMMAND_MAX)
		call_refuse(c, 400, "Bad Request: BOT_COMMAND_INVALID");
	else if (!*description || utf8_count(description) > COMMAND_DESCRIPTION_MAX)
		call_refuse(c, 400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
	else
		return true;
	return false;
}

void bot_set_commands(struct call *c)
{
	struct json_object *commands = json_member(c->params, "commands");
	const char *language = language_of(c);

	if (!language)
		return;
	if (json_object_array_length(commands) > COMMANDS_MAX) {
		call_refuse(c, 400, "Bad Request: BOT_COMMANDS_TOO_MUCH");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(commands); i++) {
		if (!command_valid(c, json_object_array_get_idx(commands, i)))
			return;
	}
	keep("commands", scope_of(c), language, json_text(commands));
	call_done(c, json_object_new_boolean(true));
}

static struct json_object *commands_at(const char *scope, const char *language)
{
	AUTO_JSON *row = store_row(
		"SELECT value FROM bot_texts WHERE what = 'commands' AND scope = ?"
		" AND language = ?",
		"ss", scope, language);
	const char *value = json_string(row, "value");

	return value ? json_parse(value, strlen(value)) : NULL;
}

void bot_get_commands(struct call *c)
{
	const char *language = language_of(c);
	struct json_object *commands;

	if (!language)
		return;
	commands = commands_at(scope_of(c), language);
	call_done(c, commands ? commands : json_object_new_array());
}

static void text_set(struct call *c, const char *key, size_t max)
{
	const char *text = json_string(c->params, key);
	const char *language = language_of(c);

	if (!language)
		return;
	if (text && utf8_count(text) > max) {
		call_refuse(c, 400, "Bad Request: %s is too long", key);
		return;
	}
	keep(key, "", language, text ? text : "");
	call_done(c, json_object_new_boolean(true));
}

void bot_set_name(struct call *c)
{
	text_set(c, "name", NAME_MAX_LEN);
}

void bot_set_description(struct call *c)
{
	text_set(c, "description", DESCRIPTION_MAX);
}

void bot_set_short_description(struct call *c)
{
	text_set(c, "short_description", SHORT_DESCRIPTION_MAX);
}

void bot_set_menu_button(struct call *c)
{
	struct json_object *button = json_member(c->params, "menu_button");

	if (json_member(c->params, "chat_id") && !call_chat(c))
		return;
	keep("menu_button", "", "", button ? json_text(button) : "{\"type\":\"default\"}");
	call_done(c, json_object_new_boolean(true));
}

static char *text_seen(const char *what, const char *language)
{
	AUTO_JSON *row = store_row(
		"SELECT value FROM bot_texts WHERE what = ? AND scope = ''"
		" AND language IN (?, '') AND value <> '' ORDER BY language DESC",
		"ss", what, language);

	return row ? text_copy(json_string(row, "value")) : NULL;
}

/* The first list there is, from the most special: a private chat's, then everybody's. */
static struct json_object *commands_seen(const char *language)
{
	static const char *const scopes[] = { "{\"type\":\"all_private_chats\"}", "" };

	for (size_t i = 0; i < COUNT(scopes); i++) {
		struct json_object *commands = commands_at(scopes[i], language);

		if (!commands)
			commands = commands_at(scopes[i], "");
		if (commands)
			return commands;
	}
	return json_object_new_array();
}

struct json_object *bot_seen(const char *language)
{
	struct json_object *seen = json_object_new_object();
	AUTO_JSON *bot = person_bot();
	AUTO_FREE char *name = text_seen("name", language);
	AUTO_FREE char *description = text_seen("description", language);
	AUTO_FREE char *short_description = text_seen("short_description", language);

	json_put_string(seen, "username", json_string(bot, "username"));
	json_put_string(seen, "name", name ? name : json_string(bot, "first_name"));
	json_put_string(seen, "description", description ? description : "");
	json_put_string(seen, "short_description", short_description ? short_description : "");
	json_put(seen, "commands", commands_seen(language));
	return seen;
}
