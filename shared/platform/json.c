#include "shared/platform/json.h"

#include "shared/platform/json_private.h"

#include <limits.h>

/* Two names of ours are types of json-c. */
#define json_type json_c_type
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_type
#undef json_bool

/* json-c has no object for null: NULL would be taken for a missing member. */
static const char null_place;
#define NULL_VALUE ((struct json *)(uintptr_t)&null_place)

static struct json *wrap(struct json_object *o)
{
	return o ? (struct json *)o : NULL_VALUE;
}

/* NULL when it is missing or null. */
static struct json_object *unwrap(const struct json *v)
{
	return v == NULL_VALUE ? NULL : (struct json_object *)(uintptr_t)v;
}

/* The value if it is of that type, else NULL. */
static struct json_object *of_type(const struct json *v, enum json_type type)
{
	return json_type(v) == type ? unwrap(v) : NULL;
}

/* ---- parsing ---- */

/* Of a text that is known to be JSON. */
static int tree_parse(struct json_tokener *tok, const char *text, size_t len,
		      struct json_object **ret)
{
	struct json_object *root;
	enum json_tokener_error error;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tok, text, (int)len);
	error = json_tokener_get_error(tok);
	if (error == json_tokener_continue) {
		/* a bare number or word ends only with what follows it */
		root = json_tokener_parse_ex(tok, "", 1);
		error = json_tokener_get_error(tok);
	}
	if (error != json_tokener_success)
		return ERR_INVALID;
	*ret = root;
	return OK;
}

int json_parse_wanted(struct bytes text, int depth, const struct json_want *want,
		      struct json_doc *ret)
{
	struct json_object *root = NULL;
	struct json_tokener *tok;
	size_t len;
	char *reduced;
	int rc;

	if (text.len > INT_MAX / 2)
		return ERR_INVALID;
	reduced = json_reduce(text, depth, want, &len);
	if (!reduced)
		return ERR_INVALID;
	tok = json_tokener_new_ex(depth + 2); /* json-c counts the innermost values as well */
	if (!tok)
		die("out of memory");
	rc = tree_parse(tok, reduced, len, &root);
	json_tokener_free(tok);
	free(reduced);
	if (!rc)
		ret->root = wrap(root);
	return rc;
}

int json_parse(struct bytes text, int depth, struct json_doc *ret)
{
	return json_parse_wanted(text, depth, NULL, ret);
}

void json_doc_free(struct json_doc *doc)
{
	json_object_put(unwrap(doc->root));
	doc->root = NULL;
}

/* ---- reading ---- */

enum json_type json_type(const struct json *v)
{
	static const enum json_type types[] = {
		[json_type_null] = JSON_NULL,	  [json_type_boolean] = JSON_BOOL,
		[json_type_double] = JSON_DOUBLE, [json_type_int] = JSON_INT,
		[json_type_object] = JSON_OBJECT, [json_type_array] = JSON_ARRAY,
		[json_type_string] = JSON_TEXT,
	};

	return v ? types[json_object_get_type(unwrap(v))] : JSON_NONE;
}

const struct json *json_get(const struct json *v, const char *name)
{
	struct json_object *o = of_type(v, JSON_OBJECT);
	struct json_object *member;

	return o && json_object_object_get_ex(o, name, &member) ? wrap(member) : NULL;
}

size_t json_count(const struct json *v)
{
	struct json_object *o = of_type(v, JSON_ARRAY);

	return o ? json_object_array_length(o) : 0;
}

const struct json *json_at(const struct json *v, size_t i)
{
	return i < json_count(v) ? wrap(json_object_array_get_idx(unwrap(v), i)) : NULL;
}

int json_each(const struct json *v,
	      int (*each)(const char *name, const struct json *v, void *data), void *data)
{
	struct json_object *o = of_type(v, JSON_OBJECT);
	struct lh_entry *entry;
	int rc = 0;

	if (!o)
		return 0;
	for (entry = json_object_get_object(o)->head; entry && !rc; entry = entry->next)
		rc = each(lh_entry_k(entry), wrap(lh_entry_v(entry)), data);
	return rc;
}

int64_t json_int(const struct json *v, int64_t fallback)
{
	struct json_object *o = of_type(v, JSON_INT);

	return o ? json_object_get_int64(o) : fallback;
}

bool json_bool(const struct json *v, bool fallback)
{
	struct json_object *o = of_type(v, JSON_BOOL);

	return o ? json_object_get_boolean(o) : fallback;
}

const char *json_text(const struct json *v, const char *fallback)
{
	struct json_object *o = of_type(v, JSON_TEXT);

	return o ? json_object_get_string(o) : fallback;
}

struct bytes json_bytes(const struct json *v)
{
	struct json_object *o = of_type(v, JSON_TEXT);

	if (!o)
		return (struct bytes){ NULL, 0 };
	return (struct bytes){ json_object_get_string(o),
			       (size_t)json_object_get_string_len(o) };
}

/* json-c keeps the text a number was written as; we put the mark on a long integer. */
static const char *number_text(struct arena *a, const char *text)
{
	size_t const digits = strspn(text, "-0123456789");
	bool const marked = digits >= JSON_LONG_DIGITS &&
			    !strcmp(text + digits, JSON_LONG_MARK);

	return arena_strndup(a, text, marked ? digits : strlen(text));
}

const char *json_scalar(struct arena *a, const struct json *v, const char *fallback)
{
	struct json_object *o = unwrap(v);

	switch (json_type(v)) {
	case JSON_TEXT:
		return arena_strdup(a, json_object_get_string(o));
	case JSON_INT:
		return arena_printf(a, "%lld", (long long)json_object_get_int64(o));
	case JSON_DOUBLE:
		return number_text(a, json_object_to_json_string(o));
	default:
		return fallback;
	}
}

/* A mark on a long integer (12e0) may stay: it means the same number. */
const char *json_print(struct arena *a, const struct json *v)
{
	return arena_strdup(
		a, json_object_to_json_string_ext(
			   unwrap(v), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}
