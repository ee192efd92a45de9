/* Updates as Telegram sends them, and as nobody should. */
#include "shared/clients/telegram_update.h"

#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define FROM                                                                                    \
	"\"from\":{\"id\":1001,\"is_bot\":false,\"first_name\":\"Оксана\",\"last_name\":" \
	"\"К\","                                                                               \
	"\"username\":\"oksana_k\",\"language_code\":\"uk\",\"is_premium\":true}"
#define BOT_FROM                                                                          \
	"\"from\":{\"id\":42,\"is_bot\":true,\"first_name\":\"Kartka\",\"username\":\"k_" \
	"bot\"}"
#define CHAT "\"chat\":{\"id\":1001,\"type\":\"private\",\"first_name\":\"Оксана\"}"
#define GROUP "\"chat\":{\"id\":-1001234567890,\"type\":\"supergroup\",\"title\":\"Друзі\"}"
#define HEAD "\"message_id\":77,\"date\":1767225600"

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

static int parse(const char *text, struct update *ret)
{
	return update_parse(&arena, (struct bytes){ text, strlen(text) }, ret);
}

static struct update parsed(const char *text)
{
	struct update u;

	assert_int_equal(parse(text, &u), OK);
	assert_non_null(u.first_name);
	assert_non_null(u.last_name);
	assert_non_null(u.username);
	assert_non_null(u.language_code);
	assert_non_null(u.text);
	assert_non_null(u.callback_id);
	assert_non_null(u.data);
	return u;
}

static void test_message(void **state)
{
	struct update const u = parsed(
		"{\"update_id\":815,\"message\":{" HEAD "," FROM "," CHAT
		",\"text\":\"/start v_steam-100\",\"entities\":[{\"type\":\"bot_command\","
		"\"offset\":0,\"length\":6}],\"link_preview_options\":{\"is_disabled\":true}}"
		"}");

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_int_equal(u.id, 815);
	assert_int_equal(u.user_id, 1001);
	assert_string_equal(u.first_name, "Оксана");
	assert_string_equal(u.last_name, "К");
	assert_string_equal(u.username, "oksana_k");
	assert_string_equal(u.language_code, "uk");
	assert_int_equal(u.chat_id, 1001);
	assert_int_equal(u.message_id, 77);
	assert_int_equal(u.message_date, 1767225600);
	assert_string_equal(u.text, "/start v_steam-100");
	assert_string_equal(u.callback_id, "");
	assert_string_equal(u.data, "");
}

static void test_sticker_and_strange_text(void **state)
{
	UNUSED(state);
	assert_string_equal(parsed("{\"update_id\":1,\"message\":{" HEAD "," FROM "," CHAT
				   ",\"sticker\":{\"file_id\":\"x\",\"width\":512}}}")
				    .text,
			    "");
	assert_string_equal(
		parsed("{\"update_id\":1,\"message\":{" HEAD "," FROM "," CHAT ",\"text\":12}}")
			.text,
		"");
	/* A message of several lines stays one. */
	assert_string_equal(parsed("{\"update_id\":1,\"message\":{" HEAD "," FROM "," CHAT
				   ",\"text\":\"a\\nb <b>&\\\"'\"}}")
				    .text,
			    "a\nb <b>&\"'");
}

static void test_edited(void **state)
{
	UNUSED(state);
	assert_int_equal(parsed("{\"update_id\":1,\"edited_message\":{" HEAD
				",\"edit_date\":1767225700," FROM "," CHAT ",\"text\":\"x\"}}")
				 .kind,
			 UPDATE_EDITED);
	assert_int_equal(parsed("{\"update_id\":1,\"edited_message\":{" HEAD "," FROM "," GROUP
				",\"text\":\"x\"}}")
				 .kind,
			 UPDATE_OTHER);
}

static void test_callback(void **state)
{
	struct update const u = parsed(
		"{\"update_id\":9,\"callback_query\":{\"id\":\"4382bfdwdsb323b2d9\"," FROM
		",\"message\":{" HEAD "," BOT_FROM "," CHAT
		",\"text\":\"Меню\",\"reply_markup\":"
		"{\"inline_keyboard\":[[{\"text\":\"Купити\",\"callback_data\":\"c:1\"}]]}},"
		"\"chat_instance\":\"-3957\",\"data\":\"c:1\"}}");

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_CALLBACK);
	assert_int_equal(u.user_id, 1001); /* who pressed, not the bot that wrote */
	assert_string_equal(u.first_name, "Оксана");
	assert_int_equal(u.chat_id, 1001);
	assert_int_equal(u.message_id, 77);
	assert_int_equal(u.message_date, 1767225600);
	assert_string_equal(u.callback_id, "4382bfdwdsb323b2d9");
	assert_string_equal(u.data, "c:1");
	assert_string_equal(u.text, "");
}

static void test_callback_without_its_message(void **state)
{
	struct update u = parsed("{\"update_id\":9,\"callback_query\":{\"id\":\"7\"," FROM
				 ",\"message\":{" CHAT ",\"message_id\":77,\"date\":0},"
				 "\"chat_instance\":\"-3957\",\"data\":\"c:1\"}}");

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_CALLBACK);
	assert_int_equal(u.chat_id, 1001);
	assert_int_equal(u.message_id, 77);
	assert_int_equal(u.message_date, 0);
	u = parsed("{\"update_id\":9,\"callback_query\":{\"id\":\"7\"," FROM
		   ",\"inline_message_id\":\"AgAAA\",\"chat_instance\":\"-3957\"}}");
	assert_int_equal(u.kind, UPDATE_CALLBACK);
	assert_int_equal(u.chat_id, 1001);
	assert_int_equal(u.message_id, 0);
	assert_string_equal(u.data, "");
	/* Without a sender, or an id to answer to, there is nothing to do. */
	assert_int_equal(parsed("{\"update_id\":9,\"callback_query\":{\"id\":\"7\"}}").kind,
			 UPDATE_OTHER);
	assert_int_equal(
		parsed("{\"update_id\":9,\"callback_query\":{\"id\":7," FROM "}}").kind,
		UPDATE_OTHER);
}

static void test_groups(void **state)
{
	struct update u = parsed("{\"update_id\":3,\"message\":{" HEAD "," FROM "," GROUP
				 ",\"text\":\"/start@k_bot\"}}");

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_GROUP);
	assert_int_equal(u.chat_id, -1001234567890);
	assert_int_equal(u.user_id, 1001);
	u = parsed("{\"update_id\":3,\"callback_query\":{\"id\":\"7\"," FROM
		   ",\"message\":{" HEAD "," GROUP "},\"data\":\"c:1\"}}");
	assert_int_equal(u.kind, UPDATE_GROUP);
	assert_string_equal(u.callback_id, "7"); /* its spinner is stopped all the same */
	/* An anonymous administrator and a channel's post. */
	assert_int_equal(parsed("{\"update_id\":3,\"message\":{" HEAD
				",\"from\":{\"id\":1087968824,\"is_bot\":true,\"first_name\":"
				"\"Group\"}," GROUP "}}")
				 .kind,
			 UPDATE_OTHER);
	assert_int_equal(parsed("{\"update_id\":3,\"channel_post\":{" HEAD
				",\"chat\":{\"id\":-100777,\"type\":\"channel\"}}}")
				 .kind,
			 UPDATE_OTHER);
}

static void test_blocked(void **state)
{
#define MEMBER(status)                                                                \
	"{\"update_id\":4,\"my_chat_member\":{" CHAT "," FROM ",\"date\":1767225600," \
	"\"old_chat_member\":{" BOT_USER ",\"status\":\"member\"},"                   \
	"\"new_chat_member\":{" BOT_USER ",\"status\":\"" status "\",\"until_date\":0}}}"
#define BOT_USER "\"user\":{\"id\":42,\"is_bot\":true,\"first_name\":\"Kartka\"}"
	struct update const u = parsed(MEMBER("kicked"));

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_BLOCKED);
	assert_int_equal(u.user_id, 1001);
	assert_int_equal(u.chat_id, 1001);
	assert_int_equal(parsed(MEMBER("member")).kind, UPDATE_UNBLOCKED);
	assert_int_equal(parsed(MEMBER("left")).kind, UPDATE_OTHER);
	/* Being thrown out of a group says nothing about the person who did it. */
	assert_int_equal(parsed("{\"update_id\":4,\"my_chat_member\":{" GROUP "," FROM
				",\"new_chat_member\":{\"status\":\"kicked\"}}}")
				 .kind,
			 UPDATE_OTHER);
}

static struct update with_ids(const char *update_id, const char *user, const char *chat)
{
	return parsed(
		arena_printf(&arena,
			     "{\"update_id\":%s,\"message\":{" HEAD
			     ",\"from\":{\"id\":%s,\"is_bot\":false,\"first_name\":\"x\"},"
			     "\"chat\":{\"id\":%s,\"type\":\"private\"},\"text\":\"x\"}}",
			     update_id, user, chat));
}

static void test_ids_are_exact(void **state)
{
	static const char *const bad[] = { "9223372036854775808",
					   "99999999999999999999999",
					   "1e3",
					   "1001.0",
					   "\"1001\"",
					   "null",
					   "true",
					   "{}",
					   "1e400",
					   "0",
					   "-9223372036854775809" };
	struct update u = with_ids("9007199254740993", "9007199254740993", "-9007199254740993");

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_true(u.id == INT64_C(9007199254740993));
	assert_true(u.user_id == INT64_C(9007199254740993));
	assert_true(u.chat_id == INT64_C(-9007199254740993));
	u = with_ids("9223372036854775807", "4503599627370495", "-1004503599627370");
	assert_true(u.id == INT64_MAX);
	assert_true(u.user_id == INT64_C(4503599627370495));
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(with_ids(bad[i], "1", "1").kind, UPDATE_OTHER);
		assert_int_equal(with_ids("1", bad[i], "1").kind, UPDATE_OTHER);
		assert_int_equal(with_ids("1", "1", bad[i]).kind, UPDATE_OTHER);
	}
	assert_int_equal(with_ids("1", "-5", "1").kind, UPDATE_OTHER);
	assert_int_equal(with_ids("-1", "1", "1").kind, UPDATE_OTHER);
}

static void test_no_update(void **state)
{
	static const char *const other[] = {
		"{}",
		"[]",
		"null",
		"17",
		"\"text\"",
		"{\"update_id\":1}",
		"{\"update_id\":1,\"message\":null}",
		"{\"update_id\":1,\"message\":[]}",
		"{\"update_id\":1,\"message\":{}}",
		"{\"update_id\":1,\"message\":{" HEAD "," FROM "}}",
		"{\"update_id\":1,\"message\":{" HEAD "," CHAT "}}",
		"{\"update_id\":1,\"message\":{" HEAD ",\"from\":{\"id\":7,\"is_bot\":true,"
		"\"first_name\":\"b\"}," CHAT ",\"text\":\"x\"}}",
		"{\"update_id\":1,\"message\":{" FROM ",\"chat\":{\"id\":1001}}}",
		"{\"update_id\":1,\"message\":{" FROM ",\"chat\":\"x\"}}",
		"{\"update_id\":1,\"callback_query\":{\"id\":\"\"," FROM "}}",
		"{\"update_id\":1,\"callback_query\":{\"id\":\"1\"," FROM ",\"message\":{}}}",
		"{\"update_id\":1,\"poll_answer\":{\"poll_id\":\"1\",\"user\":{\"id\":1}}}",
		"{\"update_id\":1,\"something_of_2031\":{\"from\":{\"id\":1}}}",
		"{\"message\":{" HEAD "," FROM "," CHAT ",\"text\":\"x\"}}",
	};
	static const char *const invalid[] = {
		"",
		" ",
		"{",
		"{\"update_id\":1",
		"{\"update_id\":1}}",
		"{\"update_id\":1} x",
		"update_id=1",
		"{'update_id':1}",
		"{\"update_id\":01}",
		"\xEF\xBB\xBF{}",
		"{\"update_id\":1,\"x\":\"\xC0\xAF\"}",
		"{\"update_id\":1,\"x\":\"\xED\xA0\x80\"}",
		"{\"update_id\":1,\"x\":NaN}",
	};
	struct update untouched = { .id = 5 };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(other); i++)
		assert_int_equal(parsed(other[i]).kind, UPDATE_OTHER);
	for (size_t i = 0; i < COUNT(invalid); i++)
		assert_int_equal(parse(invalid[i], &untouched), ERR_INVALID);
	assert_int_equal(update_parse(&arena, (struct bytes){ "{}\0", 3 }, &untouched),
			 ERR_INVALID);
	assert_int_equal(untouched.id, 5);
}

/* A body of many of the same. */
static struct bytes repeated(const char *before, const char *what, size_t times,
			     const char *after)
{
	struct str s = STR(&arena, 64 * 1024 * 1024);

	str_add(&s, before);
	for (size_t i = 0; i < times; i++)
		str_add(&s, what);
	str_add(&s, after);
	assert_true(str_ok(&s));
	return (struct bytes){ s.data, s.len };
}

static void test_deep_and_wide(void **state)
{
	struct update u;

	UNUSED(state);
	assert_int_equal(update_parse(&arena, repeated("", "[", 100000, ""), &u), ERR_INVALID);
	assert_int_equal(update_parse(&arena, repeated("", "{\"a\":", 100000, ""), &u),
			 ERR_INVALID);
	assert_int_equal(update_parse(&arena,
				      repeated("{\"update_id\":1,\"x\":[[[[[[[[[[[[", "1,",
					       300000, "1]]]]]]]]]]]]}"),
				      &u),
			 OK);
	assert_int_equal(u.kind, UPDATE_OTHER);
	/* Ten times the same key a million wide; the last of a name counts. */
	assert_int_equal(update_parse(&arena,
				      repeated("{", "\"update_id\":1,", 70000,
					       "\"update_id\":2,\"message\":{" HEAD "," FROM
					       "," CHAT ",\"text\":\"a\",\"text\":\"b\"}}"),
				      &u),
			 OK);
	assert_int_equal(u.id, 2);
	assert_string_equal(u.text, "b");
}

static struct update named(const char *name)
{
	return parsed(arena_printf(&arena,
				   "{\"update_id\":1,\"message\":{" HEAD
				   ",\"from\":{\"id\":1,\"is_bot\":false,\"first_name\":\"%s\","
				   "\"last_name\":\"%s\",\"username\":\"%s\"}," CHAT
				   ",\"text\":\"%s\"}}",
				   name, name, name, name));
}

static void test_names(void **state)
{
	struct bytes const huge = repeated("", "Ж", 32768, "");
	struct update u = named(huge.data);

	UNUSED(state);
	assert_int_equal(u.kind, UPDATE_MESSAGE);
	assert_true(utf8_len(u.first_name) <= NAME_POINTS_MAX + 1);
	assert_true(utf8_len(u.username) <= 33);
	assert_int_equal(strlen(u.text), huge.len);
	/* Lone surrogates, NUL, overrides, line ends. */
	u = named("a\\ud800b\\udc00");
	assert_string_equal(u.first_name, "a\uFFFDb\uFFFD");
	assert_true(utf8_valid(u.text, strlen(u.text)));
	u = named("a\\u0000b");
	assert_string_equal(u.first_name, "ab");
	assert_string_equal(u.text, "a");
	u = named("\\u202Eevil\\u2066\\r\\nx \\u001b[31m");
	assert_string_equal(u.first_name, "evil x [31m");
	/* A family is one picture of four bytes a part, kept whole. */
	u = named("\\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d\\ud83d\\udc67");
	assert_string_equal(u.first_name, "👨‍👩‍👧");
	u = named("<b>&amp;\\\"'");
	assert_string_equal(u.first_name, "<b>&amp;\"'"); /* escaped where it is shown */
	u = named("");
	assert_string_equal(u.first_name, "");
}

static void test_callback_data(void **state)
{
	struct bytes const huge = repeated("", "d", 65536, "");
	struct update u;

	UNUSED(state);
	u = parsed(arena_printf(&arena,
				"{\"update_id\":1,\"callback_query\":{\"id\":\"7\"," FROM
				",\"data\":\"%s\"}}",
				(const char *)huge.data));
	assert_int_equal(strlen(u.data), huge.len); /* the screens refuse it, not the parser */
	u = parsed("{\"update_id\":1,\"callback_query\":{\"id\":\"7\"," FROM
		   ",\"data\":\"\\u0001\\ud83d\"}}");
	assert_string_equal(u.data, "\x01\uFFFD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_sticker_and_strange_text),
		cmocka_unit_test(test_edited),
		cmocka_unit_test(test_callback),
		cmocka_unit_test(test_callback_without_its_message),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_ids_are_exact),
		cmocka_unit_test(test_no_update),
		cmocka_unit_test(test_deep_and_wide),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_callback_data),
	};

	return cmocka_run_group_tests_name("telegram_update", tests, arena_new_test,
					   arena_free_test);
}
