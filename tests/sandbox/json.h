/*
 * json.h: json-c in fewer words.  Members are read without surprises: what is missing, null
 * or of another type is the fallback.
 */
#ifndef SANDBOX_JSON_H
#define SANDBOX_JSON_H

#include <json-c/json.h>

#include "tests/sandbox/base.h"

struct text;

static inline void json_release(struct json_object **o)
{
	json_object_put(*o);
}
#define AUTO_JSON __attribute__((cleanup(json_release))) struct json_object

/* Strict JSON, valid UTF-8, not nested deeper than 64; NULL: it is not. */
struct json_object *json_parse(const char *s, size_t len);
/* The same, an object: NULL when it is anything else. */
struct json_object *json_parse_object(const char *s, size_t len);

/* Borrowed; NULL when missing or null. */
struct json_object *json_member(const struct json_object *o, const char *key);
/* NULL when missing or no string. */
const char *json_string(const struct json_object *o, const char *key);
int64_t json_int(const struct json_object *o, const char *key, int64_t fallback);
double json_number(const struct json_object *o, const char *key, double fallback);
bool json_flag(const struct json_object *o, const char *key);

/* A NULL value is written as null. */
void json_put_string(struct json_object *o, const char *key, const char *value);
void json_put_int(struct json_object *o, const char *key, int64_t value);
void json_put_number(struct json_object *o, const char *key, double value);
void json_put_flag(struct json_object *o, const char *key, bool value);
/* Takes the value over. */
void json_put(struct json_object *o, const char *key, struct json_object *value);
/* As json_put_string, but a NULL or empty value is left out. */
void json_put_given(struct json_object *o, const char *key, const char *value);

struct json_object *json_copy(struct json_object *o);
bool json_same(struct json_object *a, struct json_object *b);
/* Compact text; borrowed from the object. */
const char *json_text(struct json_object *o);

#endif
