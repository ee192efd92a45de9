#include "fcgi/kartka/outside.h"

#include "shared/base/limits.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/audit.h"
#include "shared/domain/catalog.h"
#include "shared/platform/i18n.h"
#include "shared/platform/json.h"

#include <stdarg.h>

enum { CATALOG_FILE_MAX = 64 * 1024 * 1024, CATALOG_DEPTH_MAX = 16 };

struct import {
	const struct command_env *env;
	struct db *db;
	struct arena *a;
	const struct json *root;
	int64_t categories;
	int64_t values;
};

/* Where in the file something is wrong; always ERR_INVALID. */
static int wrong(const struct import *in, const char *fmt, ...) PRINTF(2, 3);
static int wrong(const struct import *in, const char *fmt, ...)
{
	struct str s = STR(in->a, 1024);
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	str_add(&s, line);
	command_fail(in->env, "%s", str_text(&s));
	return ERR_INVALID;
}

/* ---- texts ---- */

static const char *title_clean(struct arena *a, const struct json *v)
{
	struct bytes const text = json_bytes(v);

	return text.data ? utf8_clean_line(a, text.data, text.len, TITLE_POINTS_MAX) : "";
}

static const char *instruction_clean(struct arena *a, const struct json *v)
{
	struct bytes const text = json_bytes(v);

	return utf8_clean_text(a, text.data, text.len, INSTRUCTION_POINTS_MAX);
}

typedef const char *text_clean(struct arena *a, const struct json *v);

static void texts_read(struct arena *a, const struct json *v, text_clean *clean,
		       const char *ret[CATALOG_LANGS])
{
	for (int lang = 0; lang < CATALOG_LANGS; lang++)
		ret[lang] = clean(a, json_get(v, lang_code((enum lang)lang)));
}

/* ---- one category, one value ---- */

static int value_import(struct import *in, const struct json *v, int64_t category_id,
			const char *category, int64_t position)
{
	const char *slug = json_text(json_get(v, "slug"), "");
	const char *price = json_scalar(in->a, json_get(v, "price"), "");
	struct value_edit edit = { .category_id = category_id,
				   .slug = slug,
				   .position = json_int(json_get(v, "position"), position),
				   .max_per_order = json_int(json_get(v, "max_per_order"), 0),
				   .max_per_day = json_int(json_get(v, "max_per_day"), 0),
				   .code_pattern = json_text(json_get(v, "pattern"), ""),
				   .picture_url = json_text(json_get(v, "picture"), ""),
				   .hidden = json_bool(json_get(v, "hidden"), false) };
	int64_t id;
	int rc;

	if (!parse_is_slug(slug))
		return wrong(in, "category %s, value %lld: slug must be [a-z0-9_-]{1,62}",
			     category, (long long)position);
	texts_read(in->a, json_get(v, "title"), title_clean, edit.title);
	texts_read(in->a, json_get(v, "instruction"), instruction_clean, edit.instruction);
	if (!*edit.title[0])
		return wrong(in, "value %s: title.uk is needed", slug);
	if (parse_money(price, &edit.price) || edit.price.kop < 1 ||
	    edit.price.kop > PRICE_MAX_KOP)
		return wrong(in, "value %s: price must be 0.01 to 999999.99", slug);
	if (edit.max_per_order < 0 || edit.max_per_order > QUANTITY_MAX)
		return wrong(in, "value %s: max_per_order must be 0 to %d", slug, QUANTITY_MAX);
	if (edit.max_per_day < 0 || edit.max_per_day > INT32_MAX)
		return wrong(in, "value %s: max_per_day must be 0 or more", slug);
	if (strlen(edit.code_pattern) > 200 || strlen(edit.picture_url) > 500)
		return wrong(in, "value %s: pattern or picture is too long", slug);
	if ((rc = value_put(in->db, &edit, &id)))
		return rc;
	in->values++;
	return OK;
}

static int category_import(struct import *in, const struct json *v, int64_t position)
{
	const struct json *values = json_get(v, "values");
	const char *slug = json_text(json_get(v, "slug"), "");
	struct category_edit edit = { .slug = slug,
				      .position = json_int(json_get(v, "position"), position) };
	int64_t id;
	int rc;

	if (!parse_is_slug(slug))
		return wrong(in, "category %lld: slug must be [a-z0-9_-]{1,62}",
			     (long long)position);
	texts_read(in->a, json_get(v, "title"), title_clean, edit.title);
	if (!*edit.title[0])
		return wrong(in, "category %s: title.uk is needed", slug);
	if (values && json_type(values) != JSON_ARRAY)
		return wrong(in, "category %s: values must be a list", slug);
	if ((rc = category_put(in->db, &edit, &id)))
		return rc;
	in->categories++;
	for (size_t i = 0; !rc && i < json_count(values); i++)
		rc = value_import(in, json_at(values, i), id, slug, (int64_t)i + 1);
	return rc;
}

static int import_work(struct db *db, void *data)
{
	struct import *in = data;
	const struct json *list = json_get(in->root, "categories");
	int rc;

	in->categories = in->values = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	for (size_t i = 0; !rc && i < json_count(list); i++)
		rc = category_import(in, json_at(list, i), (int64_t)i + 1);
	if (rc || (rc = catalog_changed(db)))
		return rc;
	rc = audit_add(db,
		       &(struct audit_entry){ .actor = "command line",
					      .action = "catalog_import",
					      .object = "catalog",
					      .detail = arena_printf(in->a,
								     "{\"categories\":%lld,"
								     "\"values\":%lld}",
								     (long long)in->categories,
								     (long long)in->values) });
	return rc ? rc : db_tx_commit(&tx);
}

int command_catalog_import(struct command_env *env, int argc, char **argv)
{
	struct import in = { .env = env, .a = env->arena };
	AUTO_JSON doc = { NULL };
	const char *text;
	size_t len;
	int rc;

	if (argc != 1)
		return command_usage(env);
	text = outside_read_file(env, argv[0], CATALOG_FILE_MAX, &len);
	if (!text)
		return 1;
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (json_parse((struct bytes){ text, len }, CATALOG_DEPTH_MAX, &doc))
		return command_fail(env, "%s: is not JSON", argv[0]);
	in.root = doc.root;
	if (json_type(json_get(in.root, "categories")) != JSON_ARRAY)
		return command_fail(env, "%s: {\"categories\": […]} is needed", argv[0]);
	in.db = outside_db(env);
	if (!in.db)
		return 1;
	rc = db_retry(in.db, import_work, &in);
	if (rc == ERR_INVALID)
		return 1;
	if (rc)
		return outside_db_failed(env, in.db, rc);
	printf("%lld categories, %lld values\n", (long long)in.categories,
	       (long long)in.values);
	return 0;
}

/* ---- export ---- */

static void texts_export(struct json_out *j, const char *name, const char *const *texts)
{
	json_key(j, name);
	json_open(j, '{');
	for (int lang = 0; lang < CATALOG_LANGS; lang++)
		if (!lang || strcmp(texts[lang], texts[0]) != 0)
			json_add_text(j, lang_code((enum lang)lang), texts[lang]);
	json_close(j, '}');
}

static void value_export(struct json_out *j, struct arena *a, const struct card_value *v)
{
	json_open(j, '{');
	json_add_text(j, "slug", v->slug);
	texts_export(j, "title", v->title);
	json_add_text(j, "price", money_plain(a, v->price));
	if (*v->instruction[0])
		texts_export(j, "instruction", v->instruction);
	if (v->max_per_order < QUANTITY_MAX)
		json_add_int(j, "max_per_order", v->max_per_order);
	if (v->max_per_day)
		json_add_int(j, "max_per_day", v->max_per_day);
	if (*v->code_pattern)
		json_add_text(j, "pattern", v->code_pattern);
	if (*v->picture_url)
		json_add_text(j, "picture", v->picture_url);
	if (v->hidden)
		json_add_bool(j, "hidden", true);
	json_close(j, '}');
}

int command_catalog_export(struct command_env *env, int argc, char **argv)
{
	struct catalog *catalog = catalog_new();
	const struct category *categories;
	struct str s = STR(env->arena, CATALOG_FILE_MAX);
	struct json_out j = JSON_OUT(&s);
	struct db *db;
	size_t count;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	if ((rc = catalog_refresh(catalog, db, 0)))
		return outside_db_failed(env, db, rc);
	count = catalog_categories(catalog, &categories);
	json_open(&j, '{');
	json_key(&j, "categories");
	json_open(&j, '[');
	for (size_t i = 0; i < count; i++) {
		const struct card_value *values = catalog_values(catalog, &categories[i]);

		json_open(&j, '{');
		json_add_text(&j, "slug", categories[i].slug);
		texts_export(&j, "title", categories[i].title);
		json_key(&j, "values");
		json_open(&j, '[');
		for (size_t k = 0; k < categories[i].count; k++)
			value_export(&j, env->arena, &values[k]);
		json_close(&j, ']');
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	puts(str_text(&s));
	catalog_free(catalog);
	return 0;
}
