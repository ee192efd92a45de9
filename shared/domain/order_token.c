/* The payment button's token and nonce: see order_open.h. */
#include "shared/domain/order_open.h"

#include "shared/base/limits.h"

enum {
	TOKEN_VERSION = 1,
	TOKEN_MAC = 16, /* of HMAC-SHA256's 32 bytes: 128 bits are beyond guessing */
	TOKEN_BODY = 1 + ORDER_NONCE_LEN + 7 * 8 + 2,
	TOKEN_LEN = TOKEN_BODY + TOKEN_MAC,
};

/* Different uses of one key never meet: each has its own first bytes. */
static const char token_use[] = "kartka pay token";
static const char nonce_use[] = "kartka pay nonce";

static unsigned char *put_int(unsigned char *to, int64_t n)
{
	for (int i = 0; i < 8; i++)
		to[i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
	return to + 8;
}

static const unsigned char *get_int(const unsigned char *from, int64_t *ret)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | from[i];
	*ret = (int64_t)n;
	return from + 8;
}

/* Everything the buyer was shown, without the nonce. */
static unsigned char *offer_write(unsigned char *to, const struct order_offer *offer)
{
	to = put_int(to, offer->user_id);
	to = put_int(to, offer->chat_id);
	to = put_int(to, offer->message_id);
	to = put_int(to, offer->value_id);
	to = put_int(to, offer->unit_price.kop);
	to = put_int(to, offer->promo_id);
	to = put_int(to, offer->bonus.kop);
	*to++ = (unsigned char)(offer->quantity >> 8);
	*to++ = (unsigned char)offer->quantity;
	return to;
}

static void token_mac(const unsigned char data_key[CRYPTO_KEY], const char *use,
		      const unsigned char *body, size_t len, unsigned char ret[CRYPTO_SHA256])
{
	unsigned char text[sizeof(token_use) + TOKEN_BODY + 8];

	memcpy(text, use, sizeof(token_use));
	memcpy(text + sizeof(token_use), body, len);
	crypto_hmac(data_key, CRYPTO_KEY, (struct bytes){ text, sizeof(token_use) + len }, ret);
}
_Static_assert(sizeof(token_use) == sizeof(nonce_use), "both uses are of one length");

void order_nonce_make(const unsigned char data_key[CRYPTO_KEY], int64_t update_id,
		      struct order_offer *offer)
{
	unsigned char body[TOKEN_BODY + 8];
	unsigned char hash[CRYPTO_SHA256];
	unsigned char *end = offer_write(put_int(body, update_id), offer);

	token_mac(data_key, nonce_use, body, (size_t)(end - body), hash);
	memcpy(offer->nonce, hash, ORDER_NONCE_LEN);
}

const char *order_token_write(struct arena *a, const unsigned char data_key[CRYPTO_KEY],
			      const struct order_offer *offer)
{
	unsigned char token[TOKEN_LEN];
	unsigned char hash[CRYPTO_SHA256];

	token[0] = TOKEN_VERSION;
	memcpy(token + 1, offer->nonce, ORDER_NONCE_LEN);
	offer_write(token + 1 + ORDER_NONCE_LEN, offer);
	token_mac(data_key, token_use, token, TOKEN_BODY, hash);
	memcpy(token + TOKEN_BODY, hash, TOKEN_MAC);
	return crypto_base64url(a, (struct bytes){ token, sizeof(token) });
}

int order_token_read(struct arena *a, const unsigned char data_key[CRYPTO_KEY],
		     const char *token, struct order_offer *ret)
{
	unsigned char hash[CRYPTO_SHA256];
	const unsigned char *at;
	struct bytes raw;
	struct order_offer offer;

	if (crypto_base64url_read(a, token, &raw) || raw.len != TOKEN_LEN)
		return ERR_DENIED;
	at = raw.data;
	token_mac(data_key, token_use, at, TOKEN_BODY, hash);
	if (!crypto_same((struct bytes){ hash, TOKEN_MAC },
			 (struct bytes){ at + TOKEN_BODY, TOKEN_MAC }) ||
	    at[0] != TOKEN_VERSION)
		return ERR_DENIED;
	memcpy(offer.nonce, at + 1, ORDER_NONCE_LEN);
	at = get_int(at + 1 + ORDER_NONCE_LEN, &offer.user_id);
	at = get_int(at, &offer.chat_id);
	at = get_int(at, &offer.message_id);
	at = get_int(at, &offer.value_id);
	at = get_int(at, &offer.unit_price.kop);
	at = get_int(at, &offer.promo_id);
	at = get_int(at, &offer.bonus.kop);
	offer.quantity = at[0] << 8 | at[1];
	/* Signed by us, so this is a change of the limits since, not an attack. */
	if (offer.quantity < 1 || offer.quantity > QUANTITY_MAX || offer.unit_price.kop < 1)
		return ERR_DENIED;
	*ret = offer;
	return OK;
}
