#include "fcgi/admin/secret.h"

#include <ctype.h>

enum { TOKEN_LEN = 32, RECOVERY_LEN = 10, PASSWORD_LEN = 20 };

/* Neither vowels, so that no word comes out, nor what looks like something else: 2^5. */
static const char alphabet[] = "23456789bcdfghjkmnpqrstvwxzBCDFG";
/* Of recovery codes: case does not matter there. */
static const char alphabet_lower[] = "0123456789bcdfghjkmnpqrstvwxyz!?";

static void key_of(struct visit *v, const char *use, unsigned char ret[CRYPTO_KEY])
{
	crypto_hmac(v->program->config.data_key, CRYPTO_KEY, (struct bytes){ use, strlen(use) },
		    ret);
}

/* ---- sessions ---- */

const char *secret_token_new(struct arena *a, unsigned char ret_hash[CRYPTO_SHA256])
{
	unsigned char token[TOKEN_LEN];

	crypto_random(token, sizeof(token));
	session_hash((struct bytes){ token, sizeof(token) }, ret_hash);
	return crypto_base64url(a, (struct bytes){ token, sizeof(token) });
}

int secret_token_hash(struct arena *a, const char *token, unsigned char ret[CRYPTO_SHA256])
{
	struct bytes raw;

	if (strlen(token) > 2 * TOKEN_LEN || crypto_base64url_read(a, token, &raw) ||
	    raw.len != TOKEN_LEN)
		return ERR_INVALID;
	session_hash(raw, ret);
	return OK;
}

static const char *csrf(struct visit *v, const char *text)
{
	unsigned char key[CRYPTO_KEY];
	unsigned char mac[CRYPTO_SHA256];

	key_of(v, "panel csrf", key);
	crypto_hmac(key, sizeof(key), (struct bytes){ text, strlen(text) }, mac);
	return crypto_base64url(v->a, (struct bytes){ mac, 18 });
}

const char *secret_csrf(struct visit *v, const struct session *s)
{
	return csrf(v, arena_printf(v->a, "session %lld %lld", (long long)s->id,
				    (long long)s->created_at));
}

const char *secret_csrf_pre(struct visit *v, const char *pre)
{
	return csrf(v, arena_printf(v->a, "browser %s", pre));
}

/* ---- the second factor ---- */

static struct bytes owner(struct visit *v, int64_t staff_id)
{
	const char *text = arena_printf(v->a, "staff %lld", (long long)staff_id);

	return (struct bytes){ text, strlen(text) };
}

struct bytes secret_seed_seal(struct visit *v, int64_t staff_id,
			      const unsigned char seed[TOTP_SEED])
{
	unsigned char key[CRYPTO_KEY];

	key_of(v, "panel totp", key);
	return crypto_seal(v->a, key, (struct bytes){ seed, TOTP_SEED }, owner(v, staff_id));
}

int secret_seed_open(struct visit *v, int64_t staff_id, struct bytes sealed,
		     unsigned char ret[TOTP_SEED])
{
	unsigned char key[CRYPTO_KEY];
	struct bytes seed;
	int rc;

	key_of(v, "panel totp", key);
	rc = crypto_open(v->a, key, sealed, owner(v, staff_id), &seed);
	if (rc || seed.len != TOTP_SEED)
		return ERR_DENIED;
	memcpy(ret, seed.data, TOTP_SEED);
	return OK;
}

/* ---- what people type ---- */

static const char *random_text(struct arena *a, const char *of, unsigned kinds, size_t len)
{
	unsigned char raw[32];
	char *text = arena_alloc(a, len + 1);

	for (size_t i = 0; i < len;) {
		crypto_random(raw, sizeof(raw));
		for (size_t k = 0; k < sizeof(raw) && i < len; k++)
			if ((raw[k] & 31) < kinds)
				text[i++] = of[raw[k] & 31];
	}
	return text;
}

const char *secret_recovery_new(struct arena *a)
{
	const char *text = random_text(a, alphabet_lower, 30, RECOVERY_LEN);

	return arena_printf(a, "%.5s-%s", text, text + 5);
}

int secret_recovery_hash(struct visit *v, int64_t staff_id, const char *code,
			 unsigned char ret[RECOVERY_HASH])
{
	char plain[RECOVERY_LEN + 1] = "";
	unsigned char key[CRYPTO_KEY];
	unsigned char mac[CRYPTO_SHA256];
	const char *text;
	size_t len = 0;

	for (; *code; code++) {
		if (*code == ' ' || *code == '-')
			continue;
		if (len == RECOVERY_LEN || !isalnum((unsigned char)*code))
			return ERR_INVALID;
		plain[len++] = (char)tolower((unsigned char)*code);
	}
	if (len != RECOVERY_LEN)
		return ERR_INVALID;
	key_of(v, "panel recovery", key);
	text = arena_printf(v->a, "%lld %s", (long long)staff_id, plain);
	crypto_hmac(key, sizeof(key), (struct bytes){ text, strlen(text) }, mac);
	memcpy(ret, mac, RECOVERY_HASH);
	return OK;
}

const char *secret_password_new(struct arena *a)
{
	return random_text(a, alphabet, 32, PASSWORD_LEN);
}
