#include "tests/sandbox/static.h"

#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { FILE_MAX = 4 * 1024 * 1024 };

static const struct {
	const char *ending;
	const char *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
};

static const char *type_of(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending && i < COUNT(types); i++) {
		if (text_is(ending, types[i].ending))
			return types[i].type;
	}
	return NULL;
}

void static_answer(const char *name, struct http_answer *ret)
{
	AUTO_TEXT path = { 0 };
	const char *type = type_of(name);
	FILE *file;
	char *data;
	size_t len;

	text_addf(&path, "%s/%s", options.static_dir, name);
	/* Only names that cannot lead elsewhere. */
	if (!type || strstr(name, "..") || *name == '/' || !(file = fopen(path.data, "rb"))) {
		http_answer_error(ret, 404, "there is no such file");
		return;
	}
	data = memory_new(FILE_MAX);
	len = fread(data, 1, FILE_MAX, file);
	fclose(file);
	ret->status = 200;
	ret->content_type = type;
	ret->body = memory_grow(data, len);
	ret->len = len;
}

void static_index(const struct http_request *r, struct http_answer *ret)
{
	(void)r;
	static_answer("index.html", ret);
}

void static_file(const struct http_request *r, struct http_answer *ret)
{
	static_answer(r->parts[0], ret);
}
