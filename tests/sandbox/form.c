#include "tests/sandbox/form.h"

#include <strings.h>

#include "tests/sandbox/text.h"

static const char json_type_name[] = "application/json";
static const char pairs_type_name[] = "application/x-www-form-urlencoded";
static const char multipart_type_name[] = "multipart/form-data";

static bool type_is(const char *content_type, const char *name)
{
	size_t const len = strlen(name);

	return strncasecmp(content_type, name, len) == 0 &&
	       (!content_type[len] || content_type[len] == ';' || content_type[len] == ' ');
}

bool form_type(const char *content_type)
{
	return type_is(content_type, json_type_name) ||
	       type_is(content_type, pairs_type_name) ||
	       type_is(content_type, multipart_type_name);
}

void form_read_pairs(const char *body, struct json_object *params)
{
	AUTO_FREE char *copy = text_copy(body);
	char *rest = copy;

	while (rest && *rest) {
		char *pair = rest;
		char *value;

		rest = strchr(pair, '&');
		if (rest)
			*rest++ = '\0';
		value = strchr(pair, '=');
		if (value)
			*value++ = '\0';
		percent_decode(pair, true);
		if (value)
			percent_decode(value, true);
		if (*pair)
			json_put_string(params, pair, value ? value : "");
	}
}

/* ---- multipart/form-data, RFC 7578 ---- */

/* A parameter of a header: name="value"; a heap string, or NULL. */
static char *header_param(const char *line, const char *name)
{
	AUTO_TEXT wanted = { 0 };
	const char *at;
	const char *end;
	struct text value = { 0 };

	text_addf(&wanted, "%s=", name);
	for (at = strcasestr(line, wanted.data); at; at = strcasestr(at + 1, wanted.data)) {
		if (at == line || at[-1] == ' ' || at[-1] == ';')
			break;
	}
	if (!at)
		return NULL;
	at += wanted.len;
	if (*at == '"') {
		end = strchr(++at, '"');
		if (!end)
			return NULL;
	} else {
		end = at + strcspn(at, "; \r\n");
	}
	text_addn(&value, at, (size_t)(end - at));
	return text_take(&value);
}

static const char *bytes_find(const char *in, size_t len, const char *what)
{
	return memmem(in, len, what, strlen(what));
}

static void part_keep(const char *headers, const char *data, size_t len,
		      struct json_object *params, struct json_object **files)
{
	AUTO_FREE char *name = header_param(headers, "name");
	AUTO_FREE char *file_name = header_param(headers, "filename");
	const char *type = strcasestr(headers, "content-type:");
	struct json_object *value = json_object_new_string_len(data, (int)len);
	struct json_object *file;
	struct text mime = { 0 };

	if (!name || !file_name) {
		json_put(params, name ? name : "", value);
		return;
	}
	if (type) {
		type += strlen("content-type:");
		type += strspn(type, " ");
		text_addn(&mime, type, strcspn(type, "\r\n"));
	}
	file = json_object_new_object();
	json_put_string(file, "file_name", file_name);
	json_put_string(file, "mime_type", text_of(&mime));
	json_put(file, "data", value);
	text_release(&mime);
	if (!*files)
		*files = json_object_new_object();
	json_put(*files, name, file);
}

static bool multipart_read(const char *content_type, const char *body, size_t len,
			   struct json_object *params, struct json_object **files)
{
	AUTO_FREE char *boundary = header_param(content_type, "boundary");
	AUTO_TEXT mark = { 0 };
	const char *end = body + len;
	const char *at = body;

	if (!boundary || !*boundary)
		return false;
	text_addf(&mark, "--%s", boundary);
	if (len < mark.len || memcmp(body, mark.data, mark.len) != 0)
		return false;
	at += mark.len;
	text_release(&mark);
	text_addf(&mark, "\r\n--%s", boundary);
	while (end - at >= 2 && memcmp(at, "\r\n", 2) == 0) {
		const char *data = bytes_find(at, (size_t)(end - at), "\r\n\r\n");
		const char *next;
		AUTO_TEXT headers = { 0 };

		if (!data)
			return false;
		text_addn(&headers, at, (size_t)(data - at));
		data += 4;
		next = bytes_find(data, (size_t)(end - data), mark.data);
		if (!next)
			return false;
		part_keep(headers.data, data, (size_t)(next - data), params, files);
		at = next + mark.len;
	}
	return end - at >= 2 && memcmp(at, "--", 2) == 0;
}

bool form_read(const char *content_type, const char *body, size_t len,
	       struct json_object **ret_params, struct json_object **ret_files, bool *ret_form)
{
	AUTO_JSON *params = NULL;
	AUTO_JSON *files = NULL;
	bool ok = true;

	*ret_form = !type_is(content_type, json_type_name);
	if (!*ret_form) {
		params = json_parse_object(body, len);
		ok = params;
	} else {
		params = json_object_new_object();
		if (type_is(content_type, pairs_type_name))
			form_read_pairs(body, params);
		else
			ok = type_is(content_type, multipart_type_name) &&
			     multipart_read(content_type, body, len, params, &files);
	}
	if (!ok)
		return false;
	*ret_params = json_object_get(params);
	*ret_files = json_object_get(files);
	return true;
}
