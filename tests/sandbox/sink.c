#include "tests/sandbox/sink.h"

#include <stdatomic.h>
#include <strings.h>

#include "tests/sandbox/text.h"

static const char answer_true[] = "{\"ok\":true,\"result\":true}";
static const char answer_message[] = "{\"ok\":true,\"result\":{\"message_id\":%lld,\"date\":1,"
				     "\"chat\":{\"id\":1,\"type\":\"private\"}}}";

/* What is counted apart; the rest is "other". */
static const char *const methods[] = { "answerCallbackQuery", "sendMessage", "editMessageText",
				       "sendDocument", "other" };
static atomic_llong counts[COUNT(methods)];

void sink_telegram(const struct http_request *r, struct http_answer *ret)
{
	const char *method = r->parts[1];
	long long const count = atomic_load(&counts[1]);
	char message[160];
	size_t i = 0;

	while (i < COUNT(methods) - 1 && strcasecmp(methods[i], method) != 0)
		i++;
	atomic_fetch_add(&counts[i], 1);
	snprintf(message, sizeof(message), answer_message, count + 1);
	ret->status = 200;
	ret->content_type = "application/json";
	ret->body = text_copy(i >= 1 && i <= 3 ? message : answer_true);
	ret->len = strlen(ret->body);
}

void sink_count(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *answer = json_object_new_object();
	struct json_object *by_method = json_object_new_object();
	long long total = 0;

	(void)r;
	for (size_t i = 0; i < COUNT(methods); i++) {
		long long const count = atomic_load(&counts[i]);

		json_put_int(by_method, methods[i], count);
		total += count;
	}
	json_put_int(answer, "count", total);
	json_put(answer, "methods", by_method);
	http_answer_json(ret, 200, answer);
}

void sink_reset(const struct http_request *r, struct http_answer *ret)
{
	for (size_t i = 0; i < COUNT(methods); i++)
		atomic_store(&counts[i], 0);
	sink_count(r, ret);
}
