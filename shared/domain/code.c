#include "shared/domain/code.h"

#include "shared/base/limits.h"

enum { ASSOCIATED_LEN = 8 + CRYPTO_SHA256 };

void code_fingerprint(const struct code_vault *vault, const char *code,
		      unsigned char ret[CRYPTO_SHA256])
{
	char plain[CODE_MAX * 4 + 1];
	size_t len = 0;

	for (; *code && len < sizeof(plain); code++)
		if (*code != ' ' && *code != '-' && *code != '\t')
			plain[len++] = *code;
	crypto_hmac(vault->fingerprint_key, sizeof(vault->fingerprint_key),
		    (struct bytes){ plain, len }, ret);
	crypto_wipe(plain, sizeof(plain));
}

/* value id, big-endian, then the fingerprint */
static struct bytes associated(unsigned char to[ASSOCIATED_LEN], int64_t value_id,
			       const unsigned char fingerprint[CRYPTO_SHA256])
{
	for (int i = 0; i < 8; i++)
		to[i] = (unsigned char)((uint64_t)value_id >> (56 - 8 * i));
	memcpy(to + 8, fingerprint, CRYPTO_SHA256);
	return (struct bytes){ to, ASSOCIATED_LEN };
}

void code_seal(struct arena *a, const struct code_vault *vault, int64_t value_id,
	       const char *code, struct code_sealed *ret)
{
	code_fingerprint(vault, code, ret->fingerprint);
	code_seal_again(a, vault, value_id, code, ret);
}

void code_seal_again(struct arena *a, const struct code_vault *vault, int64_t value_id,
		     const char *code, struct code_sealed *ret)
{
	const struct code_vault_key *key = &vault->keys[vault->count - 1];
	unsigned char tied[ASSOCIATED_LEN];

	ret->key_id = key->id;
	ret->ciphertext = crypto_seal(a, key->key, (struct bytes){ code, strlen(code) },
				      associated(tied, value_id, ret->fingerprint));
}

const struct code_vault_key *code_vault_find(const struct code_vault *vault, int64_t id)
{
	for (size_t i = 0; i < vault->count; i++)
		if (vault->keys[i].id == id)
			return &vault->keys[i];
	return NULL;
}

int code_open(struct arena *a, const struct code_vault *vault, int64_t value_id,
	      const struct code_sealed *sealed, const char **ret)
{
	const struct code_vault_key *key = code_vault_find(vault, sealed->key_id);
	unsigned char tied[ASSOCIATED_LEN];
	struct bytes text;
	int rc;

	if (!key)
		return ERR_DENIED;
	rc = crypto_open(a, key->key, sealed->ciphertext,
			 associated(tied, value_id, sealed->fingerprint), &text);
	if (!rc)
		*ret = text.data;
	return rc;
}
