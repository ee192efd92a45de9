#include "tests/sandbox/telegram_deliver.h"

#include <microhttpd.h>
#include <strings.h>

#include "tests/sandbox/events.h"
#include "tests/sandbox/form.h"
#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/telegram_call.h"
#include "tests/sandbox/world.h"

enum { ANSWER_SECONDS = 60, CALL_BYTES_MAX = 1024 * 1024, PAUSE = 3600 };

struct parcel {
	struct post post;
	struct delivery delivery;
	char *url;
	char *secret; /* the header's line, or NULL */
	struct parcel *next;
};

static struct parcel *parcels; /* under way; the courier's own */

static void parcel_free(struct parcel *p)
{
	post_release(&p->post);
	delivery_release(&p->delivery);
	free(p->url);
	free(p->secret);
	free(p);
}

static struct json_object *body_shown(const char *body, size_t len)
{
	struct json_object *o = len ? json_parse(body, len) : NULL;

	return o || !len ? o : json_object_new_string_len(body, (int)(len < 4096 ? len : 4096));
}

/* ---- a method in the answer ---- */

/* What the server does not do when it stands in an answer. */
static bool ignored(const char *method)
{
	static const char *const names[] = { "setWebhook", "deleteWebhook", "close", "logOut" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcasecmp(method, names[i]) == 0)
			return true;
	}
	return strncasecmp(method, "get", 3) == 0;
}

/* Nobody will tell the shop: what it can't do for good is a mistake, too. */
static bool nobody_hears(const struct call *c)
{
	return c->status >= 400 && c->status != 403 &&
	       !strstr(c->words, "message is not modified") &&
	       !strstr(c->words, "query is too old");
}

static void call_event(struct call *c, struct json_object *params)
{
	AUTO_JSON *answer = call_answer(c);
	char words[CALL_WORDS_MAX + 64];

	snprintf(words, sizeof(words), "in the answer to an update: %s", c->words);
	event_add(&(struct event){
		.from = "shop",
		.to = "telegram",
		.what = c->method,
		.status = c->status,
		.request = params,
		.response = answer,
		.user_id = c->user_id,
		.violation = c->violation || nobody_hears(c) ? words : NULL,
	});
}

static void answer_run(const struct post *post)
{
	struct call c = { 0 };
	AUTO_JSON *params = NULL;
	AUTO_FREE char *method = NULL;

	if (!form_read(post->answer_type, text_of(&post->answer), post->answer.len, &c.params,
		       &c.files, &c.form))
		return;
	if (!json_string(c.params, "method")) {
		call_release(&c);
		return;
	}
	method = text_copy(json_string(c.params, "method"));
	json_object_object_del(c.params, "method");
	params = json_copy(c.params);
	c.method = method;
	if (ignored(method)) {
		c.status = 200;
		snprintf(c.words, sizeof(c.words), "%s is not done from an answer", method);
		c.violation = true;
	} else {
		call_run(&c);
	}
	call_event(&c, params);
	call_release(&c);
}

/* Why a 2xx answer's body was of no use; NULL: it was, or there was none. */
static const char *body_useless(const struct post *post)
{
	AUTO_JSON *o = NULL;

	if (!post->answer.len)
		return NULL;
	if (strncasecmp(post->answer_type, "application/json", 16) != 0)
		return form_type(post->answer_type)
			       ? NULL
			       : "a body whose content type is not looked at";
	o = json_parse_object(post->answer.data, post->answer.len);
	return o ? NULL : "a body that is no JSON object";
}

/* ---- an update ---- */

static void deliver_done(struct post *post)
{
	struct parcel *p = post->owner;
	AUTO_JSON *request = body_shown(p->delivery.body, p->delivery.len);
	AUTO_JSON *response = body_shown(text_of(&post->answer), post->answer.len);
	bool const ok = post->status >= 200 && post->status < 300 &&
			post->answer.len <= CALL_BYTES_MAX;
	const char *useless = ok ? body_useless(post) : NULL;
	char words[CURL_ERROR_SIZE + 64];

	for (struct parcel **at = &parcels; *at; at = &(*at)->next) {
		if (*at != p)
			continue;
		*at = p->next;
		break;
	}
	if (!response && post->error[0])
		response = json_object_new_string(post->error);
	world_lock();
	event_add(&(struct event){
		.from = "telegram",
		.to = "shop",
		.what = p->delivery.kind,
		.status = post->status,
		.started_at = post->started_at,
		.request = request,
		.response = response,
		.user_id = p->delivery.user_id,
		.violation = useless,
	});
	if (!ok) {
		if (post->status)
			snprintf(words, sizeof(words),
				 "Wrong response from the webhook: %ld %s", post->status,
				 MHD_get_reason_phrase_for((unsigned)post->status));
		else
			snprintf(words, sizeof(words), "%s", post->error);
		webhook_failed(words);
	}
	if (ok && !useless)
		answer_run(post);
	queue_done(p->delivery.seq, ok, post->retry_after);
	world_unlock();
	parcel_free(p);
}

static void deliver(CURLM *multi, struct json_object *webhook, struct delivery *d)
{
	struct parcel *p = memory_new(sizeof(*p));
	const char *secret = json_string(webhook, "secret_token");
	double const seconds = clock_scaled(ANSWER_SECONDS);

	*p = (struct parcel){ .delivery = *d, .url = text_copy(json_string(webhook, "url")) };
	if (secret) {
		struct text line = { 0 };

		text_addf(&line, "X-Telegram-Bot-Api-Secret-Token: %s", secret);
		p->secret = text_take(&line);
	}
	p->post = (struct post){
		.url = p->url,
		.content_type = "application/json",
		.header = p->secret,
		.body = p->delivery.body,
		.len = p->delivery.len,
		.timeout_ms = seconds > 1 ? (long)(seconds * 1000) : 1000,
		.done = deliver_done,
		.owner = p,
	};
	p->next = parcels;
	parcels = p;
	post_start(multi, &p->post);
}

double deliver_start(CURLM *multi)
{
	AUTO_JSON *webhook = webhook_now();
	int64_t const max = json_int(webhook, "max_connections", WEBHOOK_CONNECTIONS_DEFAULT);
	struct delivery d;

	if (!webhook)
		return clock_now() + PAUSE;
	while (queue_in_flight() < max) {
		if (!queue_take(&d))
			return queue_next_at();
		deliver(multi, webhook, &d);
	}
	return clock_now() + PAUSE;
}

void deliver_stop(CURLM *multi)
{
	while (parcels) {
		struct parcel *p = parcels;

		parcels = p->next;
		post_abandon(multi, &p->post);
		parcel_free(p);
	}
}
