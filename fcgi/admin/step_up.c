#include "fcgi/admin/step_up.h"

#include "fcgi/admin/factor.h"
#include "fcgi/admin/pages.h"
#include "fcgi/admin/sign_in.h"

#define FIELD "step_up"
#define PATH "/admin/step-up"

/* Everything that was typed but what is ours. */
static struct value *kept_fields(struct visit *v)
{
	struct value *list = value_list(v->a);

	for (size_t i = 0; i < v->form.count; i++) {
		struct value *field;

		if (!strcmp(v->form.names[i], "csrf") || !strcmp(v->form.names[i], FIELD))
			continue;
		field = value_object(v->a);
		value_set_text(field, "name", v->form.names[i]);
		value_set_text(field, "value", v->form.values[i]);
		value_push(list, field);
	}
	return list;
}

static int show(struct visit *v, const char *path, const struct verdict *verdict)
{
	value_set_text(v->data, "path", path);
	value_set(v->data, "kept", kept_fields(v));
	value_set_bool(v->data, "by_code", v->staff->has_totp);
	if (verdict && verdict->text) {
		value_set_text(v->data, "error", verdict->text);
		v->status = verdict->factor == FACTOR_WAIT ? 429 : 422;
	}
	return visit_show(v, "step_up", visit_text(v, "admin.step_up.title"));
}

static int check(struct visit *v, struct verdict *ret)
{
	const char *typed = visit_form(v, FIELD);
	struct staff_secrets *secrets;
	int rc;

	if (!v->staff->has_totp)
		return factor_password(v, v->staff->login, typed, &secrets, ret);
	if ((rc = staff_secrets(v->db, v->a, v->staff->id, &secrets)))
		return rc;
	return factor_code(v, secrets, typed, ret);
}

static int try(struct visit *v, struct verdict *ret)
{
	int const rc = check(v, ret);

	return rc || ret->factor != FACTOR_RIGHT ? rc : sign_in_step_up(v);
}

int step_up_ask(struct visit *v, bool *ret_done)
{
	struct verdict verdict;
	const char *to;
	int rc;

	*ret_done = true;
	if (v->req->method == WEB_GET) {
		to = *v->req->query ? arena_printf(v->a, "%s?%s", v->req->path, v->req->query)
				    : v->req->path;
		return visit_redirect(v,
				      arena_printf(v->a, PATH "?to=%s", form_encode(v->a, to)));
	}
	if (!form_get(&v->form, FIELD))
		return show(v, v->req->path, NULL);
	if ((rc = try(v, &verdict)))
		return rc;
	if (verdict.factor != FACTOR_RIGHT)
		return show(v, v->req->path, &verdict);
	*ret_done = false;
	return OK;
}

int page_step_up(struct visit *v)
{
	struct value *to = value_object(v->a);

	value_set_text(to, "name", "to");
	value_set_text(to, "value", visit_local(visit_query(v, "to"), "/admin/"));
	value_set_text(v->data, "path", PATH);
	value_set(v->data, "to", to);
	value_set_bool(v->data, "by_code", v->staff->has_totp);
	return visit_show(v, "step_up", visit_text(v, "admin.step_up.title"));
}

/* A file is no page to return to: to the list it is of, where it comes by itself. */
static int file_offer(struct visit *v, const char *to, const char *csv)
{
	const char *list = arena_printf(v->a, "%.*s%s", (int)(csv - to), to,
					csv + strlen(".csv"));
	int const rc = visit_flash_file(v, visit_text(v, "admin.step_up.file"), to);

	return rc ? rc : visit_redirect(v, list);
}

int step_up_post(struct visit *v)
{
	const char *to = visit_local(visit_form(v, "to"), "/admin/");
	const char *csv = strstr(to, ".csv");
	struct verdict verdict;
	int const rc = try(v, &verdict);

	if (rc)
		return rc;
	if (verdict.factor != FACTOR_RIGHT)
		return show(v, PATH, &verdict);
	if (csv && (!csv[strlen(".csv")] || csv[strlen(".csv")] == '?'))
		return file_offer(v, to, csv);
	return visit_redirect(v, to);
}
