/*
 * kartka keys: the keys of codes.  A new one is taken into use in three steps, so that no
 * process ever meets a code that it can't open:
 *
 *	keys new	known, first in CODE_KEYS; the shop is restarted
 *	keys rotate	last in CODE_KEYS, so it seals; every code is sealed anew
 *(keys_rotate.c) keys drop	the old one is forgotten
 */
#include "fcgi/kartka/keys.h"

#include "shared/base/parse.h"
#include "shared/domain/audit.h"
#include "shared/domain/code_key.h"
#include "shared/service/vault.h"

enum { KEYS_TEXT_MAX = CODE_KEYS_MAX * (12 + 2 * CRYPTO_KEY) };

const char *keys_text(struct arena *a, const struct config_key *keys, size_t count)
{
	struct str s = STR(a, KEYS_TEXT_MAX);

	for (size_t i = 0; i < count; i++)
		str_addf(&s, "%s%lld:%s", i ? "," : "", (long long)keys[i].id,
			 crypto_hex(a, (struct bytes){ keys[i].key, CRYPTO_KEY }));
	return str_text(&s);
}

int keys_store(const struct command_env *env, const struct config_key *keys, size_t count,
	       bool *ret)
{
	const char *text = keys_text(env->arena, keys, count);
	int const rc = config_secret_store(env->arena, env->config, "CODE_KEYS", text);

	*ret = !rc;
	if (!rc)
		return 0;
	if (rc != ERR_DENIED && rc != ERR_NOT_FOUND)
		return command_fail(env, "KARTKA_VAR: %s/secrets.json can't be written",
				    env->config->var);
	printf("set, wherever the shop's settings are:\nCODE_KEYS=%s\n", text);
	return 0;
}

int keys_audit(const struct command_env *env, struct db *db, const char *action, int64_t key_id)
{
	return audit_write(db, AUDIT_COMMAND_LINE, action,
			   arena_printf(env->arena, "key %lld", (long long)key_id), NULL);
}

/* ---- keys list ---- */

static const char *key_state(const struct config *c, const struct code_vault *vault,
			     const struct code_key *key)
{
	const struct code_vault_key *ours = code_vault_find(vault, key->id);
	unsigned char check[CODE_KEY_CHECK];

	if (key->dropped)
		return ours ? "dropped; take it out of CODE_KEYS" : "dropped";
	if (!ours)
		return key->codes ? "MISSING from CODE_KEYS: its codes can't be read"
				  : "not in CODE_KEYS, and not needed";
	code_key_check(ours, check);
	if (key->used && memcmp(check, key->check, sizeof(check)) != 0)
		return "WRONG in CODE_KEYS: codes were encrypted with another key";
	return c->code_keys[c->code_key_count - 1].id == key->id ? "encrypts" : "decrypts";
}

static bool is_listed(const struct code_key *keys, size_t count, int64_t id)
{
	for (size_t i = 0; i < count; i++)
		if (keys[i].id == id)
			return true;
	return false;
}

int command_keys_list(struct command_env *env, int argc, char **argv)
{
	const struct config *c = env->config;
	struct code_vault vault;
	struct code_key *keys;
	struct db *db;
	size_t count;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	vault_fill(c, &vault);
	rc = code_key_list(db, env->arena, &keys, &count);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%10s %10s\n", "key", "codes");
	for (size_t i = 0; i < count; i++)
		printf("%10lld %10lld  %s\n", (long long)keys[i].id, (long long)keys[i].codes,
		       key_state(c, &vault, &keys[i]));
	for (size_t i = 0; i < c->code_key_count; i++)
		if (!is_listed(keys, count, c->code_keys[i].id))
			printf("%10lld %10d  %s\n", (long long)c->code_keys[i].id, 0,
			       i == c->code_key_count - 1 ? "encrypts, not used yet"
							  : "known, not used yet");
	return 0;
}

/* ---- keys new ---- */

/* A number that no key ever had, here or in the database. */
static int id_next(const struct command_env *env, struct db *db, int64_t *ret)
{
	const struct config *c = env->config;
	struct code_key *keys;
	int64_t id = 0;
	size_t count;
	int const rc = code_key_list(db, env->arena, &keys, &count);

	for (size_t i = 0; !rc && i < count; i++)
		id = keys[i].id > id ? keys[i].id : id;
	for (size_t i = 0; i < c->code_key_count; i++)
		id = c->code_keys[i].id > id ? c->code_keys[i].id : id;
	*ret = id + 1;
	return rc;
}

int command_keys_new(struct command_env *env, int argc, char **argv)
{
	const struct config *c = env->config;
	struct config_key keys[CODE_KEYS_MAX];
	struct db *db;
	bool stored;
	int status;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (c->code_key_count == CODE_KEYS_MAX)
		return command_fail(env, "CODE_KEYS holds %d keys, and no more: drop one first",
				    CODE_KEYS_MAX);
	if (c->code_keys[0].id > c->code_keys[c->code_key_count - 1].id)
		return command_fail(env,
				    "key %lld is new and not in use yet: restart the shop, "
				    "then kartka keys rotate",
				    (long long)c->code_keys[0].id);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = id_next(env, db, &keys[0].id);
	if (!rc)
		rc = keys_audit(env, db, "keys_new", keys[0].id);
	if (rc)
		return outside_db_failed(env, db, rc);
	crypto_random(keys[0].key, sizeof(keys[0].key));
	memcpy(keys + 1, c->code_keys, c->code_key_count * sizeof(*keys));
	status = keys_store(env, keys, c->code_key_count + 1, &stored);
	if (!status)
		printf("key %lld is %s: restart the shop, then kartka keys rotate\n",
		       (long long)keys[0].id, stored ? "known" : "made");
	crypto_wipe(keys, sizeof(keys));
	return status;
}

/* ---- keys drop ---- */

static int key_drop(struct command_env *env, struct db *db, size_t at)
{
	const struct config *c = env->config;
	struct config_key keys[CODE_KEYS_MAX];
	struct code_vault vault;
	int64_t const id = c->code_keys[at].id;
	int64_t codes;
	bool stored;
	int rc;

	vault_fill(c, &vault);
	rc = code_key_drop(db, &vault.keys[at], &codes);
	if (!rc && codes)
		return command_fail(env, "key %lld is needed by %lld codes: kartka keys rotate",
				    (long long)id, (long long)codes);
	if (!rc)
		rc = keys_audit(env, db, "keys_drop", id);
	if (rc)
		return outside_db_failed(env, db, rc);
	memcpy(keys, c->code_keys, at * sizeof(*keys));
	memcpy(keys + at, c->code_keys + at + 1, (c->code_key_count - at - 1) * sizeof(*keys));
	if (keys_store(env, keys, c->code_key_count - 1, &stored))
		return 1;
	printf("key %lld is dropped: no code needs it\n", (long long)id);
	return 0;
}

int command_keys_drop(struct command_env *env, int argc, char **argv)
{
	const struct config *c = env->config;
	struct db *db;
	size_t at = 0;
	int64_t id;
	int status;

	if (argc != 1 || parse_int(argv[0], 1, INT32_MAX, &id))
		return command_usage(env);
	while (at < c->code_key_count && c->code_keys[at].id != id)
		at++;
	if (at == c->code_key_count)
		return command_fail(env, "there is no key %lld in CODE_KEYS", (long long)id);
	if (at == c->code_key_count - 1)
		return command_fail(env, "key %lld encrypts: kartka keys new comes first",
				    (long long)id);
	db = outside_db(env);
	if (!db)
		return 1;
	status = key_drop(env, db, at);
	return status;
}
