/*
 * Buyers as a list: by id, @username or the beginning of a name; those alone who are banned.
 */
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/parse.h"
#include "shared/domain/buyer.h"
#include "shared/domain/user.h"

#define BUYERS "/admin/buyers"

static void filters_add(struct visit *v)
{
	struct option const banned[] = { { "banned",
					   visit_text(v, "admin.buyers.only_banned") } };
	struct list_filter const filters[] = {
		{ .name = "q", .label = "admin.buyers.search", .type = "search" },
		{ .name = "state",
		  .label = "admin.buyers.access",
		  .options = banned,
		  .option_count = COUNT(banned) },
	};

	list_filters(v, filters, COUNT(filters));
}

/* The page's key is "instant:id". */
static void key_read(const struct visit *v, struct buyer_filter *filter)
{
	const char *after = list_after(v);
	const char *colon = after ? strchr(after, ':') : NULL;

	if (!colon ||
	    parse_int(arena_strndup(v->a, after, (size_t)(colon - after)), 1, INT64_MAX,
		      &filter->before_at) ||
	    parse_int(colon + 1, 0, INT64_MAX, &filter->before_id))
		filter->before_at = 0;
}

static const char *name_of(struct visit *v, const struct buyer_line *line)
{
	if (!*line->first_name && !*line->last_name)
		return VISIT_TEXT(v, "admin.buyer.nameless", N("id", line->id));
	return arena_printf(v->a, "%s%s%s", line->first_name,
			    *line->first_name && *line->last_name ? " " : "", line->last_name);
}

static void line_add(struct visit *v, const struct buyer_line *line, struct value *rows)
{
	struct value *row = value_object(v->a);

	value_set_int(row, "id", line->id);
	value_set_text(row, "name", name_of(v, line));
	value_set_text(row, "username", line->username);
	value_set_text(row, "speaks", line->lang);
	value_set_bool(row, "banned", line->banned);
	value_set_bool(row, "blocked", line->blocked);
	value_set_text(row, "since", visit_date(v, line->created_at));
	value_push(rows, row);
}

static struct buyer_filter filter_read(struct visit *v)
{
	const char *search = list_value(v, "q");

	return (struct buyer_filter){
		.search = search ? arena_strdup(v->a, search) : NULL,
		.banned = !strcmp(visit_query(v, "state"), "banned"),
	};
}

int page_buyers(struct visit *v)
{
	struct buyer_filter filter = filter_read(v);
	const char *search = filter.search;
	struct value *rows = value_list(v->a);
	struct buyer_line *lines;
	struct user *user;
	size_t count;
	int64_t id;
	int rc;

	if (search && !parse_int(search, 1, INT64_MAX, &id)) {
		rc = user_find(v->db, v->a, id, &user);
		if (!rc)
			return visit_redirect(
				v, arena_printf(v->a, BUYERS "/%lld", (long long)id));
		if (rc != ERR_NOT_FOUND)
			return rc;
	}
	key_read(v, &filter);
	if ((rc = buyer_list(v->db, v->a, &filter, LIST_ROWS + 1, &lines, &count)))
		return rc;
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		line_add(v, &lines[i], rows);
	filters_add(v);
	if (!search && count > LIST_ROWS)
		list_pages_text(v, true,
				arena_printf(v->a, "%lld:%lld",
					     (long long)lines[LIST_ROWS - 1].key_at,
					     (long long)lines[LIST_ROWS - 1].id));
	else
		list_pages_text(v, false, "");
	value_set_bool(v->data, "too_many", search && count > LIST_ROWS);
	if (!count)
		list_empty(v, visit_text(v, "admin.buyers.empty_title"),
			   visit_text(v, "admin.buyers.empty_text"), NULL, NULL);
	list_export(v, BUYERS ".csv");
	value_set(v->data, "rows", rows);
	return visit_show(v, "buyer/list", visit_text(v, "admin.menu.buyers"));
}

/* ---- the same as CSV ---- */

struct exporting {
	struct buyer_filter filter;
	bool done; /* what a search finds is one page */
};

static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct exporting *e = data;
	struct buyer_line *lines;
	size_t count;
	int rc;

	if (e->done)
		return ERR_NOT_FOUND;
	if ((rc = buyer_list(v->db, v->a, &e->filter, CSV_ROWS, &lines, &count)))
		return rc;
	if (!count)
		return ERR_NOT_FOUND;
	for (size_t i = 0; i < count; i++) {
		csv_int(to, lines[i].id);
		csv_text(to, lines[i].first_name);
		csv_text(to, lines[i].last_name);
		csv_text(to, lines[i].username);
		csv_text(to, lines[i].lang);
		csv_yes(to, lines[i].banned);
		csv_yes(to, lines[i].blocked);
		csv_time(to, lines[i].created_at);
		csv_end(to);
	}
	e->filter.before_at = lines[count - 1].key_at;
	e->filter.before_id = lines[count - 1].id;
	e->done = e->filter.search != NULL;
	return OK;
}

int buyers_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.order.buyer_id",	 "admin.buyers.name",	 "admin.buyers.last_name",
		"admin.buyers.username", "admin.buyer.language", "admin.buyer.banned",
		"admin.buyers.blocked",	 "admin.buyers.since",
	};
	struct exporting *e = arena_new(v->a, struct exporting);

	e->filter = filter_read(v);
	return csv_send(v, &(struct csv_export){ .name = "buyers",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = e });
}
