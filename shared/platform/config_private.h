/*
 * config_private.h: what config's own files share: the table of settings, where
 * values come from, the secrets that are made.  For config*.c only.
 */
#ifndef KARTKA_CONFIG_PRIVATE_H
#define KARTKA_CONFIG_PRIVATE_H

#include "shared/platform/config.h"

struct setting;

/* Turn the text into its place in the config.  ERR_INVALID: it is not what `must` says. */
typedef int setting_read(struct arena *a, const struct setting *s, const char *text,
			 struct config *ret);

struct setting {
	struct config_about about;
	const char *must; /* completes "KEY: must be …" */
	setting_read *read;
	size_t at; /* offset of its field in struct config */
	int64_t min;
	int64_t max;
	const char *words[2];  /* of a choice: false, true */
	enum config_need need; /* required from this need on; CONFIG_BASE: never */
	bool made;	       /* kept in secrets.json when nobody gives it */
};

enum { SETTINGS_MAX = 48, CODE_KEY_ID_MAX = 0x7fffffff };

extern const struct setting setting_table[];
extern const size_t setting_count;

/* The row's number; ERR_NOT_FOUND. */
int setting_find(const char *key, size_t *ret) MUST_CHECK;

/* One value per row of the table; NULL: not given. */
struct setting_value {
	const char *text;
	const char *source; /* "the environment", ".env", … */
};
struct setting_values {
	struct setting_value row[SETTINGS_MAX];
};

/* Environment, .env, config.json.  ERR_INVALID: `problem` names file and key. */
int config_sources_read(struct arena *a, struct setting_values *ret,
			struct str *problem) MUST_CHECK;

/* The name in secrets.json of the private database's password, which is no setting. */
#define DB_PASSWORD "DB_PASSWORD"

/*
 * Fill in from VAR/secrets.json what was not given; with make, that file is made when
 * it is missing, by exactly one of those who try at once.  db_password is NULL when
 * there is no such file.
 */
int config_secrets_read(struct arena *a, const char *var, bool make,
			struct setting_values *values, const char **ret_db_password,
			struct str *problem) MUST_CHECK;

/* ---- shapes, for config_table.c and the tests ---- */

/* https, or http to this host's loopback; no user, query, fragment. */
bool config_is_url(const char *text, bool with_path);
/* 127.0.0.1:8080, [::1]:8080, localhost:8080 */
bool config_is_listen(const char *text);

#endif
