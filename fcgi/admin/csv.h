/*
 * csv.h: exports: the one place where the panel writes CSV: RFC 4180, UTF-8 with a mark at the
 * beginning, because Excel needs it.  Excel also takes the separator and the decimal mark from
 * the language it is set to, and reads 12.05 as a day in May where sums have a comma.  So an
 * export is in the panel's language: `249,90` and semicolons in uk and ru, `249.90` and commas
 * in en.
 *
 * A text that a spreadsheet would take for a formula (it begins with = + - @, also in their
 * wide forms, or a control character) gets an apostrophe before it: the value differs from the
 * shop's by that, and nothing runs.  Numbers and sums are written by their own functions and
 * stay numbers.
 *
 * An export is streamed: it may have any number of rows, in memory there is one portion.
 *
 *	static int more(struct visit *v, void *data, struct csv *to)
 *	{
 *		… read the next portion after data's key; none: return ERR_NOT_FOUND …
 *		csv_text(to, row->login); csv_money(to, row->total); csv_end(to);
 *		return OK;
 *	}
 *
 *	return csv_send(v, &(struct csv_export){ .name = "orders", .columns = columns,
 *						 .column_count = COUNT(columns), .more = more,
 *						 .data = state });
 */
#ifndef KARTKA_ADMIN_CSV_H
#define KARTKA_ADMIN_CSV_H

#include "fcgi/admin/visit.h"

enum { CSV_PORTION_MAX = 4 * 1024 * 1024, CSV_ROWS = 500 };

struct csv {
	struct str s;
	bool begun; /* the row has a cell */
	bool comma; /* sums have a decimal comma, so cells are separated by semicolons */
};

void csv_text(struct csv *csv, const char *text);
void csv_int(struct csv *csv, int64_t n);
void csv_money(struct csv *csv, struct money m); /* 249,90 or 249.90 */
void csv_yes(struct csv *csv, bool yes);	 /* 1 or 0 */
/* 2026-12-31 14:35:59, in the zone for people; 0: an empty cell. */
void csv_time(struct csv *csv, int64_t at);
void csv_end(struct csv *csv);

/*
 * The next portion, about CSV_ROWS rows.  v->a ends with it; data outlives it.  ERR_NOT_FOUND:
 * there are no more.
 */
typedef int csv_more(struct visit *v, void *data, struct csv *to);

struct csv_export {
	const char *name;	    /* of the file, and of the trail's row: a word */
	const char *const *columns; /* phrases */
	size_t column_count;
	csv_more *more;
	void *data; /* in v->a */
};
/* The trail tells who exported what, and by which filters. */
int csv_send(struct visit *v, const struct csv_export *export) MUST_CHECK;

#endif
