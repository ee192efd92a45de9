/*
 * telegram_call.h: one call of the Bot API, however it came: as a request of the shop or as
 * the answer to an update.  Used with the world locked.
 */
#ifndef SANDBOX_TELEGRAM_CALL_H
#define SANDBOX_TELEGRAM_CALL_H

#include "tests/sandbox/json.h"

enum { CALL_WORDS_MAX = 512 };

struct call {
	const char *method;	    /* as it came; as it is spelled once it is known */
	struct json_object *params; /* an object */
	struct json_object
		*files; /* of a multipart form: name → {file_name, mime_type, data}; or NULL */
	bool form;	/* params are texts */

	/* What comes of it. */
	unsigned status;
	struct json_object *result; /* owned; with status 200 */
	char words[CALL_WORDS_MAX]; /* "Bad Request: …" otherwise */
	int64_t retry_after;
	int64_t user_id; /* whose chat it was about, 0: nobody's */
	bool violation;	 /* a shop without mistakes would not have been refused */
};

/* Check it against the definitions and do it. */
void call_run(struct call *c);
void call_release(struct call *c);

/* {"ok": …} as the server sends it. */
struct json_object *call_answer(const struct call *c);

/* Refused: the shop's own mistake. */
void call_refuse(struct call *c, unsigned status, const char *fmt, ...) PRINTF(3, 4);
/* Refused: what happens to the best (blocked, too late, already so). */
void call_cannot(struct call *c, unsigned status, const char *fmt, ...) PRINTF(3, 4);
/* Done.  Takes the result over. */
void call_done(struct call *c, struct json_object *result);

/* The person the call's chat_id means, or 0 and the call is refused. */
int64_t call_chat(struct call *c);

#endif
