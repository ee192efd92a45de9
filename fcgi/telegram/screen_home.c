#include "fcgi/telegram/screen.h"

#include "shared/service/button.h"

/* The keyboard below the input: only what the shop has. */
static void menu_add(const struct turn *t, struct message *m)
{
	keyboard_row(t->a, &m->menu);
	keyboard_reply(t->a, &m->menu, turn_text(t, "bot.buy"));
	keyboard_row(t->a, &m->menu);
	keyboard_reply(t->a, &m->menu, turn_text(t, "bot.purchases"));
	keyboard_reply(t->a, &m->menu, turn_text(t, "bot.language"));
}

int screen_menu(struct turn *t, struct message *ret)
{
	if (*t->user->first_name)
		ret->html = turn_html(t, "bot.greeting.named", A("name", t->user->first_name));
	else
		ret->html = turn_text(t, "bot.greeting");
	menu_add(t, ret);
	return OK;
}

/*
 * A deep link shows the value at once, payment button and all.  What else comes with /start
 * is for links that other releases or advertisements made.
 */
int screen_start(struct turn *t, struct message *ret)
{
	const struct card_value *value;
	int rc;

	if (strncmp(t->text, "v_", 2) != 0)
		return screen_menu(t, ret);
	rc = catalog_refresh_now(t->bot->catalog, t->bot->program->db, t->now_ms);
	if (rc)
		return rc;
	value = catalog_value_by_slug(t->bot->catalog, t->text + 2);
	if (!value)
		return screen_gone(t, ret);
	t->args[0] = value->id;
	t->args[1] = 1;
	return screen_value(t, ret);
}

/* The keyboard below the input can't be sent with an edit: here the same as buttons. */
int screen_home(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.home.text");
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.buy"), BUTTON_CATEGORIES);
	keyboard_row(t->a, &ret->buttons);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.purchases"), BUTTON_PURCHASES,
		      0LL);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.language"), BUTTON_LANGUAGE);
	return OK;
}

/* ---- pages of text ---- */

static int page_draw(const struct turn *t, const char *key, struct message *ret)
{
	ret->html = turn_text(t, key);
	menu_add(t, ret);
	return OK;
}

int screen_help(struct turn *t, struct message *ret)
{
	return page_draw(t, "bot.help", ret);
}

int screen_terms(struct turn *t, struct message *ret)
{
	return page_draw(t, "bot.terms", ret);
}

int screen_paysupport(struct turn *t, struct message *ret)
{
	return page_draw(t, "bot.paysupport", ret);
}

int screen_privacy(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.privacy");
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.erase.button"), BUTTON_ERASE);
	keyboard_row(t->a, &ret->buttons);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.home"), BUTTON_HOME);
	return OK;
}

/* ---- what nobody waits for ---- */

int screen_unknown(struct turn *t, struct message *ret)
{
	return page_draw(t, "bot.unknown", ret);
}

int screen_button_unknown(struct turn *t, struct message *ret)
{
	return page_draw(t, "bot.button_unknown", ret);
}

int screen_nothing(struct turn *t, struct message *ret)
{
	UNUSED(t);
	UNUSED(ret);
	return OK;
}

/* Told once, ever; of two updates at the same moment one tells. */
int screen_banned(struct turn *t, struct message *ret)
{
	int rc = ERR_CONFLICT;

	if (!t->user->ban_told)
		rc = user_set_ban_told(t->bot->program->db, t->user->id);
	if (!rc) {
		ret->html = turn_text(t, "bot.banned");
		ret->menu_remove = true;
	}
	return rc == ERR_CONFLICT ? OK : rc;
}

int screen_throttled(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.throttled");
	return OK;
}
