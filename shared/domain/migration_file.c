#include "shared/domain/migration_private.h"
#include "shared/base/parse.h"
#include "shared/platform/crypto.h"

#include <dirent.h>
#include <errno.h>

enum { VERSION_DIGITS = 4, FILE_MAX = 4 * 1024 * 1024, STATEMENT_MAX = 1024 * 1024 };

/* NNNN_what.sql */
static bool name_read(struct arena *a, const char *file, struct migration *ret)
{
	size_t const len = strlen(file);
	const char *digits = arena_strndup(a, file,
					   len < VERSION_DIGITS ? len : VERSION_DIGITS);

	if (len <= VERSION_DIGITS + strlen("_.sql") || file[VERSION_DIGITS] != '_' ||
	    strcmp(file + len - 4, ".sql") != 0 || parse_int(digits, 1, 9999, &ret->version))
		return false;
	ret->name = arena_strndup(a, file, len - 4);
	return parse_is_slug(ret->name);
}

static int file_read(struct arena *a, const char *path, char **ret)
{
	FILE *f = fopen(path, "re");
	struct str text = STR(a, FILE_MAX);
	char chunk[4096];
	size_t n;
	bool read;

	if (!f)
		return ERR_FAILED;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		str_addn(&text, chunk, n);
	read = !ferror(f);
	fclose(f);
	if (!read || !str_ok(&text) || strlen(str_text(&text)) != text.len)
		return ERR_FAILED;
	*ret = text.data ? text.data : arena_strdup(a, "");
	return OK;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int one_read(struct arena *a, const char *folder, const char *file, struct migration *m,
		    char **ret_text)
{
	unsigned char sum[CRYPTO_SHA256];

	if (!name_read(a, file, m))
		return ERR_INVALID;
	if (file_read(a, arena_printf(a, "%s/%s", folder, file), ret_text))
		return ERR_FAILED;
	crypto_sha256((struct bytes){ *ret_text, strlen(*ret_text) }, sum);
	m->checksum = crypto_hex(a, (struct bytes){ sum, sizeof(sum) });
	return OK;
}

int migration_files_read(struct arena *a, const char *folder, struct migration_list *ret,
			 char ***ret_texts, struct str *problem)
{
	struct dirent **entries;
	int const found = scandir(folder, &entries, visible, by_name);
	struct migration_list files = { 0 };
	char **texts;
	int rc = OK;

	if (found <= 0) {
		str_addf(problem, "%s: %s", folder,
			 found ? strerror(errno) : "there are no migrations");
		if (!found)
			free(entries);
		return ERR_INVALID;
	}
	files.list = arena_array(a, (size_t)found, sizeof(*files.list));
	texts = arena_array(a, (size_t)found, sizeof(*texts));
	for (int i = 0; i < found; i++) {
		struct migration *m = &files.list[files.count];

		if (!rc)
			rc = one_read(a, folder, entries[i]->d_name, m, &texts[files.count]);
		if (!rc && files.count && m->version == m[-1].version)
			rc = ERR_INVALID;
		if (!rc)
			files.count++;
		else if (!problem->len)
			str_addf(problem, "%s/%s: %s", folder, entries[i]->d_name,
				 rc == ERR_FAILED
					 ? "can't be read"
					 : "is no NNNN_what.sql with a number of its own");
		free(entries[i]);
	}
	free(entries);
	if (rc)
		return rc;
	*ret = files;
	*ret_texts = texts;
	return OK;
}

const char *migration_statement_next(struct arena *a, const char **rest)
{
	struct str statement = STR(a, STATEMENT_MAX);
	const char *at = *rest;

	while (*at) {
		size_t const line = strcspn(at, "\n");
		size_t len = line;
		bool comment;

		while (len && strchr(" \t\r", at[len - 1]))
			len--;
		comment = !strncmp(at + strspn(at, " \t"), "--", 2);
		if (len && !comment) {
			bool const ends = at[len - 1] == ';';

			str_addn(&statement, at, len - ends);
			str_addc(&statement, '\n');
			if (ends) {
				*rest = at + line + (at[line] != '\0');
				return str_ok(&statement) ? str_text(&statement) : NULL;
			}
		}
		at += line + (at[line] != '\0');
	}
	*rest = at;
	return statement.len ? str_text(&statement) : NULL;
}
