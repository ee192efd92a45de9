#include "shared/platform/i18n_private.h"

#include "shared/base/money.h"

#include <strings.h>

static const char *const codes[] = { [LANG_UK] = "uk", [LANG_EN] = "en", [LANG_RU] = "ru" };

_Static_assert(COUNT(codes) == LANG__COUNT, "a code for every language");

static struct phrase_table phrases;

/* ---- languages ---- */

const char *lang_code(enum lang lang)
{
	return codes[lang];
}

/* Looks at the first subtag only: en-GB is English. */
static bool lang_find(const char *code, enum lang *ret)
{
	size_t const len = code ? strcspn(code, "-_") : 0;

	for (size_t i = 0; i < COUNT(codes); i++)
		if (strlen(codes[i]) == len && !strncasecmp(codes[i], code, len)) {
			*ret = (enum lang)i;
			return true;
		}
	return false;
}

enum lang lang_from_code(const char *code)
{
	enum lang lang = LANG_UK;

	(void)lang_find(code, &lang);
	return lang;
}

bool lang_is_known(const char *code)
{
	enum lang lang;

	return lang_find(code, &lang);
}

/* Quality values are not looked at: browsers write the best first. */
enum lang lang_from_accept(const char *header)
{
	while (header && *header) {
		char code[9] = "";
		enum lang lang;
		size_t len;

		header += strspn(header, " \t,");
		len = strcspn(header, ",; \t");
		if (len && len < sizeof(code)) {
			memcpy(code, header, len);
			if (lang_find(code, &lang))
				return lang;
		}
		header += strcspn(header, ",");
	}
	return LANG_UK;
}

/* ---- plural forms ---- */

/* CLDR: one for 1, 21, 31 …; few for 2–4, 22–24 …; 11–14 are many. */
static enum plural plural_slavic(uint64_t n)
{
	if (n % 100 >= 11 && n % 100 <= 14)
		return PLURAL_MANY;
	if (n % 10 == 1)
		return PLURAL_ONE;
	return n % 10 >= 2 && n % 10 <= 4 ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural plural_english(uint64_t n)
{
	return n == 1 ? PLURAL_ONE : PLURAL_MANY;
}

static const struct {
	enum plural (*choose)(uint64_t n);
	bool has_few;
} plurals[] = {
	[LANG_UK] = { plural_slavic, true },
	[LANG_EN] = { plural_english, false },
	[LANG_RU] = { plural_slavic, true },
};

_Static_assert(COUNT(plurals) == LANG__COUNT, "plural forms for every language");

bool plural_has(enum lang lang, enum plural plural)
{
	return plural != PLURAL_FEW || plurals[lang].has_few;
}

/* By the first number among the arguments. */
static enum plural plural_of(enum lang lang, const struct i18n_arg *args)
{
	for (; args && args->name; args++)
		if (!args->text)
			return plurals[lang].choose(args->number < 0 ? -(uint64_t)args->number
								     : (uint64_t)args->number);
	return PLURAL_MANY;
}

/* ---- looking up ---- */

uint32_t phrase_hash(const char *key)
{
	uint32_t h = 2166136261; /* FNV-1a */

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619;
	return h;
}

struct phrase_row *phrase_row(const struct phrase_table *table, const char *key)
{
	uint32_t const hash = phrase_hash(key);
	size_t i = hash & (table->size - 1);

	while (table->rows[i].key &&
	       (table->rows[i].hash != hash || strcmp(table->rows[i].key, key) != 0))
		i = (i + 1) & (table->size - 1);
	return &table->rows[i];
}

static const struct phrase *phrase_find(enum lang lang, const char *key,
					const struct i18n_arg *args)
{
	const struct phrase_row *row = phrases.size ? phrase_row(&phrases, key) : NULL;

	if (!row || !row->key)
		return NULL;
	return &row->in[lang]
			->form[row->in[lang]->is_plural ? plural_of(lang, args) : PLURAL_MANY];
}

const char *i18n_text(enum lang lang, const char *key)
{
	const struct phrase *phrase = phrase_find(lang, key, NULL);

	return phrase ? phrase->text : key;
}

void i18n_each(enum lang lang, const char *prefix,
	       void (*each)(const char *key, const char *text, void *data), void *data)
{
	size_t const len = strlen(prefix);

	for (size_t i = 0; i < phrases.size; i++) {
		const struct phrase_row *row = &phrases.rows[i];

		if (row->key && !row->in[lang]->is_plural && !strncmp(row->key, prefix, len))
			each(row->key, row->in[lang]->form[PLURAL_MANY].text, data);
	}
}

/* ---- filling in ---- */

static void place_fill(struct str *s, const struct phrase_part *part,
		       const struct i18n_arg *args, bool html)
{
	while (args && args->name && strcmp(args->name, part->text) != 0)
		args++;
	if (!args || !args->name)
		str_addf(s, "{{%s}}", part->text); /* a bug; seen rather than guessed */
	else if (!args->text)
		str_addf(s, "%lld", (long long)args->number);
	else if (html)
		str_add_html(s, args->text);
	else
		str_add(s, args->text);
}

static const char *fill(struct arena *a, enum lang lang, const char *key,
			const struct i18n_arg *args, bool html)
{
	const struct phrase *phrase = phrase_find(lang, key, args);
	struct str s = STR(a, SIZE_MAX / 4); /* bounded by what is filled in */

	if (!phrase)
		return key;
	if (phrase->count == 1 && !phrase->parts->is_place)
		return phrase->text;
	for (size_t i = 0; i < phrase->count; i++) {
		if (phrase->parts[i].is_place)
			place_fill(&s, &phrase->parts[i], args, html);
		else
			str_addn(&s, phrase->parts[i].text, phrase->parts[i].len);
	}
	return str_text(&s);
}

const char *i18n_html(struct arena *a, enum lang lang, const char *key,
		      const struct i18n_arg *args)
{
	return fill(a, lang, key, args, true);
}

const char *i18n_plain(struct arena *a, enum lang lang, const char *key,
		       const struct i18n_arg *args)
{
	return fill(a, lang, key, args, false);
}

const char *i18n_money(struct arena *a, enum lang lang, int64_t kop)
{
	return money_show(a, MONEY(kop), lang == LANG_EN);
}

/* ---- loading ---- */

int i18n_load(const char *dir, struct str *problem)
{
	struct phrase_table table = { 0 };
	int rc;

	arena_init(&table.arena);
	rc = phrase_table_load(&table, dir, problem);
	if (rc) {
		arena_release(&table.arena);
		return rc;
	}
	arena_release(&phrases.arena);
	phrases = table;
	return OK;
}
