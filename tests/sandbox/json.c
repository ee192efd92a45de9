#include "tests/sandbox/json.h"

enum {
	JSON_DEPTH_MAX = 64,
	TEXT_FLAGS = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE
};

struct json_object *json_parse(const char *s, size_t len)
{
	struct json_tokener *tok;
	struct json_object *o;
	bool whole;

	if (len > INT32_MAX || !(tok = json_tokener_new_ex(JSON_DEPTH_MAX)))
		return NULL;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	o = json_tokener_parse_ex(tok, s, (int)len);
	/* A bare number may go on: only the end of the text says that it does not. */
	if (json_tokener_get_error(tok) == json_tokener_continue)
		o = json_tokener_parse_ex(tok, "", 1);
	whole = json_tokener_get_error(tok) == json_tokener_success;
	json_tokener_free(tok);
	if (whole)
		return o;
	json_object_put(o);
	return NULL;
}

struct json_object *json_parse_object(const char *s, size_t len)
{
	struct json_object *o = json_parse(s, len);

	if (json_object_is_type(o, json_type_object))
		return o;
	json_object_put(o);
	return NULL;
}

struct json_object *json_member(const struct json_object *o, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &value))
		return NULL;
	return value;
}

const char *json_string(const struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value)
							    : NULL;
}

int64_t json_int(const struct json_object *o, const char *key, int64_t fallback)
{
	struct json_object *value = json_member(o, key);

	return json_object_is_type(value, json_type_int) ? json_object_get_int64(value)
							 : fallback;
}

double json_number(const struct json_object *o, const char *key, double fallback)
{
	struct json_object *value = json_member(o, key);

	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return fallback;
	return json_object_get_double(value);
}

bool json_flag(const struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

void json_put(struct json_object *o, const char *key, struct json_object *value)
{
	json_object_object_add(o, key, value);
}

void json_put_string(struct json_object *o, const char *key, const char *value)
{
	json_put(o, key, value ? json_object_new_string(value) : NULL);
}

void json_put_int(struct json_object *o, const char *key, int64_t value)
{
	json_put(o, key, json_object_new_int64(value));
}

void json_put_number(struct json_object *o, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", value);
	json_put(o, key, json_object_new_double_s(value, text));
}

void json_put_flag(struct json_object *o, const char *key, bool value)
{
	json_put(o, key, json_object_new_boolean(value));
}

void json_put_given(struct json_object *o, const char *key, const char *value)
{
	if (value && *value)
		json_put_string(o, key, value);
}

struct json_object *json_copy(struct json_object *o)
{
	struct json_object *copy = NULL;

	if (o)
		json_object_deep_copy(o, &copy, NULL);
	return copy;
}

bool json_same(struct json_object *a, struct json_object *b)
{
	return json_object_equal(a, b);
}

const char *json_text(struct json_object *o)
{
	return json_object_to_json_string_ext(o, TEXT_FLAGS);
}
