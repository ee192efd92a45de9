#include "shared/service/webhook.h"

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

/* What all calls share. */
struct telling {
	const struct telegram *t;
	struct arena *a;
	const struct config *config;
	struct webhook_failure *failure;
};

static int call(const struct telling *w, const char *method, const struct str *json,
		struct telegram_answer *ret)
{
	struct bytes body = { NULL, 0 };

	if (json)
		body = (struct bytes){ str_text(json), json->len };
	telegram_call(w->t, w->a, method, body, ret);
	if (ret->result == TELEGRAM_OK)
		return OK;
	*w->failure = (struct webhook_failure){ method, ret->result, ret->description };
	return ERR_FAILED;
}

static int call_done(const struct telling *w, const char *method, const struct str *json)
{
	AUTO_ANSWER answer = { 0 };

	return call(w, method, json, &answer);
}

/* Whom it is for: code "" is everybody whose language has nothing of its own. */
struct audience {
	const char *code;
	enum lang lang;
};

static void language_add(struct json_out *j, const struct audience *to)
{
	if (*to->code)
		json_add_text(j, "language_code", to->code);
}

static int commands_set(const struct telling *w, const struct audience *to)
{
	struct str s = STR(w->a, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_key(&j, "commands");
	json_open(&j, '[');
	for (size_t i = 0; i < COUNT(bot_commands); i++) {
		json_open(&j, '{');
		json_add_text(&j, "command", bot_commands[i].name);
		json_add_text(&j, "description", TR0(to->lang, bot_commands[i].phrase));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	language_add(&j, to);
	json_close(&j, '}');
	return call_done(w, "setMyCommands", &s);
}

static int text_set(const struct telling *w, const char *method, const char *name,
		    const char *phrase, const struct audience *to)
{
	struct str s = STR(w->a, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, name, TR0(to->lang, phrase));
	language_add(&j, to);
	json_close(&j, '}');
	return call_done(w, method, &s);
}

static int menu_button_set(const struct telling *w)
{
	struct str s = STR(w->a, JSON_MAX);

	str_add(&s, "{\"menu_button\":{\"type\":\"commands\"}}");
	return call_done(w, "setChatMenuButton", &s);
}

const char *webhook_url(struct arena *a, const struct config *config)
{
	return arena_printf(a, "%s/telegram/webhook", config->public_url);
}

static int address_set(const struct telling *w)
{
	struct str s = STR(w->a, JSON_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, "url", webhook_url(w->a, w->config));
	json_add_text(&j, "secret_token", w->config->webhook_secret);
	json_add_int(&j, "max_connections", WEBHOOK_CONNECTIONS);
	json_key(&j, "allowed_updates");
	json_open(&j, '[');
	for (size_t i = 0; i < COUNT(allowed_updates); i++)
		json_put_text(&j, allowed_updates[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	return call_done(w, "setWebhook", &s);
}

static int words_set(const struct telling *w, const struct audience *to)
{
	int rc = commands_set(w, to);

	if (!rc)
		rc = text_set(w, "setMyDescription", "description", "command.description", to);
	if (!rc)
		rc = text_set(w, "setMyShortDescription", "short_description",
			      "command.short_description", to);
	return rc;
}

int webhook_set(const struct telegram *t, struct arena *a, const struct config *config,
		struct webhook_failure *ret)
{
	struct telling const w = { t, a, config, ret };
	/* With polling there is no address to set; the worker takes a left one away. */
	int rc = config->polling ? OK : address_set(&w);

	if (!rc)
		rc = words_set(&w, &(struct audience){ "", LANG_UK });
	for (int i = 0; !rc && i < LANG__COUNT; i++)
		rc = words_set(&w, &(struct audience){ lang_code((enum lang)i), (enum lang)i });
	return rc ? rc : menu_button_set(&w);
}

int webhook_ask(const struct telegram *t, struct arena *a, struct webhook_info *ret,
		struct webhook_failure *ret_failure)
{
	struct telling const w = { .t = t, .a = a, .failure = ret_failure };
	AUTO_ANSWER answer = { 0 };
	const struct json *info;
	int const rc = call(&w, "getWebhookInfo", NULL, &answer);

	if (rc)
		return rc;
	info = json_get(answer.body.root, "result");
	*ret = (struct webhook_info){
		.url = arena_strdup(a, json_text(json_get(info, "url"), "")),
		.pending = json_int(json_get(info, "pending_update_count"), 0),
		.connections = json_int(json_get(info, "max_connections"), 0),
		.last_error = arena_strdup(a,
					   json_text(json_get(info, "last_error_message"), "")),
		.last_error_at = json_int(json_get(info, "last_error_date"), 0),
	};
	return OK;
}
