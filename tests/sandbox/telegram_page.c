/* How the chat page gets its messages. */
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_html.h"
#include "tests/sandbox/telegram_message.h"

/* The address whose preview would be shown, or NULL. */
static const char *preview_of(struct json_object *message, struct text *scratch)
{
	struct json_object *preview = json_member(message, "link_preview_options");
	struct json_object *entities = json_member(message, "entities");

	if (json_flag(preview, "is_disabled"))
		return NULL;
	if (json_string(preview, "url"))
		return json_string(preview, "url");
	for (size_t i = 0; entities && i < json_object_array_length(entities); i++) {
		struct json_object *entity = json_object_array_get_idx(entities, i);
		const char *p = json_string(message, "text");

		if (text_is(json_string(entity, "type"), "text_link"))
			return json_string(entity, "url");
		if (!text_is(json_string(entity, "type"), "url"))
			continue;
		for (int64_t units = json_int(entity, "offset", 0); *p && units > 0;) {
			size_t const len = utf8_len((unsigned char)*p);

			units -= len == 4 ? 2 : 1;
			p += len;
		}
		text_addn(scratch, p, strcspn(p, " \n\t"));
		return scratch->data;
	}
	return NULL;
}

static struct json_object *page_message(struct json_object *row)
{
	const char *body = json_string(row, "body");
	AUTO_JSON *message = json_parse_object(body, strlen(body));
	struct json_object *document = json_member(message, "document");
	struct json_object *shown = json_object_new_object();
	const char *text = json_string(message, document ? "caption" : "text");
	struct json_object *entities = json_member(message,
						   document ? "caption_entities" : "entities");
	AUTO_TEXT html = { 0 };
	AUTO_TEXT preview = { 0 };

	html_write(&html, text ? text : "", entities);
	json_put_int(shown, "message_id", json_int(message, "message_id", 0));
	json_put_int(shown, "date", json_int(message, "date", 0));
	json_put_flag(shown, "from_bot", json_int(row, "from_bot", 0));
	json_put_string(shown, "text", text ? text : "");
	json_put(shown, "entities",
		 entities ? json_object_get(entities) : json_object_new_array());
	json_put_string(shown, "html", text_of(&html));
	if (json_member(message, "edit_date"))
		json_put_int(shown, "edit_date", json_int(message, "edit_date", 0));
	if (json_member(message, "reply_markup"))
		json_put(shown, "reply_markup",
			 json_object_get(json_member(message, "reply_markup")));
	if (document) {
		struct json_object *file = json_object_new_object();

		json_put_string(file, "file_name", json_string(document, "file_name"));
		json_put_string(file, "text", json_string(row, "file"));
		json_put(shown, "document", file);
	}
	json_put_given(shown, "link_preview", preview_of(message, &preview));
	return shown;
}

struct json_object *message_list(int64_t chat_id)
{
	AUTO_JSON *rows = store_rows(
		"SELECT from_bot, body, file FROM messages WHERE chat_id = ?"
		" AND deleted = 0 AND hidden = 0 ORDER BY message_id",
		"i", chat_id);
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(list, page_message(json_object_array_get_idx(rows, i)));
	return list;
}
