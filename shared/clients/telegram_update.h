/*
 * telegram_update.h: one update of the Bot API as a flat struct.  Strict about what is
 * read, indifferent to what is not: unknown types and fields are ignored.
 * Shapes: core.telegram.org/bots/api#update (10.3).
 */
#ifndef KARTKA_TELEGRAM_UPDATE_H
#define KARTKA_TELEGRAM_UPDATE_H

#include "shared/base/arena.h"

enum update_kind {
	UPDATE_OTHER,	 /* a type, a sender or a chat the shop has nothing to do with */
	UPDATE_MESSAGE,	 /* somebody wrote to the bot in private */
	UPDATE_EDITED,	 /* somebody edited an earlier message in private */
	UPDATE_GROUP,	 /* a message or a tap in a group or channel */
	UPDATE_CALLBACK, /* an inline button */
	UPDATE_BLOCKED,	 /* my_chat_member: the person stopped the bot */
	UPDATE_UNBLOCKED,
	UPDATE__COUNT
};

struct update {
	enum update_kind kind;
	int64_t id; /* update_id */
	/* The sender; texts cleaned (utf8_clean_line), "" when absent. */
	int64_t user_id;
	const char *first_name;
	const char *last_name;
	const char *username;
	const char *language_code; /* as sent, "" when absent */
	/*
	 * Where: the chat, and the message itself or the one the button hangs on.  Of an
	 * inline message: the person's private chat.
	 */
	int64_t chat_id;
	int64_t message_id;   /* 0: none, or an inline message */
	int64_t message_date; /* Unix seconds; 0: inaccessible or none */
	/* What */
	const char *text;	 /* of a message; "" for stickers and the like; valid UTF-8 */
	const char *callback_id; /* of a callback; "" otherwise */
	const char *data;	 /* callback_data, as sent; "" when absent */
};

/*
 * ERR_INVALID: not JSON, or nested deeper than UPDATE_DEPTH_MAX.  JSON that is no update, has
 * no sender, a bot as its sender, or an id that is no whole number of int64 is UPDATE_OTHER:
 * Telegram would only repeat what is refused, and nothing else reaches that chat meanwhile.
 * Ids are exact whatever their size.
 */
int update_parse(struct arena *a, struct bytes body, struct update *ret) MUST_CHECK;

#endif
