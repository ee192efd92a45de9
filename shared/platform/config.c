#include "shared/base/clock.h"
#include "shared/base/utf8.h"
#include "shared/platform/config_private.h"

#include <ctype.h>
#include <limits.h>
#include <unistd.h>

enum { SHOWN_POINTS = 80, SHARE_LEVELS = 4 };

const struct config_about *config_about(size_t n)
{
	return n < setting_count ? &setting_table[n].about : NULL;
}

static struct setting_value *value_of(struct setting_values *values, const char *key)
{
	size_t row;

	if (setting_find(key, &row))
		die("there is no setting %s", key);
	return &values->row[row];
}

/* ---- values that depend on others ---- */

static const char *path_absolute(struct arena *a, const char *path)
{
	char cwd[PATH_MAX];
	size_t len;

	if (path[0] != '/') {
		if (!getcwd(cwd, sizeof(cwd)))
			die("the current folder is gone");
		while (!strncmp(path, "./", 2))
			path += 2;
		path = arena_printf(a, "%s/%s", strcmp(cwd, "/") ? cwd : "", path);
	}
	for (len = strlen(path); len > 1 && path[len - 1] == '/';)
		len--;
	return arena_strndup(a, path, len);
}

/* What a browser on this host opens when we listen there: a wildcard is no address. */
static const char *url_of_listen(struct arena *a, const char *listen)
{
	if (!strncmp(listen, "0.0.0.0:", 8))
		return arena_printf(a, "http://127.0.0.1:%s", listen + 8);
	if (!strncmp(listen, "[::]:", 5))
		return arena_printf(a, "http://[::1]:%s", listen + 5);
	return arena_printf(a, "http://%s", listen);
}

static const char *percent_encoded(struct arena *a, const char *path)
{
	struct str s = STR(a, PATH_MAX * 3);

	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._~-", *path))
			str_addc(&s, *path);
		else
			str_addf(&s, "%%%02X", (unsigned char)*path);
	}
	return str_text(&s);
}

static const char *private_db_url(struct arena *a, const char *var, const char *password)
{
	return arena_printf(a, "mysql://kartka:%s@localhost/kartka?socket=%s/run/db.sock",
			    password, percent_encoded(a, var));
}

/* ---- reading ---- */

static int value_refused(struct arena *a, const struct setting *s,
			 const struct setting_value *v, struct str *problem)
{
	str_addf(problem, "%s: must be %s", s->about.key, s->must);
	if (!s->about.secret)
		str_addf(problem, ", not “%s”",
			 utf8_clean_line(a, v->text, strlen(v->text), SHOWN_POINTS));
	if (v->source)
		str_addf(problem, " (in %s)", v->source);
	return ERR_INVALID;
}

static int value_missing(const struct setting *s, struct str *problem)
{
	str_addf(problem, "%s: is missing%s", s->about.key,
		 s->made ? "; with a DB_URL of one's own it has to be given" : "");
	return ERR_INVALID;
}

/* Defaults, and where the host's folder is: what the rest depends on. */
static void defaults_fill(struct arena *a, struct setting_values *values)
{
	struct setting_value *var = value_of(values, "KARTKA_VAR");
	struct setting_value *url = value_of(values, "PUBLIC_URL");

	for (size_t i = 0; i < setting_count; i++)
		if (!values->row[i].text)
			values->row[i].text = setting_table[i].about.fallback;
	var->text = path_absolute(a, var->text);
	if (!url->text && config_is_listen(value_of(values, "HTTP_LISTEN")->text))
		url->text = url_of_listen(a, value_of(values, "HTTP_LISTEN")->text);
}

static int row_read(struct arena *a, size_t row, enum config_need need,
		    const struct setting_values *values, struct config *ret,
		    struct str *problem)
{
	const struct setting *s = &setting_table[row];
	const struct setting_value *v = &values->row[row];
	bool const derived = !v->source; /* a default is fit by itself */

	if (!v->text)
		return s->need != CONFIG_BASE && need >= s->need ? value_missing(s, problem)
								 : OK;
	if (derived && !strcmp(s->about.key, "PUBLIC_URL")) {
		ret->public_url = v->text;
		return OK;
	}
	return s->read(a, s, v->text, ret) ? value_refused(a, s, v, problem) : OK;
}

/* All values as text: what was given, what was made, the defaults. */
static int values_gather(struct arena *a, bool make, struct setting_values *ret,
			 bool *ret_db_is_private, struct str *problem)
{
	const char *password;
	int rc = config_sources_read(a, ret, problem);

	if (rc)
		return rc;
	defaults_fill(a, ret);
	*ret_db_is_private = !value_of(ret, "DB_URL")->text;
	rc = config_secrets_read(a, value_of(ret, "KARTKA_VAR")->text,
				 make && *ret_db_is_private, ret, &password, problem);
	if (rc)
		return rc;
	if (*ret_db_is_private && password)
		value_of(ret, "DB_URL")->text = private_db_url(
			a, value_of(ret, "KARTKA_VAR")->text, password);
	return OK;
}

int config_load(struct arena *a, enum config_need need, struct config *ret, struct str *problem)
{
	struct setting_values values = { 0 };
	struct config read = { 0 };
	int rc = values_gather(a, need != CONFIG_BASE, &values, &read.db_is_private, problem);

	for (size_t i = 0; !rc && i < setting_count; i++)
		rc = row_read(a, i, need, &values, &read, problem);
	if (!rc && need != CONFIG_BASE && !read.db_url) {
		str_addf(problem, "KARTKA_VAR: %s/secrets.json has no %s", read.var,
			 DB_PASSWORD);
		rc = ERR_INVALID;
	}
	if (rc)
		return rc;
	*ret = read;
	return OK;
}

int config_get(struct arena *a, const char *key, const char **ret)
{
	struct setting_values values = { 0 };
	struct str problem = STR(a, 4096);
	bool is_private;
	size_t row;
	int rc = setting_find(key, &row);

	if (!rc)
		rc = values_gather(a, false, &values, &is_private, &problem);
	if (rc)
		return rc;
	*ret = values.row[row].text ? values.row[row].text : "";
	return OK;
}

int config_is_given(struct arena *a, const char *key, bool *ret)
{
	struct setting_values values = { 0 };
	struct str problem = STR(a, 4096);
	size_t row;
	int rc = setting_find(key, &row);

	if (!rc)
		rc = config_sources_read(a, &values, &problem);
	if (!rc)
		*ret = values.row[row].text != NULL;
	return rc;
}

int config_list(struct arena *a, struct config_shown **ret, size_t *ret_count)
{
	struct setting_values values = { 0 };
	struct str problem = STR(a, 4096);
	struct config_shown *list;
	bool is_private;
	int const rc = values_gather(a, false, &values, &is_private, &problem);

	if (rc)
		return rc;
	list = arena_array(a, setting_count, sizeof(*list));
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting_value *v = &values.row[i];
		const struct config_about *about = &setting_table[i].about;

		list[i] = (struct config_shown){
			.key = about->key,
			.text = about->secret || !v->text ? "" : v->text,
			.secret = about->secret && v->text && *v->text,
			.source = v->source ? v->source : "",
		};
	}
	*ret = list;
	*ret_count = setting_count;
	return OK;
}

/* ---- places ---- */

const char *config_run_path(struct arena *a, const struct config *c, const char *name)
{
	return arena_printf(a, "%s/run/%s", c->var, name);
}

static const char *path_if_there(struct arena *a, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? arena_strdup(a, real) : NULL;
}

/* The folder of the running program. */
static const char *exe_folder(struct arena *a)
{
	char exe[PATH_MAX];
	ssize_t const len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *slash = len > 0 ? memrchr(exe, '/', (size_t)len) : NULL;

	return slash ? arena_strndup(a, exe, (size_t)(slash - exe)) : ".";
}

const char *config_share_path(struct arena *a, const char *name)
{
	const char *share = getenv("KARTKA_SHARE");
	const char *folder = exe_folder(a);
	const char *found;

	if (share && *share)
		return arena_printf(a, "%s/%s", share, name);
	/* PREFIX/bin; build/bin, build/asan/bin, build/tests/unit in a source tree */
	for (int level = 1; level <= SHARE_LEVELS; level++) {
		folder = arena_printf(a, "%s/..", folder);
		found = path_if_there(a, arena_printf(a, "%s/share/kartka/%s", folder, name));
		if (!found && level > 1)
			found = path_if_there(a, arena_printf(a, "%s/%s", folder, name));
		if (found)
			return found;
	}
	return arena_strdup(a, name);
}
