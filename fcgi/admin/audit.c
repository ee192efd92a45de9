/*
 * The trail: who changed what, when and from where.
 */
#include "fcgi/admin/csv.h"
#include "fcgi/admin/list.h"
#include "fcgi/admin/pages.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/platform/json.h"

enum { DETAIL_DEPTH = 6 };

/* In words where we have them; the word itself of a newer release's. */
static const char *action_text(const struct visit *v, const char *action)
{
	const char *key = arena_printf(v->a, "admin.action.%s", action);
	const char *text = visit_text(v, key);

	return text == key ? action : text;
}

static int filters_add(struct visit *v)
{
	struct option *actions;
	const char **names;
	size_t count;
	int const rc = audit_actions(v->db, v->a, &names, &count);

	if (rc)
		return rc;
	actions = arena_array(v->a, count + 1, sizeof(*actions));
	for (size_t i = 0; i < count; i++)
		actions[i] = (struct option){ names[i], action_text(v, names[i]) };
	{
		struct list_filter const filters[] = {
			{ .name = "actor", .label = "admin.audit.actor", .type = "search" },
			{ .name = "action",
			  .label = "admin.audit.action",
			  .options = actions,
			  .option_count = count },
			{ .name = "object", .label = "admin.audit.object", .type = "search" },
			{ .name = "from", .label = "admin.audit.from", .type = "date" },
			{ .name = "to", .label = "admin.audit.to", .type = "date" },
		};

		list_filters(v, filters, COUNT(filters));
		value_set_bool(v->data, "filtered", list_filtered(v, filters, COUNT(filters)));
	}
	return OK;
}

static struct audit_filter filter_read(const struct visit *v)
{
	const char *action = list_value(v, "action");

	return (struct audit_filter){ .actor = list_value(v, "actor"),
				      /* No action has other letters: "" finds nothing. */
				      .action = action && !parse_is_ascii(action) ? "" : action,
				      .object = list_value(v, "object"),
				      .from_at = list_day(v, "from", 0),
				      .to_at = list_day(v, "to", 1),
				      .before_id = list_before(v) };
}

/* ---- what a row changed: {"price":["100.00","120.00"],"note":"…"} ---- */

struct telling {
	struct visit *v;
	struct value *list;
};

/* What was changed, in words where we have them. */
static const char *detail_text(const struct visit *v, const char *name)
{
	const char *key = arena_printf(v->a, "admin.detail.%s", name);
	const char *text = visit_text(v, key);

	return text == key ? arena_strdup(v->a, name) : text;
}

static int member_tell(const char *name, const struct json *json, void *data)
{
	struct telling *t = data;
	struct value *o = value_object(t->v->a);
	bool const pair = json_type(json) == JSON_ARRAY && json_count(json) == 2;

	value_set_text(o, "name", detail_text(t->v, name));
	value_set_text(o, "was",
		       pair ? arena_strdup(t->v->a, json_scalar(t->v->a, json_at(json, 0), "–"))
			    : "");
	value_set_text(o, "is",
		       arena_strdup(t->v->a, pair ? json_scalar(t->v->a, json_at(json, 1), "–")
					     : json_type(json) == JSON_TEXT
						     ? json_text(json, "")
						     : json_print(t->v->a, json)));
	value_push(t->list, o);
	return 0;
}

static struct value *detail_new(struct visit *v, const char *detail)
{
	struct telling t = { v, value_list(v->a) };
	AUTO_JSON doc = { 0 };

	if (!json_parse((struct bytes){ detail, strlen(detail) }, DETAIL_DEPTH, &doc))
		(void)json_each(doc.root, member_tell, &t);
	return t.list;
}

static struct value *row_new(struct visit *v, const struct audit_row *r)
{
	struct value *row = value_object(v->a);

	value_set_text(row, "at", visit_time(v, r->at));
	value_set_text(row, "actor",
		       !strcmp(r->actor, AUDIT_COMMAND_LINE->actor)
			       ? visit_text(v, "admin.audit.command_line")
			       : r->actor);
	value_set_text(row, "address", r->address);
	value_set_text(row, "action", action_text(v, r->action));
	value_set_text(row, "object", r->object);
	value_set_text(row, "object_url", list_url(v, v->req->path, "object", r->object));
	value_set(row, "detail", detail_new(v, r->detail));
	value_set_bool(row, "sealed", r->sealed);
	return row;
}

int page_audit(struct visit *v)
{
	struct audit_filter const filter = filter_read(v);
	struct value *rows = value_list(v->a);
	struct audit_row *list;
	size_t count;
	int rc = audit_list(v->db, v->a, &filter, LIST_ROWS + 1, &list, &count);

	if (rc || (rc = filters_add(v)))
		return rc;
	for (size_t i = 0; i < count && i < LIST_ROWS; i++)
		value_push(rows, row_new(v, &list[i]));
	value_set(v->data, "rows", rows);
	list_pages(v, count > LIST_ROWS, count > LIST_ROWS ? list[LIST_ROWS - 1].id : 0);
	list_export(v, "/admin/audit.csv");
	if (!count)
		list_empty(v, visit_text(v, "admin.audit.empty_title"),
			   visit_text(v, "admin.audit.empty_text"), NULL, NULL);
	return visit_show(v, "audit/list", visit_text(v, "admin.menu.audit"));
}

/* ---- as CSV ---- */

static int export_more(struct visit *v, void *data, struct csv *to)
{
	struct audit_filter *filter = data;
	struct audit_row *list;
	size_t count;
	int const rc = audit_list(v->db, v->a, filter, CSV_ROWS, &list, &count);

	if (rc)
		return rc;
	for (size_t i = 0; i < count; i++) {
		const struct audit_row *r = &list[i];

		csv_int(to, r->id);
		csv_time(to, r->at);
		csv_text(to, r->actor);
		csv_text(to, r->address);
		csv_text(to, r->action);
		csv_text(to, r->object);
		csv_text(to, r->detail);
		csv_end(to);
		filter->before_id = r->id;
	}
	return count < CSV_ROWS ? ERR_NOT_FOUND : OK;
}

int audit_export(struct visit *v)
{
	static const char *const columns[] = {
		"admin.audit.number",  "admin.audit.at",     "admin.audit.actor",
		"admin.audit.address", "admin.audit.action", "admin.audit.object",
		"admin.audit.detail",
	};
	struct audit_filter *filter = arena_new(v->a, struct audit_filter);

	*filter = filter_read(v);
	return csv_send(v, &(struct csv_export){ .name = "audit",
						 .columns = columns,
						 .column_count = COUNT(columns),
						 .more = export_more,
						 .data = filter });
}
