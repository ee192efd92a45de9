/*
 * Signing in: login and password; then login_code.c.
 */
#include "fcgi/admin/factor.h"
#include "fcgi/admin/fields.h"
#include "fcgi/admin/pages.h"
#include "fcgi/admin/sign_in.h"
#include "shared/platform/password.h"

#include <ctype.h>

enum { PASSWORD_BYTES = PASSWORD_MAX * 4 };

static int show(struct visit *v, const char *to)
{
	static const struct field login = { .name = "login",
					    .label = "admin.login.login",
					    .autocomplete = "username",
					    .plain = true,
					    .autofocus = true };
	static const struct field password = { .name = "password",
					       .label = "admin.login.password",
					       .type = "password",
					       .autocomplete = "current-password" };

	fields_add(v, &login);
	fields_add(v, &password);
	value_set_text(v->data, "to", to);
	return visit_show(v, "login", visit_text(v, "admin.login.title"));
}

int page_login(struct visit *v)
{
	if (v->session && v->session->stage == SESSION_FULL)
		return visit_redirect(v, "/admin/");
	return show(v, visit_local(visit_query(v, "to"), ""));
}

/* A login as people type it: blanks around it, capitals from a phone's keyboard. */
static const char *login_tidy(struct visit *v)
{
	const char *typed = visit_form(v, "login");
	char *login;
	size_t len;

	typed += strspn(typed, " ");
	len = strlen(typed);
	while (len && typed[len - 1] == ' ')
		len--;
	login = arena_strndup(v->a, typed, len > LOGIN_MAX ? LOGIN_MAX + 1 : len);
	for (char *p = login; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return login;
}

static int welcome(struct visit *v, const struct staff_secrets *s, const char *to)
{
	bool const asks_code = s->totp_seed.data || v->program->config.admin_totp_required;
	int rc;

	if (!asks_code) {
		rc = sign_in_full(v, &s->staff, false);
		return rc ? rc : visit_redirect(v, visit_local(to, "/admin/"));
	}
	if ((rc = sign_in_half(v, &s->staff)))
		return rc;
	return visit_redirect(v, arena_printf(v->a, "/admin/login/%s%s%s",
					      s->totp_seed.data ? "code" : "enrol",
					      *to ? "?to=" : "", form_encode(v->a, to)));
}

int login_post(struct visit *v)
{
	const char *to = visit_local(visit_form(v, "to"), "");
	const char *password = visit_form(v, "password");
	struct staff_secrets *secrets;
	struct verdict verdict;
	int rc;

	if (strlen(password) > PASSWORD_BYTES)
		password = ""; /* nobody's, and hashing it would take longer */
	rc = factor_password(v, login_tidy(v), password, &secrets, &verdict);
	if (rc)
		return rc;
	if (verdict.factor == FACTOR_RIGHT)
		return welcome(v, secrets, to);
	value_set_text(v->data, "error", verdict.text);
	v->status = verdict.factor == FACTOR_WAIT ? 429 : 422;
	return show(v, to);
}

int logout_post(struct visit *v)
{
	int const rc = sign_in_end(v);

	return rc ? rc : visit_redirect(v, "/admin/login");
}
