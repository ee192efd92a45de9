#include "tests/sandbox/telegram_markup.h"

#include "tests/sandbox/text.h"

/* core.telegram.org/bots/api#inlinekeyboardbutton; the counts are what clients were seen to
 * take. */
enum {
	BUTTONS_MAX = 100,
	BUTTONS_A_ROW_MAX = 8,
	REPLY_BUTTONS_MAX = 300,
	REPLY_A_ROW_MAX = 12,
	DATA_MAX = 64,
	COPY_MAX = 256,
	PLACEHOLDER_MAX = 64,
};

/* Exactly one of these says what an inline button does. */
static const char *const acts[] = {
	"url",
	"callback_data",
	"web_app",
	"login_url",
	"switch_inline_query",
	"switch_inline_query_current_chat",
	"switch_inline_query_chosen_chat",
	"copy_text",
	"callback_game",
	"pay",
	"disabled",
};

static bool url_valid(const char *url)
{
	const char *host = strstr(url, "://");
	bool const web = text_begins(url, "https://") || text_begins(url, "http://");

	if (text_begins(url, "tg://"))
		return url[5];
	if (!web || !host[3] || strchr("/?#:", host[3]))
		return false;
	for (const char *p = url; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == '<' || *p == '>' || *p == '"')
			return false;
	}
	return true;
}

static bool inline_button_check(struct call *c, struct json_object *button)
{
	const char *text = json_string(button, "text");
	const char *url = json_string(button, "url");
	const char *data = json_string(button, "callback_data");
	struct json_object *copy = json_member(button, "copy_text");
	size_t const copied = copy ? utf16_len(json_string(copy, "text")) : 1;
	size_t does = 0;

	for (size_t i = 0; i < COUNT(acts); i++)
		does += json_member(button, acts[i]) != NULL;
	if (!*text)
		call_refuse(c, 400,
			    "Bad Request: can't parse inline keyboard button: Text must be "
			    "non-empty");
	else if (!does)
		call_refuse(c, 400,
			    "Bad Request: can't parse inline keyboard button: Text buttons are "
			    "unallowed "
			    "in the inline keyboard");
	else if (does > 1)
		call_refuse(c, 400,
			    "Bad Request: can't parse inline keyboard button: exactly one "
			    "optional field "
			    "must be used");
	else if (data && (!*data || strlen(data) > DATA_MAX))
		call_refuse(c, 400, "Bad Request: BUTTON_DATA_INVALID");
	else if (copied < 1 || copied > COPY_MAX)
		call_refuse(c, 400, "Bad Request: BUTTON_COPY_TEXT_INVALID");
	else if (url && !url_valid(url))
		call_refuse(c, 400,
			    "Bad Request: inline keyboard button URL '%.200s' is invalid: "
			    "Wrong HTTP URL",
			    url);
	else
		return true;
	return false;
}

static bool reply_button_check(struct call *c, struct json_object *button)
{
	if (*json_string(button, "text"))
		return true;
	call_refuse(c, 400, "Bad Request: can't parse keyboard button: Text must be non-empty");
	return false;
}

static bool rows_check(struct call *c, struct json_object *rows, bool is_inline)
{
	size_t const row_max = is_inline ? BUTTONS_A_ROW_MAX : REPLY_A_ROW_MAX;
	size_t const max = is_inline ? BUTTONS_MAX : REPLY_BUTTONS_MAX;
	size_t total = 0;

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		size_t const count = json_object_array_length(row);

		total += count;
		if (total > max || count > row_max) {
			call_refuse(c, 400, "Bad Request: reply markup is too long");
			return false;
		}
		for (size_t k = 0; k < count; k++) {
			struct json_object *button = json_object_array_get_idx(row, k);

			if (is_inline ? !inline_button_check(c, button)
				      : !reply_button_check(c, button))
				return false;
		}
	}
	if (!total && !is_inline)
		call_refuse(c, 400, "Bad Request: reply keyboard must be non-empty");
	return total || is_inline;
}

bool markup_check(struct call *c)
{
	struct json_object *markup = json_member(c->params, "reply_markup");
	struct json_object *rows = json_member(markup, "inline_keyboard");
	struct json_object *keyboard = json_member(markup, "keyboard");
	const char *placeholder = json_string(markup, "input_field_placeholder");

	if (placeholder && (!*placeholder || utf8_count(placeholder) > PLACEHOLDER_MAX)) {
		call_refuse(c, 400,
			    "Bad Request: input field placeholder must be 1-64 characters");
		return false;
	}
	if (rows)
		return rows_check(c, rows, true);
	return !keyboard || rows_check(c, keyboard, false);
}

bool markup_shows(struct json_object *markup, const char *data)
{
	struct json_object *rows = json_member(markup, "inline_keyboard");

	for (size_t i = 0; rows && i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		for (size_t k = 0; k < json_object_array_length(row); k++) {
			if (text_is(json_string(json_object_array_get_idx(row, k),
						"callback_data"),
				    data))
				return true;
		}
	}
	return false;
}
