/*
 * stock_import.h: putting codes on the shelf: streaming, in chunks of IMPORT_CHUNK, each
 * one transaction.  A dead import is resumed by running it again: what is there already
 * counts as known.  Orders that wait for the value are filled after each chunk.
 *
 *	stock_import_begin(…); for each line: stock_import_line(…); stock_import_end(…);
 */
#ifndef KARTKA_STOCK_IMPORT_H
#define KARTKA_STOCK_IMPORT_H

#include "shared/domain/code.h"
#include "shared/platform/db.h"

enum { IMPORT_BAD_SHOWN = 20 };

enum import_fault {
	IMPORT_FAULT_NONE,
	IMPORT_FAULT_LENGTH,  /* longer than CODE_MAX characters, or nothing but blanks and
				 hyphens */
	IMPORT_FAULT_TEXT,    /* not UTF-8, NUL or control characters */
	IMPORT_FAULT_COLUMNS, /* CSV that can't be read, an unclosed quote */
	IMPORT_FAULT_EXPIRY,  /* not a date, or past */
	IMPORT_FAULT_PATTERN, /* does not match the value's pattern */
	IMPORT_FAULT__COUNT
};
const char *import_fault_name(enum import_fault fault);

struct import_report {
	int64_t added;
	int64_t repeated; /* inside the file */
	int64_t known;	  /* from history, of any value */
	int64_t bad;
	struct import_bad {
		int64_t line;
		enum import_fault fault;
	} bad_lines[IMPORT_BAD_SHOWN]; /* the first ones */
	int64_t filled;		       /* waiting orders that got their codes */
};

struct stock_import; /* its memory is bounded by the file's number of codes × 32 bytes */

struct import_options {
	int64_t value_id;
	const char *batch; /* NULL: named after the file's time by the caller */
	bool dry_run;	   /* looks and counts, changes nothing */
};

/* ERR_NOT_FOUND: no such value; ERR_INVALID: its pattern is no regular expression. */
int stock_import_begin(struct db *db, const struct code_vault *vault,
		       const struct import_options *options,
		       struct stock_import **ret) MUST_CHECK;

/* The next bytes of the file, cut anywhere.  A BOM, CRLF and CR are understood. */
int stock_import_feed(struct stock_import *import, struct bytes part) MUST_CHECK;

/* The file's end: the last chunk is written.  The report is complete then. */
int stock_import_end(struct stock_import *import, struct import_report *ret) MUST_CHECK;

void stock_import_free(struct stock_import *import);

#endif
