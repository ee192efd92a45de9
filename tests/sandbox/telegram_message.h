/* telegram_message.h: messages: sent, edited, deleted, shown.  Used with the world locked. */
#ifndef SANDBOX_TELEGRAM_MESSAGE_H
#define SANDBOX_TELEGRAM_MESSAGE_H

#include "tests/sandbox/telegram_call.h"

void message_send(struct call *c);
void message_send_document(struct call *c);
void message_edit_text(struct call *c);
void message_edit_markup(struct call *c);
void message_delete(struct call *c);
void message_chat_action(struct call *c);

/* A person's words: kept in the chat; the Message as an update carries it. */
struct json_object *message_say(int64_t user_id, const char *text,
				struct json_object *entities);

/* The Message a button hangs on, for an update: whole, or inaccessible when it is gone. */
struct json_object *message_of(int64_t chat_id, int64_t message_id);

/* Of GET /api/chats/<id>. */
struct json_object *message_list(int64_t chat_id);
void message_hide_all(int64_t chat_id);

#endif
