/* A value's form, with the message as the buyer will read it, and the prices that were. */
#include "fcgi/admin/catalog_form.h"
#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/domain/policy.h"
#include "shared/domain/stock_import.h"

enum { HISTORY_SHOWN = 20 };

static int categories_option(struct visit *v, struct field *field)
{
	struct catalog *catalog = catalog_new();
	const struct category *categories;
	struct option *options;
	size_t count;
	int const rc = catalog_refresh_now(catalog, v->db, 0);

	if (!rc) {
		count = catalog_all_categories(catalog, &categories);
		options = arena_array(v->a, count, sizeof(*options));
		for (size_t i = 0; i < count; i++)
			options[i] = (struct option){
				.value = arena_printf(v->a, "%lld",
						      (long long)categories[i].id),
				.label = arena_strdup(v->a, categories[i].title[v->lang]),
			};
		field->options = options;
		field->option_count = count;
	}
	catalog_free(catalog);
	return rc;
}

static int history_add(struct visit *v, int64_t value_id)
{
	struct value *rows = value_list(v->a);
	struct price_change *list;
	size_t count;
	int const rc = price_history(v->db, v->a, value_id, HISTORY_SHOWN, &list, &count);

	for (size_t i = 0; !rc && i < count; i++) {
		struct value *row = value_object(v->a);

		value_set_text(row, "at", visit_time(v, list[i].at));
		value_set_text(row, "was",
			       list[i].is_first ? "–" : visit_money(v, list[i].was));
		value_set_text(row, "is", visit_money(v, list[i].is));
		value_set_text(row, "actor", list[i].actor);
		value_push(rows, row);
	}
	value_set(v->data, "history", rows);
	value_set_bool(v->data, "has_history", !rc && count);
	return rc;
}

/* Which text buyers of this language get. */
static const char *of_lang(const char *const texts[CATALOG_LANGS], int lang)
{
	return *texts[lang] ? texts[lang] : texts[0];
}

/* The offer and the delivery as a buyer will read them, in each language. */
static void preview_add(struct visit *v, const struct value_edit *e)
{
	struct value *list = value_list(v->a);

	for (int i = 0; i < CATALOG_LANGS; i++) {
		enum lang const lang = (enum lang)i;
		struct value *p = value_object(v->a);

		value_set_text(p, "code", lang_code(lang));
		value_set_text(
			p, "tab",
			visit_text(v, arena_printf(v->a, "admin.look.%s", lang_code(lang))));
		value_set_bool(p, "first", !i);
		value_set_text(p, "name", of_lang(e->title, i));
		value_set_text(p, "price", i18n_money(v->a, lang, e->price.kop));
		value_set_text(p, "words", of_lang(e->instruction, i));
		value_set_text(p, "paid", i18n_text(lang, "admin.value.preview_paid"));
		value_set_text(p, "pay",
			       i18n_plain(v->a, lang, "bot.order.pay",
					  I18N_ARGS(A("total",
						      i18n_money(v->a, lang, e->price.kop)))));
		value_set_text(p, "picture", e->picture_url);
		value_push(list, p);
	}
	value_set(v->data, "previews", list);
}

static int value_form(struct visit *v, const struct value_row *row)
{
	const struct value_edit *e = &row->edit;
	const struct field fields[] = {
		{ .name = "price",
		  .label = "admin.value.price",
		  .hint = "admin.value.price_hint",
		  .value = e->price.kop ? money_plain(v->a, e->price) : "",
		  .inputmode = "decimal",
		  .max = 12,
		  .required = true },
		{ .name = "max_per_order",
		  .label = "admin.value.max_per_order",
		  .hint = "admin.value.none_hint",
		  .value = arena_printf(v->a, "%lld", (long long)e->max_per_order),
		  .inputmode = "numeric",
		  .max = 4 },
		{ .name = "max_per_day",
		  .label = "admin.value.max_per_day",
		  .hint = "admin.value.none_hint",
		  .value = arena_printf(v->a, "%lld", (long long)e->max_per_day),
		  .inputmode = "numeric",
		  .max = 6 },
		{ .name = "low_stock",
		  .label = "admin.value.low_stock",
		  .hint = "admin.value.low_stock_hint",
		  .value = arena_printf(v->a, "%lld", (long long)row->low_stock),
		  .inputmode = "numeric",
		  .max = 6 },
		{ .name = "pattern",
		  .label = "admin.value.pattern",
		  .hint = "admin.value.pattern_hint",
		  .value = e->code_pattern,
		  .max = 200,
		  .plain = true },
		{ .name = "picture",
		  .label = "admin.value.picture",
		  .hint = "admin.value.picture_hint",
		  .value = e->picture_url,
		  .type = "url",
		  .max = 500,
		  .plain = true },
	};
	struct field const instruction = { .name = "instruction",
					   .label = "admin.value.instruction",
					   .hint = "admin.value.instruction_hint",
					   .max = INSTRUCTION_POINTS_MAX,
					   .rows = 4 };
	struct field category = { .name = "category",
				  .label = "admin.value.category",
				  .value = arena_printf(v->a, "%lld",
							(long long)e->category_id),
				  .required = true };
	struct field slug = slug_field;
	int rc;

	slug.value = e->slug;
	fields_add_langs(v, &title_field, e->title);
	fields_add_langs(v, &instruction, e->instruction);
	fields_add(v, &slug);
	for (size_t i = 0; i < COUNT(fields); i++)
		fields_add(v, &fields[i]);
	if ((rc = categories_option(v, &category)) ||
	    (row->id && (rc = history_add(v, row->id))))
		return rc;
	fields_add(v, &category);
	preview_add(v, e);
	value_set_int(v->data, "version", row->version);
	value_set_text(v->data, "path",
		       row->id ? arena_printf(v->a, "/admin/values/%lld", (long long)row->id)
			       : "/admin/values/new");
	if (row->id)
		visit_action(v, arena_printf(v->a, "/admin/stock/%lld", (long long)row->id),
			     visit_text(v, "admin.menu.stock"), "stock");
	visit_crumb(v, CATALOG, visit_text(v, "admin.menu.catalog"));
	return visit_show(v, "catalog/value",
			  row->id ? e->title[0] : visit_text(v, "admin.value.new"));
}

static void value_typed(struct visit *v, struct value_row *row)
{
	struct value_edit *e = &row->edit;
	const char *text;

	titles_typed(v, e->title);
	for (int lang = 0; lang < CATALOG_LANGS; lang++) {
		text = visit_form(v, lang_name(v, "instruction", lang));
		e->instruction[lang] = utf8_clean_text(v->a, text, strlen(text),
						       INSTRUCTION_POINTS_MAX);
	}
	e->slug = visit_form(v, "slug");
	slug_check(v, e->slug);
	if (parse_money(visit_form(v, "price"), &e->price) || e->price.kop < 1 ||
	    e->price.kop > PRICE_MAX_KOP) {
		e->price = MONEY(0);
		fields_error(v, "price", visit_text(v, "admin.value.price_wrong"));
	}
	number_typed(v, "max_per_order", QUANTITY_MAX, &e->max_per_order);
	number_typed(v, "max_per_day", 100000, &e->max_per_day);
	number_typed(v, "low_stock", 1000000, &row->low_stock);
	e->code_pattern = visit_form(v, "pattern");
	if (!stock_import_pattern_valid(e->code_pattern))
		fields_error(v, "pattern", visit_text(v, "admin.value.pattern_wrong"));
	e->picture_url = visit_form(v, "picture");
	if (*e->picture_url && strncmp(e->picture_url, "https://", 8) != 0)
		fields_error(v, "picture", visit_text(v, "admin.value.picture_wrong"));
	if (parse_int(visit_form(v, "category"), 1, INT64_MAX, &e->category_id))
		fields_error(v, "category", visit_text(v, "admin.value.category_needed"));
}

static int value_post(struct visit *v, int64_t id)
{
	struct value_row row = { .id = id, .version = version_typed(v) };
	struct category_row *category;
	enum edit_result result;
	int rc;

	value_typed(v, &row);
	if (!fields_wrong(v)) {
		rc = category_load(v->db, v->a, row.edit.category_id, &category);
		if (rc && rc != ERR_NOT_FOUND)
			return rc;
		if (rc)
			fields_error(v, "category",
				     visit_text(v, "admin.value.category_needed"));
	}
	/* Only to be looked at: nothing is stored. */
	if (fields_wrong(v) || *visit_form(v, "preview"))
		return value_form(v, &row);
	if ((rc = value_save(v->db, &v->who, &row, &result, &id)))
		return rc;
	if (result != EDIT_DONE) {
		edit_refused(v, result);
		return value_form(v, &row);
	}
	if ((rc = visit_flash(
		     v, TONE_DONE,
		     VISIT_TEXT(v, "admin.catalog.saved", A("title", row.edit.title[0])))))
		return rc;
	return visit_redirect(
		v, row.id ? CATALOG : arena_printf(v->a, "/admin/stock/%lld", (long long)id));
}

int page_value_new(struct visit *v)
{
	struct policy_edit policy;
	struct value_row row = { .edit = { .slug = "",
					   .title = { "", "", "" },
					   .instruction = { "", "", "" },
					   .code_pattern = "",
					   .picture_url = "" } };

	int const rc = policy_load(v->db, v->a, &policy);

	if (rc)
		return rc;
	row.low_stock = policy.numbers[POLICY_LOW_STOCK];
	(void)!parse_int(visit_query(v, "category"), 1, INT64_MAX, &row.edit.category_id);
	return value_form(v, &row);
}

int value_new_post(struct visit *v)
{
	return value_post(v, 0);
}

int page_value(struct visit *v)
{
	struct value_row *row;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = value_load(v->db, v->a, id, &row)))
		return rc;
	return value_form(v, row);
}

int value_save_post(struct visit *v)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : value_post(v, id);
}
