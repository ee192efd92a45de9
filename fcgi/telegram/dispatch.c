#include "fcgi/telegram/dispatch.h"

#include "fcgi/telegram/screen.h"
#include "shared/service/button.h"

#include <strings.h>

/* clang-format off */
static const struct dispatch_row buttons[] = {
	{ BUTTON_CATEGORY_PAGE,   screen_category,     false },
	{ BUTTON_CATEGORY,        screen_category,     false },
	{ BUTTON_VALUE,           screen_value,        false },
	{ BUTTON_CATEGORIES,      screen_categories,   false },
	{ BUTTON_CATEGORIES_PAGE, screen_categories,   false },
	{ BUTTON_HOME,            screen_home,         false },
	{ BUTTON_QUANTITY,        screen_quantity,     false },
	{ BUTTON_RESTOCK,         screen_restock,      false },
	{ BUTTON_PURCHASES,       screen_purchases,    false },
	{ BUTTON_CANCEL,          screen_cancel,       false },
	{ BUTTON_REFUND_WISH,     screen_refund_wish,  false },
	{ BUTTON_PROBLEM_CODE,    screen_problem_code, false },
	{ BUTTON_PROBLEM_SEND,    screen_problem_send, false },
	{ BUTTON_LANGUAGE,        screen_language,     false },
	{ BUTTON_LANGUAGE_SET,    screen_language_set, true },
	{ BUTTON_ERASE,           screen_erase,        false },
	{ BUTTON_ERASE_YES,       screen_erase_yes,    true },
	{ BUTTON_NOTHING,         screen_nothing,      false },
	/* These hang on messages with codes, or bring one. */
	{ BUTTON_ORDER,           screen_order,        true },
	{ BUTTON_PROBLEM,         screen_problem,      true },
	{ BUTTON_BUY_MORE,        screen_value_fresh,  true },
};

static const struct dispatch_row commands[] = {
	{ "start",      screen_start,      true },
	{ "menu",       screen_menu,       true },
	{ "help",       screen_help,       true },
	{ "terms",      screen_terms,      true },
	{ "privacy",    screen_privacy,    true },
	{ "paysupport", screen_paysupport, true },
	/* What people try of themselves. */
	{ "buy",        screen_categories, true },
	{ "purchases",  screen_purchases,  true },
	{ "language",   screen_language,   true },
	{ "support",    screen_paysupport, true },
};

/* Keys of the keyboard below the input; the person may see them in an earlier language. */
static const struct dispatch_row menu[] = {
	{ "bot.buy",       screen_categories, true },
	{ "bot.purchases", screen_purchases,  true },
	{ "bot.language",  screen_language,   true },
};

/* Open questions: user_states.step. */
static const struct dispatch_row dialogs[] = {
	{ "quantity", dialog_quantity, true },
	{ "problem",  dialog_problem,  true },
};
/* clang-format on */

static const struct dispatch_row unknown = { "", screen_unknown, true };
static const struct dispatch_row unknown_button = { "", screen_button_unknown, true };

/* ---- buttons ---- */

/* Digits as we write them: no sign, no leading zero, within 18 digits. */
static bool number_read(const char **p, int64_t *ret)
{
	size_t const len = strspn(*p, "0123456789");
	int64_t n = 0;

	if (!len || len > 18 || (len > 1 && **p == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
		n = n * 10 + (*p)[i] - '0';
	*p += len;
	*ret = n;
	return true;
}

/* The length of a place for a number in the format, 0 for other text. */
static size_t number_place(const char *format)
{
	if (!strncmp(format, "%lld", 4))
		return 4;
	return strncmp(format, "%d", 2) ? 0 : 2;
}

bool dispatch_matches(struct arena *a, const char *format, const char *data,
		      int64_t args[TURN_ARGS], const char **ret_word)
{
	int64_t found[TURN_ARGS] = { 0 };
	size_t n = 0;

	while (*format) {
		size_t const place = number_place(format);

		if (place) {
			if (n == TURN_ARGS || !number_read(&data, &found[n++]))
				return false;
			format += place;
			continue;
		}
		if (!strcmp(format, "%s")) {
			size_t const len = strspn(data, "abcdefghijklmnopqrstuvwxyz");

			if (!len || data[len])
				return false;
			*ret_word = arena_strndup(a, data, len);
			return true;
		}
		if (*format++ != *data++)
			return false;
	}
	if (*data)
		return false;
	memcpy(args, found, sizeof(found));
	return true;
}

static const struct dispatch_row *button_find(struct turn *t)
{
	for (size_t i = 0; i < COUNT(buttons); i++)
		if (dispatch_matches(t->a, buttons[i].name, t->update->data, t->args, &t->text))
			return &buttons[i];
	return &unknown_button;
}

/* ---- texts ---- */

/* "/start@OurBot v_steam-5": the name of the bot may follow, and a parameter. */
static const struct dispatch_row *command_find(struct turn *t)
{
	const char *name = t->update->text + 1;
	size_t const len = strcspn(name, " \n\t@");
	const char *rest = name + len + strcspn(name + len, " \n\t");

	for (size_t i = 0; i < COUNT(commands); i++)
		if (strlen(commands[i].name) == len &&
		    !strncasecmp(commands[i].name, name, len)) {
			t->text = rest + strspn(rest, " \n\t");
			return &commands[i];
		}
	return &unknown;
}

static bool is_phrase(const char *key, const char *text)
{
	for (int lang = 0; lang < LANG__COUNT; lang++)
		if (!strcmp(i18n_text((enum lang)lang, key), text))
			return true;
	return false;
}

static const struct dispatch_row *text_find(struct turn *t)
{
	const char *text = t->update->text;

	if (*text == '/')
		return command_find(t);
	for (size_t i = 0; i < COUNT(menu); i++)
		if (is_phrase(menu[i].name, text))
			return &menu[i];
	for (size_t i = 0; t->user->dialog_step && i < COUNT(dialogs); i++)
		if (!strcmp(dialogs[i].name, t->user->dialog_step)) {
			t->text = text;
			return &dialogs[i];
		}
	return &unknown;
}

const struct dispatch_row *dispatch(struct turn *t)
{
	t->text = "";
	memset(t->args, 0, sizeof(t->args));
	return t->update->kind == UPDATE_CALLBACK ? button_find(t) : text_find(t);
}

bool dispatch_keeps_dialog(const struct dispatch_row *row)
{
	static screen *const keepers[] = { dialog_quantity, screen_quantity, dialog_problem,
					   screen_problem, screen_problem_code };

	for (size_t i = 0; i < COUNT(keepers); i++)
		if (row->draw == keepers[i])
			return true;
	return false;
}
