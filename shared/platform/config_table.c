#include "shared/base/limits.h"
#include "shared/base/log.h"
#include "shared/base/parse.h"
#include "shared/platform/config_private.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <sys/stat.h>

#define FIELD(s, ret, type) (*(type *)((char *)(ret) + (s)->at))

static bool is_made_of(const char *text, size_t len, const char *more)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))
			return false;
	return len > 0;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* ---- addresses ---- */

static bool is_ip(const char *text, int *bits)
{
	unsigned char raw[16];

	*bits = strchr(text, ':') ? 128 : 32;
	return inet_pton(*bits == 128 ? AF_INET6 : AF_INET, text, raw) == 1;
}

/* Split "host:port", "[v6]:port", "host"; the host without brackets goes into host. */
static bool host_port_split(const char *text, size_t len, char *host, size_t size,
			    const char **port)
{
	const char *end = text + len;
	const char *colon;
	size_t host_len;

	*port = NULL;
	if (len && text[0] == '[') {
		const char *close = memchr(text, ']', len);

		if (!close || (close + 1 < end && close[1] != ':'))
			return false;
		text++;
		host_len = (size_t)(close - text);
		colon = close + 1 < end ? close + 1 : NULL;
	} else {
		colon = memchr(text, ':', len);
		host_len = colon ? (size_t)(colon - text) : len;
	}
	if (!host_len || host_len >= size)
		return false;
	memcpy(host, text, host_len);
	host[host_len] = '\0';
	if (colon)
		*port = colon + 1;
	return true;
}

static bool is_loopback(const char *host)
{
	unsigned char raw[16];

	if (!strcmp(host, "localhost"))
		return true;
	if (inet_pton(AF_INET, host, raw) == 1)
		return raw[0] == 127;
	if (inet_pton(AF_INET6, host, raw) == 1)
		return !memcmp(raw, &in6addr_loopback, sizeof(raw));
	return false;
}

static bool is_port(const char *text, size_t len)
{
	int64_t n;
	char copy[8];

	if (!len || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return !parse_int(copy, 1, 65535, &n);
}

bool config_is_url(const char *text, bool with_path)
{
	bool const tls = !strncmp(text, "https://", 8);
	const char *authority = text + (tls ? 8 : 7);
	char host[256];
	const char *port;
	const char *path;
	size_t len;

	if (!tls && strncmp(text, "http://", 7) != 0)
		return false;
	len = strcspn(authority, "/");
	path = authority + len;
	if (!host_port_split(authority, len, host, sizeof(host), &port))
		return false;
	if (port && !is_port(port, (size_t)(path - port)))
		return false;
	if (!is_made_of(host, strlen(host), authority[0] == '[' ? ":." : ".-"))
		return false;
	if (*path && !is_made_of(path, strlen(path), "/._~-%+"))
		return false;
	if (!with_path && *path && strcmp(path, "/") != 0)
		return false;
	return tls || is_loopback(host);
}

bool config_is_listen(const char *text)
{
	char host[64];
	const char *port;
	int bits;

	if (!host_port_split(text, strlen(text), host, sizeof(host), &port) || !port)
		return false;
	if (strcmp(host, "localhost") != 0 && !is_ip(host, &bits))
		return false;
	if ((strchr(host, ':') != NULL) != (text[0] == '['))
		return false;
	return is_port(port, strlen(port));
}

/* ---- readers ---- */

static int read_text(struct arena *a, const struct setting *s, const char *text,
		     struct config *ret)
{
	if (has_control(text) || (int64_t)strlen(text) > s->max)
		return ERR_INVALID;
	FIELD(s, ret, const char *) = arena_strdup(a, text);
	return OK;
}

static int read_token(struct arena *a, const struct setting *s, const char *text,
		      struct config *ret)
{
	size_t const digits = strspn(text, "0123456789");

	if (!digits || digits > 20 || text[digits] != ':' ||
	    !is_made_of(text + digits + 1, strlen(text + digits + 1), "_-"))
		return ERR_INVALID;
	return read_text(a, s, text, ret);
}

static int read_digits(struct arena *a, const struct setting *s, const char *text,
		       struct config *ret)
{
	if (strspn(text, "0123456789") != strlen(text))
		return ERR_INVALID;
	return read_text(a, s, text, ret);
}

static int read_word(struct arena *a, const struct setting *s, const char *text,
		     struct config *ret)
{
	if (!is_made_of(text, strlen(text), "_-"))
		return ERR_INVALID;
	return read_text(a, s, text, ret);
}

static int read_url(struct arena *a, const struct setting *s, const char *text,
		    struct config *ret)
{
	size_t len = strlen(text);

	if (!config_is_url(text, true) || (int64_t)len > s->max)
		return ERR_INVALID;
	while (text[len - 1] == '/')
		len--;
	FIELD(s, ret, const char *) = arena_strndup(a, text, len);
	return OK;
}

static int read_url_slash(struct arena *a, const struct setting *s, const char *text,
			  struct config *ret)
{
	int const rc = read_url(a, s, text, ret);

	if (!rc)
		FIELD(s, ret, const char *) = arena_printf(a, "%s/",
							   FIELD(s, ret, const char *));
	return rc;
}

/* The shop's addresses start at the root: /pay/…, /admin/…; so there is no room for a path. */
static int read_origin(struct arena *a, const struct setting *s, const char *text,
		       struct config *ret)
{
	return config_is_url(text, false) ? read_url(a, s, text, ret) : ERR_INVALID;
}

static int read_listen(struct arena *a, const struct setting *s, const char *text,
		       struct config *ret)
{
	return config_is_listen(text) ? read_text(a, s, text, ret) : ERR_INVALID;
}

static int read_int(struct arena *a, const struct setting *s, const char *text,
		    struct config *ret)
{
	UNUSED(a);
	return parse_int(text, s->min, s->max, &FIELD(s, ret, int64_t));
}

static int read_bool(struct arena *a, const struct setting *s, const char *text,
		     struct config *ret)
{
	UNUSED(a);
	return parse_bool(text, &FIELD(s, ret, bool));
}

static int read_choice(struct arena *a, const struct setting *s, const char *text,
		       struct config *ret)
{
	UNUSED(a);
	for (int i = 0; i < 2; i++)
		if (!strcmp(text, s->words[i])) {
			FIELD(s, ret, bool) = i;
			return OK;
		}
	return ERR_INVALID;
}

static int read_log_level(struct arena *a, const struct setting *s, const char *text,
			  struct config *ret)
{
	enum log_level level;
	int const rc = log_level_parse(text, &level);

	return rc ? rc : read_text(a, s, text, ret);
}

static int read_timezone(struct arena *a, const struct setting *s, const char *text,
			 struct config *ret)
{
	struct stat st;

	if (!is_made_of(text, strlen(text), "/_+-") || text[0] == '/')
		return ERR_INVALID;
	if (strcmp(text, "UTC") != 0 &&
	    (stat(arena_printf(a, "/usr/share/zoneinfo/%s", text), &st) ||
	     !S_ISREG(st.st_mode)))
		return ERR_INVALID;
	return read_text(a, s, text, ret);
}

static int read_key(struct arena *a, const struct setting *s, const char *text,
		    struct config *ret)
{
	UNUSED(a);
	return parse_hex(text, &FIELD(s, ret, unsigned char), 32);
}

static int read_db_url(struct arena *a, const struct setting *s, const char *text,
		       struct config *ret)
{
	const char *name;

	if (strncmp(text, "mysql://", 8) != 0 || strpbrk(text, " \"'\\"))
		return ERR_INVALID;
	name = strchr(text + 8, '/');
	if (!name || !name[1] || name[1] == '?')
		return ERR_INVALID;
	return read_text(a, s, text, ret);
}

/* ---- lists: items between commas, blanks around them allowed ---- */

/* The next item, NULL at the end; an empty one is "". */
static const char *list_next(struct arena *a, const char **rest)
{
	const char *item = *rest;
	const char *end;

	if (!item)
		return NULL;
	end = item + strcspn(item, ",");
	*rest = *end ? end + 1 : NULL;
	while (*item == ' ')
		item++;
	while (end > item && end[-1] == ' ')
		end--;
	return arena_strndup(a, item, (size_t)(end - item));
}

static int read_code_keys(struct arena *a, const struct setting *s, const char *text,
			  struct config *ret)
{
	const char *item;
	size_t count = 0;

	UNUSED(s);
	while ((item = list_next(a, &text))) {
		const char *colon = strchr(item, ':');
		struct config_key *key = &ret->code_keys[count];

		if (!colon || count == CODE_KEYS_MAX)
			return ERR_INVALID;
		if (parse_int(arena_strndup(a, item, (size_t)(colon - item)), 1,
			      CODE_KEY_ID_MAX, &key->id) ||
		    parse_hex(colon + 1, key->key, sizeof(key->key)))
			return ERR_INVALID;
		for (size_t i = 0; i < count; i++)
			if (ret->code_keys[i].id == key->id)
				return ERR_INVALID;
		count++;
	}
	ret->code_key_count = count;
	return OK;
}

static int read_chats(struct arena *a, const struct setting *s, const char *text,
		      struct config *ret)
{
	const char *item;
	size_t count = 0;

	while ((item = list_next(a, &text))) {
		if (count == ADMIN_CHATS_MAX)
			return ERR_INVALID;
		if (parse_int(item, s->min, s->max, &ret->admin_chats[count]) ||
		    !ret->admin_chats[count])
			return ERR_INVALID;
		count++;
	}
	ret->admin_chat_count = count;
	return OK;
}

static int read_proxies(struct arena *a, const struct setting *s, const char *text,
			struct config *ret)
{
	bool const none = !strcmp(text, "none");
	int const rc = read_text(a, s, none ? "" : text, ret);
	const char *rest = none ? NULL : text;
	const char *item;

	while (!rc && (item = list_next(a, &rest))) {
		const char *slash = strchr(item, '/');
		int64_t prefix;
		int bits;

		if (!is_ip(slash ? arena_strndup(a, item, (size_t)(slash - item)) : item,
			   &bits))
			return ERR_INVALID;
		if (slash && parse_int(slash + 1, 0, bits, &prefix))
			return ERR_INVALID;
	}
	return rc;
}

/* ---- the table ---- */

#define AT(field) .at = offsetof(struct config, field)
#define ABOUT(name, default) .about = { .key = (name), .fallback = (default) }
#define SECRET(name) .about = { .key = (name), .secret = true }

#define MUST_URL "https://host[:port][/path]; http only to 127.0.0.1, [::1] or localhost"
#define MUST_YES "yes or no"
#define MUST_KEY "64 hexadecimal digits"
#define MUST_LINE "one line of at most 256 characters"

/* clang-format off */
const struct setting setting_table[] = {
	{ SECRET("BOT_TOKEN"), AT(bot_token), .read = read_token, .max = 256, .need = CONFIG_SERVE,
	  .must = "as BotFather gave it: digits:letters" },
	{ ABOUT("TELEGRAM_API_URL", "https://api.telegram.org"), AT(telegram_api_url),
	  .read = read_url, .max = 512, .must = MUST_URL },
	{ ABOUT("PORTMONE_URL", "https://www.portmone.com.ua/gateway/"), AT(portmone_url),
	  .read = read_url_slash, .max = 512, .must = MUST_URL },
	{ ABOUT("PORTMONE_PAYEE_ID", NULL), AT(portmone_payee_id), .read = read_digits, .max = 32,
	  .need = CONFIG_SERVE, .must = "digits" },
	{ ABOUT("PORTMONE_LOGIN", NULL), AT(portmone_login), .read = read_text, .max = 256,
	  .need = CONFIG_SERVE, .must = MUST_LINE },
	{ SECRET("PORTMONE_PASSWORD"), AT(portmone_password), .read = read_text, .max = 256,
	  .need = CONFIG_SERVE, .must = MUST_LINE },
	{ SECRET("PORTMONE_KEY"), AT(portmone_key), .read = read_text, .max = 256,
	  .need = CONFIG_SERVE, .must = MUST_LINE },
	{ ABOUT("PORTMONE_TEST", "no"), AT(portmone_test), .read = read_bool, .must = MUST_YES },
	{ ABOUT("PORTMONE_GOODS", "off"), AT(portmone_goods), .read = read_bool,
	  .must = "on or off" },
	{ ABOUT("PUBLIC_URL", NULL), AT(public_url), .read = read_origin, .max = 512,
	  .must = "https://host[:port] without a path; http only to 127.0.0.1, [::1] or localhost" },
	{ ABOUT("HTTP_LISTEN", "127.0.0.1:8080"), AT(http_listen), .read = read_listen, .max = 64,
	  .must = "address:port, as in 127.0.0.1:8080 or [::1]:8080" },
	{ ABOUT("TRUSTED_PROXIES", NULL), AT(trusted_proxies), .read = read_proxies, .max = 4096,
	  .must = "none, or addresses or networks (10.0.0.0/8) with commas between them" },
	{ ABOUT("TELEGRAM_MODE", "webhook"), AT(polling), .read = read_choice,
	  .words = { "webhook", "polling" }, .must = "webhook or polling" },
	{ SECRET("WEBHOOK_SECRET"), AT(webhook_secret), .read = read_word, .max = 256,
	  .need = CONFIG_SERVE, .made = true, .must = "1 to 256 of A-Z a-z 0-9 _ -" },
	{ SECRET("CODE_KEYS"), .read = read_code_keys, .need = CONFIG_DB, .made = true,
	  .must = "id:64 hexadecimal digits, more after commas, each id (a number from 1) once" },
	{ SECRET("FINGERPRINT_KEY"), AT(fingerprint_key), .read = read_key, .need = CONFIG_DB,
	  .made = true, .must = MUST_KEY },
	{ SECRET("DATA_KEY"), AT(data_key), .read = read_key, .need = CONFIG_DB, .made = true,
	  .must = MUST_KEY },
	{ SECRET("DB_URL"), AT(db_url), .read = read_db_url, .max = 2048,
	  .must = "mysql://user:password@host[,host][:port]/db[?ssl=on], or ?socket=/path" },
	{ ABOUT("ADMIN_CHAT_IDS", NULL), .read = read_chats, .min = -TELEGRAM_ID_MAX,
	  .max = TELEGRAM_ID_MAX, .must = "at most 32 Telegram ids with commas between them" },
	{ ABOUT("ADMIN_TOTP", "required"), AT(admin_totp_required), .read = read_choice,
	  .words = { "optional", "required" }, .must = "required or optional" },
	{ ABOUT("ORDER_TTL", "900"), AT(order_ttl), .read = read_int, .min = 5, .max = 86400,
	  .must = "seconds, 5 to 86400" },
	{ ABOUT("SALES", "open"), AT(sales_paused), .read = read_choice,
	  .words = { "open", "paused" }, .must = "open or paused" },
	{ ABOUT("THROTTLE_RATE", "3"), AT(throttle_rate), .read = read_int, .min = 1,
	  .max = 1000000, .must = "updates a second, 1 to 1000000" },
	{ ABOUT("THROTTLE_BURST", "20"), AT(throttle_burst), .read = read_int, .min = 1,
	  .max = 1000000, .must = "updates, 1 to 1000000" },
	{ ABOUT("RESPONDERS", "8"), AT(responders), .read = read_int, .min = 1, .max = 256,
	  .must = "copies, 1 to 256" },
	{ ABOUT("TIMEZONE", "Europe/Kyiv"), AT(timezone), .read = read_timezone, .max = 64,
	  .must = "a time zone of this system (package tzdata), as in Europe/Kyiv" },
	{ ABOUT("LOG_LEVEL", "info"), AT(log_level), .read = read_log_level, .max = 8,
	  .must = "error, warn, info or debug" },
	{ ABOUT("LOG_FILE", NULL), AT(log_file), .read = read_text, .max = 4000,
	  .must = "a path" },
	{ ABOUT("LOG_MAX_BYTES", "10485760"), AT(log_max_bytes), .read = read_int, .min = 4096,
	  .max = INT64_C(1) << 40, .must = "bytes, 4096 to 1099511627776" },
	{ ABOUT("LOG_KEEP", "7"), AT(log_keep), .read = read_int, .min = 0, .max = 1000,
	  .must = "files, 0 to 1000" },
	{ ABOUT("KARTKA_VAR", "var"), AT(var), .read = read_text, .max = 4000, .must = "a path" },
};
/* clang-format on */
const size_t setting_count = COUNT(setting_table);
_Static_assert(COUNT(setting_table) <= SETTINGS_MAX, "a value's place for every setting");

int setting_find(const char *key, size_t *ret)
{
	for (size_t i = 0; i < setting_count; i++)
		if (!strcmp(setting_table[i].about.key, key)) {
			*ret = i;
			return OK;
		}
	return ERR_NOT_FOUND;
}
