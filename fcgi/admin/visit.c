#include "fcgi/admin/visit.h"

#include "fcgi/admin/cookie.h"
#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/platform/json.h"

#define NO_BREAK_SPACE "\xC2\xA0"

enum { FLASH_MAX = 1000 };

static const char *const tone_names[] = {
	[TONE_DONE] = "done",
	[TONE_CARE] = "care",
	[TONE_LOSS] = "loss",
};

/* ---- words ---- */

const char *visit_text(const struct visit *v, const char *key)
{
	return i18n_text(v->lang, key);
}

const char *visit_money(const struct visit *v, struct money m)
{
	return i18n_money(v->a, v->lang, m.kop);
}

const char *visit_value(const struct visit *v, const struct card_value *value)
{
	const struct category *category = value ? catalog_category(v->app->catalog,
								   value->category_id)
						: NULL;

	if (!category)
		return visit_text(v, "admin.home.unknown");
	return arena_printf(v->a, "%s · %s", category->title[v->lang], value->title[v->lang]);
}

const char *visit_value_title(struct visit *v, int64_t value_id)
{
	struct catalog *c = v->app->catalog;

	if (catalog_refresh_for(c, v->db, value_id, clock_monotonic_ms()))
		return visit_text(v, "admin.home.unknown");
	return visit_value(v, catalog_value(c, value_id));
}

const char *visit_number(const struct visit *v, int64_t n)
{
	const char *digits = arena_printf(v->a, "%lld", (long long)n);
	struct str s = STR(v->a, 64);
	size_t len;

	if (*digits == '-') {
		str_add(&s, "−");
		digits++;
	}
	len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i && len > 4 && (len - i) % 3 == 0)
			str_add(&s, v->lang == LANG_EN ? "," : NO_BREAK_SPACE);
		str_addc(&s, digits[i]);
	}
	return str_text(&s);
}

/* clock_date() gives 31.12.2026. */
const char *visit_date(const struct visit *v, int64_t at)
{
	const char *date = clock_date(v->a, at);
	int64_t day;
	int64_t month;

	if (strlen(date) < 10 || parse_int(arena_strndup(v->a, date, 2), 1, 31, &day) ||
	    parse_int(arena_strndup(v->a, date + 3, 2), 1, 12, &month))
		return date;
	return arena_printf(v->a, "%d" NO_BREAK_SPACE "%s" NO_BREAK_SPACE "%s", (int)day,
			    visit_text(v, arena_printf(v->a, "admin.month.m%d", (int)month)),
			    date + 6);
}

const char *visit_time(const struct visit *v, int64_t at)
{
	return arena_printf(v->a, "%s," NO_BREAK_SPACE "%s", visit_date(v, at),
			    clock_hhmm(v->a, at));
}

/* ---- what was asked ---- */

const char *visit_form(const struct visit *v, const char *name)
{
	const char *value = form_get(&v->form, name);

	return value ? value : "";
}

const char *visit_query(const struct visit *v, const char *name)
{
	const char *value = form_get(&v->query, name);

	return value ? value : "";
}

int visit_id(const struct visit *v, size_t n, int64_t *ret)
{
	return parse_int(v->parts[n], 1, INT64_MAX, ret) ? ERR_NOT_FOUND : OK;
}

/* No scheme, no host, no way out by "..", and nothing that could end the header. */
const char *visit_local(const char *to, const char *otherwise)
{
	if (strncmp(to, "/admin/", 7) != 0 || strstr(to, "//") || strstr(to, "..") ||
	    strlen(to) > 1000)
		return otherwise;
	for (const char *p = to; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '\\')
			return otherwise;
	return to;
}

int visit_audit(struct visit *v, const char *action, const char *object, const char *detail)
{
	return audit_write(v->db, &v->who, action, object, detail);
}

bool visit_may(const struct visit *v, enum role role)
{
	return v->staff && v->session->stage == SESSION_FULL && v->staff->role >= role;
}

/* ---- flash ---- */

/* member: "undo" or "file", or NULL. */
static int flash_set(struct visit *v, enum tone tone, const char *text, const char *member,
		     const char *url)
{
	struct str s = STR(v->a, FLASH_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, "tone", tone_names[tone]);
	json_add_text(&j, "text", text);
	if (member)
		json_add_text(&j, member, url);
	json_close(&j, '}');
	if (!str_ok(&s) || !v->session)
		return OK; /* what was done is done, even if it can't be told */
	return session_set_flash(v->db, v->session->id, str_text(&s));
}

int visit_flash(struct visit *v, enum tone tone, const char *text)
{
	return flash_set(v, tone, text, NULL, NULL);
}

int visit_flash_undo(struct visit *v, enum tone tone, const char *text, const char *undo)
{
	return flash_set(v, tone, text, "undo", undo);
}

int visit_flash_file(struct visit *v, const char *text, const char *url)
{
	return flash_set(v, TONE_DONE, text, "file", url);
}

/* The undo's fields stand in its query: a form sends them as hidden ones. */
static struct value *undo_form(struct visit *v, const char *undo)
{
	size_t const path = strcspn(undo, "?");
	struct value *form = value_object(v->a);
	struct value *list = value_list(v->a);
	struct form fields;

	value_set_text(form, "path", arena_strndup(v->a, undo, path));
	if (undo[path] &&
	    !form_parse(v->a, (struct bytes){ undo + path + 1, strlen(undo + path + 1) },
			&fields))
		for (size_t i = 0; i < fields.count; i++) {
			struct value *field = value_object(v->a);

			value_set_text(field, "name", fields.names[i]);
			value_set_text(field, "value", fields.values[i]);
			value_push(list, field);
		}
	value_set(form, "fields", list);
	return form;
}

static int flash_take(struct visit *v)
{
	const char *text = v->session ? v->session->flash : "";
	struct value *flash;
	AUTO_JSON doc = { 0 };

	if (!*text)
		return OK;
	if (!json_parse((struct bytes){ text, strlen(text) }, 4, &doc)) {
		const char *tone = json_text(json_get(doc.root, "tone"), "done");
		const char *undo = json_text(json_get(doc.root, "undo"), "");

		flash = value_object(v->a);
		value_set_text(flash, "tone", arena_strdup(v->a, tone));
		value_set_bool(flash, arena_printf(v->a, "is_%s", tone), true);
		value_set_text(flash, "text",
			       arena_strdup(v->a, json_text(json_get(doc.root, "text"), "")));
		value_set_text(flash, "file",
			       arena_strdup(v->a, json_text(json_get(doc.root, "file"), "")));
		if (*undo)
			value_set(flash, "undo", undo_form(v, arena_strdup(v->a, undo)));
		value_set(v->data, "flash", flash);
	}
	return session_set_flash(v->db, v->session->id, "");
}

/* ---- the answer ---- */

void visit_action(struct visit *v, const char *url, const char *label, const char *icon)
{
	struct value *action = value_object(v->a);

	value_set_text(action, "url", url);
	value_set_text(action, "label", label);
	value_set_text(action, "icon", icon);
	value_set(v->data, "action", action);
}

void visit_crumb(struct visit *v, const char *url, const char *label)
{
	struct value *crumb = value_object(v->a);

	if (!v->crumbs) {
		v->crumbs = value_list(v->a);
		value_set(v->data, "crumbs", v->crumbs);
		value_set_bool(v->data, "has_crumbs", true);
	}
	value_set_text(crumb, "url", url);
	value_set_text(crumb, "label", label);
	value_push(v->crumbs, crumb);
}

/* Forms of somebody who is not signed in are tied to the browser by a cookie of their own. */
static void pre_set(struct visit *v)
{
	if (!v->session && v->pre_is_new)
		cookie_set(v->a, v->res, v->app->secure,
			   &(struct cookie){ .name = "pre", .value = v->pre });
}

int visit_show(struct visit *v, const char *template, const char *title)
{
	int const rc = v->status == 200 ? flash_take(v) : OK;

	if (rc)
		return rc;
	value_set_text(v->data, "title", title);
	if (v->status == 503)
		web_unavailable(v->res);
	else
		web_status(v->res, v->status);
	v->res->content_type = "text/html; charset=utf-8";
	pre_set(v);
	return templates_render(v->app->templates, template, v->data, &v->res->body)
		       ? ERR_FAILED
		       : OK;
}

int visit_redirect(struct visit *v, const char *to)
{
	web_redirect(v->res, to);
	return OK;
}

/* clang-format off */
static const struct failure {
	int status;
	const char *title;
	const char *text;
} failures[] = {
	{ 400, "admin.error.bad.title", "admin.error.bad.text" },
	{ 403, "admin.error.denied.title", "admin.error.denied.text" },
	{ 404, "admin.error.missing.title", "admin.error.missing.text" },
	{ 405, "admin.error.method.title", "admin.error.method.text" },
	{ 409, "admin.error.conflict.title", "admin.error.conflict.text" },
	{ 413, "admin.error.large.title", "admin.error.large.text" },
	{ 503, "admin.error.down.title", "admin.error.down.text" },
	{ 500, "admin.error.broken.title", "admin.error.broken.text" },
};
/* clang-format on */

int visit_fail(struct visit *v, int status)
{
	const struct failure *f = failures;

	while (f->status != status && f->status != 500)
		f++;
	v->status = status;
	value_set_text(v->data, "text", visit_text(v, f->text));
	value_set_text(v->data, "request", v->req->id);
	value_set_bool(v->data, "tell_request", f->status == 500);
	return visit_show(v, "error", visit_text(v, f->title));
}
