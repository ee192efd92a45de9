/*
 * visit.h: one request to the panel, as a page sees it.  Before a page runs, door.c has seen
 * to everything its row in route.c asks for: method, role, CSRF, step-up, a strictly parsed
 * form; a page reads the domain, fills v->data, and shows or redirects:
 *
 *	int page_staff(struct visit *v)
 *	{
 *		…
 *		value_set(v->data, "rows", rows);
 *		return visit_show(v, "staff/list", visit_text(v, KEY));
 *	}
 *
 * What it returns, when not OK, becomes the page in words that fits: ERR_NOT_FOUND 404,
 * ERR_DENIED 403, ERR_CONFLICT 409, ERR_INVALID 400, ERR_DOWN 503, others 500.
 */
#ifndef KARTKA_ADMIN_VISIT_H
#define KARTKA_ADMIN_VISIT_H

#include "fcgi/admin/admin.h"

#include "shared/domain/session.h"
#include "shared/platform/form.h"

struct visit {
	struct admin *app;
	struct program *program;
	struct db *db;
	struct arena *a;
	const struct web_request *req;
	struct web_response *res;
	const struct route *route;
	const char *const *parts; /* of the path, one for each {} */
	struct form form;	  /* what was posted */
	struct form query;
	struct bytes upload;	       /* the file of a ROUTE_UPLOAD form; {NULL,0} without */
	const struct session *session; /* NULL: nobody is signed in */
	const struct staff *staff;     /* of the session */
	struct audit_who who;	       /* for what changes something */
	enum lang lang;
	const char *theme; /* "light", "dark"; "" as the system */
	const char *pre;   /* what ties forms to a browser that is not signed in */
	bool pre_is_new;   /* its cookie is not set yet */
	const char *csrf;
	struct value *data;   /* what the template sees; t, csrf, me, menu … are in it */
	struct value *crumbs; /* NULL: none yet */
	int status;	      /* of the page to be shown; 200 */
	struct field_error *field_errors; /* fields.h */
};

typedef int page(struct visit *v);

/* ---- the answer ---- */

/* Render templates/admin/<name>.mustache.  The title is text, not a key. */
int visit_show(struct visit *v, const char *template, const char *title);
/* 303 to an address below /admin/. */
int visit_redirect(struct visit *v, const char *to);
/* A page that says what is wrong, by status: 400, 403, 404, 405, 409, 413, 500, 503. */
int visit_fail(struct visit *v, int status);

/* Beside the title: the page's one main action, as a link.  icon: of icons.svg, may be NULL. */
void visit_action(struct visit *v, const char *url, const char *label, const char *icon);
/* Where there is depth: the page above, outermost first. */
void visit_crumb(struct visit *v, const char *url, const char *label);

/* ---- what the next page says was done ---- */

enum tone { TONE_DONE, TONE_CARE, TONE_LOSS };
/* Plain text; shown once, on the next page of this session. */
int visit_flash(struct visit *v, enum tone tone, const char *text) MUST_CHECK;
/* With a button that posts to `undo` (path below /admin/; fields in its query). */
int visit_flash_undo(struct visit *v, enum tone tone, const char *text,
		     const char *undo) MUST_CHECK;

/* With a file that begins to download by itself. */
int visit_flash_file(struct visit *v, const char *text, const char *url) MUST_CHECK;

/* ---- words ---- */

const char *visit_text(const struct visit *v, const char *key);
/* VISIT_TEXT(v, KEY, A("name", name)): plain, the template escapes it. */
#define VISIT_TEXT(v, key, ...) i18n_plain((v)->a, (v)->lang, key, I18N_ARGS(__VA_ARGS__))
const char *visit_money(const struct visit *v, struct money m);
/* "Category · value": titles of values repeat from category to category. */
const char *visit_value(const struct visit *v, const struct card_value *value);
/* The same by id.  May refresh the process's catalogue. */
const char *visit_value_title(struct visit *v, int64_t value_id);
/* A whole number with its thousands set apart. */
const char *visit_number(const struct visit *v, int64_t n);
/* In the shop's zone: "24 листопада 2026, 14:35", "24 Nov 2026, 14:35". */
const char *visit_time(const struct visit *v, int64_t at);
const char *visit_date(const struct visit *v, int64_t at);

/* ---- what was asked ---- */

/* A field of the form, or of the query; "" without. */
const char *visit_form(const struct visit *v, const char *name);
const char *visit_query(const struct visit *v, const char *name);
/* The n-th {} of the path as an id.  ERR_NOT_FOUND: it is none. */
int visit_id(const struct visit *v, size_t n, int64_t *ret) MUST_CHECK;
/* An address inside the panel that came from outside, or `otherwise`. */
const char *visit_local(const char *to, const char *otherwise);

/* A row of the trail that no change carries (somebody looked at a code, was refused …). */
int visit_audit(struct visit *v, const char *action, const char *object,
		const char *detail) MUST_CHECK;

/* May this person use such a row?  For buttons: what they can't do is not offered. */
bool visit_may(const struct visit *v, enum role role);

#endif
