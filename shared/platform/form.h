/*
 * form.h: application/x-www-form-urlencoded and query strings, strictly: each name at
 * most once, valid UTF-8, no NUL.
 */
#ifndef KARTKA_FORM_H
#define KARTKA_FORM_H

#include "shared/base/arena.h"

enum { FORM_FIELDS_MAX = 128 };

struct form {
	size_t count;
	const char *names[FORM_FIELDS_MAX];
	const char *values[FORM_FIELDS_MAX];
};

/* ERR_INVALID: a bad escape, a NUL, broken UTF-8, a name twice; ERR_TOO_LONG: too many fields.
 */
int form_parse(struct arena *a, struct bytes text, struct form *ret) MUST_CHECK;

/* NULL when there is no such field. */
const char *form_get(const struct form *form, const char *name);

/* Percent-encode for a query or form value. */
const char *form_encode(struct arena *a, const char *text);

#endif
