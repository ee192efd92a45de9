/* Whatever Telegram sends, the update is fit to keep, and its words fit to be sent back. */
#include "tests/fuzz/fuzz.h"

#include "shared/base/limits.h"
#include "shared/base/utf8.h"
#include "shared/clients/telegram_message.h"
#include "shared/clients/telegram_update.h"
#include "shared/platform/json.h"

static void check_line(const char *text, size_t max_points)
{
	FUZZ_CHECK(utf8_valid(text, strlen(text)));
	FUZZ_CHECK(utf8_len(text) <= max_points + 1); /* and "…" */
	FUZZ_CHECK(!strpbrk(text, "\r\n\t\x1b"));
}

static void check_update(const struct update *u)
{
	FUZZ_CHECK(u->kind < UPDATE__COUNT);
	check_line(u->first_name, NAME_POINTS_MAX);
	check_line(u->last_name, NAME_POINTS_MAX);
	check_line(u->username, NAME_POINTS_MAX);
	check_line(u->language_code, NAME_POINTS_MAX);
	FUZZ_CHECK(utf8_valid(u->text, strlen(u->text)));
	FUZZ_CHECK(utf8_valid(u->data, strlen(u->data)));
	if (u->kind == UPDATE_OTHER)
		return;
	FUZZ_CHECK(u->id > 0 && u->user_id > 0 && u->chat_id != 0);
	FUZZ_CHECK(u->kind != UPDATE_CALLBACK || *u->callback_id);
}

/* The person's own words in an answer: refused, or read back as they were meant. */
static void check_answer(struct arena *a, const struct update *u)
{
	struct str html = STR(a, 256 * 1024);
	struct message m = { .chat_id = u->chat_id, .edit_id = u->message_id };
	struct bytes json;
	AUTO_JSON doc = { 0 };

	str_add(&html, "<b>");
	str_add_html(&html, u->text);
	str_add(&html, "</b>");
	m.html = str_text(&html);
	FUZZ_CHECK(message_text_len(m.html) == utf8_utf16_len(u->text));
	keyboard_data(a, &m.buttons, *u->first_name ? u->first_name : "?", "%s", u->data);
	if (message_write(a, &m, true, &json))
		return;
	FUZZ_CHECK(!json_parse(json, 8, &doc));
	FUZZ_CHECK(json_int(json_get(doc.root, "chat_id"), -1) == u->chat_id);
	FUZZ_CHECK(!strcmp(json_text(json_get(doc.root, "text"), ""), m.html));
	FUZZ_CHECK(message_text_len(m.html) <= TELEGRAM_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct update u = { 0 };
	struct arena a;

	arena_init(&a);
	if (update_parse(&a, (struct bytes){ data, size }, &u)) {
		FUZZ_CHECK(!u.first_name);
	} else {
		check_update(&u);
		check_answer(&a, &u);
	}
	arena_release(&a);
	return 0;
}
