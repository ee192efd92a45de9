#include "fcgi/telegram/screen.h"

#include "shared/service/button.h"

/* ---- language ---- */

int screen_language(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.language.text");
	for (int i = 0; i < LANG__COUNT; i++) {
		enum lang const lang = (enum lang)i;
		const char *name = i18n_text(lang, "bot.language.name");

		if (lang == t->lang)
			name = turn_label(t, "bot.language.chosen", A("name", name));
		keyboard_row(t->a, &ret->buttons);
		keyboard_data(t->a, &ret->buttons, name, BUTTON_LANGUAGE_SET, lang_code(lang));
	}
	keyboard_row(t->a, &ret->buttons);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.home"), BUTTON_HOME);
	return OK;
}

/* In a new message: it brings the menu's keys in the new language. */
int screen_language_set(struct turn *t, struct message *ret)
{
	int rc;

	if (!lang_is_known(t->text))
		return screen_button_unknown(t, ret);
	t->lang = lang_from_code(t->text);
	rc = user_set_lang(t->bot->program->db, t->user->id, lang_code(t->lang));
	if (!rc)
		rc = screen_menu(t, ret);
	if (!rc)
		ret->html = turn_text(t, "bot.language.done");
	return rc;
}

/* ---- erase me ---- */

int screen_erase(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.erase.ask");
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.erase.yes"), BUTTON_ERASE_YES);
	keyboard_row(t->a, &ret->buttons);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.erase.no"), BUTTON_HOME);
	return OK;
}

int screen_erase_yes(struct turn *t, struct message *ret)
{
	int const rc = user_erase(t->bot->program->db, t->user->id);

	if (rc)
		return rc;
	ret->html = turn_text(t, "bot.erase.done");
	ret->menu_remove = true;
	return OK;
}
