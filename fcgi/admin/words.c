/*
 * The panel's phrases as templates see them: admin.login.title is t.login.title.
 */
#include "fcgi/admin/admin.h"

enum { WORDS_MAX = 4096 };

#define PREFIX "admin."

struct word {
	const char *key; /* without the prefix */
	const char *text;
};

struct words {
	struct word *list;
	size_t count;
};

static void word_add(const char *key, const char *text, void *data)
{
	struct words *words = data;

	if (words->count == WORDS_MAX)
		die("more than %d phrases for the panel", WORDS_MAX);
	words->list[words->count++] = (struct word){ key + strlen(PREFIX), text };
}

static int word_compare(const void *a, const void *b)
{
	return strcmp(((const struct word *)a)->key, ((const struct word *)b)->key);
}

/* One segment of a key after `skip` bytes, and the words that share it, from i on. */
static size_t branch_end(const struct words *words, size_t i, size_t end, size_t len)
{
	const char *key = words->list[i].key;

	while (i < end && !strncmp(words->list[i].key, key, len))
		i++;
	return i;
}

static struct value *branch(struct arena *a, const struct words *words, size_t i, size_t end,
			    size_t skip)
{
	struct value *object = value_object(a);

	while (i < end) {
		const char *key = words->list[i].key;
		size_t const len = strcspn(key + skip, ".");
		const char *name = arena_strndup(a, key + skip, len);

		if (key[skip + len]) {
			size_t const stop = branch_end(words, i, end, skip + len + 1);

			value_set(object, name, branch(a, words, i, stop, skip + len + 1));
			i = stop;
		} else {
			value_set_text(object, name, words->list[i++].text);
		}
	}
	return object;
}

struct value *words_new(struct arena *a, enum lang lang)
{
	struct words words = { arena_array(a, WORDS_MAX, sizeof(struct word)), 0 };

	i18n_each(lang, PREFIX, word_add, &words);
	qsort(words.list, words.count, sizeof(*words.list), word_compare);
	return branch(a, &words, 0, words.count, 0);
}
