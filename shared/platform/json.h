/*
 * json.h: strict reading of JSON from outside (json-c underneath), and writing.
 */
#ifndef KARTKA_JSON_H
#define KARTKA_JSON_H

#include "shared/base/str.h"

struct json; /* one value; borrowed from the document */

/*
 * Parse one whole document: UTF-8, nesting at most depth, nothing after it but blanks.
 * The document is freed with json_doc_free.  ERR_INVALID: not JSON, or too deep.
 */
struct json_doc {
	struct json *root;
};
int json_parse(struct bytes text, int depth, struct json_doc *ret) MUST_CHECK;
/*
 * The same, but only the members that are wanted are there: of a large document of which
 * little is read.  The rest is checked and left out.
 */
struct json_want {
	const char *name;		 /* NULL ends a list */
	const struct json_want *members; /* of the object by that name; NULL: all of it */
};
int json_parse_wanted(struct bytes text, int depth, const struct json_want *want,
		      struct json_doc *ret) MUST_CHECK;
void json_doc_free(struct json_doc *doc);
#define AUTO_JSON __attribute__((cleanup(json_doc_free))) struct json_doc

enum json_type {
	JSON_NONE,
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_DOUBLE,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_OBJECT
};
enum json_type json_type(const struct json *v); /* JSON_NONE for NULL */

/* A member, NULL if v is no object or has none of that name. */
const struct json *json_get(const struct json *v, const char *name);
/* Elements of an array; 0 for anything else. */
size_t json_count(const struct json *v);
const struct json *json_at(const struct json *v, size_t i);

/* Members of an object in order.  Stops and returns what the callback returns when not 0. */
int json_each(const struct json *v,
	      int (*each)(const char *name, const struct json *v, void *data), void *data);

/*
 * Typed access; the fallback when v is missing or of another type.  Integers are exact
 * or the fallback (never through a double; out of int64 range is the fallback).
 * Text is borrowed, ends in NUL, and stops at an embedded NUL.
 */
int64_t json_int(const struct json *v, int64_t fallback);
bool json_bool(const struct json *v, bool fallback);
const char *json_text(const struct json *v, const char *fallback);
struct bytes json_bytes(const struct json *v); /* the text with embedded NULs; {NULL,0} */

/* A string, or a number as the text it was written as (Portmone sends either). */
const char *json_scalar(struct arena *a, const struct json *v, const char *fallback);

/* The value as JSON again, numbers as they were written. */
const char *json_print(struct arena *a, const struct json *v);

/* ---- writing: appends to a str; commas are put by themselves ----
 *
 *	struct json_out j = JSON_OUT(&s);
 *	json_open(&j, '{');
 *	json_key(&j, "chat_id"); json_put_int(&j, 7);
 *	json_close(&j, '}');
 */
struct json_out {
	struct str *s;
	bool comma;
};
#define JSON_OUT(str) ((struct json_out){ .s = (str) })

void json_open(struct json_out *j, char bracket);  /* '{' or '[' */
void json_close(struct json_out *j, char bracket); /* '}' or ']' */
void json_key(struct json_out *j, const char *name);
void json_put_text(struct json_out *j, const char *text); /* broken UTF-8 becomes U+FFFD */
void json_put_int(struct json_out *j, int64_t n);
void json_put_bool(struct json_out *j, bool b);
void json_put_null(struct json_out *j);
void json_put_raw(struct json_out *j, const char *json); /* already JSON */

/* key and value in one go */
void json_add_text(struct json_out *j, const char *name, const char *text);
void json_add_int(struct json_out *j, const char *name, int64_t n);
void json_add_bool(struct json_out *j, const char *name, bool b);

#endif
