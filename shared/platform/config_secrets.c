#include "shared/platform/config_private.h"
#include "shared/platform/crypto.h"
#include "shared/platform/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRETS_FILE_MAX = 64 * 1024 };

static const char *random_hex(struct arena *a)
{
	unsigned char raw[CRYPTO_KEY];

	crypto_random(raw, sizeof(raw));
	return crypto_hex(a, (struct bytes){ raw, sizeof(raw) });
}

static const char *secret_make(struct arena *a, const char *key)
{
	return strcmp(key, "CODE_KEYS") ? random_hex(a)
					: arena_printf(a, "1:%s", random_hex(a));
}

/* The new file's text: a value for every row that is made, and the database's password. */
static const char *secrets_text(struct arena *a)
{
	struct str s = STR(a, SECRETS_FILE_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	for (size_t i = 0; i < setting_count; i++)
		if (setting_table[i].made)
			json_add_text(&j, setting_table[i].about.key,
				      secret_make(a, setting_table[i].about.key));
	json_add_text(&j, DB_PASSWORD, random_hex(a));
	json_close(&j, '}');
	str_addc(&s, '\n');
	return str_text(&s);
}

static int write_all(int fd, const char *text)
{
	size_t const len = strlen(text);
	size_t done = 0;

	while (done < len) {
		ssize_t const n = write(fd, text + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_FAILED;
		done += (size_t)n;
	}
	return fsync(fd) ? ERR_FAILED : OK;
}

static void folder_sync(const char *folder)
{
	int const fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

/* A complete, durable file of its own name beside the real one.  errno says why not. */
static int temporary_write(struct arena *a, const char *path, const char *text,
			   const char **ret)
{
	const char *temporary = arena_printf(a, "%s.%ld", path, (long)getpid());
	int fd;
	int rc;

	(void)unlink(temporary); /* of an earlier process with this number */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR_FAILED;
	rc = write_all(fd, text);
	close(fd);
	if (rc)
		(void)unlink(temporary);
	*ret = temporary;
	return rc;
}

/* The file's text, ERR_NOT_FOUND without it; other trouble is errno's. */
static int secrets_load(struct arena *a, const char *path, const char **ret)
{
	char *text = arena_alloc(a, SECRETS_FILE_MAX + 1);
	int const fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_FAILED;
	n = read(fd, text, SECRETS_FILE_MAX);
	close(fd);
	*ret = text;
	return n < 0 ? ERR_FAILED : OK;
}

/*
 * link(2) makes the complete file appear under its name for the first who gets there;
 * the others read what that one wrote.
 */
static int secrets_make(struct arena *a, const char *var, const char *path)
{
	const char *temporary;
	int rc = temporary_write(a, path, secrets_text(a), &temporary);

	if (rc)
		return rc;
	if (link(temporary, path) && errno != EEXIST)
		rc = ERR_FAILED;
	(void)unlink(temporary);
	folder_sync(var);
	return rc;
}

/* mkdir -p; others may pass through (the database's and nginx's users), not look around. */
static int folder_make(struct arena *a, const char *path)
{
	char *copy = arena_strdup(a, path);

	for (char *p = copy + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(copy, 0755) && errno != EEXIST)
				return ERR_FAILED;
			*p = '/';
		}
	return mkdir(copy, 0711) && errno != EEXIST ? ERR_FAILED : OK;
}

static int trouble(struct str *problem, const char *path)
{
	str_addf(problem, "KARTKA_VAR: %s: %s", path, strerror(errno));
	return ERR_INVALID;
}

int config_secrets_read(struct arena *a, const char *var, bool make,
			struct setting_values *values, const char **ret_db_password,
			struct str *problem)
{
	const char *path = arena_printf(a, "%s/secrets.json", var);
	const char *text = NULL;
	int rc;

	*ret_db_password = NULL;
	if (make && folder_make(a, var))
		return trouble(problem, var);
	rc = secrets_load(a, path, &text);
	if (rc == ERR_NOT_FOUND && make) {
		if (!access(arena_printf(a, "%s/db", var), F_OK)) {
			str_addf(problem,
				 "KARTKA_VAR: %s is gone, but the database beside it is"
				 " encrypted with its keys: put it back",
				 path);
			return ERR_INVALID;
		}
		if (secrets_make(a, var, path))
			return trouble(problem, path);
		rc = secrets_load(a, path, &text);
	}
	if (rc == ERR_NOT_FOUND)
		return OK;
	if (rc)
		return trouble(problem, path);

	AUTO_JSON doc = { NULL };
	if (json_parse((struct bytes){ text, strlen(text) }, 4, &doc) ||
	    json_type(doc.root) != JSON_OBJECT) {
		str_addf(problem, "KARTKA_VAR: %s is not one JSON object", path);
		return ERR_INVALID;
	}
	for (size_t i = 0; i < setting_count; i++) {
		const char *value = json_text(json_get(doc.root, setting_table[i].about.key),
					      "");

		if (setting_table[i].made && !values->row[i].text && *value)
			values->row[i] = (struct setting_value){ .text = arena_strdup(a, value),
								 .source = "secrets.json" };
	}
	text = json_text(json_get(doc.root, DB_PASSWORD), "");
	*ret_db_password = *text ? arena_strdup(a, text) : NULL;
	return OK;
}

/* ---- changing one ---- */

static int secrets_text_with(struct arena *a, const char *old, const char *key,
			     const char *value, const char **ret)
{
	struct str s = STR(a, SECRETS_FILE_MAX);
	struct json_out j = JSON_OUT(&s);

	AUTO_JSON doc = { NULL };
	if (json_parse((struct bytes){ old, strlen(old) }, 4, &doc) ||
	    json_type(doc.root) != JSON_OBJECT)
		return ERR_INVALID;
	json_open(&j, '{');
	for (size_t i = 0; i < setting_count; i++) {
		const char *name = setting_table[i].about.key;
		const char *text = json_text(json_get(doc.root, name), NULL);

		if (!strcmp(name, key))
			text = value;
		if (setting_table[i].made && text)
			json_add_text(&j, name, text);
	}
	json_add_text(&j, DB_PASSWORD, json_text(json_get(doc.root, DB_PASSWORD), ""));
	json_close(&j, '}');
	str_addc(&s, '\n');
	*ret = str_text(&s);
	return str_ok(&s) ? OK : ERR_TOO_LONG;
}

int config_secret_store(struct arena *a, const struct config *c, const char *key,
			const char *value)
{
	const char *path = arena_printf(a, "%s/secrets.json", c->var);
	struct setting_values values = { 0 };
	struct str problem = STR(a, 1024);
	const char *temporary;
	const char *text;
	size_t row;
	int rc;

	if (setting_find(key, &row) || !setting_table[row].made)
		return ERR_NOT_FOUND;
	rc = config_sources_read(a, &values, &problem);
	if (rc)
		return rc;
	if (values.row[row].text)
		return ERR_DENIED;
	if ((rc = secrets_load(a, path, &text)) ||
	    (rc = secrets_text_with(a, text, key, value, &text)) ||
	    (rc = temporary_write(a, path, text, &temporary)))
		return rc;
	if (rename(temporary, path)) {
		(void)unlink(temporary);
		return ERR_FAILED;
	}
	folder_sync(c->var);
	return OK;
}
