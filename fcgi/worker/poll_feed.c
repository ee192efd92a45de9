#include "fcgi/worker/poll_feed.h"

#include "fcgi/worker/backoff.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

#include <strings.h>

enum {
	AT_ONCE = 40,	  /* as many as Telegram's webhook opens connections */
	POST_MS = 10000,  /* longer than the responder takes with its database gone */
	BROKEN_TRIES = 8, /* of an update that the responder can't digest */
	CALL_TRIES = 3,	  /* of a method in an answer: a tap can be repeated */
	REPLY_DEPTH = 16,
};

enum fed_state { FED_WAITING, FED_CALLING, FED_DONE };

struct fed {
	struct feed *feed;
	int64_t update_id;
	int64_t key; /* person or chat: one after the other */
	struct bytes json;
	enum fed_state state;
	bool running; /* a call of it is under way */
	int64_t again_ms;
	int tries;
	/* what the responder wants called */
	const char *method;
	struct bytes parameters;
};

struct feed {
	struct worker *w;
	struct arena arena;
	feed_done *done;
	struct fed *list;
	size_t count;
	size_t left;
	size_t running;
	bool abandoned;
	int64_t next_offset;
};

/* ---- what came ---- */

/* Telegram's own queues: a button's by person, everything else by chat. */
static int64_t key_of(const struct json *update)
{
	static const char *const kinds[] = { "message", "edited_message", "my_chat_member" };
	const struct json *from = json_get(json_get(update, "callback_query"), "from");

	if (from)
		return json_int(json_get(from, "id"), 0);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct json *chat = json_get(json_get(update, kinds[i]), "chat");

		if (chat)
			return json_int(json_get(chat, "id"), 0);
	}
	return 0;
}

struct feed *feed_new(struct worker *w, const struct json *updates, feed_done *done)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed)
		die("out of memory");
	feed->w = w;
	feed->done = done;
	feed->count = feed->left = json_count(updates);
	feed->list = arena_array(&feed->arena, feed->count, sizeof(*feed->list));
	for (size_t i = 0; i < feed->count; i++) {
		const struct json *update = json_at(updates, i);
		const char *json = json_print(&feed->arena, update);
		int64_t const id = json_int(json_get(update, "update_id"), 0);

		feed->list[i] = (struct fed){
			.feed = feed,
			.update_id = id,
			.key = key_of(update),
			.json = { json, strlen(json) },
		};
		if (id >= feed->next_offset)
			feed->next_offset = id + 1;
	}
	return feed;
}

void feed_free(struct feed *feed)
{
	arena_release(&feed->arena);
	free(feed);
}

/* ---- the call in an answer ---- */

/* What Telegram ignores in a webhook's answer. */
static bool is_callable(const char *method)
{
	static const char *const not_these[] = { "setWebhook", "deleteWebhook", "close",
						 "logOut" };

	for (size_t i = 0; i < COUNT(not_these); i++)
		if (!strcasecmp(method, not_these[i]))
			return false;
	return *method && strncasecmp(method, "get", 3) != 0 &&
	       strspn(method, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
		       strlen(method);
}

struct copying {
	struct arena *a;
	struct json_out *j;
};

static int member_copy(const char *name, const struct json *v, void *data)
{
	struct copying *copying = data;

	if (strcmp(name, "method") != 0) {
		json_key(copying->j, name);
		json_put_raw(copying->j, json_print(copying->a, v));
	}
	return 0;
}

int feed_call_read(struct arena *a, struct bytes body, const char **ret_method,
		   struct bytes *ret_json)
{
	struct str s = STR(a, HTTP_ANSWER_MAX);
	struct json_out j = JSON_OUT(&s);
	AUTO_JSON doc = { 0 };
	const char *method;

	if (!body.len || json_parse(body, REPLY_DEPTH, &doc))
		return ERR_NOT_FOUND;
	method = json_text(json_get(doc.root, "method"), "");
	if (!is_callable(method))
		return ERR_NOT_FOUND;
	json_open(&j, '{');
	(void)json_each(doc.root, member_copy, &(struct copying){ a, &j });
	json_close(&j, '}');
	if (!str_ok(&s))
		return ERR_NOT_FOUND;
	*ret_method = arena_strdup(a, method);
	*ret_json = (struct bytes){ s.data, s.len };
	return OK;
}

/* ---- one update ---- */

static void fed_end(struct fed *f)
{
	f->state = FED_DONE;
	f->feed->left--;
}

static void fed_again(struct fed *f, enum fed_state state, int64_t ms)
{
	f->state = state;
	f->again_ms = clock_monotonic_ms() + ms;
	if (ms)
		worker_soon(f->feed->w, JOB_POLL, ms);
}

static void fed_called(int rc, const struct http_answer *http, void *fed)
{
	struct fed *f = fed;
	struct feed *feed = f->feed;
	AUTO_ARENA(a);
	AUTO_ANSWER answer;

	f->running = false;
	feed->running--;
	telegram_answer_read(&a, rc, http, &answer);
	worker_telegram_report(feed->w, answer.result);
	if (answer.result == TELEGRAM_FLOOD && f->tries < CALL_TRIES) {
		fed_again(f, FED_CALLING, answer.retry_after * 1000);
	} else if (answer.result == TELEGRAM_TROUBLE && f->tries < CALL_TRIES) {
		fed_again(f, FED_CALLING, backoff_next_ms(f->tries));
	} else {
		if (answer.result == TELEGRAM_REFUSED)
			log_event(LOG_WARN, "reply_refused", "method=%s why=%s", f->method,
				  answer.description);
		fed_end(f);
	}
	feed_move(feed);
}

/* Taken, to be given again, or hopeless? */
static void fed_posted(int rc, const struct http_answer *http, void *fed)
{
	struct fed *f = fed;
	struct feed *feed = f->feed;
	int const status = rc ? 0 : http->status;
	bool const busy = rc || status == 503 || status == 429 || status == 502;

	f->running = false;
	feed->running--;
	if (status >= 200 && status < 300) {
		f->tries = 0;
		if (feed_call_read(&feed->arena, http->body, &f->method, &f->parameters))
			fed_end(f);
		else
			fed_again(f, FED_CALLING, 0);
	} else if (busy || status == 401 || status == 404 ||
		   (status >= 500 && f->tries < BROKEN_TRIES)) {
		if (worker_may_tell(&feed->w->fed_told_ms))
			log_event(LOG_WARN, "update_not_taken", "update=%lld status=%d",
				  (long long)f->update_id, status);
		fed_again(f, FED_WAITING,
			  !rc && http->retry_after > 0 ? http->retry_after * 1000
						       : backoff_next_ms(f->tries));
	} else {
		log_event(LOG_ERROR, "update_given_up", "update=%lld status=%d",
			  (long long)f->update_id, status);
		fed_end(f);
	}
	feed_move(feed);
}

static int fed_start(struct fed *f)
{
	struct worker *w = f->feed->w;
	AUTO_ARENA(a);
	const char *const headers[] = {
		arena_printf(&a, "X-Telegram-Bot-Api-Secret-Token: %s",
			     w->program.config.webhook_secret),
		NULL,
	};
	struct http_request request;

	if (f->state == FED_CALLING) {
		request = telegram_request(&w->telegram, &a, f->method, f->parameters);
		return http_start(w->http, &request, fed_called, f);
	}
	request = (struct http_request){
		.url = feed_url(&a, w->program.config.http_listen),
		.content_type = "application/json",
		.body = f->json,
		.headers = headers,
		.timeout_ms = POST_MS,
	};
	return http_start(w->http, &request, fed_posted, f);
}

const char *feed_url(struct arena *a, const char *http_listen)
{
	/* Everywhere is also here. */
	if (!strncmp(http_listen, "0.0.0.0:", 8))
		return arena_printf(a, "http://127.0.0.1:%s/telegram/webhook", http_listen + 8);
	if (!strncmp(http_listen, "[::]:", 5))
		return arena_printf(a, "http://[::1]:%s/telegram/webhook", http_listen + 5);
	return arena_printf(a, "http://%s/telegram/webhook", http_listen);
}

/* ---- the whole ---- */

/* Is it this one's turn: nothing older of the same person is unfinished? */
static bool is_next(const struct feed *feed, size_t i, int64_t now_ms)
{
	const struct fed *f = &feed->list[i];

	if (f->running || f->state == FED_DONE || f->again_ms > now_ms)
		return false;
	for (size_t n = 0; n < i; n++)
		if (feed->list[n].key == f->key && feed->list[n].state != FED_DONE)
			return false;
	return true;
}

void feed_move(struct feed *feed)
{
	int64_t const now = clock_monotonic_ms();

	if (feed->abandoned || feed->w->stopping) {
		if (feed->abandoned && !feed->running)
			feed_free(feed);
		return;
	}
	for (size_t i = 0; i < feed->count && feed->running < AT_ONCE; i++) {
		struct fed *f = &feed->list[i];

		if (!is_next(feed, i, now))
			continue;
		f->tries++;
		if (fed_start(f)) {
			/* No room in the pool. */
			worker_soon(feed->w, JOB_POLL, 100);
			break;
		}
		f->running = true;
		feed->running++;
	}
	if (!feed->left) {
		feed_done *done = feed->done;
		struct worker *w = feed->w;
		int64_t const next = feed->next_offset;

		feed_free(feed);
		done(w, next);
	}
}

void feed_abandon(struct feed *feed)
{
	feed->abandoned = true;
	if (!feed->running)
		feed_free(feed);
}
