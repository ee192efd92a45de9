#include "tests/sandbox/telegram_callback.h"

#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_format.h"
#include "tests/sandbox/telegram_person.h"
#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { ANSWER_TEXT_MAX = 200, ANSWERS_SHOWN = 20 };

static double oldest_open(void)
{
	return clock_now() - clock_scaled(CALLBACK_SECONDS);
}

void callback_answer(struct call *c)
{
	const char *id = json_string(c->params, "callback_query_id");
	const char *text = json_string(c->params, "text");
	const char *url = json_string(c->params, "url");

	if (text && utf8_count(text) > ANSWER_TEXT_MAX) {
		call_refuse(c, 400, "Bad Request: MESSAGE_TOO_LONG");
		return;
	}
	if (url && !text_begins(url, "https://t.me/") && !text_begins(url, "tg://")) {
		call_refuse(c, 400, "Bad Request: URL_INVALID");
		return;
	}
	c->user_id = store_number(
		"SELECT user_id FROM callbacks WHERE id = ? AND answered_at IS NULL"
		" AND created_at > ?",
		"sd", id, oldest_open());
	if (!c->user_id) {
		call_cannot(c, 400,
			    "Bad Request: query is too old and response timeout expired or "
			    "query ID is "
			    "invalid");
		return;
	}
	store_run("UPDATE callbacks SET answered_at = ?, text = ?, show_alert = ? WHERE id = ?",
		  "dsis", clock_now(), text, (int64_t)json_flag(c->params, "show_alert"), id);
	person_touch(c->user_id);
	call_done(c, json_object_new_boolean(true));
}

int64_t callback_tap(int64_t user_id, struct json_object *message, const char *data,
		     char ret_id[24])
{
	struct json_object *query = json_object_new_object();
	int64_t update_id;
	char instance[24];

	snprintf(ret_id, 24, "%llu", (unsigned long long)(format_random() >> 1));
	snprintf(instance, sizeof(instance), "%lld", (long long)user_id * 1000003);
	json_put_string(query, "id", ret_id);
	json_put(query, "from", person_user(user_id));
	json_put(query, "message", json_object_get(message));
	json_put_string(query, "chat_instance", instance);
	json_put_string(query, "data", data);
	update_id = queue_add("callback_query", user_id, query);
	if (update_id)
		store_run("INSERT INTO callbacks (id, user_id, created_at) VALUES (?, ?, ?)",
			  "sid", ret_id, user_id, clock_now());
	person_touch(user_id);
	return update_id;
}

struct json_object *callback_spinners(int64_t user_id)
{
	AUTO_JSON *rows = store_rows(
		"SELECT id FROM callbacks WHERE user_id = ? AND answered_at IS NULL"
		" AND created_at > ? ORDER BY created_at",
		"id", user_id, oldest_open());
	struct json_object *ids = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(ids, json_object_new_string(json_string(
						   json_object_array_get_idx(rows, i), "id")));
	return ids;
}

struct json_object *callback_answers(int64_t user_id)
{
	AUTO_JSON *rows = store_rows(
		"SELECT id, text, show_alert FROM callbacks WHERE user_id = ?"
		" AND answered_at IS NOT NULL ORDER BY answered_at DESC LIMIT ?",
		"ii", user_id, (int64_t)ANSWERS_SHOWN);
	struct json_object *answers = json_object_new_array();

	/* Newest last, as they happened. */
	for (size_t i = json_object_array_length(rows); i-- > 0;) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *answer = json_object_new_object();

		json_put_string(answer, "callback_query_id", json_string(row, "id"));
		json_put_string(answer, "text", json_string(row, "text"));
		json_put_flag(answer, "show_alert", json_int(row, "show_alert", 0));
		json_object_array_add(answers, answer);
	}
	return answers;
}

double callback_open_until(void)
{
	double const created = store_real(
		"SELECT MAX(created_at) FROM callbacks WHERE answered_at IS NULL"
		" AND created_at > ?",
		"d", oldest_open());

	return created ? created + clock_scaled(CALLBACK_SECONDS) : 0;
}
