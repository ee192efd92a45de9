/*
 * telegram_message.h: a message to a chat: HTML text and buttons, as data.  Screens and
 * notices make one; writing it as a Bot API call is the only place that knows the JSON.
 */
#ifndef KARTKA_TELEGRAM_MESSAGE_H
#define KARTKA_TELEGRAM_MESSAGE_H

#include "shared/base/limits.h"
#include "shared/base/str.h"

enum { KEYBOARD_ROWS_MAX = 24, KEYBOARD_ROW_MAX = 8 };

enum button_kind { BUTTON_DATA, BUTTON_URL, BUTTON_COPY, BUTTON_REPLY };

struct button {
	enum button_kind kind;
	const char *text;  /* plain, not HTML */
	const char *value; /* callback data, address or what is copied; NULL: a reply key */
};

struct keyboard {
	struct keyboard_row {
		struct button buttons[KEYBOARD_ROW_MAX];
		size_t count;
	} * rows;
	size_t count;
};

/* Begin a row; buttons go into the last one.  More than fit: the message fails when written. */
void keyboard_row(struct arena *a, struct keyboard *k);
void keyboard_data(struct arena *a, struct keyboard *k, const char *text, const char *data_fmt,
		   ...) PRINTF(4, 5);
void keyboard_url(struct arena *a, struct keyboard *k, const char *text, const char *url);
/* Left out when the text is longer than TELEGRAM_COPY_MAX. */
void keyboard_copy(struct arena *a, struct keyboard *k, const char *text, const char *copied);
/* A key of the keyboard below the input: sends its text. */
void keyboard_reply(struct arena *a, struct keyboard *k, const char *text);

struct message {
	int64_t chat_id;
	int64_t edit_id;	 /* this message is edited; 0: a new one */
	const char *html;	 /* Telegram's HTML */
	struct keyboard buttons; /* under the message */
	struct keyboard menu;	 /* the reply keyboard; new messages only */
	bool menu_remove;
	const char *preview_url; /* shown above the text; NULL or "": no link preview at all */
	/* A document instead of text: html is its caption (at most 1024 units). */
	const char *file_name;
	struct bytes file;
};

/*
 * The call's parameters as a JSON object; with_method adds "method", for the webhook's
 * answer.  Not for documents.  ERR_TOO_LONG: the text passes TELEGRAM_TEXT_MAX (UTF-16 units
 * after the tags are gone), or there are too many buttons, or data is longer than 64 bytes;
 * ERR_INVALID: no text.
 */
int message_write(struct arena *a, const struct message *m, bool with_method,
		  struct bytes *ret) MUST_CHECK;

/* "sendMessage", "editMessageText" or "sendDocument". */
const char *message_method(const struct message *m);

/* UTF-16 units that Telegram counts: without tags, entities as one character. */
size_t message_text_len(const char *html);

#endif
