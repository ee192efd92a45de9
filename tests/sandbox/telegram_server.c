#include "tests/sandbox/telegram_server.h"

#include "tests/sandbox/events.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/form.h"
#include "tests/sandbox/telegram_call.h"
#include "tests/sandbox/world.h"

/* The words that go with a status when a fault gives none. */
static const struct {
	int64_t status;
	const char *words;
} usual[] = {
	{ 400, "Bad Request: chat not found" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden: bot was blocked by the user" },
	{ 404, "Not Found" },
	{ 409, "Conflict: terminated by other getUpdates request" },
	{ 429, "Too Many Requests: retry after 1" },
	{ 500, "Internal Server Error" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
};

/* Parameters from the address and from the body. */
static bool params_read(const struct http_request *r, struct call *c)
{
	AUTO_JSON *query = http_query_all(r);

	if (!r->len) {
		c->params = json_object_get(query);
		c->form = true;
		return true;
	}
	if (!form_read(r->content_type, r->body, r->len, &c->params, &c->files, &c->form)) {
		c->params = json_object_new_object();
		return false;
	}
	json_object_object_foreach (query, name, value) {
		json_put(c->params, name, json_object_get(value));
	}
	return true;
}

/* The faults that answer in the method's place; their body, or NULL. */
static struct json_object *fault_answer(struct call *c)
{
	struct json_object *fault = fault_hit("telegram_retry_after", c->method);
	struct json_object *body;

	if (fault) {
		c->retry_after = json_int(fault, "seconds", 1);
		call_cannot(c, 429, "Too Many Requests: retry after %lld",
			    (long long)c->retry_after);
		return call_answer(c);
	}
	fault = fault_hit("telegram_status", c->method);
	if (!fault)
		return NULL;
	body = json_member(fault, "body");
	call_cannot(c, (unsigned)json_int(fault, "status", 500), "Internal Server Error");
	for (size_t i = 0; i < COUNT(usual); i++) {
		if (usual[i].status == (int64_t)c->status)
			call_cannot(c, c->status, "%s", usual[i].words);
	}
	return body ? json_copy(body) : call_answer(c);
}

static void delay(void)
{
	double const until = clock_now() + (double)fault_number("telegram_delay_ms") / 1000;

	while (clock_now() < until && !world_stopping())
		world_wait(until);
}

static bool quiet(const struct call *c)
{
	/* A poll that brought nothing is no event: there would be nothing else. */
	return text_is(c->method, "getUpdates") && c->status == 200 &&
	       !json_object_array_length(c->result);
}

/* What becomes of an answer on its way. */
enum cut { CUT_NO, CUT_CLOSED, CUT_RESET };

/* With the world locked.  The answer's body. */
static struct json_object *call_serve(const struct http_request *r, struct call *c,
				      enum cut *ret_cut)
{
	struct json_object *answer;

	*ret_cut = fault_on("telegram_down") ? CUT_CLOSED : CUT_NO;
	if (*ret_cut)
		return NULL;
	delay();
	if (!text_is(r->parts[0], options.token)) {
		call_refuse(c, 401, "Unauthorized");
		return call_answer(c);
	}
	answer = fault_answer(c);
	if (answer)
		return answer;
	if (!params_read(r, c))
		call_refuse(c, 400, "Bad Request: can't parse the request's body");
	else
		call_run(c);
	if (fault_hit("telegram_reset", c->method))
		*ret_cut = CUT_RESET;
	else if (fault_hit("telegram_lose_answer", c->method))
		*ret_cut = CUT_CLOSED;
	return call_answer(c);
}

void telegram_serve(const struct http_request *r, struct http_answer *ret)
{
	struct call c = { .method = r->parts[1] };
	AUTO_JSON *request = NULL;
	AUTO_JSON *answer = NULL;
	double const started_at = clock_now();
	enum cut cut;

	world_lock();
	answer = call_serve(r, &c, &cut);
	if (!c.params)
		params_read(r, &c);
	request = json_copy(c.params);
	if (!c.user_id)
		c.user_id = json_int(request, "chat_id", 0);
	if (!quiet(&c))
		event_add(&(struct event){
			.from = "shop",
			.to = "telegram",
			.what = c.method,
			.status = cut ? 0 : c.status,
			.started_at = started_at,
			.request = request,
			.response = answer,
			.user_id = c.user_id,
			.violation = c.violation ? c.words : NULL,
		});
	world_unlock();
	ret->status = 0;
	ret->reset = cut == CUT_RESET;
	if (!cut) {
		ret->retry_after = c.retry_after;
		if (json_object_is_type(answer, json_type_string))
			http_answer_text(ret, c.status, "text/html",
					 json_object_get_string(answer));
		else
			http_answer_json(ret, c.status, json_object_get(answer));
	}
	call_release(&c);
}
