/*
 * /admin/: the first page of the menu that one may see.
 */
#include "fcgi/admin/pages.h"
#include "fcgi/admin/route.h"

int page_home(struct visit *v)
{
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if (r->menu && strcmp(r->path, "/admin/") != 0 &&
		    visit_may(v, (enum role)r->need))
			return visit_redirect(v, r->path);
	}
	return visit_redirect(v, "/admin/profile");
}
