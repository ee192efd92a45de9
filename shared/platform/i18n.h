/*
 * i18n.h: phrases of templates/i18n/{uk,en,ru}.json.
 *
 * A phrase is text with {{name}} places, or an object of plural forms
 * {"one","few","many"} (uk, ru: CLDR's rules for whole numbers) or {"one","many"} (en), chosen
 * by the argument N. Keys are flat with dots: "order.total".  Every language has every key with
 * the same places: a test checks that, and that each key is used.
 */
#ifndef KARTKA_I18N_H
#define KARTKA_I18N_H

#include "shared/base/str.h"

enum lang { LANG_UK, LANG_EN, LANG_RU, LANG__COUNT };

/* "uk", "en", "ru". */
const char *lang_code(enum lang lang);
/* Telegram's language_code ("en-GB", "uk", NULL …): anything else is LANG_UK. */
enum lang lang_from_code(const char *code);
bool lang_is_known(const char *code);
/* The first we have of a browser's Accept-Language (NULL: none); LANG_UK without. */
enum lang lang_from_accept(const char *header);

/* Load all languages.  Once per process; ERR_INVALID/ERR_FAILED: `problem` names file and key.
 */
int i18n_load(const char *dir, struct str *problem) MUST_CHECK;

struct i18n_arg {
	const char *name;
	const char *text; /* NULL: number */
	int64_t number;
};
#define A(n, t) ((struct i18n_arg){ .name = (n), .text = (t) })
#define N(n, value) ((struct i18n_arg){ .name = (n), .number = (value) })

#define I18N_ARGS(...)                \
	(const struct i18n_arg[])     \
	{                             \
		__VA_ARGS__,          \
		{                     \
			NULL, NULL, 0 \
		}                     \
	}

/*
 * The phrase with its places filled.  _html escapes what is filled in (for messages and
 * pages; the phrase itself may hold Telegram's tags); _plain does not (button labels, callback
 * answers, file names).  An unknown key is a bug: logged by the caller's tests, shown as the
 * key.
 */
const char *i18n_html(struct arena *a, enum lang lang, const char *key,
		      const struct i18n_arg *args);
const char *i18n_plain(struct arena *a, enum lang lang, const char *key,
		       const struct i18n_arg *args);

#define TR(a, lang, key, ...) i18n_html(a, lang, key, I18N_ARGS(__VA_ARGS__))
#define TR0(lang, key) i18n_text(lang, key)

/* A phrase without places, borrowed for the life of the process. */
const char *i18n_text(enum lang lang, const char *key);

/* Every phrase without plural forms whose key begins so, in no order. */
void i18n_each(enum lang lang, const char *prefix,
	       void (*each)(const char *key, const char *text, void *data), void *data);

/* A sum as this language writes it. */
const char *i18n_money(struct arena *a, enum lang lang, int64_t kop);

#endif
