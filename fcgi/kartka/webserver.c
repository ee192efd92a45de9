#include "fcgi/kartka/webserver.h"

#include "fcgi/kartka/place.h"
#include "shared/platform/http.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CONF_MAX = 256 * 1024,
	FILES_WANTED = 65536,
	CONNECTIONS_WANTED = 8192,
	FILES_A_CONNECTION = 2, /* the client's and the responder's */
	READY_MS = 500,
};

struct word {
	const char *name;
	const char *value;
};

static const char *conf_read(struct arena *a, const char *path)
{
	char *text = arena_alloc(a, CONF_MAX + 1);
	int const fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, CONF_MAX);
	close(fd);
	return n > 0 ? text : NULL;
}

static const struct word *word_at(const struct word *words, const char *text)
{
	for (; words->name; words++)
		if (!strncmp(text, words->name, strlen(words->name)))
			return words;
	return NULL;
}

static const char *conf_fill(struct arena *a, const char *text, const struct word *words)
{
	struct str s = STR(a, 2 * CONF_MAX);

	while (*text) {
		size_t const plain = strcspn(text, "@");
		const struct word *word;

		str_addn(&s, text, plain);
		text += plain;
		if (!*text)
			break;
		word = word_at(words, text);
		if (!word)
			str_addc(&s, '@');
		else
			str_add(&s, word->value);
		text += word ? strlen(word->name) : 1;
	}
	return str_text(&s);
}

static int conf_write(const char *path, const char *text)
{
	int const fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	bool written;

	if (fd < 0)
		return ERR_FAILED;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return close(fd) || !written ? ERR_FAILED : OK;
}

/* Whose X-Forwarded-For is believed: real_ip for the address, geo for the scheme. */
static const char *real_ip(struct arena *a, const char *proxies)
{
	struct str from = STR(a, CONF_MAX);
	struct str geo = STR(a, CONF_MAX);

	while (proxies && *proxies) {
		size_t len;

		proxies += strspn(proxies, ", ");
		len = strcspn(proxies, ", ");
		if (!len)
			break;
		str_addf(&from, "set_real_ip_from %.*s;\n\t", (int)len, proxies);
		str_addf(&geo, " %.*s 1;", (int)len, proxies);
		proxies += len;
	}
	if (from.len)
		str_add(&from, "real_ip_header X-Forwarded-For;\n\treal_ip_recursive on;\n\t");
	str_addf(&from, "geo $realip_remote_addr $kartka_from_proxy { default 0;%s }",
		 str_text(&geo));
	return str_text(&from);
}

static long files_allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max == RLIM_INFINITY ||
	    limit.rlim_max > FILES_WANTED)
		return FILES_WANTED;
	return (long)limit.rlim_max;
}

int webserver_configure(struct arena *a, const struct config *c, const struct account *account,
			struct str *problem)
{
	const char *template = config_share_path(a, "nginx/nginx.conf");
	const char *text = conf_read(a, template);
	long const files = files_allowed();
	long const connections = files / FILES_A_CONNECTION < CONNECTIONS_WANTED
					 ? files / FILES_A_CONNECTION
					 : CONNECTIONS_WANTED;
	const char *user = account ? account->name : "root";
	const struct word words[] = {
		{ "@USER@", geteuid() ? "" : arena_printf(a, "user %s;", user) },
		{ "@NOFILE@", arena_printf(a, "%ld", files) },
		{ "@CONNECTIONS@", arena_printf(a, "%ld", connections) },
		{ "@RUN@", arena_printf(a, "%s/run", c->var) },
		{ "@NGINX@", config_share_path(a, "nginx") },
		{ "@ADMIN_UI@", config_share_path(a, "admin-ui") },
		{ "@REAL_IP@", real_ip(a, c->trusted_proxies) },
		{ "@HTTP_LISTEN@", c->http_listen },
		{ NULL, NULL },
	};

	if (!text) {
		str_addf(problem, "%s can't be read; is KARTKA_SHARE right?", template);
		return ERR_FAILED;
	}
	if ((mkdir(config_run_path(a, c, "nginx"), 0711) && errno != EEXIST) ||
	    conf_write(config_run_path(a, c, "nginx.conf"), conf_fill(a, text, words))) {
		str_addf(problem, "KARTKA_VAR: %s: %s", config_run_path(a, c, "nginx.conf"),
			 strerror(errno));
		return ERR_FAILED;
	}
	return OK;
}

void webserver_start(struct supervisor *s, struct arena *a, const struct config *c)
{
	const char **argv = arena_array(a, 8, sizeof(*argv));

	argv[0] = place_program(a, "nginx");
	argv[1] = "-e";
	argv[2] = "stderr";
	argv[3] = "-p";
	argv[4] = arena_printf(a, "%s/run", c->var);
	argv[5] = "-c";
	argv[6] = config_run_path(a, c, "nginx.conf");
	supervise_add(s, &(struct service){
				 .name = "nginx",
				 .argv = argv,
				 .phase = STOP_NGINX,
				 .stop_signal = SIGQUIT,
				 .alone = true, /* its workers hold the port */
			 });
}

/* Where we ourselves reach what listens there: a wildcard is no address. */
static const char *own_url(struct arena *a, const char *listen, const char *path)
{
	if (!strncmp(listen, "0.0.0.0:", 8))
		return arena_printf(a, "http://127.0.0.1:%s%s", listen + 8, path);
	if (!strncmp(listen, "[::]:", 5))
		return arena_printf(a, "http://[::1]:%s%s", listen + 5, path);
	return arena_printf(a, "http://%s%s", listen, path);
}

int webserver_ready(struct arena *a, const struct config *c, const char **ret_text)
{
	struct http_request const request = { .url = own_url(a, c->http_listen, "/readyz"),
					      .timeout_ms = READY_MS };
	struct http_answer answer = { 0 };
	struct http *http;
	int status = 0;

	*ret_text = "no answer";
	if (http_new(&http))
		return 0;
	if (!http_call(http, a, &request, &answer)) {
		status = answer.status;
		*ret_text = arena_strndup(a, answer.body.data, answer.body.len);
	}
	http_free(http);
	return status;
}
