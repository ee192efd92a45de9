/*
 * An upload between preview and shelf: what is in the file, then yes or no, then how far
 * the worker is.
 */
#include "fcgi/admin/pages.h"
#include "shared/domain/catalog_change.h"
#include "shared/domain/staging.h"

enum { REFRESH_S = 1, BAD_SHOWN = IMPORT_BAD_SHOWN };

static void bad_lines_add(struct visit *v, const char *text)
{
	struct value *rows = value_list(v->a);

	while (*text) {
		size_t const len = strcspn(text, ",");
		char *one = arena_strndup(v->a, text, len);
		char *fault = strchr(one, ':');
		struct value *row = value_object(v->a);

		if (fault) {
			*fault++ = '\0';
			value_set_text(row, "line", one);
			value_set_text(row, "fault",
				       visit_text(v, arena_printf(v->a, "admin.upload.fault.%s",
								  fault)));
			value_push(rows, row);
		}
		text += len + (text[len] == ',');
	}
	value_set(v->data, "bad_lines", rows);
}

static void numbers_add(struct visit *v, const struct staging *s)
{
	value_set_text(v->data, "fresh", visit_number(v, s->total - s->known));
	value_set_text(v->data, "known", visit_number(v, s->known));
	value_set_text(v->data, "repeated", visit_number(v, s->repeated));
	value_set_text(v->data, "bad", visit_number(v, s->bad));
	value_set_text(v->data, "total", visit_number(v, s->total));
	value_set_text(v->data, "moved", visit_number(v, s->moved));
	value_set_text(v->data, "added", visit_number(v, s->added));
	value_set_text(v->data, "filled", visit_number(v, s->filled));
	value_set_int(v->data, "moved_n", s->moved);
	value_set_int(v->data, "total_n", s->total);
	value_set_bool(v->data, "any_bad", s->bad > 0);
	value_set_bool(v->data, "any_filled", s->filled > 0);
	value_set_bool(v->data, "any_fresh", s->total > s->known);
	value_set_text(v->data, "confirm_label",
		       VISIT_TEXT(v, "admin.upload.confirm", N("n", s->total - s->known)));
	value_set_bool(v->data, "more_bad", s->bad > BAD_SHOWN);
}

int page_upload(struct visit *v)
{
	struct staging *s;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = staging_find(v->db, v->a, id, &s)))
		return rc;
	if (s->state == STAGING_READING)
		return ERR_NOT_FOUND;
	numbers_add(v, s);
	bad_lines_add(v, s->bad_lines);
	value_set_int(v->data, "id", s->id);
	value_set_int(v->data, "value_id", s->value_id);
	value_set_text(v->data, "batch", s->batch);
	value_set_bool(v->data, "is_preview", s->state == STAGING_PREVIEW);
	value_set_bool(v->data, "is_own", s->staff_id == v->staff->id);
	value_set_bool(v->data, "is_moving", s->state == STAGING_CONFIRMED);
	value_set_bool(v->data, "is_done", s->state == STAGING_DONE);
	if (s->state == STAGING_CONFIRMED)
		web_add_header(v->res, "Refresh", arena_printf(v->a, "%d", REFRESH_S));
	visit_crumb(v, "/admin/stock", visit_text(v, "admin.menu.stock"));
	visit_crumb(v, arena_printf(v->a, "/admin/stock/%lld", (long long)s->value_id),
		    visit_value_title(v, s->value_id));
	return visit_show(v, "stock/upload", s->batch);
}

int upload_confirm_post(struct visit *v)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc)
		return rc;
	rc = staging_confirm(v->db, &v->who, id);
	/* Clicked twice: once is enough. */
	if (rc && rc != ERR_CONFLICT)
		return rc;
	return visit_redirect(v, arena_printf(v->a, "/admin/uploads/%lld", (long long)id));
}

int upload_discard_post(struct visit *v)
{
	struct staging *s;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = staging_find(v->db, v->a, id, &s)) ||
	    (rc = staging_discard(v->db, &v->who, id)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, "admin.upload.discarded"))))
		return rc;
	return visit_redirect(v,
			      arena_printf(v->a, "/admin/stock/%lld", (long long)s->value_id));
}
