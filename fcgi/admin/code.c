/*
 * One code: found by the code itself, looked at, taken off the shelf.  The code
 * is posted, never in an address; who saw one, when and why is in the trail.
 */
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "shared/base/limits.h"
#include "shared/base/utf8.h"
#include "shared/domain/code_look.h"
#include "shared/service/vault.h"

enum { WHY_MAX = 200 };

static const struct field code_field = { .name = "code",
					 .label = "admin.code.code",
					 .hint = "admin.code.code_hint",
					 .type = "text",
					 .autocomplete = "off",
					 .max = CODE_MAX,
					 .required = true,
					 .plain = true };

static int search_show(struct visit *v)
{
	struct field field = code_field;

	field.value = "";
	fields_add(v, &field);
	visit_crumb(v, "/admin/stock", visit_text(v, "admin.menu.stock"));
	return visit_show(v, "stock/search", visit_text(v, "admin.code.search"));
}

int page_code_search(struct visit *v)
{
	return search_show(v);
}

int code_search_post(struct visit *v)
{
	struct code_vault vault;
	int64_t id;
	int rc;

	vault_fill(&v->program->config, &vault);
	rc = code_find_by_text(v->db, v->a, &vault, visit_form(v, "code"), &id);
	if (rc == ERR_NOT_FOUND) {
		fields_error(v, "code", visit_text(v, "admin.code.unknown"));
		return search_show(v);
	}
	return rc ? rc
		  : visit_redirect(v, arena_printf(v->a, "/admin/codes/%lld", (long long)id));
}

static int code_show(struct visit *v, const struct code_row *row, const char *plain)
{
	static const struct field why = { .name = "why",
					  .label = "admin.code.why",
					  .hint = "admin.code.why_hint",
					  .max = WHY_MAX,
					  .required = true };

	fields_add(v, &why);
	value_set_int(v->data, "id", row->id);
	value_set_int(v->data, "value_id", row->value_id);
	value_set_text(v->data, "value", visit_value_title(v, row->value_id));
	value_set_int(v->data, "batch_id", row->batch_id);
	value_set_text(v->data, "batch", row->batch);
	value_set_text(v->data, "state",
		       visit_text(v, arena_printf(v->a, "admin.code.state.%s", row->state)));
	value_set_text(v->data, "order", row->order_number);
	value_set_text(v->data, "serial", row->serial);
	value_set_text(v->data, "expires",
		       row->expires ? visit_time(v, row->expires_at)
				    : visit_text(v, "admin.code.never"));
	value_set_text(v->data, "sold", row->sold_at ? visit_time(v, row->sold_at) : "");
	value_set_text(v->data, "plain", plain);
	value_set_bool(v->data, "on_shelf", !strcmp(row->state, "available"));
	value_set_bool(v->data, "may_change", visit_may(v, ROLE_MANAGER));
	visit_crumb(v, "/admin/stock", visit_text(v, "admin.menu.stock"));
	visit_crumb(v, arena_printf(v->a, "/admin/stock/%lld", (long long)row->value_id),
		    visit_value_title(v, row->value_id));
	return visit_show(v, "stock/code", VISIT_TEXT(v, "admin.code.title", N("id", row->id)));
}

int page_code(struct visit *v)
{
	struct code_row *row;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = code_find(v->db, v->a, id, &row)))
		return rc;
	return code_show(v, row, "");
}

int code_reveal_post(struct visit *v)
{
	const char *typed = visit_form(v, "why");
	const char *why = utf8_clean_line(v->a, typed, strlen(typed), WHY_MAX);
	struct code_vault vault;
	struct code_row *row;
	const char *plain;
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = code_find(v->db, v->a, id, &row)))
		return rc;
	if (!*why) {
		fields_error(v, "why", visit_text(v, "admin.code.why_needed"));
		return code_show(v, row, "");
	}
	vault_fill(&v->program->config, &vault);
	rc = code_reveal(v->db, v->a, &vault, &v->who, id, why, &plain);
	if (rc == ERR_DENIED) {
		fields_error(v, "why", visit_text(v, "admin.code.unreadable"));
		return code_show(v, row, "");
	}
	return rc ? rc : code_show(v, row, plain);
}

static int take_off(struct visit *v, bool defective, const char *done)
{
	int64_t id;
	int rc = visit_id(v, 0, &id);

	if (rc || (rc = code_take_off(v->db, &v->who, id, defective)) ||
	    (rc = visit_flash(v, TONE_DONE, visit_text(v, done))))
		return rc;
	return visit_redirect(v, arena_printf(v->a, "/admin/codes/%lld", (long long)id));
}

int code_withdraw_post(struct visit *v)
{
	return take_off(v, false, "admin.code.withdrawn");
}

int code_defective_post(struct visit *v)
{
	return take_off(v, true, "admin.code.marked");
}
