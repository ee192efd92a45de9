/*
 * config.h: every setting, read once at the start: the environment wins, then .env,
 * then config.json (KARTKA_CONFIG names another), then the default.  One table with
 * type, limits, default and secret flag; README's table is checked against it.
 */
#ifndef KARTKA_CONFIG_H
#define KARTKA_CONFIG_H

#include "shared/base/str.h"

enum { CODE_KEYS_MAX = 16, ADMIN_CHATS_MAX = 32 };

struct config_key {
	int64_t id;
	unsigned char key[32];
};

struct config {
	const char *bot_token;
	const char *telegram_api_url; /* no slash at the end */
	const char *portmone_url;     /* with its slash */
	const char *portmone_payee_id;
	const char *portmone_login;
	const char *portmone_password;
	const char *portmone_key;
	bool portmone_test;
	bool portmone_goods;
	const char *public_url; /* no slash at the end */
	const char *http_listen;
	const char *trusted_proxies;
	bool polling;
	const char *webhook_secret;
	struct config_key code_keys[CODE_KEYS_MAX]; /* the last encrypts */
	size_t code_key_count;
	unsigned char fingerprint_key[32];
	unsigned char data_key[32];
	const char *db_url;
	bool db_is_private; /* DB_URL was not given: the one under KARTKA_VAR */
	int64_t admin_chats[ADMIN_CHATS_MAX];
	size_t admin_chat_count;
	bool admin_totp_required;
	int64_t order_ttl; /* seconds */
	bool sales_paused;
	int64_t throttle_rate;
	int64_t throttle_burst;
	int64_t responders;
	const char *timezone;
	const char *log_level;
	const char *log_file;
	int64_t log_max_bytes;
	int64_t log_keep;
	const char *var; /* KARTKA_VAR, absolute */
};

/*
 * What a program can do without: kartka migrate needs no bot token.
 * CONFIG_SERVE needs everything a responder or the worker needs.
 */
enum config_need { CONFIG_BASE, CONFIG_DB, CONFIG_SERVE };

/*
 * Read all settings into ret, which lives as long as the arena.  Secrets that
 * may be made (WEBHOOK_SECRET, CODE_KEYS, FINGERPRINT_KEY, DATA_KEY) are read from
 * KARTKA_VAR/secrets.json when not given; with the private database that file is made
 * (0600, atomically, once) when missing.
 * ERR_INVALID: `problem` holds one line that names the key, without its value if secret.
 */
int config_load(struct arena *a, enum config_need need, struct config *ret,
		struct str *problem) MUST_CHECK;

/*
 * One setting's value as text for the shell (`kartka config get KEY`), "" when it has none;
 * its shape is not looked at.  ERR_NOT_FOUND: no such key; ERR_INVALID: .env or config.json
 * can't be read, and config_load says why.
 */
int config_get(struct arena *a, const char *key, const char **ret) MUST_CHECK;

/*
 * All of them, as config_get() would tell, read once: for people who look.  Of a secret only
 * whether it is there.  Errors as config_get's.
 */
struct config_shown {
	const char *key;
	const char *text;   /* "" of a secret, and without a value */
	bool secret;	    /* … and it has a value */
	const char *source; /* "the environment", ".env", "config.json"; "": the default */
};
int config_list(struct arena *a, struct config_shown **ret, size_t *ret_count) MUST_CHECK;

/* Is it given in the environment, .env or config.json?  Errors as config_get's. */
int config_is_given(struct arena *a, const char *key, bool *ret) MUST_CHECK;

/*
 * Replace a secret that was made (CODE_KEYS at a rotation) in secrets.json, atomically.
 * ERR_DENIED: it is given elsewhere, so it must be changed there; ERR_NOT_FOUND: there is
 * no such secret or no such file.
 */
int config_secret_store(struct arena *a, const struct config *c, const char *key,
			const char *value) MUST_CHECK;

/* Where this host's sockets are: KARTKA_VAR/run. */
const char *config_run_path(struct arena *a, const struct config *c, const char *name);

/*
 * Where what is installed beside the programs is ("templates", "sql", "nginx", "admin-ui"):
 * in KARTKA_SHARE, else found from the place of the running program: the source tree of a
 * build, share/kartka of an installation.
 */
const char *config_share_path(struct arena *a, const char *name);

/* Name and default of the n-th setting, NULL past the end: for doctor and the tests. */
struct config_about {
	const char *key;
	const char *fallback;
	bool secret;
};
const struct config_about *config_about(size_t n);

#endif
