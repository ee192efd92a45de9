#include "shared/clients/telegram_update.h"

#include "shared/base/limits.h"
#include "shared/base/utf8.h"
#include "shared/platform/json.h"

enum { USERNAME_MAX = 32, LANGUAGE_MAX = 35 }; /* characters: Telegram's limit, BCP 47's */

/* An id as it stands in JSON; 0, which is nobody's, when it is no whole number of int64. */
static int64_t id_of(const struct json *v, const char *name)
{
	return json_int(json_get(v, name), 0);
}

/* A name is seen on one line of a message, whatever the person made of it. */
static const char *line_of(struct arena *a, const struct json *v, const char *name,
			   size_t max_points)
{
	struct bytes const text = json_bytes(json_get(v, name));

	return text.len ? utf8_clean_line(a, text.data, text.len, max_points) : "";
}

static const char *text_of(struct arena *a, const struct json *v, const char *name)
{
	const char *text = json_text(json_get(v, name), "");

	return *text ? arena_strdup(a, text) : "";
}

/* False for a bot, for nobody, and for an id that can't be one. */
static bool sender_read(struct arena *a, const struct json *from, struct update *u)
{
	u->user_id = id_of(from, "id");
	if (u->user_id <= 0 || json_bool(json_get(from, "is_bot"), false))
		return false;
	u->first_name = line_of(a, from, "first_name", NAME_POINTS_MAX);
	u->last_name = line_of(a, from, "last_name", NAME_POINTS_MAX);
	u->username = line_of(a, from, "username", USERNAME_MAX);
	u->language_code = line_of(a, from, "language_code", LANGUAGE_MAX);
	return true;
}

enum chat { CHAT_NONE, CHAT_PRIVATE, CHAT_PUBLIC };

static enum chat chat_read(const struct json *chat, struct update *u)
{
	const char *type = json_text(json_get(chat, "type"), "");

	u->chat_id = id_of(chat, "id");
	if (!u->chat_id || !*type)
		return CHAT_NONE;
	return strcmp(type, "private") == 0 ? CHAT_PRIVATE : CHAT_PUBLIC;
}

/* ---- the types the shop reads; each says the kind it found ---- */

static enum update_kind message_read(struct arena *a, const struct json *v, struct update *u)
{
	enum chat const chat = chat_read(json_get(v, "chat"), u);

	if (chat == CHAT_NONE || !sender_read(a, json_get(v, "from"), u))
		return UPDATE_OTHER;
	u->message_id = id_of(v, "message_id");
	u->message_date = json_int(json_get(v, "date"), 0);
	u->text = text_of(a, v, "text");
	return chat == CHAT_PRIVATE ? UPDATE_MESSAGE : UPDATE_GROUP;
}

/* An edit in a group is nothing to answer: only what is said to the bot anew is. */
static enum update_kind edited_read(struct arena *a, const struct json *v, struct update *u)
{
	return message_read(a, v, u) == UPDATE_MESSAGE ? UPDATE_EDITED : UPDATE_OTHER;
}

/*
 * An inaccessible message has chat, message_id and a date of 0.  Of an inline message
 * there is only an id of another sort: then the person's private chat is the place.
 */
static enum update_kind callback_read(struct arena *a, const struct json *v, struct update *u)
{
	const struct json *message = json_get(v, "message");
	enum chat chat = CHAT_PRIVATE;

	u->callback_id = text_of(a, v, "id");
	if (!*u->callback_id || !sender_read(a, json_get(v, "from"), u))
		return UPDATE_OTHER;
	u->data = text_of(a, v, "data");
	u->chat_id = u->user_id;
	if (json_type(message) == JSON_OBJECT) {
		chat = chat_read(json_get(message, "chat"), u);
		u->message_id = id_of(message, "message_id");
		u->message_date = json_int(json_get(message, "date"), 0);
	}
	if (chat == CHAT_NONE)
		return UPDATE_OTHER;
	return chat == CHAT_PRIVATE ? UPDATE_CALLBACK : UPDATE_GROUP;
}

static enum update_kind member_read(struct arena *a, const struct json *v, struct update *u)
{
	const char *status = json_text(json_get(json_get(v, "new_chat_member"), "status"), "");

	if (chat_read(json_get(v, "chat"), u) != CHAT_PRIVATE ||
	    !sender_read(a, json_get(v, "from"), u))
		return UPDATE_OTHER;
	if (strcmp(status, "kicked") == 0)
		return UPDATE_BLOCKED;
	return strcmp(status, "member") == 0 ? UPDATE_UNBLOCKED : UPDATE_OTHER;
}

static const struct {
	const char *name;
	enum update_kind (*read)(struct arena *a, const struct json *v, struct update *u);
} types[] = {
	{ "callback_query", callback_read },
	{ "message", message_read },
	{ "my_chat_member", member_read },
	{ "edited_message", edited_read },
};

/* ---- all that is read; keyboards, entities and forwarded messages are not ---- */

static const struct json_want person_want[] = {
	{ "id", NULL },	       { "is_bot", NULL },   { "first_name", NULL },
	{ "last_name", NULL }, { "username", NULL }, { "language_code", NULL },
	{ NULL, NULL }
};
static const struct json_want chat_want[] = { { "id", NULL },
					      { "type", NULL },
					      { NULL, NULL } };
static const struct json_want message_want[] = {
	{ "message_id", NULL }, { "from", person_want }, { "chat", chat_want },
	{ "date", NULL },	{ "text", NULL },	 { NULL, NULL }
};
static const struct json_want tapped_want[] = {
	{ "message_id", NULL }, { "chat", chat_want }, { "date", NULL }, { NULL, NULL }
};
static const struct json_want callback_want[] = { { "id", NULL },
						  { "from", person_want },
						  { "message", tapped_want },
						  { "data", NULL },
						  { NULL, NULL } };
static const struct json_want status_want[] = { { "status", NULL }, { NULL, NULL } };
static const struct json_want member_want[] = { { "chat", chat_want },
						{ "from", person_want },
						{ "new_chat_member", status_want },
						{ NULL, NULL } };
static const struct json_want update_want[] = { { "update_id", NULL },
						{ "callback_query", callback_want },
						{ "message", message_want },
						{ "my_chat_member", member_want },
						{ "edited_message", message_want },
						{ NULL, NULL } };

int update_parse(struct arena *a, struct bytes body, struct update *ret)
{
	struct update u = {
		.first_name = "",
		.last_name = "",
		.username = "",
		.language_code = "",
		.text = "",
		.callback_id = "",
		.data = "",
	};
	AUTO_JSON doc = { 0 };
	int const rc = json_parse_wanted(body, UPDATE_DEPTH_MAX, update_want, &doc);

	if (rc)
		return rc;
	u.id = id_of(doc.root, "update_id");
	for (size_t i = 0; u.id > 0 && i < COUNT(types); i++) {
		const struct json *v = json_get(doc.root, types[i].name);

		if (json_type(v) == JSON_OBJECT) {
			u.kind = types[i].read(a, v, &u);
			break;
		}
	}
	*ret = u;
	return OK;
}
