/*
 * code_file.h: a file of codes, read as a stream: one code a line, or CSV when its first
 * line is `code` or begins `code,` or `code;` (then serial, expires).  UTF-8, with or
 * without BOM, or UTF-16 with one, as some spreadsheets write it; LF, CRLF or CR; blanks around
 * a code and empty lines are nothing.  A quoted field ends with its line: codes hold no line
 * ends, so a stray quote costs one line.
 */
#ifndef KARTKA_CODE_FILE_H
#define KARTKA_CODE_FILE_H

#include "shared/base/limits.h"
#include "shared/base/base.h"

enum import_fault {
	IMPORT_FAULT_NONE,
	IMPORT_FAULT_LENGTH,  /* longer than CODE_MAX characters, or nothing but blanks and
				 hyphens */
	IMPORT_FAULT_TEXT,    /* not UTF-8, NUL or control characters */
	IMPORT_FAULT_COLUMNS, /* too many columns, text after a quote, an unclosed quote */
	IMPORT_FAULT_EXPIRY,  /* not a date, or past */
	IMPORT_FAULT_PATTERN, /* does not match the value's pattern */
	IMPORT_FAULT__COUNT
};
const char *import_fault_name(enum import_fault fault);

/* What a line holds; texts are gone when the callback returns. */
struct code_line {
	int64_t number; /* from 1, of the file's lines */
	enum import_fault fault;
	const char *code; /* the next three only without a fault */
	const char *serial;
	const char *expires; /* "" or 2027-12-31, 2027-12-31 23:59:59, 31.12.2027 */
};

/* Not OK stops the reading and is handed on. */
typedef int code_line_taker(const struct code_line *line, void *data);

struct code_file {
	code_line_taker *take;
	void *data;
	int64_t line;
	bool started;	/* the first line is behind us */
	char separator; /* 0: one code a line */
	bool after_cr;
	bool too_long;
	enum { TEXT_UNKNOWN, TEXT_UTF8, TEXT_UTF16LE, TEXT_UTF16BE } encoding;
	unsigned char first; /* the byte before this one: of the file, or of a unit of UTF-16 */
	bool has_first;
	uint16_t high; /* a surrogate whose other half is to come; 0: none */
	size_t len;
	char text[CODE_LINE_MAX + 1];
};

void code_file_init(struct code_file *f, code_line_taker *take, void *data);
/* The next bytes, cut anywhere. */
int code_file_feed(struct code_file *f, struct bytes part) MUST_CHECK;
/* The end: a last line without its end is a line. */
int code_file_end(struct code_file *f) MUST_CHECK;

#endif
