/* A category's form. */
#include "fcgi/admin/catalog_form.h"
#include "fcgi/admin/pages.h"

static int category_form(struct visit *v, const struct category_row *row)
{
	struct field slug = slug_field;

	slug.value = row->edit.slug;
	fields_add_langs(v, &title_field, row->edit.title);
	fields_add(v, &slug);
	value_set_int(v->data, "version", row->version);
	value_set_text(
		v->data, "path",
		row->id ? arena_printf(v->a, "/admin/categories/%lld", (long long)row->id)
			: CATALOG "/new");
	visit_crumb(v, CATALOG, visit_text(v, "admin.menu.catalog"));
	return visit_show(v, "catalog/category",
			  row->id ? row->edit.title[0] : visit_text(v, "admin.catalog.new"));
}

static int category_post(struct visit *v, int64_t id)
{
	struct category_row row = { .id = id, .version = version_typed(v) };
	enum edit_result result;
	int rc;

	titles_typed(v, row.edit.title);
	row.edit.slug = visit_form(v, "slug");
	slug_check(v, row.edit.slug);
	if (fields_wrong(v))
		return category_form(v, &row);
	if ((rc = category_save(v->db, &v->who, &row, &result, &id)))
		return rc;
	if (result != EDIT_DONE) {
		edit_refused(v, result);
		return category_form(v, &row);
	}
	if ((rc = visit_flash(
		     v, TONE_DONE,
		     VISIT_TEXT(v, "admin.catalog.saved", A("title", row.edit.title[0])))))
		return rc;
	return visit_redirect(v, CATALOG);
}

int page_category_new(struct visit *v)
{
	return category_form(
		v, &(struct category_row){ .edit = { .slug = "", .title = { "", "", "" } } });
}

int category_new_post(struct visit *v)
{
	return category_post(v, 0);
}

int page_category(struct visit *v)
{
	struct category_row *row;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = category_load(v->db, v->a, id, &row)))
		return rc;
	return category_form(v, row);
}

int category_save_post(struct visit *v)
{
	int64_t id;
	int const rc = visit_id(v, 0, &id);

	return rc ? rc : category_post(v, id);
}
