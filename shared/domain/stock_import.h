/*
 * stock_import.h: putting codes on the shelf: streaming, in chunks of IMPORT_CHUNK, each
 * one transaction.  A dead import is resumed by running it again: what is there already
 * counts as known.  Orders that wait for the value are filled after each chunk.  The dates
 * of the file are days of the process's zone.
 *
 *	stock_import_begin(…); stock_import_feed(…) as bytes come; stock_import_end(…);
 */
#ifndef KARTKA_STOCK_IMPORT_H
#define KARTKA_STOCK_IMPORT_H

#include "shared/domain/code.h"
#include "shared/domain/code_file.h"
#include "shared/platform/db.h"

enum { IMPORT_BAD_SHOWN = 20 };

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

struct stock_import; /* remembers 16 bytes of each code of the file; codes themselves a chunk
			long */

struct import_options {
	int64_t value_id;
	const char *batch;  /* its name; goes on in the batch of that name */
	bool dry_run;	    /* looks and counts, changes nothing */
	int64_t staging_id; /* not 0: into this staging batch instead of on the shelf; batch is
			       not looked at */
};

/*
 * ERR_NOT_FOUND: no such value; ERR_INVALID: its pattern is no regular expression.  ERR_DENIED,
 * here and from the next two: the keys are not those that codes were sealed with so far, or the
 * key that seals was dropped.
 */
int stock_import_begin(struct db *db, const struct code_vault *vault,
		       const struct import_options *options,
		       struct stock_import **ret) MUST_CHECK;

/* The next bytes of the file, cut anywhere.  A BOM, CRLF and CR are understood. */
int stock_import_feed(struct stock_import *import, struct bytes part) MUST_CHECK;

/* The file's end: the last chunk is written.  The report is complete then. */
int stock_import_end(struct stock_import *import, struct import_report *ret) MUST_CHECK;

void stock_import_free(struct stock_import *import);

/* Is it a pattern that codes can be matched with?  "" is. */
bool stock_import_pattern_valid(const char *pattern);

#endif
