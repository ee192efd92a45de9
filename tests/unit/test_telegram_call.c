/* Questions to the Bot API, and what each of its answers means. */
#include "shared/clients/telegram_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define TOKEN "123456:AAF-secret_secret"

static struct arena arena;
static const struct telegram telegram = { .api_url = "https://api.telegram.org",
					  .token = TOKEN };

static int arena_new_test(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return 0;
}

static int arena_free_test(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

/* ---- asking ---- */

static void test_request(void **state)
{
	struct http_request r = telegram_request(&telegram, &arena, "getMe",
						 (struct bytes){ NULL, 0 });

	UNUSED(state);
	assert_string_equal(r.url, "https://api.telegram.org/bot" TOKEN "/getMe");
	assert_null(r.content_type);
	assert_null(r.body.data);
	r = telegram_request(&telegram, &arena, "deleteMessage", (struct bytes){ "{}", 2 });
	assert_string_equal(r.content_type, "application/json");
	assert_int_equal(r.body.len, 2);
}

static void test_message_request(void **state)
{
	struct message m = { .chat_id = 7, .html = "x", .edit_id = 3 };
	struct http_request r;

	UNUSED(state);
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), OK);
	assert_string_equal(r.url, "https://api.telegram.org/bot" TOKEN "/editMessageText");
	assert_non_null(strstr(r.body.data, "\"message_id\":3"));
	assert_null(strstr(r.body.data, "\"method\""));
	assert_null(strstr(r.body.data, "AAF-"));
	m.html = "";
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), ERR_INVALID);
}

static const struct http_part *part(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->part_count; i++)
		if (!strcmp(r->parts[i].name, name))
			return &r->parts[i];
	return NULL;
}

static void test_document_request(void **state)
{
	struct message m = { .chat_id = -7,
			     .html = "<b>12 кодів</b>",
			     .file_name = "K7F3-9QXA.txt",
			     .file = { "A\nB\n", 4 } };
	struct str longer = STR(&arena, 4096);
	struct http_request r;

	UNUSED(state);
	keyboard_data(&arena, &m.buttons, "Мої покупки", "p");
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), OK);
	assert_string_equal(r.url, "https://api.telegram.org/bot" TOKEN "/sendDocument");
	assert_null(r.body.data);
	assert_int_equal(r.part_count, 5);
	assert_string_equal(part(&r, "chat_id")->value, "-7");
	assert_string_equal(part(&r, "caption")->value, "<b>12 кодів</b>");
	assert_string_equal(part(&r, "parse_mode")->value, "HTML");
	assert_string_equal(part(&r, "reply_markup")->value,
			    "{\"inline_keyboard\":[[{\"text\":\"Мої покупки\","
			    "\"callback_data\":\"p\"}]]}");
	assert_string_equal(part(&r, "document")->file_name, "K7F3-9QXA.txt");
	assert_int_equal(part(&r, "document")->file.len, 4);
	/* A caption may have 1024 units, and none is no error. */
	for (int i = 0; i < 1024; i++)
		str_add(&longer, "Ж");
	m.html = str_text(&longer);
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), OK);
	str_add(&longer, "Ж");
	m.html = str_text(&longer);
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), ERR_TOO_LONG);
	m.html = NULL;
	m.buttons = (struct keyboard){ 0 };
	assert_int_equal(telegram_message_request(&telegram, &arena, &m, &r), OK);
	assert_int_equal(r.part_count, 2);
}

static void test_callback_request(void **state)
{
	struct http_request r = telegram_callback_request(&telegram, &arena, "4382\"", NULL,
							  false);
	struct str text = STR(&arena, 4096);

	UNUSED(state);
	assert_string_equal(r.url, "https://api.telegram.org/bot" TOKEN "/answerCallbackQuery");
	assert_string_equal(r.body.data, "{\"callback_query_id\":\"4382\\\"\"}");
	r = telegram_callback_request(&telegram, &arena, "1", "Немає", true);
	assert_string_equal(r.body.data, "{\"callback_query_id\":\"1\",\"text\":\"Немає\","
					 "\"show_alert\":true}");
	for (int i = 0; i < 101; i++)
		str_add(&text, "😀"); /* two units each: a hundred fit */
	r = telegram_callback_request(&telegram, &arena, "1", str_text(&text), false);
	assert_int_equal(r.body.len,
			 strlen("{\"callback_query_id\":\"1\",\"text\":\"\"}") + 400);
}

/* ---- answers ---- */

static struct telegram_answer read_answer(int rc, int status, const char *body,
					  int64_t retry_after, bool sent)
{
	struct http_answer const answer = {
		.status = status,
		.retry_after = retry_after,
		.body = { body, strlen(body) },
		.sent = sent,
	};
	struct telegram_answer ret;

	telegram_answer_read(&arena, rc, &answer, &ret);
	assert_non_null(ret.description);
	return ret;
}

#define ERROR(code, description) \
	"{\"ok\":false,\"error_code\":" #code ",\"description\":\"" description "\"}"

static void test_done(void **state)
{
	AUTO_ANSWER answer = read_answer(
		OK, 200,
		"{\"ok\":true,\"result\":{\"message_id\":9007199254740993,\"date\":1}}", -1,
		true);
	AUTO_ANSWER plain = read_answer(OK, 200, "{\"ok\":true,\"result\":true}", -1, true);

	UNUSED(state);
	assert_int_equal(answer.result, TELEGRAM_OK);
	assert_true(answer.message_id == INT64_C(9007199254740993));
	assert_int_equal(json_int(json_get(json_get(answer.body.root, "result"), "date"), 0),
			 1);
	assert_false(answer.unsure);
	assert_int_equal(plain.result, TELEGRAM_OK);
	assert_int_equal(plain.message_id, 0);
}

static void test_every_refusal(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum telegram_result result;
	} rows[] = {
		{ 400,
		  ERROR(400, "Bad Request: message is not modified: specified new message "
			     "content and reply markup are exactly the same as a current "
			     "content and reply markup of the message"),
		  TELEGRAM_SAME },
		{ 400, ERROR(400, "Bad Request: message to edit not found"), TELEGRAM_GONE },
		{ 400, ERROR(400, "Bad Request: message can't be edited"), TELEGRAM_GONE },
		{ 400, ERROR(400, "Bad Request: message to delete not found"), TELEGRAM_GONE },
		{ 400, ERROR(400, "Bad Request: message can't be deleted"), TELEGRAM_GONE },
		{ 400,
		  ERROR(400, "Bad Request: query is too old and response timeout expired or "
			     "query ID is invalid"),
		  TELEGRAM_TOO_OLD },
		{ 400, ERROR(400, "Bad Request: chat not found"), TELEGRAM_BLOCKED },
		{ 403, ERROR(403, "Forbidden: bot was blocked by the user"), TELEGRAM_BLOCKED },
		{ 403, ERROR(403, "Forbidden: user is deactivated"), TELEGRAM_BLOCKED },
		{ 403, ERROR(403, "Forbidden: bot was kicked from the supergroup chat"),
		  TELEGRAM_BLOCKED },
		{ 403, ERROR(403, "Forbidden: bot is not a member of the channel chat"),
		  TELEGRAM_BLOCKED },
		{ 403, ERROR(403, "Forbidden: bot can't initiate conversation with a user"),
		  TELEGRAM_BLOCKED },
		{ 400, ERROR(400, "Bad Request: can't parse entities: Unsupported start tag"),
		  TELEGRAM_REFUSED },
		{ 400, ERROR(400, "Bad Request: wrong file identifier/HTTP URL specified"),
		  TELEGRAM_REFUSED },
		{ 400, ERROR(400, "Bad Request: BUTTON_DATA_INVALID"), TELEGRAM_REFUSED },
		{ 400, ERROR(400, "Bad Request: message is too long"), TELEGRAM_REFUSED },
		{ 401, ERROR(401, "Unauthorized"), TELEGRAM_UNAUTHORIZED },
		{ 404, ERROR(404, "Not Found"), TELEGRAM_UNAUTHORIZED },
		{ 404, ERROR(404, "Not Found: method not found"), TELEGRAM_REFUSED },
		{ 409, ERROR(409, "Conflict: terminated by other getUpdates request"),
		  TELEGRAM_REFUSED },
		{ 413, ERROR(413, "Request Entity Too Large"), TELEGRAM_REFUSED },
		{ 500, ERROR(500, "Internal Server Error"), TELEGRAM_TROUBLE },
		{ 502, ERROR(502, "Bad Gateway"), TELEGRAM_TROUBLE },
		/* Telegram's code counts, whatever the status on the way became. */
		{ 200, ERROR(403, "Forbidden: bot was blocked by the user"), TELEGRAM_BLOCKED },
		/* Without a code the status does. */
		{ 403, "{\"ok\":false}", TELEGRAM_BLOCKED },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_ANSWER a = read_answer(OK, rows[i].status, rows[i].body, -1, true);

		assert_string_equal(telegram_result_name(a.result),
				    telegram_result_name(rows[i].result));
		assert_int_equal(a.unsure, rows[i].result == TELEGRAM_TROUBLE);
		assert_int_equal(a.retry_after, 0);
		assert_int_equal(a.migrate_to, 0);
	}
}

static void test_flood(void **state)
{
	static const struct {
		const char *body;
		int64_t header;
		int64_t wait;
	} rows[] = {
		{ "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: retry "
		  "after 17\",\"parameters\":{\"retry_after\":17}}",
		  3, 17 },
		{ ERROR(429, "Too Many Requests"), 3, 3 },
		{ ERROR(429, "Too Many Requests"), -1, 5 },
		{ "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":-4}}", -1,
		  5 },
		{ "{\"ok\":false,\"error_code\":429,\"parameters\":{\"retry_after\":"
		  "9223372036854775807}}",
		  -1, 86400 },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_ANSWER a = read_answer(OK, 429, rows[i].body, rows[i].header, true);

		assert_int_equal(a.result, TELEGRAM_FLOOD);
		assert_false(a.unsure);
		assert_int_equal(a.retry_after, rows[i].wait);
	}
}

static void test_moved(void **state)
{
	AUTO_ANSWER a = read_answer(
		OK, 400,
		"{\"ok\":false,\"error_code\":400,\"description\":\"Bad Request: group chat "
		"was "
		"upgraded to a supergroup chat\",\"parameters\":{\"migrate_to_chat_id\":"
		"-1001234567890}}",
		-1, true);
	AUTO_ANSWER nowhere = read_answer(OK, 400,
					  ERROR(400, "Bad Request: group chat was upgraded to "
						     "a supergroup chat"),
					  -1, true);

	UNUSED(state);
	assert_int_equal(a.result, TELEGRAM_MOVED);
	assert_true(a.migrate_to == INT64_C(-1001234567890));
	assert_int_equal(nowhere.result, TELEGRAM_REFUSED);
}

static void test_trouble(void **state)
{
	static const struct {
		int rc;
		int status;
		const char *body;
		int64_t header;
		bool sent;
		bool unsure;
	} rows[] = {
		{ ERR_DOWN, 0, "", -1, true, true },   /* the answer was lost */
		{ ERR_DOWN, 0, "", -1, false, false }, /* it never got there */
		{ ERR_FAILED, 0, "", -1, false, false },
		{ OK, 502, "<html>Bad Gateway</html>", 7, true, true },
		{ OK, 200, "<html>captive portal</html>", 0, true, true },
		{ OK, 200, "", 0, true, true },
		{ OK, 200, "{}", 0, true, true },
		{ OK, 200, "[]", 0, true, true },
		{ OK, 200, "{\"ok\":\"true\"}", 0, true, true },
		{ OK, 200, "{\"ok\":true", 0, true, true },
		{ OK, 302, "", 0, true, true },
		{ OK, 404, "<html>nginx</html>", 0, true, false },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_ANSWER a = read_answer(rows[i].rc, rows[i].status, rows[i].body,
					    rows[i].header, rows[i].sent);

		assert_int_equal(a.result, TELEGRAM_TROUBLE);
		assert_int_equal(a.unsure, rows[i].unsure);
		assert_int_equal(a.retry_after, rows[i].header > 0 ? rows[i].header : 0);
	}
}

static void test_words_hold_no_token(void **state)
{
	AUTO_ANSWER a = read_answer(OK, 404,
				    ERROR(404, "Not Found: /bot" TOKEN "/sendMessage at 12:"
					       " 7\\r\\nX"),
				    -1, true);

	UNUSED(state);
	assert_string_equal(a.description, "Not Found: /bot…/sendMessage at 12: 7 X");
}

/* A piece of our message may hold a code. */
static void test_words_hold_no_quotation(void **state)
{
	static const struct {
		const char *words;
		const char *kept;
	} rows[] = {
		{ "Bad Request: can't parse entities: Unsupported start tag \\\"1234\\\" at "
		  "byte "
		  "offset 5",
		  "Bad Request: can't parse entities: Unsupported start tag … at byte offset "
		  "5" },
		{ "tag \\\"12\\\"34\\\" at 5", "tag … at 5" },
		{ "button URL 'http://x/pay/1234' is invalid: Wrong",
		  "button URL … is invalid: Wrong" },
		{ "ends in \\\"1234", "ends in …" },
		{ "ends in '1234", "ends in …" },
		{ "message can't be edited, isn't it", "message can't be edited, isn't it" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *body = arena_printf(
			&arena, "{\"ok\":false,\"error_code\":400,\"description\":\"%s\"}",
			rows[i].words);
		AUTO_ANSWER a = read_answer(OK, 400, body, -1, true);

		assert_string_equal(a.description, rows[i].kept);
	}
}

/* Nobody listens: the whole way down and back. */
static void test_call(void **state)
{
	struct telegram t = { .api_url = "http://127.0.0.1:1", .token = TOKEN };
	struct telegram_answer answer;

	UNUSED(state);
	assert_int_equal(http_new(&t.http), OK);
	telegram_call(&t, &arena, "getMe", (struct bytes){ NULL, 0 }, &answer);
	assert_int_equal(answer.result, TELEGRAM_TROUBLE);
	assert_false(answer.unsure);
	telegram_answer_free(&answer);
	http_free(t.http);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_message_request),
		cmocka_unit_test(test_document_request),
		cmocka_unit_test(test_callback_request),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_every_refusal),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_words_hold_no_token),
		cmocka_unit_test(test_words_hold_no_quotation),
		cmocka_unit_test(test_call),
	};

	return cmocka_run_group_tests_name("telegram_call", tests, arena_new_test,
					   arena_free_test);
}
