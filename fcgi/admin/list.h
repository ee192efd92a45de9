/*
 * list.h: a page of a list: filters that stay in the address (so a view can be sent to a
 * colleague), pages by key, a link to the same as CSV.
 *
 *	list_filters(v, filters, COUNT(filters));
 *	… read LIST_ROWS + 1 rows older than list_before(v) …
 *	for (i = 0; i < count && i < LIST_ROWS; i++) value_push(rows, …);
 *	list_pages(v, count > LIST_ROWS, rows[LIST_ROWS - 1].id);
 *	list_export(v, "/admin/audit.csv");
 *	value_set(v->data, "rows", rows);
 *
 * The template: {{>list/filters}}, its own table class="list" (each td with data-label for a
 * phone), {{>list/pages}}; {{^rows}}{{>list/empty}}{{/rows}} with list_empty().
 */
#ifndef KARTKA_ADMIN_LIST_H
#define KARTKA_ADMIN_LIST_H

#include "fcgi/admin/fields.h"

enum { LIST_ROWS = 50 };

struct list_filter {
	const char *name;
	const char *label; /* phrase */
	const char *type;  /* "search", "date"; NULL: of a choice */
	const struct option *options;
	size_t option_count;
};

void list_filters(struct visit *v, const struct list_filter *filters, size_t count);
/* Is any filter in force? */
bool list_filtered(const struct visit *v, const struct list_filter *filters, size_t count);

/* The filter's value; NULL when it is not in force. */
const char *list_value(const struct visit *v, const char *name);
/* A day's beginning, or with `later` 1 its end.  0: not in force, or no day. */
int64_t list_day(const struct visit *v, const char *name, int later);

/* The key of the page: rows older than this id; 0: the first page. */
int64_t list_before(const struct visit *v);
/* Keys that are no ids (names, pairs): as text; NULL: the first page. */
const char *list_after(const struct visit *v);
void list_pages(struct visit *v, bool has_more, int64_t last_id);
void list_pages_text(struct visit *v, bool has_more, const char *last);

/* The same filters as CSV, for those who may fetch it. */
void list_export(struct visit *v, const char *path);

/* What this place is for, with the button that fills it (url NULL: none).  All text. */
void list_empty(struct visit *v, const char *title, const char *text, const char *url,
		const char *button);

/* This page's address with one field of its query set (value NULL: without it). */
const char *list_url(const struct visit *v, const char *path, const char *name,
		     const char *value);

#endif
