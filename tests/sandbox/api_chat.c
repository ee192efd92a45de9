/* What the chat page shows, and waiting for it. */
#include "tests/sandbox/api.h"
#include "tests/sandbox/events.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_bot.h"
#include "tests/sandbox/telegram_callback.h"
#include "tests/sandbox/telegram_message.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { WAIT_MAX = 60, EVENTS_DEFAULT = 500, EVENTS_MAX = 5000 };

/* Until when a caller wants to wait, by ?wait=SECONDS. */
static double wait_end(const struct http_request *r)
{
	int64_t const wait = http_query_int(r, "wait", 0);

	return clock_now() + (double)(wait < 0 ? 0 : wait > WAIT_MAX ? WAIT_MAX : wait);
}

static int64_t chat_version(int64_t id)
{
	return store_number("SELECT version FROM users WHERE id = ?", "i", id);
}

static struct json_object *chat_shown(int64_t id)
{
	struct json_object *chat = json_object_new_object();
	AUTO_JSON *row = store_row("SELECT reply_keyboard FROM users WHERE id = ?", "i", id);
	const char *keyboard = json_string(row, "reply_keyboard");

	json_put_int(chat, "version", chat_version(id));
	json_put(chat, "messages", message_list(id));
	json_put(chat, "reply_keyboard",
		 keyboard ? json_parse(keyboard, strlen(keyboard)) : NULL);
	json_put(chat, "spinners", callback_spinners(id));
	json_put(chat, "answers", callback_answers(id));
	return chat;
}

void api_chat(const struct http_request *r, struct http_answer *ret)
{
	int64_t const after = http_query_int(r, "after", -1);
	double const until = wait_end(r);
	struct json_object *chat = NULL;
	int64_t id = 0;

	world_lock();
	if (number_read(r->parts[0], &id) && person_state(id) != PERSON_UNKNOWN) {
		while (chat_version(id) <= after && clock_now() < until && !world_stopping())
			world_wait(until);
		chat = chat_shown(id);
	}
	world_unlock();
	if (chat)
		http_answer_json(ret, 200, chat);
	else
		http_answer_error(ret, 404, "there is no such chat");
}

void api_bot(const struct http_request *r, struct http_answer *ret)
{
	const char *language = http_query(r, "language");

	world_lock();
	http_answer_json(ret, 200, bot_seen(language ? language : ""));
	world_unlock();
}

void api_queue(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *queue = json_object_new_object();
	AUTO_JSON *webhook = NULL;
	AUTO_FREE char *error = NULL;

	(void)r;
	world_lock();
	webhook = webhook_now();
	error = webhook_last_error();
	json_put_int(queue, "pending", queue_pending());
	json_put_int(queue, "in_flight", queue_in_flight());
	json_put_string(queue, "webhook_url", webhook ? json_string(webhook, "url") : "");
	json_put_string(queue, "last_error_message", error);
	world_unlock();
	http_answer_json(ret, 200, queue);
}

void api_wait_idle(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	struct json_object *answer;
	double const until = clock_now() + json_number(body, "seconds", 10);
	bool idle;

	if (!body)
		return;
	world_lock();
	for (;;) {
		double const spinner = callback_open_until();

		idle = !queue_pending() && !spinner;
		if (idle || clock_now() >= until || world_stopping())
			break;
		/* A spinner that gives up is no change that anybody tells of. */
		world_wait(spinner && spinner < until ? spinner + 0.01 : until);
	}
	world_unlock();
	answer = json_object_new_object();
	json_put_flag(answer, "idle", idle);
	http_answer_json(ret, 200, answer);
}

/* ---- what happens ---- */

void api_events(const struct http_request *r, struct http_answer *ret)
{
	int64_t const after = http_query_int(r, "after", -1);
	int64_t limit = http_query_int(r, "limit", EVENTS_DEFAULT);
	double const until = wait_end(r);

	if (limit < 1 || limit > EVENTS_MAX)
		limit = EVENTS_MAX;
	world_lock();
	while (after >= 0 && event_last() <= after && clock_now() < until && !world_stopping())
		world_wait(until);
	http_answer_json(ret, 200, event_list(after, limit));
	world_unlock();
}

void api_violations(const struct http_request *r, struct http_answer *ret)
{
	(void)r;
	world_lock();
	http_answer_json(ret, 200, event_violations());
	world_unlock();
}

void api_faults(const struct http_request *r, struct http_answer *ret)
{
	(void)r;
	world_lock();
	http_answer_json(ret, 200, faults_all());
	world_unlock();
}

void api_faults_set(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	const char *why;

	if (!body)
		return;
	world_lock();
	if (faults_set(body, &why))
		http_answer_json(ret, 200, faults_all());
	else
		http_answer_error(ret, 400, "%s", why);
	world_unlock();
}

void api_health(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *health = json_object_new_object();

	(void)r;
	json_put_flag(health, "ok", true);
	http_answer_json(ret, 200, health);
}
