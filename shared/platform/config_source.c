#include "shared/base/utf8.h"
#include "shared/platform/config_private.h"
#include "shared/platform/json.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { SETTINGS_FILE_MAX = 256 * 1024 };

/* ERR_NOT_FOUND: no such file.  Anything else wrong with it is a problem. */
static int file_read(struct arena *a, const char *path, const char **ret, struct str *problem)
{
	int const fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = arena_alloc(a, SETTINGS_FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0 && errno == ENOENT)
		return ERR_NOT_FOUND;
	while (fd >= 0 && len < SETTINGS_FILE_MAX &&
	       (n = read(fd, text + len, SETTINGS_FILE_MAX - len)) > 0)
		len += (size_t)n;
	if (fd < 0 || n < 0) {
		str_addf(problem, "%s: can't be read: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return ERR_INVALID;
	}
	close(fd);
	if (len == SETTINGS_FILE_MAX || strlen(text) != len || !utf8_valid(text, len)) {
		str_addf(problem, "%s: is not a text file in UTF-8, or far too long", path);
		return ERR_INVALID;
	}
	*ret = strncmp(text, "\xef\xbb\xbf", 3) ? text : text + 3;
	return OK;
}

/* Remember a value of a file; what came earlier (the environment, .env) stays. */
static int value_take(struct setting_values *values, const char *source, const char *key,
		      const char *text, struct str *problem)
{
	size_t row;

	if (setting_find(key, &row)) {
		str_addf(problem, "%s: there is no setting %s", source, key);
		return ERR_INVALID;
	}
	if (*text && !values->row[row].text)
		values->row[row] = (struct setting_value){ .text = text, .source = source };
	return OK;
}

static void environment_read(struct arena *a, struct setting_values *values)
{
	for (size_t i = 0; i < setting_count; i++) {
		const char *text = getenv(setting_table[i].about.key);

		if (text && *text)
			values->row[i] = (struct setting_value){ .text = arena_strdup(a, text),
								 .source = "the environment" };
	}
}

/* ---- .env ---- */

static const char *trimmed(struct arena *a, const char *text, size_t len)
{
	while (len && strchr(" \t\r", text[len - 1]))
		len--;
	while (len && strchr(" \t", *text)) {
		text++;
		len--;
	}
	return arena_strndup(a, text, len);
}

/* In quotes everything counts as it stands; ERR_INVALID when they don't close. */
static int unquote(struct arena *a, const char **text)
{
	size_t const len = strlen(*text);
	char const quote = **text;

	if (quote != '"' && quote != '\'')
		return OK;
	if (len < 2 || (*text)[len - 1] != quote)
		return ERR_INVALID;
	*text = arena_strndup(a, *text + 1, len - 2);
	return OK;
}

struct env_file {
	bool seen[SETTINGS_MAX];
	const char *config_path;
};

static int env_line(struct arena *a, const char *line, int number, struct env_file *file,
		    struct setting_values *values, struct str *problem)
{
	const char *equals = strchr(line, '=');
	const char *key;
	const char *text;
	size_t row;

	if (!*line || *line == '#')
		return OK;
	if (!strncmp(line, "export ", 7))
		line += 7;
	if (!equals || equals <= line) {
		str_addf(problem, ".env: line %d is not KEY=value", number);
		return ERR_INVALID;
	}
	key = trimmed(a, line, (size_t)(equals - line));
	text = trimmed(a, equals + 1, strlen(equals + 1));
	if (unquote(a, &text)) {
		str_addf(problem, "%s: its quotes don't close (line %d of .env)", key, number);
		return ERR_INVALID;
	}
	if (!strcmp(key, "KARTKA_CONFIG")) {
		file->config_path = text;
		return OK;
	}
	if (!setting_find(key, &row)) {
		if (file->seen[row]) {
			str_addf(problem, "%s: stands twice in .env (line %d)", key, number);
			return ERR_INVALID;
		}
		file->seen[row] = true;
	}
	return value_take(values, ".env", key, text, problem);
}

static int env_file_read(struct arena *a, struct env_file *file, struct setting_values *values,
			 struct str *problem)
{
	const char *text;
	int number = 0;
	int rc = file_read(a, ".env", &text, problem);

	if (rc == ERR_NOT_FOUND)
		return OK;
	while (!rc && *text) {
		size_t const len = strcspn(text, "\n");

		rc = env_line(a, trimmed(a, text, len), ++number, file, values, problem);
		text += len + (text[len] == '\n');
	}
	return rc;
}

/* ---- config.json ---- */

struct json_file {
	struct arena *a;
	const char *path;
	struct setting_values *values;
	struct str *problem;
};

/* NULL: neither text nor a whole number, yes or no, null. */
static const char *member_text(struct arena *a, const struct json *v)
{
	const char *text;

	switch (json_type(v)) {
	case JSON_NULL:
		return "";
	case JSON_BOOL:
		return json_bool(v, false) ? "yes" : "no";
	case JSON_INT:
		return arena_strdup(a, json_scalar(a, v, ""));
	case JSON_TEXT:
		text = json_text(v, "");
		return strlen(text) == json_bytes(v).len ? arena_strdup(a, text) : NULL;
	default:
		return NULL;
	}
}

static int json_member(const char *key, const struct json *v, void *data)
{
	struct json_file *file = data;
	const char *text = member_text(file->a, v);

	if (!text) {
		str_addf(file->problem, "%s: must be text or a whole number in %s", key,
			 file->path);
		return ERR_INVALID;
	}
	return value_take(file->values, file->path, key, text, file->problem);
}

static int json_file_read(struct arena *a, const char *path, bool required,
			  struct setting_values *values, struct str *problem)
{
	struct json_file file = { .a = a, .path = path, .values = values, .problem = problem };
	const char *text;
	int rc = file_read(a, path, &text, problem);

	if (rc == ERR_NOT_FOUND) {
		if (!required)
			return OK;
		str_addf(problem, "KARTKA_CONFIG: there is no file %s", path);
		return ERR_INVALID;
	}
	if (rc)
		return rc;

	AUTO_JSON doc = { NULL };
	if (json_parse((struct bytes){ text, strlen(text) }, 4, &doc) ||
	    json_type(doc.root) != JSON_OBJECT) {
		str_addf(problem, "%s: is not one JSON object", path);
		return ERR_INVALID;
	}
	return json_each(doc.root, json_member, &file);
}

int config_sources_read(struct arena *a, struct setting_values *ret, struct str *problem)
{
	struct env_file env = { .config_path = NULL };
	const char *named = getenv("KARTKA_CONFIG");
	int rc;

	environment_read(a, ret);
	rc = env_file_read(a, &env, ret, problem);
	if (rc)
		return rc;
	if (!named || !*named)
		named = env.config_path;
	if (!named || !*named)
		return json_file_read(a, "config.json", false, ret, problem);
	return json_file_read(a, arena_strdup(a, named), true, ret, problem);
}
