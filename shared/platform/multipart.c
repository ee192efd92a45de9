#include "shared/platform/multipart.h"

#include "shared/base/utf8.h"

#include <strings.h>

enum { BOUNDARY_MAX = 70, NAME_MAX_BYTES = 100 };

struct part {
	const char *name;
	bool is_file;
	struct bytes content;
};

/* What is left of the body. */
struct reading {
	struct arena *a;
	const char *p;
	const char *end;
	struct bytes mark; /* "\r\n--boundary" */
	bool has_file;
};

static const char *find(const struct reading *r, const char *from, struct bytes what)
{
	return memmem(from, (size_t)(r->end - from), what.data, what.len);
}

static bool take(struct reading *r, const char *text)
{
	size_t const len = strlen(text);

	if ((size_t)(r->end - r->p) < len || memcmp(r->p, text, len) != 0)
		return false;
	r->p += len;
	return true;
}

/* multipart/form-data; boundary=… */
static int boundary_read(struct arena *a, const char *type, struct bytes *ret)
{
	static const char begin[] = "multipart/form-data;";
	const char *p;
	size_t len;

	if (strncasecmp(type, begin, strlen(begin)) != 0)
		return ERR_INVALID;
	p = type + strlen(begin);
	p += strspn(p, " ");
	if (strncasecmp(p, "boundary=", 9) != 0)
		return ERR_INVALID;
	p += 9;
	len = strcspn(p, "\"; ,");
	if (!len || len > BOUNDARY_MAX || p[len])
		return ERR_INVALID;
	*ret = (struct bytes){ arena_printf(a, "\r\n--%s", p), len + 4 };
	return OK;
}

/* A parameter of the disposition; NULL: it has none, or one that is not between quotes. */
static const char *parameter(struct arena *a, const char *line, const char *name)
{
	const char *found = strstr(line, arena_printf(a, "; %s=\"", name));
	size_t len;

	if (!found)
		return NULL;
	found += strlen(name) + 4;
	len = strcspn(found, "\"");
	return found[len] ? arena_strndup(a, found, len) : NULL;
}

/* One line of a part's head; the empty one ends it. */
static int line_read(struct reading *r, const char **ret)
{
	const char *stop = find(r, r->p, (struct bytes){ "\r\n", 2 });

	if (!stop || stop - r->p > 1000 || !utf8_valid(r->p, (size_t)(stop - r->p)))
		return ERR_INVALID;
	*ret = arena_strndup(r->a, r->p, (size_t)(stop - r->p));
	r->p = stop + 2;
	return OK;
}

static int head_read(struct reading *r, struct part *ret)
{
	static const char disposition[] = "Content-Disposition: form-data;";
	const char *line;

	do {
		if (line_read(r, &line))
			return ERR_INVALID;
		if (strncasecmp(line, disposition, strlen(disposition)) != 0)
			continue;
		if (ret->name)
			return ERR_INVALID;
		ret->name = parameter(r->a, line, "name");
		ret->is_file = strstr(line, "; filename=") != NULL;
	} while (*line);
	return ret->name && *ret->name && strlen(ret->name) <= NAME_MAX_BYTES ? OK
									      : ERR_INVALID;
}

static int part_read(struct reading *r, struct part *ret)
{
	const char *stop;

	*ret = (struct part){ 0 };
	if (head_read(r, ret))
		return ERR_INVALID;
	/* An empty content's mark begins with the line end that closed the head. */
	stop = find(r, r->p - 2, r->mark);
	if (!stop)
		return ERR_INVALID;
	ret->content = stop < r->p ? (struct bytes){ r->p, 0 }
				   : (struct bytes){ r->p, (size_t)(stop - r->p) };
	r->p = stop + r->mark.len;
	return OK;
}

static int part_add(struct reading *r, const struct part *part, struct form *form,
		    struct bytes *file)
{
	if (form_get(form, part->name))
		return ERR_INVALID;
	if (form->count == FORM_FIELDS_MAX)
		return ERR_TOO_LONG;
	if (part->is_file) {
		if (r->has_file)
			return ERR_INVALID;
		r->has_file = true;
		if (part->content.len)
			*file = part->content;
		return OK;
	}
	if (!utf8_valid(part->content.data, part->content.len))
		return ERR_INVALID;
	form->names[form->count] = part->name;
	form->values[form->count++] = arena_strndup(r->a, part->content.data,
						    part->content.len);
	return OK;
}

int multipart_parse(struct arena *a, const char *content_type, struct bytes body,
		    struct form *ret, struct bytes *ret_file)
{
	struct reading r = { .a = a,
			     .p = body.data,
			     .end = (const char *)body.data + body.len };
	struct part part;
	int rc;

	ret->count = 0;
	*ret_file = (struct bytes){ NULL, 0 };
	if (boundary_read(a, content_type, &r.mark))
		return ERR_INVALID;
	if (!take(&r, (const char *)r.mark.data + 2)) /* the first has no line end before it */
		return ERR_INVALID;
	while (!take(&r, "--")) {
		if (!take(&r, "\r\n") || part_read(&r, &part))
			return ERR_INVALID;
		if ((rc = part_add(&r, &part, ret, ret_file))) {
			ret->count = 0;
			return rc;
		}
	}
	(void)take(&r, "\r\n");
	return r.p == r.end ? OK : ERR_INVALID;
}
