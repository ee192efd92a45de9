/*
 * The panel's door: whatever a row of route.c asks for is seen to here, before its page runs,
 * and nowhere else.
 */
#include "fcgi/admin/cookie.h"
#include "fcgi/admin/route.h"
#include "fcgi/admin/secret.h"
#include "fcgi/admin/step_up.h"
#include "shared/base/log.h"
#include "shared/domain/setting.h"
#include "shared/platform/multipart.h"

#define LOGIN "/admin/login"
#define CODE "/admin/login/code"
#define PASSWORD "/admin/profile/password"

static void headers_add(struct visit *v)
{
	struct web_response *res = v->res;

	web_add_header(res, "Content-Security-Policy",
		       "default-src 'none'; style-src 'self'; script-src 'self'; "
		       "img-src 'self' data:; form-action 'self'; base-uri 'none'; "
		       "object-src 'none'; frame-ancestors 'none'");
	web_add_header(res, "X-Content-Type-Options", "nosniff");
	/* frame-ancestors for browsers that don't know it. */
	web_add_header(res, "X-Frame-Options", "DENY");
	web_add_header(res, "Referrer-Policy", "no-referrer");
	web_add_header(res, "Cache-Control", "no-store");
	web_add_header(res, "Cross-Origin-Opener-Policy", "same-origin");
	if (v->app->secure)
		web_add_header(res, "Strict-Transport-Security", "max-age=31536000");
}

/* ---- what every page sees ---- */

static void look_read(struct visit *v)
{
	const char *lang = cookie_get(v->a, v->req, v->app->secure, "lang");
	const char *theme = cookie_get(v->a, v->req, v->app->secure, "theme");

	v->lang = lang && lang_is_known(lang)
			  ? lang_from_code(lang)
			  : lang_from_accept(web_header(v->req, "HTTP_ACCEPT_LANGUAGE"));
	v->theme = theme && (!strcmp(theme, "light") || !strcmp(theme, "dark")) ? theme : "";
}

/* The row of the menu that the page belongs to: the longest address that begins it. */
static const struct route *menu_current(const struct visit *v)
{
	const struct route *found = NULL;

	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		size_t const len = strlen(r->path);

		if (r->menu && !strncmp(v->req->path, r->path, len) &&
		    (!v->req->path[len] ||
		     (v->req->path[len] == '/' && strcmp(r->path, "/admin/") != 0)) &&
		    (!found || len > strlen(found->path)))
			found = r;
	}
	return found;
}

static struct value *menu_new(struct visit *v)
{
	const struct route *current = menu_current(v);
	struct value *menu = value_list(v->a);

	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);
		struct value *item;

		if (!r->menu || !visit_may(v, (enum role)r->need))
			continue;
		item = value_object(v->a);
		value_set_text(item, "url", r->path);
		value_set_text(item, "icon", r->menu);
		value_set_text(item, "label",
			       visit_text(v, arena_printf(v->a, "admin.menu.%s", r->menu)));
		value_set_bool(item, "current", r == current);
		value_push(menu, item);
	}
	return menu;
}

static void choice_add(struct visit *v, struct value *list, const char *value,
		       const char *label, bool chosen)
{
	struct value *choice = value_object(v->a);

	value_set_text(choice, "value", value);
	value_set_text(choice, "label", label);
	value_set_bool(choice, "chosen", chosen);
	value_push(list, choice);
}

static void data_new(struct visit *v)
{
	struct value *langs = value_list(v->a);
	struct value *themes = value_list(v->a);
	struct value *d = v->data = value_object(v->a);
	bool const get = v->req->method == WEB_GET;

	value_set(d, "t", v->app->words[v->lang]);
	value_set_text(d, "lang", lang_code(v->lang));
	value_set_text(d, "theme", v->theme);
	value_set_text(d, "here",
		       get && *v->req->query
			       ? arena_printf(v->a, "%s?%s", v->req->path, v->req->query)
		       : get ? v->req->path
			     : "/admin/");
	choice_add(v, langs, "uk", visit_text(v, "admin.look.uk"), v->lang == LANG_UK);
	choice_add(v, langs, "en", visit_text(v, "admin.look.en"), v->lang == LANG_EN);
	choice_add(v, langs, "ru", visit_text(v, "admin.look.ru"), v->lang == LANG_RU);
	value_set(d, "langs", langs);
	choice_add(v, themes, "auto", visit_text(v, "admin.look.auto"), !*v->theme);
	choice_add(v, themes, "light", visit_text(v, "admin.look.light"),
		   !strcmp(v->theme, "light"));
	choice_add(v, themes, "dark", visit_text(v, "admin.look.dark"),
		   !strcmp(v->theme, "dark"));
	value_set(d, "themes", themes);
}

/* For what a template offers: {{#can.manager}}…{{/can.manager}}. */
static struct value *can_new(struct visit *v)
{
	struct value *can = value_object(v->a);

	for (int role = 0; role < ROLE__COUNT; role++)
		value_set_bool(can, role_name((enum role)role), visit_may(v, (enum role)role));
	return can;
}

/* What is known once the session is. */
static void data_add(struct visit *v)
{
	struct value *me;

	value_set_text(v->data, "csrf", v->csrf);
	if (!v->session || v->session->stage != SESSION_FULL)
		return;
	me = value_object(v->a);
	value_set_text(me, "login", v->staff->login);
	value_set_text(
		me, "role",
		visit_text(v, arena_printf(v->a, "admin.role.%s", role_name(v->staff->role))));
	value_set(v->data, "me", me);
	value_set(v->data, "menu", menu_new(v));
	value_set(v->data, "can", can_new(v));
}

/* ---- who comes ---- */

static void pre_read(struct visit *v)
{
	const char *pre = cookie_get(v->a, v->req, v->app->secure, "pre");
	unsigned char hash[CRYPTO_SHA256];

	if (pre && !secret_token_hash(v->a, pre, hash)) {
		v->pre = pre;
	} else {
		v->pre = secret_token_new(v->a, hash);
		v->pre_is_new = true;
	}
	v->csrf = secret_csrf_pre(v, v->pre);
}

static int session_read(struct visit *v)
{
	const char *token = cookie_get(v->a, v->req, v->app->secure, "sid");
	unsigned char hash[CRYPTO_SHA256];
	struct session *session;
	int rc;

	v->who = (struct audit_who){ .actor = "somebody", .address = v->req->remote_addr };
	pre_read(v);
	if (!token || secret_token_hash(v->a, token, hash))
		return OK;
	rc = session_find(v->db, v->a, hash, &session);
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	v->session = session;
	v->staff = &session->staff;
	v->who.staff_id = v->staff->id;
	v->who.actor = v->staff->login;
	v->csrf = secret_csrf(v, session);
	return OK;
}

/* ---- what the row asks for ---- */

/* A browser says where a form came from; what does not say is held by the token alone. */
static bool is_same_site(const struct visit *v)
{
	const char *site = web_header(v->req, "HTTP_SEC_FETCH_SITE");
	const char *origin = web_header(v->req, "HTTP_ORIGIN");

	if (site)
		return !strcmp(site, "same-origin");
	return !origin || !strcmp(origin, "null") ||
	       !strcmp(origin, v->program->config.public_url);
}

static bool is_own_form(const struct visit *v)
{
	const char *token = form_get(&v->form, "csrf");

	return token && is_same_site(v) &&
	       crypto_same((struct bytes){ token, strlen(token) },
			   (struct bytes){ v->csrf, strlen(v->csrf) });
}

static bool content_type_is(const struct visit *v, const char *type)
{
	size_t const len = strlen(type);
	const char *have = v->req->content_type;

	return !strncmp(have, type, len) &&
	       (!have[len] || have[len] == ';' || have[len] == ' ');
}

/* Every name once, everything UTF-8, nothing half-decoded: or it is no form of ours. */
static int forms_read(struct visit *v)
{
	struct bytes const query = { v->req->query, strlen(v->req->query) };

	if (form_parse(v->a, query, &v->query))
		return ERR_INVALID;
	if (v->req->method != WEB_POST)
		return OK;
	if (v->route->flags & ROUTE_UPLOAD)
		return multipart_parse(v->a, v->req->content_type, v->req->body, &v->form,
				       &v->upload);
	if (v->req->body.len && !content_type_is(v, "application/x-www-form-urlencoded"))
		return ERR_INVALID;
	return form_parse(v->a, v->req->body, &v->form);
}

static const char *here(struct visit *v)
{
	const char *path = *v->req->query
				   ? arena_printf(v->a, "%s?%s", v->req->path, v->req->query)
				   : v->req->path;

	return form_encode(v->a, v->req->method == WEB_GET ? path : "/admin/");
}

/* To the page where one gets what is missing; *ret_done: an answer is made. */
static int session_need(struct visit *v, bool *ret_done)
{
	int const need = v->route->need;
	bool const full = v->session && v->session->stage == SESSION_FULL;

	*ret_done = true;
	if (need == NEED_NOTHING || (need == NEED_PASSWORD && v->session)) {
		*ret_done = false;
		return OK;
	}
	if (!v->session)
		return visit_redirect(v, arena_printf(v->a, LOGIN "?to=%s", here(v)));
	if (!full)
		return visit_redirect(v, CODE);
	if (v->staff->must_change && strcmp(v->req->path, PASSWORD) != 0)
		return visit_redirect(v, PASSWORD);
	*ret_done = false;
	return OK;
}

static int refuse(struct visit *v, const char *action)
{
	int rc = OK;

	log_event(LOG_WARN, action, "route=\"%s\" actor=%s address=%s", v->route->path,
		  v->who.actor, v->who.address);
	if (v->session)
		rc = visit_audit(v, action, v->route->path, NULL);
	return rc ? rc : visit_fail(v, 403);
}

/* Whoever works here sees on every page that nothing is sold. */
static int banner_add(struct visit *v)
{
	bool paused;
	int rc;

	if (!v->session || v->session->stage != SESSION_FULL)
		return OK;
	rc = setting_sales_paused(v->db, v->program->config.sales_paused, &paused);
	if (rc)
		return rc;
	value_set_bool(v->data, "sales_paused", paused);
	value_set_bool(v->data, "may_resume", visit_may(v, ROLE_MANAGER));
	return OK;
}

static int enter(struct visit *v)
{
	bool done;
	int rc = session_read(v);

	if (rc)
		return rc;
	data_add(v);
	if ((rc = banner_add(v)))
		return rc;
	if ((rc = forms_read(v)))
		return rc;
	if ((rc = session_need(v, &done)) || done)
		return rc;
	if (v->req->method == WEB_POST && !is_own_form(v)) {
		value_set_bool(v->data, "is_old_form", true);
		return refuse(v, "form_refused");
	}
	if (v->route->need >= 0 && !visit_may(v, (enum role)v->route->need))
		return refuse(v, "access_denied");
	if (v->route->flags & ROUTE_STEP_UP && !v->session->stepped_up) {
		rc = step_up_ask(v, &done);
		if (rc || done)
			return rc;
	}
	return v->route->page(v);
}

/* ---- the answer when it is not the page's ---- */

static const struct {
	int rc;
	int status;
} statuses[] = {
	{ ERR_NOT_FOUND, 404 }, { ERR_DENIED, 403 },   { ERR_CONFLICT, 409 },
	{ ERR_INVALID, 400 },	{ ERR_TOO_LONG, 413 }, { ERR_DOWN, 503 },
	{ ERR_RETRY, 503 },	{ ERR_UNSURE, 503 },
};

static void fail(struct visit *v, int status)
{
	/* The flash stays for a page that can show it. */
	if (visit_fail(v, status))
		web_status(v->res, status);
}

static int status_of(int rc)
{
	for (size_t i = 0; i < COUNT(statuses); i++)
		if (statuses[i].rc == rc)
			return statuses[i].status;
	return 500;
}

static void unknown(struct visit *v, int status, unsigned methods)
{
	if (status == 405)
		web_add_header(v->res, "Allow",
			       methods == WEB_POST  ? "POST"
			       : methods == WEB_GET ? "GET, HEAD"
						    : "GET, HEAD, POST");
	pre_read(v);
	data_add(v);
	fail(v, status);
}

void door_handle(void *data, struct arena *a, const struct web_request *req,
		 struct web_response *res)
{
	struct admin *app = data;
	struct visit *v = arena_new(a, struct visit); /* a streamed answer comes later */
	unsigned methods;
	int status;
	int rc = ERR_DOWN;

	*v = (struct visit){ .app = app,
			     .program = &app->program,
			     .db = app->program.db,
			     .a = a,
			     .req = req,
			     .res = res,
			     .status = 200 };
	headers_add(v);
	look_read(v);
	data_new(v);
	v->route = route_find(v, &status, &methods);
	if (!v->route) {
		unknown(v, status, methods);
		return;
	}
	if (program_db_try(v->program)) {
		rc = enter(v);
		program_db_done(v->program, rc);
	}
	if (rc)
		fail(v, status_of(rc));
}
