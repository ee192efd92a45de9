#include "shared/platform/db_private.h"
#include "shared/base/parse.h"
#include "shared/base/str.h"

enum { PORT_DEFAULT = 3306, PORT_MAX = 65535, OPTIONS_MAX = 16 * 1024 };

/* Undo %XX.  NULL: malformed, or it hides a NUL. */
static const char *unescape(struct arena *a, const char *text, size_t len)
{
	char *plain = arena_strndup(a, text, len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char pair[3] = "";
		unsigned char byte;

		if (text[i] != '%') {
			plain[n++] = text[i];
			continue;
		}
		if (len - i < 3)
			return NULL;
		memcpy(pair, text + i + 1, 2);
		if (parse_hex(pair, &byte, 1) || !byte)
			return NULL;
		plain[n++] = (char)byte;
		i += 2;
	}
	plain[n] = '\0';
	return plain;
}

/* user:password */
static int read_user(struct arena *a, const char *text, size_t len, struct db_url *url)
{
	const char *colon = memchr(text, ':', len);
	size_t const user = colon ? (size_t)(colon - text) : len;

	url->user = unescape(a, text, user);
	url->password = colon ? unescape(a, colon + 1, len - user - 1) : "";
	return url->user && *url->user && url->password ? OK : ERR_INVALID;
}

/* host, host:port or [::1]:port; no port: 0 */
static int read_host(struct arena *a, const char *text, size_t len, struct db_host *ret)
{
	const char *bracket = *text == '[' ? memchr(text, ']', len) : NULL;
	const char *name = bracket ? text + 1 : text;
	const char *after = bracket ? bracket + 1 : memchr(text, ':', len);
	const char *end = text + len;
	int64_t port;

	if (*text == '[' && !bracket)
		return ERR_INVALID;
	if (!after)
		after = end;
	ret->name = unescape(a, name, (size_t)((bracket ? bracket : after) - name));
	ret->port = 0;
	if (!ret->name || !*ret->name)
		return ERR_INVALID;
	if (after == end)
		return OK;
	if (*after != ':' || parse_int(arena_strndup(a, after + 1, (size_t)(end - after - 1)),
				       1, PORT_MAX, &port))
		return ERR_INVALID;
	ret->port = (unsigned)port;
	return OK;
}

static int read_hosts(struct arena *a, const char *text, size_t len, struct db_url *url)
{
	const char *end = text + len;
	unsigned port;

	while (text <= end) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		const char *stop = comma ? comma : end;

		if (url->host_count == DB_HOSTS_MAX || text == stop ||
		    read_host(a, text, (size_t)(stop - text), &url->hosts[url->host_count++]))
			return ERR_INVALID;
		text = stop + 1;
	}
	/* host,host:3307 means the port of both. */
	port = url->hosts[url->host_count - 1].port;
	for (size_t i = 0; i < url->host_count; i++)
		if (!url->hosts[i].port)
			url->hosts[i].port = port ? port : PORT_DEFAULT;
	return OK;
}

static int read_option(struct arena *a, const char *text, size_t len, struct db_url *url)
{
	const char *equals = memchr(text, '=', len);
	size_t const key = equals ? (size_t)(equals - text) : len;
	const char *name = arena_strndup(a, text, key);
	const char *value = equals ? unescape(a, equals + 1, len - key - 1) : NULL;

	if (!value || !*value)
		return ERR_INVALID;
	if (!strcmp(name, "ssl"))
		return parse_bool(value, &url->ssl);
	if (!strcmp(name, "ssl_ca"))
		url->ssl_ca = value;
	else if (!strcmp(name, "socket"))
		url->socket = value;
	else
		return ERR_INVALID;
	return OK;
}

static int read_options(struct arena *a, const char *text, struct db_url *url)
{
	while (*text) {
		size_t const len = strcspn(text, "&");

		if (read_option(a, text, len, url))
			return ERR_INVALID;
		text += len;
		if (*text && !*++text)
			return ERR_INVALID;
	}
	/* A socket never leaves the machine, and its certificate would name no host. */
	if (url->socket && (*url->socket != '/' || url->ssl))
		return ERR_INVALID;
	return url->ssl_ca && !url->ssl ? ERR_INVALID : OK;
}

int db_url_read(struct arena *a, const char *text, struct db_url *ret)
{
	static const char scheme[] = "mysql://";
	struct db_url url = { 0 };
	const char *hosts;
	const char *name;
	const char *at;
	size_t len;

	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return ERR_INVALID;
	text += sizeof(scheme) - 1;
	len = strcspn(text, "/?");
	at = memchr(text, '@', len);
	if (!at || text[len] != '/' || read_user(a, text, (size_t)(at - text), &url))
		return ERR_INVALID;
	hosts = at + 1;
	if (read_hosts(a, hosts, (size_t)(text + len - hosts), &url))
		return ERR_INVALID;
	text += len + 1;
	len = strcspn(text, "?");
	name = unescape(a, text, len);
	if (!name || !*name || strchr(name, '/'))
		return ERR_INVALID;
	url.name = name;
	text += len;
	if (*text == '?' && (!text[1] || read_options(a, text + 1, &url)))
		return ERR_INVALID;
	*ret = url;
	return OK;
}

/* ---- for other programs ---- */

/* A value in quotes, as option files escape it. */
static void option_add(struct str *to, const char *name, const char *value)
{
	str_addf(to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n') {
			str_add(to, "\\n");
			continue;
		}
		if (strchr("\\\"", *value))
			str_addc(to, '\\');
		str_addc(to, *value);
	}
	str_add(to, "\"\n");
}

void db_client_options(const struct db *db, struct arena *a, const char **ret_file,
		       const char **ret_name)
{
	const struct db_url *u = &db->url;
	struct str s = STR(a, OPTIONS_MAX);

	str_add(&s, "[client]\n");
	option_add(&s, "user", u->user);
	option_add(&s, "password", u->password);
	if (u->socket) {
		option_add(&s, "socket", u->socket);
	} else {
		option_add(&s, "host", u->hosts[db->host].name);
		str_addf(&s, "port=%u\nprotocol=tcp\n", u->hosts[db->host].port);
	}
	/* MariaDB's programs and MySQL's call it differently; each passes over the other's. */
	if (u->ssl)
		str_add(&s, "loose-ssl\nloose-ssl-verify-server-cert\n"
			    "loose-ssl-mode=VERIFY_IDENTITY\n");
	if (u->ssl_ca)
		option_add(&s, "ssl-ca", u->ssl_ca);
	*ret_file = str_text(&s);
	*ret_name = u->name;
}
