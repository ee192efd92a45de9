/*
 * Who may do what: read off the table of routes, so it is what is really asked.
 */
#include "fcgi/admin/pages.h"
#include "fcgi/admin/route.h"

/* Is it the first row of this permission? */
static bool is_first(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (route_at(i)->may && !strcmp(route_at(i)->may, route_at(n)->may))
			return false;
	return true;
}

/* Rows of one permission may differ: the least role of any that does something. */
static int least_role(const char *may, bool *ret_step_up)
{
	int role = ROLE_OWNER;

	*ret_step_up = false;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if (!r->may || strcmp(r->may, may) != 0)
			continue;
		if (r->need < role)
			role = r->need;
		*ret_step_up |= (r->flags & ROUTE_STEP_UP) != 0;
	}
	return role;
}

static struct value *row_new(struct visit *v, const struct route *r)
{
	struct value *row = value_object(v->a);
	struct value *cells = value_list(v->a);
	bool step_up;
	int const least = least_role(r->may, &step_up);

	value_set_text(row, "what", visit_text(v, arena_printf(v->a, "admin.may.%s", r->may)));
	value_set_bool(row, "step_up", step_up);
	for (int role = 0; role < ROLE__COUNT; role++) {
		struct value *cell = value_object(v->a);

		value_set_text(cell, "role",
			       visit_text(v, arena_printf(v->a, "admin.role.%s",
							  role_name((enum role)role))));
		value_set_bool(cell, "may", role >= least);
		value_push(cells, cell);
	}
	value_set(row, "cells", cells);
	return row;
}

int page_may(struct visit *v)
{
	struct value *rows = value_list(v->a);
	struct value *roles = value_list(v->a);

	for (int role = 0; role < ROLE__COUNT; role++)
		value_push(roles,
			   value_text(v->a,
				      visit_text(v, arena_printf(v->a, "admin.role.%s",
								 role_name((enum role)role)))));
	for (size_t i = 0; i < route_count(); i++)
		if (route_at(i)->may && is_first(i))
			value_push(rows, row_new(v, route_at(i)));
	value_set(v->data, "roles", roles);
	value_set(v->data, "rows", rows);
	return visit_show(v, "may", visit_text(v, "admin.may_page.title"));
}
