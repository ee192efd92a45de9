#include "fcgi/admin/sign_in.h"

#include "fcgi/admin/cookie.h"
#include "fcgi/admin/secret.h"
#include "shared/base/utf8.h"

enum { AGENT_MAX = 200 };

static void token_set(struct visit *v, const char *token)
{
	cookie_set(v->a, v->res, v->app->secure,
		   &(struct cookie){ .name = "sid", .value = token });
}

static const char *agent(struct visit *v)
{
	const char *text = web_header(v->req, "HTTP_USER_AGENT");

	return text ? utf8_clean_line(v->a, text, strlen(text), AGENT_MAX) : "";
}

/* Whatever cookie the browser came with is left behind: nobody can plant one. */
static int open_session(struct visit *v, struct session_new *s)
{
	unsigned char hash[CRYPTO_SHA256];
	const char *token = secret_token_new(v->a, hash);
	int rc;

	s->address = v->who.address;
	s->agent = agent(v);
	rc = session_open(v->db, hash, s);
	if (!rc)
		token_set(v, token);
	return rc;
}

int sign_in_half(struct visit *v, const struct staff *staff)
{
	struct session_new s = { .staff_id = staff->id, .stage = SESSION_PASSWORD };

	return open_session(v, &s);
}

int sign_in_full(struct visit *v, const struct staff *staff, bool with_code)
{
	struct audit_who const who = { staff->id, staff->login, v->who.address };
	struct session_new s = {
		.staff_id = staff->id,
		.stage = SESSION_FULL,
		.replaces = v->session && v->session->stage == SESSION_PASSWORD ? v->session->id
										: 0,
		.stepped_up = with_code,
		.who = &who,
	};

	return open_session(v, &s);
}

int sign_in_step_up(struct visit *v)
{
	unsigned char hash[CRYPTO_SHA256];
	const char *token = secret_token_new(v->a, hash);
	int const rc = session_step_up(v->db, v->session->id, hash);

	if (!rc)
		token_set(v, token);
	return rc;
}

int sign_in_end(struct visit *v)
{
	int rc = session_end(v->db, v->staff->id, v->session->id);

	if (rc == ERR_NOT_FOUND)
		rc = OK;
	if (!rc && v->session->stage == SESSION_FULL)
		rc = visit_audit(v, "sign_out", "session", NULL);
	token_set(v, "");
	return rc;
}
