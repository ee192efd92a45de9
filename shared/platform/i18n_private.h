/*
 * i18n_private.h: phrases as they are kept once loaded.  For i18n*.c only.
 */
#ifndef KARTKA_I18N_PRIVATE_H
#define KARTKA_I18N_PRIVATE_H

#include "shared/platform/i18n.h"

/* CLDR's categories for whole numbers, as far as our languages have them. */
enum plural { PLURAL_ONE, PLURAL_FEW, PLURAL_MANY, PLURAL__COUNT };

/* A run of text, or the name of a place. */
struct phrase_part {
	bool is_place;
	const char *text; /* of a place: ends in NUL */
	size_t len;
};

struct phrase {
	const char *text; /* as it was written; NULL: this language has no such form */
	const struct phrase_part *parts;
	size_t count;
};

/* One without plural forms has its phrase as PLURAL_MANY. */
struct phrase_forms {
	struct phrase form[PLURAL__COUNT];
	bool is_plural;
};

/* A row of the hash table; free rows have no key. */
struct phrase_row {
	const char *key;
	uint32_t hash;
	struct phrase_forms *in[LANG__COUNT];
};

struct phrase_table {
	struct arena arena;
	struct phrase_row *rows;
	size_t size; /* a power of two, at most half full */
};

uint32_t phrase_hash(const char *key);

/* The key's row, or the free one where it belongs. */
struct phrase_row *phrase_row(const struct phrase_table *table, const char *key);

/* Which forms the language has. */
bool plural_has(enum lang lang, enum plural plural);

/* Into an empty table; on failure its arena is to be released all the same. */
int phrase_table_load(struct phrase_table *table, const char *dir,
		      struct str *problem) MUST_CHECK;

#endif
