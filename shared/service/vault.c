#include "shared/service/vault.h"

_Static_assert((int)CODE_KEYS_MAX <= (int)CODE_VAULT_KEYS,
	       "every configured key has its place");

void vault_fill(const struct config *c, struct code_vault *ret)
{
	ret->count = c->code_key_count;
	for (size_t i = 0; i < c->code_key_count; i++) {
		ret->keys[i].id = c->code_keys[i].id;
		memcpy(ret->keys[i].key, c->code_keys[i].key, CRYPTO_KEY);
	}
	memcpy(ret->fingerprint_key, c->fingerprint_key, CRYPTO_KEY);
}
