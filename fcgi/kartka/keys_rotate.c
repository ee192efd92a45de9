/*
 * kartka keys rotate, keys check: all codes, one batch after the other, while the shop sells.
 */
#include "fcgi/kartka/keys.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/domain/code_key.h"
#include "shared/domain/code_rotate.h"
#include "shared/domain/key_holder.h"
#include "shared/domain/lease.h"
#include "shared/service/vault.h"

#define ROTATE_LEASE "keys_rotate"

enum {
	LEASE_S = 10,	    /* one that was killed is forgotten then */
	TELL_MS = 1000,	    /* progress, the lease, and whether everybody still knows the key */
	HOLDERS_NAMED = 8,  /* in one line */
	HOLDERS_MAX = 1024, /* bytes of it */
};

struct rotating {
	const struct command_env *env;
	struct db *db;
	struct code_vault vault; /* the last is the one that all codes are to have */
	int64_t owner;
	bool look_only;
	struct code_rotation rotation;
	int64_t told_ms;
};

/* ---- who has to know the key ---- */

/*
 * Zero: everybody who opens codes knows it.  Else one line says who does not.  Where nobody
 * says anything the silence proves nothing: the database may just be back.
 */
static int holders_check(const struct rotating *r)
{
	const struct code_vault_key *key = &r->vault.keys[r->vault.count - 1];
	struct key_holder *lacking;
	struct str names;
	size_t count;
	int fresh;
	AUTO_ARENA(a);
	int rc = key_holder_lacking(r->db, &a, key, &lacking, &count);

	if (!rc)
		rc = key_holder_fresh(r->db, &fresh);
	if (rc)
		return outside_db_failed(r->env, r->db, rc);
	if (!count && !fresh)
		return command_fail(r->env,
				    "none of the shop's processes has said for %d s which keys "
				    "it knows: the shop has to run meanwhile",
				    KEY_HOLDER_FRESH_S);
	if (!count)
		return 0;
	names = STR(&a, HOLDERS_MAX);
	for (size_t i = 0; i < count && i < HOLDERS_NAMED; i++)
		str_addf(&names, "%s%s %lld on %.60s", i ? ", " : "", lacking[i].program,
			 (long long)lacking[i].pid, lacking[i].host);
	return command_fail(r->env,
			    "%zu of the shop's processes do not know key %lld yet (%s%s): "
			    "restart them; one that died is forgotten after a minute",
			    count, (long long)key->id, str_text(&names),
			    count > HOLDERS_NAMED ? ", …" : "");
}

static int lease_check(const struct rotating *r)
{
	AUTO_ARENA(a);
	const char *data;
	bool ours;
	int const rc = lease_take(r->db, &a, ROTATE_LEASE, r->owner, LEASE_S, &ours, &data);

	if (rc)
		return outside_db_failed(r->env, r->db, rc);
	if (!ours)
		return command_fail(r->env,
				    "another one is at work; one that was killed is forgotten "
				    "after %d s",
				    LEASE_S);
	return 0;
}

/* ---- all codes ---- */

static void bad_show(const struct code_rotation *rotation)
{
	for (size_t i = 0; i < rotation->bad_count; i++)
		printf("code %lld does not open\n", (long long)rotation->bad_ids[i]);
}

static int rotate_failed(const struct rotating *r, int rc)
{
	if (rc == ERR_DENIED)
		return command_fail(r->env,
				    "key %lld in CODE_KEYS is not the key %lld that codes were "
				    "encrypted with, or it was dropped: kartka keys list",
				    (long long)r->vault.keys[r->vault.count - 1].id,
				    (long long)r->vault.keys[r->vault.count - 1].id);
	return outside_db_failed(r->env, r->db, rc);
}

static int rotate_all(struct rotating *r)
{
	while (!r->rotation.over) {
		int64_t const now = clock_monotonic_ms();
		int rc;

		if (!r->look_only && now - r->told_ms >= TELL_MS) {
			if (r->told_ms)
				printf("%lld codes so far\n", (long long)r->rotation.sealed);
			r->told_ms = now;
			if (lease_check(r) || holders_check(r))
				return 1;
		}
		rc = code_rotate_next(r->db, &r->vault, r->look_only, &r->rotation);
		if (rc)
			return rotate_failed(r, rc);
		bad_show(&r->rotation);
		fflush(stdout);
	}
	return 0;
}

/* ---- keys rotate ---- */

/* The new one comes first in CODE_KEYS until it is in use; its number is the largest. */
static bool is_new_first(const struct config *c)
{
	return c->code_keys[0].id > c->code_keys[c->code_key_count - 1].id;
}

/* CODE_KEYS with the key that all codes are to have at its end. */
static void keys_order(const struct config *c, struct config *ret)
{
	*ret = *c;
	if (!is_new_first(c))
		return;
	memmove(ret->code_keys, c->code_keys + 1,
		(c->code_key_count - 1) * sizeof(*c->code_keys));
	ret->code_keys[c->code_key_count - 1] = c->code_keys[0];
}

/* From now on it seals what comes in, wherever the shop is started anew. */
static int key_put_last(const struct rotating *r, const struct config *ordered)
{
	bool stored;

	if (!is_new_first(r->env->config))
		return 0;
	return keys_store(r->env, ordered->code_keys, ordered->code_key_count, &stored);
}

static int rotate(struct rotating *r, const struct config *ordered)
{
	int64_t const id = r->vault.keys[r->vault.count - 1].id;
	int rc;

	/* The order of these is the guard: nothing is sealed with it before all know it. */
	if (lease_check(r) || holders_check(r) || key_put_last(r, ordered))
		return 1;
	rc = keys_audit(r->env, r->db, "keys_rotate", id);
	if (rc)
		return outside_db_failed(r->env, r->db, rc);
	if (rotate_all(r))
		return 1;
	printf("%lld codes were encrypted anew with key %lld\n", (long long)r->rotation.sealed,
	       (long long)id);
	if (r->rotation.unreadable)
		return command_fail(r->env,
				    "%lld codes did not open and are as they were: "
				    "their numbers are above",
				    (long long)r->rotation.unreadable);
	if (is_new_first(r->env->config))
		puts("restart the shop, so that it encrypts new codes with it as well");
	return 0;
}

int command_keys_rotate(struct command_env *env, int argc, char **argv)
{
	struct rotating r = { .env = env };
	struct config ordered;
	int status;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	keys_order(env->config, &ordered);
	vault_fill(&ordered, &r.vault);
	crypto_random(&r.owner, sizeof(r.owner));
	r.owner = (r.owner & INT64_MAX) | 1;
	r.db = outside_db(env);
	if (!r.db)
		return 1;
	status = rotate(&r, &ordered);
	/* Refused or not, the next one need not wait for it. */
	rc = lease_release(r.db, ROTATE_LEASE, r.owner);
	if (rc && !status)
		status = outside_db_failed(env, r.db, rc);
	crypto_wipe(&r.vault, sizeof(r.vault));
	return status;
}

/* ---- keys check ---- */

int command_keys_check(struct command_env *env, int argc, char **argv)
{
	struct rotating r = { .env = env, .look_only = true };
	int status;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	vault_fill(env->config, &r.vault);
	r.db = outside_db(env);
	if (!r.db)
		return 1;
	status = rotate_all(&r);
	crypto_wipe(&r.vault, sizeof(r.vault));
	if (status)
		return status;
	if (r.rotation.unreadable)
		return command_fail(env, "%lld codes do not open: their numbers are above",
				    (long long)r.rotation.unreadable);
	puts("every code opens");
	return 0;
}
