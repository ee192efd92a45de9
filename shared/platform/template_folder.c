#include "shared/platform/template_private.h"

#include "shared/base/file.h"
#include "shared/base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { FILE_MAX = 256 * 1024, FOLDER_DEPTH = 4 };

#define ENDING ".mustache"

struct named {
	const char *name; /* path without the ending */
	const struct template *template;
};

struct templates {
	struct named *list; /* by name */
	size_t count;
	size_t room;
};

struct loading {
	struct arena *arena;
	struct str *problem;
	const char *dir;
	struct templates *all;
};

static int refuse(const struct loading *l, int rc, const char *file, const char *what)
{
	str_addf(l->problem, "%s%s%s: %s", l->dir, *file ? "/" : "", file, what);
	return rc;
}

/* ---- loading ---- */

static int file_load(struct loading *l, const char *file)
{
	struct templates *all = l->all;
	const char *path = arena_printf(l->arena, "%s/%s", l->dir, file);
	struct str problem = STR(l->arena, 512);
	const struct template *t;
	struct arena scratch;
	struct bytes text;
	int rc;

	arena_init(&scratch);
	rc = file_read(&scratch, path, FILE_MAX, &text);
	if (rc)
		rc = refuse(l, ERR_FAILED, file,
			    rc == ERR_FAILED ? strerror(errno) : "is gone or too long");
	else if (!utf8_valid(text.data, text.len))
		rc = refuse(l, ERR_INVALID, file, "is not UTF-8");
	else if (template_compile(l->arena, text.data, &t, &problem))
		rc = refuse(l, ERR_INVALID, file, str_text(&problem));
	arena_release(&scratch);
	if (rc)
		return rc;
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 32;
		all->list = arena_grow(l->arena, all->list, all->count * sizeof(*all->list),
				       all->room * sizeof(*all->list));
	}
	all->list[all->count++] = (struct named){
		arena_strndup(l->arena, file, strlen(file) - strlen(ENDING)), t
	};
	return OK;
}

static bool ends_in(const char *name, const char *ending)
{
	size_t const len = strlen(name);

	return len > strlen(ending) && !strcmp(name + len - strlen(ending), ending);
}

static int folder_load(struct loading *l, const char *folder, int depth);

static int entry_load(struct loading *l, const char *folder, const char *entry, int depth)
{
	const char *file = *folder ? arena_printf(l->arena, "%s/%s", folder, entry)
				   : arena_strdup(l->arena, entry);
	struct stat st;

	if (entry[0] == '.')
		return OK;
	if (stat(arena_printf(l->arena, "%s/%s", l->dir, file), &st))
		return errno == ENOENT ? OK : refuse(l, ERR_FAILED, file, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return folder_load(l, file, depth + 1);
	return S_ISREG(st.st_mode) && ends_in(entry, ENDING) ? file_load(l, file) : OK;
}

static int folder_load(struct loading *l, const char *folder, int depth)
{
	DIR *dir = depth > FOLDER_DEPTH
			   ? NULL
			   : opendir(arena_printf(l->arena, "%s/%s", l->dir, folder));
	const struct dirent *entry;
	int rc = OK;

	if (!dir)
		return refuse(l, ERR_FAILED, folder,
			      depth > FOLDER_DEPTH ? "is too deep" : strerror(errno));
	while (!rc && (entry = readdir(dir)))
		rc = entry_load(l, folder, entry->d_name, depth);
	closedir(dir);
	return rc;
}

/* ---- finding ---- */

static int named_compare(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const struct template *templates_find(const char *name, void *data)
{
	const struct templates *all = data;
	struct named const key = { .name = name };
	const struct named *found = all->count ? bsearch(&key, all->list, all->count,
							 sizeof(*all->list), named_compare)
					       : NULL;

	return found ? found->template : NULL;
}

/* A partial that is not there would render as nothing, and nobody would notice. */
static int partials_check(const struct loading *l, const struct named *named)
{
	for (size_t i = 0; i < named->template->count; i++) {
		const struct op *op = &named->template->ops[i];

		if (op->kind == OP_PARTIAL && !templates_find(op->text, l->all))
			return refuse(
				l, ERR_INVALID,
				arena_printf(l->arena, "%s" ENDING, named->name),
				arena_printf(l->arena, "there is no partial %s", op->text));
	}
	return OK;
}

int templates_load(struct arena *a, const char *dir, struct templates **ret,
		   struct str *problem)
{
	struct loading l = { .arena = a,
			     .problem = problem,
			     .dir = dir,
			     .all = arena_new(a, struct templates) };
	int rc = folder_load(&l, "", 0);

	if (!rc && l.all->count)
		qsort(l.all->list, l.all->count, sizeof(*l.all->list), named_compare);
	for (size_t i = 0; !rc && i < l.all->count; i++)
		rc = partials_check(&l, &l.all->list[i]);
	if (!rc)
		*ret = l.all;
	return rc;
}

int templates_render(const struct templates *all, const char *name, const struct value *data,
		     struct str *out)
{
	void *find_data = (void *)(uintptr_t)all;
	const struct template *t = templates_find(name, find_data);

	return t ? template_render(t, data, templates_find, find_data, out) : ERR_NOT_FOUND;
}
