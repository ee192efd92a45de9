/*
 * Signing in: the second factor, or its enrolment.
 */
#include "fcgi/admin/enrol.h"
#include "fcgi/admin/factor.h"
#include "fcgi/admin/pages.h"
#include "fcgi/admin/sign_in.h"

static bool is_full(const struct visit *v)
{
	return v->session->stage == SESSION_FULL;
}

static int show(struct visit *v, const char *to)
{
	value_set_text(v->data, "to", to);
	value_set_text(v->data, "login", v->staff->login);
	return visit_show(v, "login_code", visit_text(v, "admin.factor.title"));
}

int page_login_code(struct visit *v)
{
	if (is_full(v))
		return visit_redirect(v, "/admin/");
	if (!v->staff->has_totp)
		return visit_redirect(v, "/admin/login/enrol");
	return show(v, visit_local(visit_query(v, "to"), ""));
}

int login_code_post(struct visit *v)
{
	const char *to = visit_local(visit_form(v, "to"), "");
	struct staff_secrets *secrets;
	struct verdict verdict;
	int rc;

	if (is_full(v) || !v->staff->has_totp)
		return page_login_code(v);
	if ((rc = staff_secrets(v->db, v->a, v->staff->id, &secrets)) ||
	    (rc = factor_code(v, secrets, visit_form(v, "code"), &verdict)))
		return rc;
	if (verdict.factor == FACTOR_RIGHT) {
		rc = sign_in_full(v, v->staff, true);
		return rc ? rc : visit_redirect(v, visit_local(to, "/admin/"));
	}
	value_set_text(v->data, "error", verdict.text);
	v->status = verdict.factor == FACTOR_WAIT ? 429 : 422;
	return show(v, to);
}

static int enrol_show(struct visit *v, const char *to)
{
	int const rc = enrol_fill(v);

	if (rc)
		return rc;
	value_set_text(v->data, "to", to);
	value_set_text(v->data, "path", "/admin/login/enrol");
	return visit_show(v, "enrol", visit_text(v, "admin.enrol.title"));
}

int page_login_enrol(struct visit *v)
{
	if (is_full(v) || v->staff->has_totp)
		return page_login_code(v);
	return enrol_show(v, visit_local(visit_query(v, "to"), ""));
}

int login_enrol_post(struct visit *v)
{
	const char *to = visit_local(visit_form(v, "to"), "");
	bool done;
	int rc;

	if (is_full(v) || v->staff->has_totp)
		return page_login_code(v);
	if ((rc = enrol_try(v, &done)))
		return rc;
	if (!done)
		return enrol_show(v, to);
	if ((rc = sign_in_full(v, v->staff, true)))
		return rc;
	value_set_text(v->data, "onward", visit_local(to, "/admin/"));
	return visit_show(v, "recovery", visit_text(v, "admin.recovery.title"));
}
