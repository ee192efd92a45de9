#include "shared/platform/password.h"

#include "shared/base/limits.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/platform/crypto.h"

#include <openssl/evp.h>

enum { SALT_LEN = 16, HASH_LEN = 32, COST_LOG_MAX = 20 };

struct scrypt {
	int64_t cost_log;
	int64_t block;
	int64_t parallel;
	unsigned char salt[SALT_LEN];
	unsigned char hash[HASH_LEN];
};

static int scrypt_run(const char *password, struct scrypt *s)
{
	/* OpenSSL's own limit is 32 MiB: too little from 2^15 on. */
	return EVP_PBE_scrypt(password, strlen(password), s->salt, sizeof(s->salt),
			      UINT64_C(1) << s->cost_log, (uint64_t)s->block,
			      (uint64_t)s->parallel, SCRYPT_MEMORY_MAX, s->hash,
			      sizeof(s->hash)) == 1
		       ? OK
		       : ERR_FAILED;
}

struct password_cost password_cost(void)
{
	return (struct password_cost){ SCRYPT_COST_LOG, SCRYPT_BLOCK, SCRYPT_PARALLEL };
}

_Static_assert((int)PASSWORD_SALT == (int)SALT_LEN && (int)PASSWORD_KEY == (int)HASH_LEN,
	       "a key is made as a hash is");

int password_key(const char *passphrase, const unsigned char salt[PASSWORD_SALT],
		 const struct password_cost *cost, unsigned char ret[PASSWORD_KEY])
{
	struct scrypt s = { cost->cost_log, cost->block, cost->parallel, { 0 }, { 0 } };
	int rc;

	if (s.cost_log < 1 || s.cost_log > COST_LOG_MAX || s.block < 1 || s.block > 64 ||
	    s.parallel < 1 || s.parallel > 16)
		return ERR_INVALID;
	memcpy(s.salt, salt, sizeof(s.salt));
	rc = scrypt_run(passphrase, &s);
	if (!rc)
		memcpy(ret, s.hash, sizeof(s.hash));
	crypto_wipe(&s, sizeof(s));
	return rc;
}

int password_hash(struct arena *a, const char *password, const char **ret)
{
	struct scrypt s = { SCRYPT_COST_LOG, SCRYPT_BLOCK, SCRYPT_PARALLEL, { 0 }, { 0 } };

	crypto_random(s.salt, sizeof(s.salt));
	if (scrypt_run(password, &s))
		return ERR_FAILED;
	*ret = arena_printf(a, "scrypt$%d$%d$%d$%s$%s", SCRYPT_COST_LOG, SCRYPT_BLOCK,
			    SCRYPT_PARALLEL, crypto_hex(a, (struct bytes){ s.salt, SALT_LEN }),
			    crypto_hex(a, (struct bytes){ s.hash, HASH_LEN }));
	crypto_wipe(&s, sizeof(s));
	return OK;
}

/* The next part up to '$' or the end. */
static const char *part(struct arena *a, const char **rest)
{
	size_t const len = strcspn(*rest, "$");
	const char *text = arena_strndup(a, *rest, len);

	*rest += len + ((*rest)[len] == '$');
	return text;
}

static int scrypt_read(const char *hash, struct scrypt *ret)
{
	AUTO_ARENA(a);

	if (strcmp(part(&a, &hash), "scrypt") != 0 ||
	    parse_int(part(&a, &hash), 1, COST_LOG_MAX, &ret->cost_log) ||
	    parse_int(part(&a, &hash), 1, 64, &ret->block) ||
	    parse_int(part(&a, &hash), 1, 16, &ret->parallel) ||
	    parse_hex(part(&a, &hash), ret->salt, SALT_LEN) ||
	    parse_hex(part(&a, &hash), ret->hash, HASH_LEN) || *hash)
		return ERR_INVALID;
	return OK;
}

bool password_check(const char *password, const char *hash)
{
	struct scrypt stored = { SCRYPT_COST_LOG, SCRYPT_BLOCK, SCRYPT_PARALLEL, { 0 }, { 0 } };
	bool const known = hash && !scrypt_read(hash, &stored);
	struct scrypt now = stored;
	bool same;

	if (scrypt_run(password, &now))
		return false;
	same = crypto_same((struct bytes){ now.hash, HASH_LEN },
			   (struct bytes){ stored.hash, HASH_LEN });
	crypto_wipe(&now, sizeof(now));
	return known && same;
}

int password_acceptable(const char *password)
{
	size_t const len = utf8_len(password);

	return len < PASSWORD_MIN || len > PASSWORD_MAX ? ERR_INVALID : OK;
}
