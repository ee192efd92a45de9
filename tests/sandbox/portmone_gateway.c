#include "tests/sandbox/portmone_gateway.h"

#include <stdarg.h>

#include "tests/sandbox/events.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/form.h"
#include "tests/sandbox/portmone_ask.h"
#include "tests/sandbox/portmone_link.h"
#include "tests/sandbox/portmone_xml.h"
#include "tests/sandbox/world.h"

enum { HANG_CHECK_SECONDS = 1 };

static const struct {
	const char *method;
	void (*answer)(struct question *q);
} methods[] = {
	{ "createLinkPayment", link_create },
	{ "result", ask_result },
	{ "return", ask_return },
	{ "closeInvoice", ask_close },
};

static const char html_error[] =
	"<!DOCTYPE html>\n<html><head><title>Portmone</title></head><body>"
	"<div class=\"response error\">%s</div></body></html>\n";

static void refuse(struct question *q, const char *code, const char *words)
{
	json_object_put(q->answer);
	q->answer = json_object_new_object();
	json_put_string(q->answer, "errorCode", code);
	json_put_string(q->answer, "error", words);
}

void question_refuse(struct question *q, const char *code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(q->why, sizeof(q->why), fmt, args);
	va_end(args);
	q->violation = true;
	refuse(q, code, q->why);
}

void question_cannot(struct question *q, const char *code, const char *words)
{
	refuse(q, code, words);
}

const char *question_text(const struct json_object *o, const char *key)
{
	static _Thread_local char text[32][40];
	static _Thread_local unsigned turn;
	struct json_object *value = json_member(o, key);

	switch (json_object_get_type(value)) {
	case json_type_string:
		return json_object_get_string(value);
	case json_type_int:
		turn = (turn + 1) % COUNT(text);
		snprintf(text[turn], sizeof(text[turn]), "%lld",
			 (long long)json_object_get_int64(value));
		return text[turn];
	case json_type_double:
		turn = (turn + 1) % COUNT(text);
		snprintf(text[turn], sizeof(text[turn]), "%.14g",
			 json_object_get_double(value));
		return text[turn];
	default:
		return NULL;
	}
}

static bool question_read(const struct http_request *r, struct question *q)
{
	AUTO_JSON *files = NULL;

	snprintf(q->base_url, sizeof(q->base_url), "http://%s",
		 *r->host ? r->host : options.listen);
	if (options.public_url)
		snprintf(q->base_url, sizeof(q->base_url), "%s", options.public_url);
	if (!form_read(r->content_type, r->body, r->len, &q->body, &files, &q->form)) {
		q->method = "?";
		question_refuse(q, "20", "the body is neither JSON nor a form");
		return false;
	}
	q->method = json_string(q->body, "method");
	if (q->form)
		q->data = xml_names(q->body);
	else
		q->data = json_object_get(json_member(json_member(q->body, "params"), "data"));
	if (q->method)
		return true;
	q->method = "?";
	question_refuse(q, "20", "there is no method");
	return false;
}

static void question_answer(struct question *q)
{
	for (size_t i = 0; i < COUNT(methods); i++) {
		if (!text_is(methods[i].method, q->method))
			continue;
		if (methods[i].answer != link_create &&
		    !json_object_is_type(q->data, json_type_object))
			question_refuse(q, "20", "%s: params.data is missing", q->method);
		else
			methods[i].answer(q);
		return;
	}
	question_refuse(q, "20", "there is no method %.80s", q->method);
}

/* Accept and say nothing, until the fault is off or the caller has enough. */
static void hang(const struct http_request *r)
{
	while (fault_on("portmone_hang") && !world_stopping() && http_caller_waits(r))
		world_wait(clock_now() + HANG_CHECK_SECONDS);
}

static void answer_html(struct http_answer *ret, const char *words)
{
	AUTO_TEXT html = { 0 };

	text_addf(&html, html_error, words);
	http_answer_text(ret, 200, "text/html; charset=utf-8", html.data);
}

/* Its body is a text as it stands, or JSON; without one, nothing. */
static void answer_fault(struct http_answer *ret, struct json_object *fault)
{
	struct json_object *body = json_member(fault, "body");
	const char *text = json_string(fault, "body");

	if (!text)
		text = body ? json_text(body) : "";
	http_answer_text(ret, (unsigned)json_int(fault, "status", 500), "text/html", text);
}

/* With the world locked. */
static void gateway_answer(const struct http_request *r, struct question *q,
			   struct http_answer *ret)
{
	bool const readable = question_read(r, q);
	AUTO_TEXT xml = { 0 };
	struct json_object *fault;

	if (fault_on("portmone_hang"))
		hang(r);
	else if (fault_on("portmone_down"))
		ret->status = 0;
	else if ((fault = fault_hit("portmone_status", q->method)))
		answer_fault(ret, fault);
	else if (fault_on("portmone_html"))
		answer_html(ret, "Технічна помилка");
	else {
		if (readable)
			question_answer(q);
		if (q->form && json_object_is_type(q->answer, json_type_object) &&
		    json_member(q->answer, "errorCode")) {
			answer_html(ret, json_string(q->answer, "error"));
		} else if (q->form) {
			xml_write(q, &xml);
			http_answer_text(ret, 200, "text/xml; charset=utf-8", xml.data);
		} else {
			http_answer_json(ret, 200, json_object_get(q->answer));
		}
		if (fault_hit("portmone_lose_answer", q->method))
			ret->status = 0;
	}
}

void gateway_serve(const struct http_request *r, struct http_answer *ret)
{
	struct question q = { 0 };
	AUTO_JSON *shown = NULL;
	double const started_at = clock_now();

	ret->status = 0;
	world_lock();
	gateway_answer(r, &q, ret);
	if (ret->body)
		shown = json_parse(ret->body, ret->len);
	if (!shown && ret->body)
		shown = json_object_new_string(ret->body);
	event_add(&(struct event){
		.from = "shop",
		.to = "portmone",
		.what = q.method,
		.status = ret->status,
		.started_at = started_at,
		.request = q.body,
		.response = shown,
		.violation = q.violation ? q.why : NULL,
	});
	world_unlock();
	json_object_put(q.body);
	json_object_put(q.data);
	json_object_put(q.answer);
}
