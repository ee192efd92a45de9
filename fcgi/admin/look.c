/*
 * Language and light, remembered by the browser.
 */
#include "fcgi/admin/cookie.h"
#include "fcgi/admin/pages.h"

#define YEAR_S (365 * INT64_C(86400))

static void remember(struct visit *v, const char *name, const char *value)
{
	cookie_set(v->a, v->res, v->app->secure,
		   &(struct cookie){
			   .name = name, .value = value, .max_age_s = YEAR_S, .script = true });
}

int look_post(struct visit *v)
{
	const char *lang = visit_form(v, "lang");
	const char *theme = visit_form(v, "theme");

	if (lang_is_known(lang) && strlen(lang) == 2)
		remember(v, "lang", lang_code(lang_from_code(lang)));
	if (!strcmp(theme, "light") || !strcmp(theme, "dark"))
		remember(v, "theme", theme);
	else if (!strcmp(theme, "auto"))
		remember(v, "theme", "");
	return visit_redirect(v, visit_local(visit_form(v, "to"), "/admin/"));
}
