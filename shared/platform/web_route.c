#include "shared/platform/web.h"

/* The length of the segment that starts at p, up to the next slash or the end. */
static size_t segment(const char *p)
{
	return strcspn(p, "/");
}

static size_t places(const char *pattern)
{
	size_t n = 0;

	while ((pattern = strstr(pattern, "{}"))) {
		pattern += 2;
		n++;
	}
	return n;
}

/* Both sides segment by segment; a {} takes one that is not empty. */
static bool matches(const char *pattern, const char *path)
{
	for (;;) {
		size_t const want = segment(pattern);
		size_t const have = segment(path);

		if (want == 2 && !memcmp(pattern, "{}", 2)) {
			if (!have)
				return false;
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return false;
		}
		pattern += want;
		path += have;
		if (!*pattern || !*path)
			return !*pattern && !*path;
		pattern++;
		path++;
	}
}

/* What stands in the places of a pattern that matches. */
static const char *const *parts(struct arena *a, const char *pattern, const char *path)
{
	const char **list = arena_array(a, places(pattern) + 1, sizeof(*list));
	size_t n = 0;

	for (;;) {
		size_t const want = segment(pattern);
		size_t const have = segment(path);

		if (want == 2 && !memcmp(pattern, "{}", 2))
			list[n++] = arena_strndup(a, path, have);
		if (!pattern[want])
			return list;
		pattern += want + 1;
		path += have + 1;
	}
}

const char *const *web_path_match(struct arena *a, const char *pattern, const char *path)
{
	return matches(pattern, path) ? parts(a, pattern, path) : NULL;
}

const struct web_route *web_route_find(struct arena *a, const struct web_route *rows,
				       size_t count, struct web_request *req, int *status)
{
	*status = 404;
	for (size_t i = 0; i < count; i++) {
		if (!matches(rows[i].path, req->path))
			continue;
		if (!(rows[i].methods & req->method)) {
			*status = 405;
			continue;
		}
		req->parts = parts(a, rows[i].path, req->path);
		*status = 200;
		return &rows[i];
	}
	return NULL;
}
