#include "tests/sandbox/telegram_check.h"

#include <strings.h>

#include "tests/sandbox/text.h"

static struct json_object *definitions; /* only read after the start */
static struct json_object *types;

/* Where in the parameters we are, and what is wrong there. */
struct check {
	struct text path;
	struct text *why;
};

bool check_load(const char *path)
{
	definitions = json_object_from_file(path);
	types = json_member(definitions, "types");
	if (!types)
		fprintf(stderr, "sandbox: %s: not the definitions of the Bot API\n", path);
	return types;
}

const struct json_object *check_method(const char *name, const char **ret_name)
{
	json_object_object_foreach (json_member(definitions, "methods"), key, method) {
		if (strcasecmp(key, name) != 0)
			continue;
		*ret_name = key;
		return method;
	}
	return NULL;
}

static const char *word_at(struct json_object *list, size_t i)
{
	return json_object_get_string(json_object_array_get_idx(list, i));
}

static bool list_has(struct json_object *list, const char *word)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (text_is(word_at(list, i), word))
			return true;
	}
	return false;
}

/* ---- forms ---- */

static struct json_object *form_value(const char *type, const char *text)
{
	int64_t number;

	if (text_is(type, "Integer"))
		return number_read(text, &number) ? json_object_new_int64(number) : NULL;
	if (text_is(type, "Boolean") || text_is(type, "True")) {
		if (text_is(text, "true") || text_is(text, "True") || text_is(text, "1"))
			return json_object_new_boolean(true);
		return text_is(text, "false") || text_is(text, "False") || text_is(text, "0")
			       ? json_object_new_boolean(false)
			       : NULL;
	}
	return json_parse(text, strlen(text));
}

void check_form(const struct json_object *method, struct json_object *params)
{
	struct json_object *fields = json_member(method, "fields");

	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		struct json_object *wanted = json_member(field, "types");
		const char *name = json_string(field, "name");
		const char *text = json_string(params, name);
		struct json_object *value;

		if (!text || (list_has(wanted, "String") && !list_has(wanted, "Integer")))
			continue;
		value = form_value(word_at(wanted, 0), text);
		if (value)
			json_put(params, name, value);
	}
}

/* ---- types ---- */

static bool check_type(struct check *c, const char *type, struct json_object *value);

static bool check_fail(struct check *c, const char *what)
{
	text_addf(c->why, "%s %s", text_of(&c->path), what);
	return false;
}

static size_t path_enter(struct check *c, const char *name)
{
	size_t const len = c->path.len;

	text_addf(&c->path, "%s%s", len ? "." : "", name);
	return len;
}

static void path_leave(struct check *c, size_t len)
{
	c->path.len = len;
	if (c->path.data)
		c->path.data[len] = '\0';
}

/* Has it every member the type needs, with the words the type wants?  Tells subtypes apart. */
static bool looks_like(const char *type, struct json_object *value)
{
	struct json_object *fields = json_member(json_member(types, type), "fields");

	if (!fields || !json_object_is_type(value, json_type_object))
		return false;
	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		struct json_object *words = json_member(field, "enum");
		const char *name = json_string(field, "name");

		if (!json_flag(field, "required"))
			continue;
		if (!json_object_object_get_ex(value, name, NULL) ||
		    (words && !list_has(words, json_string(value, name))))
			return false;
	}
	return true;
}

static bool scalar_fits(const char *type, struct json_object *value, bool *ret_fits)
{
	static const struct {
		const char *name;
		json_type type;
	} scalars[] = {
		{ "Integer", json_type_int },	  { "String", json_type_string },
		{ "Boolean", json_type_boolean }, { "True", json_type_boolean },
		{ "Float", json_type_double },
	};

	for (size_t i = 0; i < COUNT(scalars); i++) {
		if (!text_is(type, scalars[i].name))
			continue;
		*ret_fits = json_object_is_type(value, scalars[i].type) ||
			    (text_is(type, "Float") &&
			     json_object_is_type(value, json_type_int));
		if (text_is(type, "True") && !json_object_get_boolean(value))
			*ret_fits = false;
		return true;
	}
	return false;
}

static bool check_fields(struct check *c, struct json_object *fields, struct json_object *value,
			 struct json_object *files);

/* One of several: the one it looks like decides, and says what is wrong. */
static bool check_any(struct check *c, struct json_object *names, struct json_object *value)
{
	bool fits;

	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *type = word_at(names, i);

		if (scalar_fits(type, value, &fits)) {
			if (fits)
				return true;
		} else if (looks_like(type, value)) {
			return check_type(c, type, value);
		}
	}
	return check_fail(c, "is none of the types it may be");
}

static bool check_array(struct check *c, const char *type, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return check_fail(c, "must be an Array");
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		size_t const len = c->path.len;

		text_addf(&c->path, "[%zu]", i);
		if (!check_type(c, type, json_object_array_get_idx(value, i)))
			return false;
		path_leave(c, len);
	}
	return true;
}

static bool check_type(struct check *c, const char *type, struct json_object *value)
{
	struct json_object *definition;
	bool fits;

	if (text_begins(type, "Array of "))
		return check_array(c, type + strlen("Array of "), value);
	if (scalar_fits(type, value, &fits)) {
		char what[64];

		snprintf(what, sizeof(what), "must be of type %s", type);
		return fits || check_fail(c, what);
	}
	definition = json_member(types, type);
	if (!definition || text_is(type, "InputFile"))
		return check_fail(c, "must be a file");
	if (json_member(definition, "subtypes"))
		return check_any(c, json_member(definition, "subtypes"), value);
	if (!json_object_is_type(value, json_type_object))
		return check_fail(c, "must be an Object");
	return check_fields(c, json_member(definition, "fields"), value, NULL);
}

static bool check_field(struct check *c, struct json_object *field, struct json_object *value)
{
	struct json_object *names = json_member(field, "types");
	struct json_object *words = json_member(field, "enum");

	if (json_object_array_length(names) > 1 ? !check_any(c, names, value)
						: !check_type(c, word_at(names, 0), value))
		return false;
	if (words && json_object_is_type(value, json_type_string) &&
	    !list_has(words, json_object_get_string(value)))
		return check_fail(c, "has a word it may not have");
	return true;
}

static struct json_object *field_of(struct json_object *fields, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);

		if (text_is(json_string(field, "name"), name))
			return field;
	}
	return NULL;
}

static bool check_fields(struct check *c, struct json_object *fields, struct json_object *value,
			 struct json_object *files)
{
	json_object_object_foreach (value, name, member) {
		struct json_object *field = field_of(fields, name);
		size_t const len = path_enter(c, name);

		if (!field)
			return check_fail(c, "is not a known parameter");
		if (!check_field(c, field, member))
			return false;
		path_leave(c, len);
	}
	for (size_t i = 0; i < json_object_array_length(fields); i++) {
		struct json_object *field = json_object_array_get_idx(fields, i);
		const char *needed = json_string(field, "name");

		if (!json_flag(field, "required") ||
		    json_object_object_get_ex(value, needed, NULL) ||
		    json_member(files, needed))
			continue;
		path_enter(c, needed);
		return check_fail(c, "is missing");
	}
	return true;
}

bool check_params(const struct json_object *method, struct json_object *params,
		  struct json_object *files, struct text *why)
{
	struct check c = { .why = why };
	struct json_object *fields = json_member(method, "fields");
	bool ok = true;

	if (files) {
		json_object_object_foreach (files, name, file) {
			struct json_object *field = field_of(fields, name);

			(void)file;
			if (ok &&
			    (!field || !list_has(json_member(field, "types"), "InputFile"))) {
				text_addf(why, "%s may not be a file", name);
				ok = false;
			}
		}
	}
	ok = ok && check_fields(&c, fields, params, files);
	text_release(&c.path);
	return ok;
}
