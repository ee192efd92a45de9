#include "shared/platform/i18n_private.h"

#include "shared/base/file.h"
#include "shared/platform/json.h"

#include <errno.h>

enum { FILE_MAX = 1024 * 1024, FILE_DEPTH = 2 };

static const char *const plural_names[] = {
	[PLURAL_ONE] = "one", [PLURAL_FEW] = "few", [PLURAL_MANY] = "many"
};

_Static_assert(COUNT(plural_names) == PLURAL__COUNT, "a name for every plural form");

/* What is being loaded; `path` and `problem` for what is said about it. */
struct loading {
	struct phrase_table *table;
	enum lang lang;
	const char *path;
	struct str *problem;
	struct phrase_forms *forms; /* of the key at hand */
};

static int refuse(const struct loading *l, const char *key, const char *what)
{
	str_addf(l->problem, "%s: %s%s%s", l->path, key ? key : "", key ? ": " : "", what);
	return ERR_INVALID;
}

/* ---- one phrase ---- */

static size_t places_count(const char *text)
{
	size_t n = 0;

	for (; (text = strstr(text, "{{")); text += 2)
		n++;
	return n;
}

/* Take a text apart at its {{places}}.  ERR_INVALID: empty, or a place that is none. */
static int phrase_read(struct arena *a, const char *text, struct phrase *ret)
{
	struct phrase_part *parts = arena_array(a, 2 * places_count(text) + 1, sizeof(*parts));
	size_t count = 0;

	text = arena_strdup(a, text);
	*ret = (struct phrase){ .text = text, .parts = parts };
	while (*text) {
		const char *open = strstr(text, "{{");
		size_t const len = open ? (size_t)(open - text) : strlen(text);
		size_t name;

		if (len)
			parts[count++] = (struct phrase_part){ .text = text, .len = len };
		if (!open)
			break;
		name = strspn(open + 2, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (!name || strncmp(open + 2 + name, "}}", 2) != 0)
			return ERR_INVALID;
		parts[count++] = (struct phrase_part){
			.is_place = true,
			.text = arena_strndup(a, open + 2, name),
			.len = name,
		};
		text = open + 2 + name + 2;
	}
	ret->count = count;
	return count ? OK : ERR_INVALID;
}

static int plural_read(const char *name, const struct json *v, void *data)
{
	struct loading *l = data;
	const char *text = json_text(v, NULL);

	for (int i = 0; i < PLURAL__COUNT; i++)
		if (!strcmp(name, plural_names[i]) && plural_has(l->lang, (enum plural)i))
			return text ? phrase_read(&l->table->arena, text, &l->forms->form[i])
				    : ERR_INVALID;
	return ERR_INVALID;
}

static int forms_read(struct loading *l, const char *key, const struct json *v)
{
	if (json_type(v) == JSON_TEXT) {
		if (phrase_read(&l->table->arena, json_text(v, ""),
				&l->forms->form[PLURAL_MANY]))
			return refuse(l, key, "is empty, or a {{place}} in it is malformed");
		return OK;
	}
	l->forms->is_plural = true;
	if (json_type(v) != JSON_OBJECT || json_each(v, plural_read, l))
		return refuse(l, key, "is neither a text nor an object of plural forms");
	for (int i = 0; i < PLURAL__COUNT; i++)
		if (plural_has(l->lang, (enum plural)i) && !l->forms->form[i].text)
			return refuse(l, key, "a plural form is missing");
	return OK;
}

/* ---- one file ---- */

static int key_count(const char *name, const struct json *v, void *data)
{
	UNUSED(name);
	UNUSED(v);
	++*(size_t *)data;
	return 0;
}

/* The first file says which keys there are. */
static void table_size(struct phrase_table *table, const struct json *root)
{
	size_t keys = 0;

	(void)json_each(root, key_count, &keys);
	table->size = 2;
	while (table->size < 2 * keys)
		table->size *= 2;
	table->rows = arena_array(&table->arena, table->size, sizeof(*table->rows));
}

static int key_read(const char *key, const struct json *v, void *data)
{
	struct loading *l = data;
	struct phrase_row *row = phrase_row(l->table, key);

	if (!row->key) {
		if (l->lang != 0)
			return refuse(l, key, "another language does not have it");
		row->key = arena_strdup(&l->table->arena, key);
		row->hash = phrase_hash(key);
	}
	l->forms = row->in[l->lang] = arena_new(&l->table->arena, struct phrase_forms);
	return forms_read(l, key, v);
}

static int text_load(struct loading *l, struct bytes text)
{
	AUTO_JSON doc = { 0 };

	if (json_parse(text, FILE_DEPTH, &doc) || json_type(doc.root) != JSON_OBJECT)
		return refuse(l, NULL, "is not an object in JSON");
	if (!l->table->rows)
		table_size(l->table, doc.root);
	return json_each(doc.root, key_read, l);
}

static int file_load(struct loading *l)
{
	struct arena scratch;
	struct bytes text;
	int rc;

	arena_init(&scratch);
	rc = file_read(&scratch, l->path, FILE_MAX, &text);
	if (!rc) {
		rc = text_load(l, text);
	} else {
		(void)refuse(l, NULL,
			     rc == ERR_FAILED ? strerror(errno) : "is missing or too long");
		rc = ERR_FAILED;
	}
	arena_release(&scratch);
	return rc;
}

/* ---- all languages have the same ---- */

static bool has_place(const struct phrase_forms *forms, const char *place)
{
	for (int i = 0; i < PLURAL__COUNT; i++)
		for (size_t p = 0; p < forms->form[i].count; p++)
			if (forms->form[i].parts[p].is_place &&
			    !strcmp(forms->form[i].parts[p].text, place))
				return true;
	return false;
}

static bool has_places_of(const struct phrase_forms *forms, const struct phrase_forms *other)
{
	for (int i = 0; i < PLURAL__COUNT; i++)
		for (size_t p = 0; p < other->form[i].count; p++)
			if (other->form[i].parts[p].is_place &&
			    !has_place(forms, other->form[i].parts[p].text))
				return false;
	return true;
}

static int row_check(struct loading *l, const struct phrase_row *row)
{
	const struct phrase_forms *mine = row->in[l->lang];

	if (!mine)
		return refuse(l, row->key, "is missing");
	if (!has_places_of(mine, row->in[0]) || !has_places_of(row->in[0], mine))
		return refuse(l, row->key, "has other {{places}} than another language");
	return OK;
}

int phrase_table_load(struct phrase_table *table, const char *dir, struct str *problem)
{
	struct loading l = { .table = table, .problem = problem };
	int rc = OK;

	for (int i = 0; !rc && i < LANG__COUNT; i++) {
		l.lang = (enum lang)i;
		l.path = arena_printf(&table->arena, "%s/%s.json", dir, lang_code(l.lang));
		rc = file_load(&l);
		for (size_t r = 0; !rc && r < table->size; r++)
			if (table->rows[r].key)
				rc = row_check(&l, &table->rows[r]);
	}
	return rc;
}
