#include "fcgi/kartka/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A command has nobody waiting behind it: a check of everything may take its time. */
enum { COMMAND_DB_TIMEOUT_MS = 120000 };

/* What a command has open. */
static struct {
	struct db *db;
	struct http *http;
} opened;

struct db *outside_db(const struct command_env *env)
{
	struct db_options const options = { .url = env->config->db_url,
					    .timeout_ms = COMMAND_DB_TIMEOUT_MS };

	if (opened.db)
		return opened.db;
	if (db_new(&options, &opened.db)) {
		command_fail(env, "DB_URL: is malformed");
		return NULL;
	}
	if (db_ping(opened.db)) {
		command_fail(env, "the database does not answer: %s%s", db_error(opened.db),
			     env->config->db_is_private
				     ? " (the private one runs while the shop runs)"
				     : "");
		outside_end();
		return NULL;
	}
	return opened.db;
}

void outside_end(void)
{
	db_free(opened.db);
	http_free(opened.http);
	opened.db = NULL;
	opened.http = NULL;
}

int outside_db_failed(const struct command_env *env, const struct db *db, int rc)
{
	return command_fail(env, "the database: %s (%s)", err_name(rc), db_error(db));
}

static struct http *outside_http(const struct command_env *env)
{
	if (!opened.http && http_new(&opened.http))
		command_fail(env, "libcurl does not start");
	return opened.http;
}

int outside_telegram(const struct command_env *env, struct telegram *ret)
{
	struct http *http = outside_http(env);

	if (!http)
		return ERR_FAILED;
	*ret = (struct telegram){
		.http = http,
		.api_url = env->config->telegram_api_url,
		.token = env->config->bot_token,
	};
	return OK;
}

int outside_portmone(const struct command_env *env, struct portmone *ret)
{
	const struct config *c = env->config;
	struct http *http = outside_http(env);

	if (!http)
		return ERR_FAILED;
	*ret = (struct portmone){
		.http = http,
		.url = c->portmone_url,
		.payee_id = c->portmone_payee_id,
		.login = c->portmone_login,
		.password = c->portmone_password,
		.key = c->portmone_key,
	};
	return OK;
}

const char *outside_read_file(const struct command_env *env, const char *path, size_t max,
			      size_t *ret_len)
{
	int const fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	size_t size = 64 * 1024;
	size_t len = 0;
	char *text;
	ssize_t n = 0;

	if (fd < 0) {
		command_fail(env, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = arena_alloc(env->arena, size + 1);
	while (len <= max && (n = read(fd, text + len, size - len)) > 0) {
		len += (size_t)n;
		if (len == size) {
			text = arena_grow(env->arena, text, size + 1, size * 2 + 1);
			size *= 2;
		}
	}
	if (n < 0)
		command_fail(env, "%s: %s", path, strerror(errno));
	else if (len > max)
		command_fail(env, "%s: is longer than %zu bytes", path, max);
	if (fd != STDIN_FILENO)
		close(fd);
	if (n < 0 || len > max)
		return NULL;
	text[len] = '\0';
	*ret_len = len;
	return text;
}
