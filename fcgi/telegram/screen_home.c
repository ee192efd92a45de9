#include "fcgi/telegram/screen.h"
#include "fcgi/telegram/view.h"

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
	const struct policy *policy;
	const char *words;
	int const rc = bot_policy(t, &policy);

	if (rc)
		return rc;
	words = policy_text(policy, POLICY_GREETING, (int)t->lang);
	if (!*words)
		words = turn_text(t, "bot.greeting.text");
	if (*t->user->first_name)
		ret->html = turn_html(t, "bot.greeting.named", A("name", t->user->first_name),
				      A("text", words));
	else
		ret->html = turn_html(t, "bot.greeting", A("text", words));
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

/* ---- pages of text: the shop's own words where it has some ---- */

static const struct {
	const char *phrase;
	bool contact; /* where a person answers is told below */
} pages[POLICY_TEXT__COUNT] = {
	[POLICY_HELP] = { "bot.help", true },
	[POLICY_TERMS] = { "bot.terms", false },
	[POLICY_PRIVACY] = { "bot.privacy", false },
	[POLICY_PAYSUPPORT] = { "bot.paysupport", true },
};

static int page_text(struct turn *t, enum policy_text page, const char **ret)
{
	const struct policy *policy;
	const char *words;
	const char *contact;
	int const rc = bot_policy(t, &policy);

	if (rc)
		return rc;
	words = policy_text(policy, page, (int)t->lang);
	contact = policy_text(policy, POLICY_CONTACT, (int)t->lang);
	*ret = *words ? view_words(t, words) : turn_text(t, pages[page].phrase);
	if (pages[page].contact && *contact)
		*ret = arena_printf(t->a, "%s\n\n%s", *ret,
				    turn_html(t, "bot.contact", A("contact", contact)));
	return OK;
}

static int page_draw(struct turn *t, enum policy_text page, struct message *ret)
{
	int const rc = page_text(t, page, &ret->html);

	if (!rc)
		menu_add(t, ret);
	return rc;
}

int screen_help(struct turn *t, struct message *ret)
{
	return page_draw(t, POLICY_HELP, ret);
}

int screen_terms(struct turn *t, struct message *ret)
{
	return page_draw(t, POLICY_TERMS, ret);
}

int screen_paysupport(struct turn *t, struct message *ret)
{
	return page_draw(t, POLICY_PAYSUPPORT, ret);
}

int screen_privacy(struct turn *t, struct message *ret)
{
	int const rc = page_text(t, POLICY_PRIVACY, &ret->html);

	if (rc)
		return rc;
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.erase.button"), BUTTON_ERASE);
	keyboard_row(t->a, &ret->buttons);
	keyboard_data(t->a, &ret->buttons, turn_text(t, "bot.home"), BUTTON_HOME);
	return OK;
}

/* ---- what nobody waits for ---- */

int screen_unknown(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.unknown");
	menu_add(t, ret);
	return OK;
}

int screen_button_unknown(struct turn *t, struct message *ret)
{
	ret->html = turn_text(t, "bot.button_unknown");
	menu_add(t, ret);
	return OK;
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
