/* Messages as calls: what Telegram would refuse must not be written. */
#include "shared/clients/telegram_message.h"

#include "shared/base/utf8.h"
#include "shared/platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct arena arena;

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

static const char *written(const struct message *m, bool with_method)
{
	struct bytes json;

	assert_int_equal(message_write(&arena, m, with_method, &json), OK);
	assert_int_equal(strlen(json.data), json.len);
	return json.data;
}

static int refused(const struct message *m)
{
	struct bytes json = { "untouched", 9 };
	int const rc = message_write(&arena, m, true, &json);

	assert_int_equal(json.len, 9);
	return rc;
}

static const char *times(const char *what, size_t count)
{
	struct str s = STR(&arena, 1024 * 1024);

	for (size_t i = 0; i < count; i++)
		str_add(&s, what);
	return str_text(&s);
}

static void test_plain(void **state)
{
	struct message m = { .chat_id = 1001, .html = "<b>Привіт</b>" };

	UNUSED(state);
	assert_string_equal(
		written(&m, false),
		"{\"chat_id\":1001,\"text\":\"<b>Привіт</b>\",\"parse_mode\":\"HTML\","
		"\"link_preview_options\":{\"is_disabled\":true}}");
	m.edit_id = 77;
	m.preview_url = "https://example.org/a.png";
	assert_string_equal(
		written(&m, true),
		"{\"method\":\"editMessageText\",\"chat_id\":1001,\"message_id\":77,"
		"\"text\":\"<b>Привіт</b>\",\"parse_mode\":\"HTML\",\"link_preview_options\":{"
		"\"url\":\"https://example.org/a.png\",\"show_above_text\":true}}");
	m = (struct message){ .chat_id = INT64_C(-1009007199254740993), .html = "x" };
	assert_non_null(strstr(written(&m, true), "{\"method\":\"sendMessage\","
						  "\"chat_id\":-1009007199254740993,"));
}

static void test_inline_keyboard(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };
	const char *json;

	UNUSED(state);
	keyboard_row(&arena, &m.buttons);
	keyboard_data(&arena, &m.buttons, "\"A\"\\", "v:%d:%s", 7, "x\ny");
	keyboard_url(&arena, &m.buttons, "Сплатити", "https://example.org/?a=1&b=\"2\"");
	keyboard_row(&arena, &m.buttons); /* an empty row is none */
	keyboard_row(&arena, &m.buttons);
	keyboard_copy(&arena, &m.buttons, "Скопіювати", "AB-12");
	keyboard_copy(&arena, &m.buttons, "Забагато", times("я", TELEGRAM_COPY_MAX + 1));
	keyboard_copy(&arena, &m.buttons, "Нічого", "");
	json = written(&m, false);
	assert_non_null(strstr(
		json, ",\"reply_markup\":{\"inline_keyboard\":[["
		      "{\"text\":\"\\\"A\\\"\\\\\",\"callback_data\":\"v:7:x\\ny\"},"
		      "{\"text\":\"Сплатити\","
		      "\"url\":\"https://example.org/?a=1&b=\\\"2\\\"\"}],"
		      "[{\"text\":\"Скопіювати\",\"copy_text\":{\"text\":\"AB-12\"}}]]}}"));
}

static void test_menu(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };

	UNUSED(state);
	keyboard_reply(&arena, &m.menu, "🛒 Купити"); /* begins its row by itself */
	keyboard_reply(&arena, &m.menu, "Мої покупки");
	assert_non_null(
		strstr(written(&m, false),
		       "\"reply_markup\":{\"keyboard\":[[{\"text\":\"🛒 Купити\"},"
		       "{\"text\":\"Мої покупки\"}]],\"resize_keyboard\":true,"
		       "\"is_persistent\":true}}"));
	m.edit_id = 5; /* an edited message can't have one */
	assert_null(strstr(written(&m, false), "reply_markup"));
	m = (struct message){ .chat_id = 1, .html = "x", .menu_remove = true };
	assert_non_null(
		strstr(written(&m, false), "\"reply_markup\":{\"remove_keyboard\":true}}"));
	keyboard_data(&arena, &m.buttons, "a", "b");
	assert_null(strstr(written(&m, false), "remove_keyboard"));
}

static void test_callback_data_limit(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };

	UNUSED(state);
	keyboard_data(&arena, &m.buttons, "a", "%s", times("d", 64));
	assert_non_null(written(&m, false));
	keyboard_data(&arena, &m.buttons, "a", "%s", times("я", 32)); /* bytes, not letters */
	assert_non_null(written(&m, false));
	keyboard_data(&arena, &m.buttons, "a", "%s", times("d", 65));
	assert_int_equal(refused(&m), ERR_TOO_LONG);
	m.buttons = (struct keyboard){ 0 };
	keyboard_data(&arena, &m.buttons, "a", "%s", times("d", 70000));
	assert_int_equal(refused(&m), ERR_TOO_LONG);
	m.buttons = (struct keyboard){ 0 };
	keyboard_data(&arena, &m.buttons, "a", "%s", "");
	assert_int_equal(refused(&m), ERR_INVALID);
	m.buttons = (struct keyboard){ 0 };
	keyboard_data(&arena, &m.buttons, "", "a");
	assert_int_equal(refused(&m), ERR_INVALID);
}

static void test_keyboard_limits(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };
	const char *last;

	UNUSED(state);
	for (int i = 0; i < KEYBOARD_ROW_MAX; i++)
		keyboard_data(&arena, &m.buttons, "a", "b:%d", i);
	assert_non_null(written(&m, false));
	keyboard_data(&arena, &m.buttons, "a", "b");
	assert_int_equal(refused(&m), ERR_TOO_LONG);

	m.buttons = (struct keyboard){ 0 };
	for (int i = 0; i < KEYBOARD_ROWS_MAX; i++) {
		keyboard_row(&arena, &m.buttons);
		for (int n = 0; n < 4; n++)
			keyboard_data(&arena, &m.buttons, "a", "b:%d:%d", i, n);
	}
	last = strstr(written(&m, false), "b:23:3");
	assert_non_null(last);
	for (int n = 0; n < 4; n++)
		keyboard_data(&arena, &m.buttons, "a", "b"); /* a hundred */
	assert_non_null(written(&m, false));
	m.buttons.rows[0].buttons[4] = m.buttons.rows[0].buttons[0];
	m.buttons.rows[0].count = 5; /* a hundred and one */
	assert_int_equal(refused(&m), ERR_TOO_LONG);

	m.buttons = (struct keyboard){ 0 };
	for (int i = 0; i < KEYBOARD_ROWS_MAX + 40; i++) {
		keyboard_row(&arena, &m.buttons);
		keyboard_data(&arena, &m.buttons, "a", "b");
	}
	assert_int_equal(refused(&m), ERR_TOO_LONG);
}

static void test_keys_in_the_wrong_place(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };

	UNUSED(state);
	keyboard_reply(&arena, &m.buttons, "a");
	assert_int_equal(refused(&m), ERR_INVALID);
	m = (struct message){ .chat_id = 1, .html = "x" };
	keyboard_data(&arena, &m.menu, "a", "b");
	assert_int_equal(refused(&m), ERR_INVALID);
}

/* Scenario 39. */
static void test_text_length(void **state)
{
	static const struct {
		const char *html;
		size_t units;
	} texts[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "<b>abc</b>", 3 },
		{ "<a href=\"https://e.org/?a=>&amp;b='\">link</a>", 4 },
		{ "<span class='tg-spoiler'>x</span>", 1 },
		{ "&lt;&gt;&amp;&quot;&#39;&#x27;", 6 },
		{ "&nbsp;", 6 }, /* not one of Telegram's: stays as it is written */
		{ "&#128512;", 2 },
		{ "&#x1F600;", 2 },
		{ "&#0;", 4 },
		{ "&#x110000;", 10 },
		{ "&#;&#x;&;& &", 12 },
		{ "&", 1 },
		{ "&#", 2 },
		{ "&#x", 3 },
		{ "Ж", 1 },
		{ "😀", 2 },
		{ "👨‍👩‍👧", 8 },
		{ "₴", 1 },
		{ "a<b", 1 },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(message_text_len(texts[i].html), texts[i].units);
}

static void test_text_limits(void **state)
{
	static const char *const nothing[] = { "", " \n\t", "<b></b>", "<b> </b>\n", "&#32;" };
	struct message m = { .chat_id = 1 };

	UNUSED(state);
	assert_int_equal(refused(&m), ERR_INVALID);
	for (size_t i = 0; i < COUNT(nothing); i++) {
		m.html = nothing[i];
		assert_int_equal(refused(&m), ERR_INVALID);
	}
	m.html = times("Ж", TELEGRAM_TEXT_MAX);
	assert_non_null(written(&m, false));
	m.html = times("Ж", TELEGRAM_TEXT_MAX + 1);
	assert_int_equal(refused(&m), ERR_TOO_LONG);
	m.html = times("😀", TELEGRAM_TEXT_MAX / 2);
	assert_non_null(written(&m, false));
	m.html = times("😀", TELEGRAM_TEXT_MAX / 2 + 1);
	assert_int_equal(refused(&m), ERR_TOO_LONG);
	m.html = times("&lt;", TELEGRAM_TEXT_MAX);
	assert_non_null(written(&m, false));
	m.html = times("<b>x</b>", 2000); /* short to read, long to send */
	assert_non_null(written(&m, false));
	m.html = times("<b>x</b>", 2100);
	assert_int_equal(refused(&m), ERR_TOO_LONG);
}

/* Whatever stands in a title, Telegram gets JSON, and in it what was meant. */
static void test_json_escaping(void **state)
{
	static const char text[] = "\x01\x1f \"\\/\b\f\n\r\t\x7f <b>x</b> \xE2\x80\xA8 😀 "
				   "\xED\xA0\x80 \xC0\xAF \xFF";
	struct message m = { .chat_id = 1, .html = text };
	AUTO_JSON doc = { 0 };
	const char *json;
	const char *read;

	UNUSED(state);
	keyboard_data(&arena, &m.buttons, text, "d");
	json = written(&m, true);
	assert_true(utf8_valid(json, strlen(json)));
	assert_int_equal(json_parse((struct bytes){ json, strlen(json) }, 8, &doc), OK);
	read = json_text(json_get(doc.root, "text"), "");
	assert_memory_equal(read, text, 31); /* up to what is broken */
	assert_non_null(strstr(read, "😀 \uFFFD\uFFFD\uFFFD \uFFFD\uFFFD \uFFFD"));
}

static void test_method(void **state)
{
	struct message m = { .chat_id = 1, .html = "x" };

	UNUSED(state);
	assert_string_equal(message_method(&m), "sendMessage");
	m.edit_id = 2;
	assert_string_equal(message_method(&m), "editMessageText");
	m.file_name = "codes.txt";
	assert_string_equal(message_method(&m), "sendDocument");
	assert_int_equal(refused(&m), ERR_INVALID); /* a document is no JSON */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_inline_keyboard),
		cmocka_unit_test(test_menu),
		cmocka_unit_test(test_callback_data_limit),
		cmocka_unit_test(test_keyboard_limits),
		cmocka_unit_test(test_keys_in_the_wrong_place),
		cmocka_unit_test(test_text_length),
		cmocka_unit_test(test_text_limits),
		cmocka_unit_test(test_json_escaping),
		cmocka_unit_test(test_method),
	};

	return cmocka_run_group_tests_name("telegram_message", tests, arena_new_test,
					   arena_free_test);
}
