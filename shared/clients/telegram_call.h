/*
 * telegram_call.h: calls to the Bot API and what their answers mean.
 * Address and answers: core.telegram.org/bots/api#making-requests; the outcomes are told
 * apart by error_code and the words of the server's source.
 */
#ifndef KARTKA_TELEGRAM_CALL_H
#define KARTKA_TELEGRAM_CALL_H

#include "shared/clients/telegram_message.h"
#include "shared/platform/http.h"
#include "shared/platform/json.h"

struct telegram {
	struct http *http;
	const char *api_url; /* no slash at the end */
	const char *token;
};

enum telegram_result {
	TELEGRAM_OK,
	TELEGRAM_SAME,	       /* message is not modified: as good as done */
	TELEGRAM_GONE,	       /* the message can't be edited or is not there */
	TELEGRAM_TOO_OLD,      /* the callback query is too old */
	TELEGRAM_BLOCKED,      /* blocked, deactivated, kicked, chat not found: for good */
	TELEGRAM_MOVED,	       /* the group is a supergroup now: migrate_to */
	TELEGRAM_FLOOD,	       /* 429: wait retry_after */
	TELEGRAM_REFUSED,      /* any other 4xx: our bug */
	TELEGRAM_UNAUTHORIZED, /* the token is wrong */
	TELEGRAM_TROUBLE,      /* 5xx, no JSON, no connection: later again */
	TELEGRAM__COUNT
};

/* A constant word for logs. */
const char *telegram_result_name(enum telegram_result result);

struct telegram_answer {
	enum telegram_result result;
	bool unsure;	     /* TROUBLE after the request was sent: it may have been done */
	int64_t retry_after; /* seconds, of FLOOD; also of TROUBLE when the server said so; else
				0 */
	int64_t message_id;  /* result.message_id, 0 without */
	int64_t migrate_to;  /* of MOVED */
	const char *description; /* Telegram's words, "" without; never among them the token or
				    what it quotes of our message */
	struct json_doc body; /* the answer; member "result".  Freed by telegram_answer_free */
};
void telegram_answer_free(struct telegram_answer *answer);
#define AUTO_ANSWER __attribute__((cleanup(telegram_answer_free))) struct telegram_answer

/* A call with JSON parameters (NULL data: none), for http_call or http_start. */
struct http_request telegram_request(const struct telegram *t, struct arena *a,
				     const char *method, struct bytes json);

/* A message as a call; a document as multipart.  As message_write. */
int telegram_message_request(const struct telegram *t, struct arena *a, const struct message *m,
			     struct http_request *ret) MUST_CHECK;

/* {"callback_query_id": …, "text": …, "show_alert": …} */
struct http_request telegram_callback_request(const struct telegram *t, struct arena *a,
					      const char *callback_id, const char *text,
					      bool alert);

/* What came of it: rc and answer as http_call gave them.  Lives as long as the arena. */
void telegram_answer_read(struct arena *a, int rc, const struct http_answer *answer,
			  struct telegram_answer *ret);

/* Blocking: for commands. */
void telegram_call(const struct telegram *t, struct arena *a, const char *method,
		   struct bytes json, struct telegram_answer *ret);

#endif
