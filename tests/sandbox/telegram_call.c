#include "tests/sandbox/telegram_call.h"

#include <stdarg.h>
#include <strings.h>

#include "tests/sandbox/telegram_bot.h"
#include "tests/sandbox/telegram_callback.h"
#include "tests/sandbox/telegram_check.h"
#include "tests/sandbox/telegram_message.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/telegram_poll.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/text.h"

static const struct {
	const char *method;
	void (*run)(struct call *c);
} methods[] = {
	{ "getMe", bot_get_me },
	{ "setWebhook", webhook_set },
	{ "deleteWebhook", webhook_delete },
	{ "getWebhookInfo", webhook_info },
	{ "getUpdates", poll_updates },
	{ "sendMessage", message_send },
	{ "sendDocument", message_send_document },
	{ "editMessageText", message_edit_text },
	{ "editMessageReplyMarkup", message_edit_markup },
	{ "deleteMessage", message_delete },
	{ "sendChatAction", message_chat_action },
	{ "answerCallbackQuery", callback_answer },
	{ "setMyCommands", bot_set_commands },
	{ "getMyCommands", bot_get_commands },
	{ "setMyName", bot_set_name },
	{ "setMyDescription", bot_set_description },
	{ "setMyShortDescription", bot_set_short_description },
	{ "setChatMenuButton", bot_set_menu_button },
};

static void refuse(struct call *c, unsigned status, const char *fmt, va_list args)
{
	c->status = status;
	vsnprintf(c->words, sizeof(c->words), fmt, args);
}

void call_refuse(struct call *c, unsigned status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(c, status, fmt, args);
	va_end(args);
	c->violation = true;
}

void call_cannot(struct call *c, unsigned status, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	refuse(c, status, fmt, args);
	va_end(args);
}

void call_done(struct call *c, struct json_object *result)
{
	c->status = 200;
	c->result = result;
}

void call_release(struct call *c)
{
	json_object_put(c->params);
	json_object_put(c->files);
	json_object_put(c->result);
}

void call_run(struct call *c)
{
	const struct json_object *definition = check_method(c->method, &c->method);
	AUTO_TEXT why = { 0 };

	if (!definition) {
		call_refuse(c, 404, "Not Found: method not found");
		return;
	}
	if (c->form)
		check_form(definition, c->params);
	if (!check_params(definition, c->params, c->files, &why)) {
		call_refuse(c, 400, "Bad Request: %s: %s", c->method, text_of(&why));
		return;
	}
	for (size_t i = 0; i < COUNT(methods); i++) {
		if (!text_is(methods[i].method, c->method))
			continue;
		methods[i].run(c);
		return;
	}
	call_refuse(c, 404, "Not Found: method not found");
}

struct json_object *call_answer(const struct call *c)
{
	struct json_object *answer = json_object_new_object();

	json_put_flag(answer, "ok", c->status == 200);
	if (c->status == 200) {
		json_put(answer, "result", json_object_get(c->result));
		json_put_given(answer, "description", c->words);
		return answer;
	}
	json_put_int(answer, "error_code", c->status);
	json_put_string(answer, "description", c->words);
	if (c->retry_after) {
		struct json_object *parameters = json_object_new_object();

		json_put_int(parameters, "retry_after", c->retry_after);
		json_put(answer, "parameters", parameters);
	}
	return answer;
}

int64_t call_chat(struct call *c)
{
	const char *name = json_string(c->params, "chat_id");
	int64_t id = json_int(c->params, "chat_id", 0);

	if (name)
		number_read(name, &id);
	switch (person_state(id)) {
	case PERSON_UNKNOWN:
		call_cannot(c, 400, "Bad Request: chat not found");
		return 0;
	case PERSON_STRANGER:
		call_cannot(c, 403, "Forbidden: bot can't initiate conversation with a user");
		break;
	case PERSON_BLOCKED:
		call_cannot(c, 403, "Forbidden: bot was blocked by the user");
		break;
	case PERSON_HERE:
		c->user_id = id;
		return id;
	}
	c->user_id = id;
	return 0;
}
