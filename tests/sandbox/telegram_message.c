#include "tests/sandbox/telegram_message.h"

#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_format.h"
#include "tests/sandbox/telegram_markup.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

/* core.telegram.org/bots/api#deletemessage; what is not the bot's keyboard message is edited no
 * longer either. */
enum { EDITABLE_SECONDS = 48 * 3600 };

static struct json_object *stored(int64_t chat_id, int64_t message_id)
{
	AUTO_JSON *row = store_row(
		"SELECT body FROM messages WHERE message_id = ? AND chat_id = ?"
		" AND deleted = 0",
		"ii", message_id, chat_id);
	const char *body = json_string(row, "body");

	return body ? json_parse_object(body, strlen(body)) : NULL;
}

static struct json_object *message_new(int64_t chat_id, bool from_bot)
{
	struct json_object *message = json_object_new_object();

	store_run("INSERT INTO messages (chat_id, from_bot, body) VALUES (?, ?, '{}')", "ii",
		  chat_id, (int64_t)from_bot);
	json_put_int(message, "message_id", store_last_id());
	json_put(message, "from", from_bot ? person_bot() : person_user(chat_id));
	json_put(message, "chat", person_chat(chat_id));
	json_put_int(message, "date", (int64_t)clock_now());
	return message;
}

static void message_keep(struct json_object *message)
{
	store_run("UPDATE messages SET body = ? WHERE message_id = ?", "si", json_text(message),
		  json_int(message, "message_id", 0));
	person_touch(json_int(json_member(message, "chat"), "id", 0));
}

/* What this sandbox's chats do not have. */
static bool plain_chat(struct call *c)
{
	static const char *const none[] = {
		"business_connection_id",    "message_thread_id",
		"direct_messages_topic_id",  "ephemeral_message_parameters",
		"suggested_post_parameters", "inline_message_id"
	};

	for (size_t i = 0; i < COUNT(none); i++) {
		if (!json_member(c->params, none[i]))
			continue;
		call_refuse(c, 400, "Bad Request: %s does not fit a private chat", none[i]);
		return false;
	}
	return true;
}

static bool reply_check(struct call *c, int64_t chat_id)
{
	struct json_object *reply = json_member(c->params, "reply_parameters");
	AUTO_JSON *to = NULL;

	if (!reply || json_flag(reply, "allow_sending_without_reply"))
		return true;
	to = stored(chat_id, json_int(reply, "message_id", 0));
	if (!to)
		call_refuse(c, 400, "Bad Request: message to be replied not found");
	return to;
}

/* An inline keyboard hangs on the message, any other changes the chat's own. */
static void markup_put(struct json_object *message, struct json_object *markup, int64_t chat_id)
{
	if (!markup)
		return;
	if (json_member(markup, "inline_keyboard")) {
		if (json_object_array_length(json_member(markup, "inline_keyboard")))
			json_put(message, "reply_markup", json_copy(markup));
	} else if (json_member(markup, "keyboard")) {
		store_run("UPDATE messages SET fixed = 1 WHERE message_id = ?", "i",
			  json_int(message, "message_id", 0));
		store_run("UPDATE users SET reply_keyboard = ? WHERE id = ?", "si",
			  json_text(markup), chat_id);
	} else if (json_flag(markup, "remove_keyboard")) {
		store_run("UPDATE users SET reply_keyboard = NULL WHERE id = ?", "i", chat_id);
	}
}

static void text_put(struct json_object *message, struct json_object *params,
		     const char *text_key, struct formatted *f)
{
	struct json_object *preview = json_member(params, "link_preview_options");
	bool const caption = text_is(text_key, "caption");

	json_put_string(message, text_key, f->text);
	json_object_object_del(message, caption ? "caption_entities" : "entities");
	if (json_object_array_length(f->entities))
		json_put(message, caption ? "caption_entities" : "entities",
			 json_object_get(f->entities));
	json_object_object_del(message, "link_preview_options");
	if (preview)
		json_put(message, "link_preview_options", json_copy(preview));
}

void message_send(struct call *c)
{
	AUTO_FORMATTED f = { 0 };
	AUTO_JSON *message = NULL;
	int64_t chat_id;

	if (!plain_chat(c) || !format_text(c, "text", "entities", FORMAT_TEXT_MAX, &f) ||
	    !markup_check(c) || !(chat_id = call_chat(c)) || !reply_check(c, chat_id))
		return;
	message = message_new(chat_id, true);
	text_put(message, c->params, "text", &f);
	markup_put(message, json_member(c->params, "reply_markup"), chat_id);
	message_keep(message);
	call_done(c, json_object_get(message));
}

static bool document_find(struct call *c, struct json_object **ret, const char **ret_id)
{
	struct json_object *sent = json_member(c->files, "document");
	const char *id = json_string(c->params, "document");
	char fresh[40];

	if (sent && !json_object_get_string_len(json_member(sent, "data"))) {
		call_refuse(c, 400, "Bad Request: file must be non-empty");
		return false;
	}
	if (sent) {
		struct json_object *data = json_member(sent, "data");

		snprintf(fresh, sizeof(fresh), "BQACAgIAAxkDAAI%016llx",
			 (unsigned long long)format_random());
		store_run("INSERT INTO documents (file_id, file_name, mime_type, data) VALUES "
			  "(?, ?, ?, ?)",
			  "sssb", fresh, json_string(sent, "file_name"),
			  json_string(sent, "mime_type"), json_object_get_string(data),
			  (size_t)json_object_get_string_len(data));
		id = fresh;
	}
	*ret = store_row(
		"SELECT file_id, file_name, mime_type, data FROM documents WHERE file_id = ?",
		"s", id);
	if (!*ret)
		call_refuse(c, 400, "Bad Request: wrong file identifier/HTTP URL specified");
	else
		*ret_id = json_string(*ret, "file_id");
	return *ret;
}

void message_send_document(struct call *c)
{
	AUTO_FORMATTED f = { 0 };
	AUTO_JSON *message = NULL;
	AUTO_JSON *file = NULL;
	struct json_object *document;
	struct json_object *data;
	const char *file_id;
	int64_t chat_id;

	if (!plain_chat(c) ||
	    !format_text(c, "caption", "caption_entities", FORMAT_CAPTION_MAX, &f) ||
	    !markup_check(c) || !(chat_id = call_chat(c)) || !reply_check(c, chat_id) ||
	    !document_find(c, &file, &file_id))
		return;
	data = json_member(file, "data");
	document = json_object_new_object();
	json_put_given(document, "file_name", json_string(file, "file_name"));
	json_put_given(document, "mime_type", json_string(file, "mime_type"));
	json_put_string(document, "file_id", file_id);
	json_put_string(document, "file_unique_id", file_id + strlen(file_id) - 15);
	json_put_int(document, "file_size", json_object_get_string_len(data));
	message = message_new(chat_id, true);
	json_put(message, "document", document);
	if (*f.text)
		text_put(message, c->params, "caption", &f);
	markup_put(message, json_member(c->params, "reply_markup"), chat_id);
	store_run("UPDATE messages SET file = ? WHERE message_id = ?", "si",
		  utf8_valid(json_object_get_string(data),
			     (size_t)json_object_get_string_len(data))
			  ? json_object_get_string(data)
			  : NULL,
		  json_int(message, "message_id", 0));
	message_keep(message);
	call_done(c, json_object_get(message));
}

/* The message to be edited, or NULL and the call is refused. */
static struct json_object *editable(struct call *c)
{
	int64_t chat_id;
	int64_t age;
	int64_t const message_id = json_int(c->params, "message_id", 0);
	struct json_object *message;

	if (!plain_chat(c))
		return NULL;
	if (!json_member(c->params, "chat_id") || !message_id) {
		call_refuse(c, 400, "Bad Request: message identifier is not specified");
		return NULL;
	}
	if (!(chat_id = call_chat(c)))
		return NULL;
	message = stored(chat_id, message_id);
	if (!message) {
		call_cannot(c, 400, "Bad Request: message to edit not found");
		return NULL;
	}
	age = (int64_t)clock_now() - json_int(message, "date", 0);
	if (json_flag(json_member(message, "from"), "is_bot") &&
	    !store_number("SELECT fixed FROM messages WHERE message_id = ?", "i", message_id) &&
	    (age < EDITABLE_SECONDS || json_member(message, "reply_markup")))
		return message;
	call_cannot(c, 400, "Bad Request: message can't be edited");
	json_object_put(message);
	return NULL;
}

/* Keep the edited message, unless nothing changed. */
static void edit_finish(struct call *c, struct json_object *before, struct json_object *after)
{
	if (json_same(before, after)) {
		call_cannot(c, 400,
			    "Bad Request: message is not modified: specified new message "
			    "content and reply "
			    "markup are exactly the same as a current content and reply markup "
			    "of the "
			    "message");
		return;
	}
	json_put_int(after, "edit_date", (int64_t)clock_now());
	message_keep(after);
	call_done(c, json_object_get(after));
}

static void markup_replace(struct json_object *message, struct call *c)
{
	json_object_object_del(message, "reply_markup");
	markup_put(message, json_member(c->params, "reply_markup"), 0);
}

void message_edit_text(struct call *c)
{
	AUTO_FORMATTED f = { 0 };
	AUTO_JSON *before = NULL;
	AUTO_JSON *after = NULL;

	if (!format_text(c, "text", "entities", FORMAT_TEXT_MAX, &f) || !markup_check(c) ||
	    !(before = editable(c)))
		return;
	if (!json_member(before, "text")) {
		call_refuse(c, 400, "Bad Request: there is no text in the message to edit");
		return;
	}
	after = json_copy(before);
	text_put(after, c->params, "text", &f);
	markup_replace(after, c);
	edit_finish(c, before, after);
}

void message_edit_markup(struct call *c)
{
	AUTO_JSON *before = NULL;
	AUTO_JSON *after = NULL;

	if (!markup_check(c) || !(before = editable(c)))
		return;
	after = json_copy(before);
	markup_replace(after, c);
	edit_finish(c, before, after);
}

void message_delete(struct call *c)
{
	int64_t const message_id = json_int(c->params, "message_id", 0);
	AUTO_JSON *message = NULL;
	int64_t chat_id;

	if (!(chat_id = call_chat(c)))
		return;
	message = stored(chat_id, message_id);
	if (!message) {
		call_cannot(c, 400, "Bad Request: message to delete not found");
		return;
	}
	if ((int64_t)clock_now() - json_int(message, "date", 0) > EDITABLE_SECONDS) {
		call_cannot(c, 400, "Bad Request: message can't be deleted for everyone");
		return;
	}
	store_run("UPDATE messages SET deleted = 1 WHERE message_id = ?", "i", message_id);
	person_touch(chat_id);
	call_done(c, json_object_new_boolean(true));
}

void message_chat_action(struct call *c)
{
	if (plain_chat(c) && call_chat(c))
		call_done(c, json_object_new_boolean(true));
}

struct json_object *message_say(int64_t user_id, const char *text, struct json_object *entities)
{
	struct json_object *message = message_new(user_id, false);
	AUTO_JSON *found = entities ? json_copy(entities) : json_object_new_array();

	if (!entities)
		html_detect(text, found);
	json_put_string(message, "text", text);
	if (json_object_array_length(found))
		json_put(message, "entities", json_object_get(found));
	message_keep(message);
	return message;
}

struct json_object *message_of(int64_t chat_id, int64_t message_id)
{
	struct json_object *message = stored(chat_id, message_id);

	if (message)
		return message;
	message = json_object_new_object();
	json_put(message, "chat", person_chat(chat_id));
	json_put_int(message, "message_id", message_id);
	json_put_int(message, "date", 0);
	return message;
}

void message_hide_all(int64_t chat_id)
{
	store_run("UPDATE messages SET hidden = 1 WHERE chat_id = ?", "i", chat_id);
	person_touch(chat_id);
}
