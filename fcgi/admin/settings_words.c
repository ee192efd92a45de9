/*
 * What the bot says in the shop's own words: greeting, terms, privacy, help, support; empty is
 * the text that comes with the shop.
 */
#include "fcgi/admin/pages.h"
#include "fcgi/admin/settings.h"
#include "shared/base/utf8.h"

static const struct {
	const char *label;
	const char *hint;
	const char *phrase; /* that stands in while it is empty; NULL: none */
} words[] = {
	[POLICY_GREETING] = { "admin.words.greeting", "admin.words.greeting_hint",
			      "bot.greeting.text" },
	[POLICY_HELP] = { "admin.words.help", "admin.words.help_hint", "bot.help" },
	[POLICY_TERMS] = { "admin.words.terms", "admin.words.terms_hint", "bot.terms" },
	[POLICY_PRIVACY] = { "admin.words.privacy", "admin.words.privacy_hint", "bot.privacy" },
	[POLICY_PAYSUPPORT] = { "admin.words.paysupport", "admin.words.paysupport_hint",
				"bot.paysupport" },
	[POLICY_CONTACT] = { "admin.words.contact", "admin.words.contact_hint", NULL },
	[POLICY_PAUSED] = { "admin.words.paused", "admin.words.paused_hint", "bot.paused" },
};
_Static_assert(COUNT(words) == POLICY_TEXT__COUNT, "words about every text");

/* A phrase of the bot's without Telegram's tags. */
static const char *untagged(struct arena *a, const char *html)
{
	struct str s = STR(a, strlen(html) + 1);

	while (*html) {
		size_t const plain = strcspn(html, "<");

		str_addn(&s, html, plain);
		html += plain + strcspn(html + plain, ">");
		html += *html == '>';
	}
	return str_text(&s);
}

void words_field_add(struct visit *v, enum policy_text text, const struct policy_edit *edit)
{
	const struct policy_text_about *about = policy_text_about(text);
	bool const tall = about->max > 500;
	const char *empty[CATALOG_LANGS] = { NULL, NULL, NULL };

	for (int lang = 0; words[text].phrase && lang < CATALOG_LANGS; lang++)
		empty[lang] = untagged(v->a, i18n_text((enum lang)lang, words[text].phrase));
	fields_add_langs_empty(v,
			       &(struct field){ .name = about->name,
						.label = words[text].label,
						.hint = words[text].hint,
						.max = (int)about->max,
						.rows = about->line ? 0
							: tall	    ? 8
								    : 3 },
			       edit->texts[text], empty);
}

/* Telegram counts in UTF-16 units. */
void words_typed(struct visit *v, enum policy_text text, struct policy_edit *edit)
{
	const struct policy_text_about *about = policy_text_about(text);

	for (int lang = 0; lang < CATALOG_LANGS; lang++) {
		const char *name = lang_name(v, about->name, lang);
		const char *typed = visit_form(v, name);
		size_t const len = strlen(typed);
		const char *clean = about->line
					    ? utf8_clean_line(v->a, typed, len, 2 * len + 1)
					    : utf8_clean_text(v->a, typed, len, 2 * len + 1);

		if (utf8_utf16_len(clean) > about->max)
			fields_error(v, name,
				     VISIT_TEXT(v, "admin.words.too_long",
						N("n", (int64_t)utf8_utf16_len(clean)),
						N("max", (int64_t)about->max)));
		edit->texts[text][lang] = clean;
	}
}

static int words_show(struct visit *v, const struct policy_edit *edit)
{
	for (int i = 0; i < POLICY_TEXT__COUNT; i++)
		if (policy_text_about((enum policy_text)i)->section == POLICY_WORDS)
			words_field_add(v, (enum policy_text)i, edit);
	value_set_int(v->data, "version", edit->versions[POLICY_WORDS]);
	value_set_text(v->data, "path", SETTINGS "/words");
	value_set_bool(v->data, "may_edit", visit_may(v, ROLE_OWNER));
	visit_crumb(v, SETTINGS, visit_text(v, "admin.menu.settings"));
	return visit_show(v, "settings/words", visit_text(v, "admin.settings.words"));
}

int page_settings_words(struct visit *v)
{
	struct policy_edit edit;
	int const rc = policy_load(v->db, v->a, &edit);

	return rc ? rc : words_show(v, &edit);
}

int settings_words_post(struct visit *v)
{
	struct policy_edit edit;
	int const rc = policy_load(v->db, v->a, &edit);

	if (rc)
		return rc;
	edit.versions[POLICY_WORDS] = version_typed(v);
	for (int i = 0; i < POLICY_TEXT__COUNT; i++)
		if (policy_text_about((enum policy_text)i)->section == POLICY_WORDS)
			words_typed(v, (enum policy_text)i, &edit);
	return settings_saved(v, POLICY_WORDS, &edit, SETTINGS "/words", words_show);
}
