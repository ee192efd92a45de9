/* form.h: what a body says, whether JSON, a form or a form with files. */
#ifndef SANDBOX_FORM_H
#define SANDBOX_FORM_H

#include "tests/sandbox/json.h"

/* One of the three content types that are read. */
bool form_type(const char *content_type);

/*
 * An object of parameters.  Of a form all values are texts (`ret_form`); its files are objects
 * {file_name, mime_type, data} in *ret_files, which is NULL without.  False: it is malformed,
 * or of another type.
 */
bool form_read(const char *content_type, const char *body, size_t len,
	       struct json_object **ret_params, struct json_object **ret_files,
	       bool *ret_form) MUST_CHECK;

/* Name=value&… into the object. */
void form_read_pairs(const char *body, struct json_object *params);

#endif
