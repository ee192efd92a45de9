#include "fcgi/kartka/outside.h"

#include "shared/platform/i18n.h"

enum { JSON_MAX = 64 * 1024, WEBHOOK_CONNECTIONS = 100 };

/* What the bot listens to; everything else Telegram keeps to itself. */
static const char *const allowed_updates[] = { "message", "edited_message", "callback_query",
					       "my_chat_member" };

/* A command of the bot and the phrase that describes it. */
static const struct bot_command {
	const char *name;
	const char *phrase;
} bot_commands[] = {
	{ "start", "command.start" },	  { "menu", "command.menu" },
	{ "help", "command.help" },	  { "terms", "command.terms" },
	{ "privacy", "command.privacy" }, { "paysupport", "command.paysupport" },
};

/* One call; 0, or 1 after words on stderr. */
static int call(const struct command_env *env, const struct telegram *t, const char *method,
		const struct str *json, struct telegram_answer *ret)
{
	struct bytes body = { NULL, 0 };

	if (json)
		body = (struct bytes){ str_text(json), json->len };
	telegram_call(t, env->arena, method, body, ret);
	if (ret->result == TELEGRAM_OK)
		return 0;
	return command_fail(env, "%s: %s%s%s", method, telegram_result_name(ret->result),
			    *ret->description ? ": " : "", ret->description);
}

static int call_done(const struct command_env *env, const struct telegram *t,
		     const char *method, const struct str *json)
{
	AUTO_ANSWER answer = { 0 };

	return call(env, t, method, json, &answer);
}

/* Telegram's own default for other languages is what uk gets. */
static void language_add(struct json_out *j, enum lang lang)
{
	if (lang != LANG_UK)
		json_add_text(j, "language_code", lang_code(lang));
}

static int commands_set(const struct command_env *env, const struct telegram *t, enum lang lang)
{
	struct str s = STR(env->arena, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_key(&j, "commands");
	json_open(&j, '[');
	for (size_t i = 0; i < COUNT(bot_commands); i++) {
		json_open(&j, '{');
		json_add_text(&j, "command", bot_commands[i].name);
		json_add_text(&j, "description", TR0(lang, bot_commands[i].phrase));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	language_add(&j, lang);
	json_close(&j, '}');
	return call_done(env, t, "setMyCommands", &s);
}

static int text_set(const struct command_env *env, const struct telegram *t, const char *method,
		    const char *name, const char *phrase, enum lang lang)
{
	struct str s = STR(env->arena, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, name, TR0(lang, phrase));
	language_add(&j, lang);
	json_close(&j, '}');
	return call_done(env, t, method, &s);
}

static int menu_button_set(const struct command_env *env, const struct telegram *t)
{
	struct str s = STR(env->arena, JSON_MAX);

	str_add(&s, "{\"menu_button\":{\"type\":\"commands\"}}");
	return call_done(env, t, "setChatMenuButton", &s);
}

static int webhook_set(const struct command_env *env, const struct telegram *t)
{
	struct str s = STR(env->arena, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, "url",
		      arena_printf(env->arena, "%s/telegram/webhook", env->config->public_url));
	json_add_text(&j, "secret_token", env->config->webhook_secret);
	json_add_int(&j, "max_connections", WEBHOOK_CONNECTIONS);
	json_key(&j, "allowed_updates");
	json_open(&j, '[');
	for (size_t i = 0; i < COUNT(allowed_updates); i++)
		json_put_text(&j, allowed_updates[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	return call_done(env, t, "setWebhook", &s);
}

static int phrases_load(const struct command_env *env)
{
	struct str problem = STR(env->arena, 1024);

	if (!i18n_load(config_share_path(env->arena, "templates/i18n"), &problem))
		return 0;
	return command_fail(env, "%s", str_text(&problem));
}

int command_webhook_set(struct command_env *env, int argc, char **argv)
{
	struct telegram t;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (phrases_load(env) || outside_telegram(env, &t))
		return 1;
	for (int i = 0; i < LANG__COUNT; i++) {
		enum lang const lang = (enum lang)i;

		if (commands_set(env, &t, lang) ||
		    text_set(env, &t, "setMyDescription", "description", "command.description",
			     lang) ||
		    text_set(env, &t, "setMyShortDescription", "short_description",
			     "command.short_description", lang))
			return 1;
	}
	if (menu_button_set(env, &t))
		return 1;
	/* With polling there is no webhook to set; the worker takes a left one away. */
	if (env->config->polling) {
		puts("commands and descriptions are set; TELEGRAM_MODE is polling");
		return 0;
	}
	if (webhook_set(env, &t))
		return 1;
	printf("webhook: %s/telegram/webhook\n", env->config->public_url);
	return 0;
}

int command_webhook_info(struct command_env *env, int argc, char **argv)
{
	AUTO_ANSWER answer = { 0 };
	struct telegram t;
	const struct json *info;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (outside_telegram(env, &t) || call(env, &t, "getWebhookInfo", NULL, &answer))
		return 1;
	info = json_get(answer.body.root, "result");
	printf("url                  %s\n", json_text(json_get(info, "url"), ""));
	printf("pending updates      %lld\n",
	       (long long)json_int(json_get(info, "pending_update_count"), 0));
	printf("max connections      %lld\n",
	       (long long)json_int(json_get(info, "max_connections"), 0));
	printf("last error           %s\n",
	       json_text(json_get(info, "last_error_message"), "none"));
	return 0;
}

int command_webhook_delete(struct command_env *env, int argc, char **argv)
{
	struct telegram t;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (outside_telegram(env, &t) || call_done(env, &t, "deleteWebhook", NULL))
		return 1;
	puts("the webhook is deleted");
	return 0;
}
