#include "fcgi/admin/catalog_form.h"

#include "shared/base/limits.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"

const char *typed_line(struct visit *v, const char *name, size_t max)
{
	const char *text = visit_form(v, name);

	return utf8_clean_line(v->a, text, strlen(text), max);
}

const char *lang_name(struct visit *v, const char *name, int lang)
{
	return arena_printf(v->a, "%s_%s", name, lang_code((enum lang)lang));
}

void titles_typed(struct visit *v, const char *ret[CATALOG_LANGS])
{
	for (int lang = 0; lang < CATALOG_LANGS; lang++)
		ret[lang] = typed_line(v, lang_name(v, "names", lang), TITLE_POINTS_MAX);
	if (!*ret[0])
		fields_error(v, "names_uk", visit_text(v, "admin.catalog.title_needed"));
}

void slug_check(struct visit *v, const char *slug)
{
	if (!parse_is_slug(slug))
		fields_error(v, "slug", visit_text(v, "admin.catalog.slug_wrong"));
}

void number_typed(struct visit *v, const char *name, int64_t max, int64_t *ret)
{
	const char *text = visit_form(v, name);

	*ret = 0;
	if (*text && parse_int(text, 0, max, ret))
		fields_error(v, name,
			     VISIT_TEXT(v, "admin.catalog.number_wrong",
					A("max", visit_number(v, max))));
}

int64_t version_typed(struct visit *v)
{
	int64_t version = 0;

	(void)!parse_int(visit_form(v, "version"), 0, INT64_MAX, &version);
	return version;
}

void edit_refused(struct visit *v, enum edit_result result)
{
	if (result == EDIT_SLUG_TAKEN)
		fields_error(v, "slug", visit_text(v, "admin.catalog.slug_taken"));
	else
		value_set_bool(v->data, "stale", true);
	v->status = 409;
}

const struct field slug_field = { .name = "slug",
				  .label = "admin.catalog.slug",
				  .hint = "admin.catalog.slug_hint",
				  .max = SLUG_MAX,
				  .required = true,
				  .plain = true };
const struct field title_field = { .name = "names",
				   .label = "admin.catalog.title",
				   .max = TITLE_POINTS_MAX,
				   .required = true };
