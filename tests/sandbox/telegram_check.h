/*
 * telegram_check.h: every call against the Bot API's own definitions (telegram-api.json):
 * unknown parameters, wrong types, missing ones.
 */
#ifndef SANDBOX_TELEGRAM_CHECK_H
#define SANDBOX_TELEGRAM_CHECK_H

#include "tests/sandbox/json.h"

struct text;

bool check_load(const char *path) MUST_CHECK;

/* The definition, whatever the case of the name; `ret_name`: as it is spelled.  NULL: no such
 * method. */
const struct json_object *check_method(const char *name, const char **ret_name);

/* A form's fields are texts: make those the definition wants of another type that type, where
 * they are. */
void check_form(const struct json_object *method, struct json_object *params);

/* `files`: names of what came as a file in a multipart form, or NULL.  False: `why` says what
 * is wrong. */
bool check_params(const struct json_object *method, struct json_object *params,
		  struct json_object *files, struct text *why) MUST_CHECK;

#endif
