#include "shared/platform/crypto.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* OpenSSL counts in int. */
static int length(size_t len)
{
	if (len > INT_MAX)
		die("%zu bytes are too many for a cipher", len);
	return (int)len;
}

void crypto_random(void *ret, size_t len)
{
	if (RAND_bytes(ret, length(len)) != 1)
		die("the system has no randomness");
}

/* ---- digests ---- */

void crypto_hmac(const void *key, size_t key_len, struct bytes text,
		 unsigned char ret[CRYPTO_SHA256])
{
	if (!HMAC(EVP_sha256(), key, length(key_len), text.data, text.len, ret, NULL))
		die("HMAC-SHA256 is not available");
}

void crypto_sha256(struct bytes text, unsigned char ret[CRYPTO_SHA256])
{
	if (!EVP_Digest(text.data, text.len, ret, NULL, EVP_sha256(), NULL))
		die("SHA-256 is not available");
}

/* The type is OpenSSL's own, by another name. */
static EVP_MD_CTX *digest_of(struct crypto_hash *hash)
{
	return (EVP_MD_CTX *)(void *)hash;
}

struct crypto_hash *crypto_hash_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		die("SHA-256 is not available");
	return (struct crypto_hash *)(void *)ctx;
}

void crypto_hash_add(struct crypto_hash *hash, struct bytes piece)
{
	if (!EVP_DigestUpdate(digest_of(hash), piece.data, piece.len))
		die("SHA-256 is not available");
}

void crypto_hash_end(struct crypto_hash *hash, unsigned char ret[CRYPTO_SHA256])
{
	if (!EVP_DigestFinal_ex(digest_of(hash), ret, NULL))
		die("SHA-256 is not available");
	EVP_MD_CTX_free(digest_of(hash));
}

bool crypto_same(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	return !a.len || CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}

/* ---- AES-256-GCM ---- */

static void cipher_free(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

#define AUTO_CIPHER __attribute__((cleanup(cipher_free))) EVP_CIPHER_CTX

/* Key, nonce and associated data; only the text is left to do. */
static EVP_CIPHER_CTX *cipher_begin(bool seal, const unsigned char *key,
				    const unsigned char *nonce, struct bytes associated)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	/* Twelve bytes of nonce are the cipher's own length. */
	if (!ctx || !EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce, seal))
		die("AES-256-GCM is not available");
	if (associated.len &&
	    !EVP_CipherUpdate(ctx, NULL, &n, associated.data, length(associated.len)))
		die("AES-256-GCM refused associated data");
	return ctx;
}

struct bytes crypto_seal(struct arena *a, const unsigned char key[CRYPTO_KEY],
			 struct bytes text, struct bytes associated)
{
	size_t const len = CRYPTO_NONCE + text.len + CRYPTO_TAG;
	unsigned char *sealed = arena_alloc(a, len);
	unsigned char *body = sealed + CRYPTO_NONCE;
	int n;

	crypto_random(sealed, CRYPTO_NONCE);

	AUTO_CIPHER *ctx = cipher_begin(true, key, sealed, associated);

	if ((text.len && !EVP_CipherUpdate(ctx, body, &n, text.data, length(text.len))) ||
	    !EVP_CipherFinal_ex(ctx, body + text.len, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, CRYPTO_TAG, body + text.len))
		die("AES-256-GCM can't seal");
	return (struct bytes){ sealed, len };
}

int crypto_open(struct arena *a, const unsigned char key[CRYPTO_KEY], struct bytes sealed,
		struct bytes associated, struct bytes *ret)
{
	const unsigned char *nonce = sealed.data;
	unsigned char tag[CRYPTO_TAG];
	unsigned char *text;
	size_t len;
	int n;

	if (sealed.len < CRYPTO_NONCE + CRYPTO_TAG || sealed.len > INT_MAX)
		return ERR_DENIED;
	len = sealed.len - CRYPTO_NONCE - CRYPTO_TAG;
	text = arena_alloc(a, len + 1);
	memcpy(tag, nonce + CRYPTO_NONCE + len, CRYPTO_TAG);

	AUTO_CIPHER *ctx = cipher_begin(false, key, nonce, associated);

	if ((len && !EVP_CipherUpdate(ctx, text, &n, nonce + CRYPTO_NONCE, (int)len)) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, CRYPTO_TAG, tag) ||
	    EVP_CipherFinal_ex(ctx, text + len, &n) != 1) {
		crypto_wipe(text, len);
		return ERR_DENIED;
	}
	*ret = (struct bytes){ text, len };
	return OK;
}

void crypto_wipe(void *data, size_t len)
{
	OPENSSL_cleanse(data, len);
}

/* ---- as text ---- */

static const char *hex(struct arena *a, struct bytes b, const char *digits)
{
	const unsigned char *from = b.data;
	char *text = arena_alloc(a, 2 * b.len + 1);

	for (size_t i = 0; i < b.len; i++) {
		text[2 * i] = digits[from[i] >> 4];
		text[2 * i + 1] = digits[from[i] & 15];
	}
	return text;
}

const char *crypto_hex(struct arena *a, struct bytes b)
{
	return hex(a, b, "0123456789abcdef");
}

const char *crypto_hex_upper(struct arena *a, struct bytes b)
{
	return hex(a, b, "0123456789ABCDEF");
}

const char *crypto_base64url(struct arena *a, struct bytes b)
{
	const unsigned char *from = b.data;
	char *text = arena_alloc(a, b.len / 3 * 4 + 4);
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < b.len; i++) {
		bits = (bits << 8 | from[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			text[n++] = base64url_digits[bits >> (have - 6) & 63];
	}
	if (have)
		text[n++] = base64url_digits[bits << (6 - have) & 63];
	return text;
}

static int base64url_value(char c)
{
	const char *at = c ? strchr(base64url_digits, c) : NULL;

	return at ? (int)(at - base64url_digits) : -1;
}

int crypto_base64url_read(struct arena *a, const char *text, struct bytes *ret)
{
	size_t const len = strlen(text);
	unsigned char *to = arena_alloc(a, len / 4 * 3 + 3);
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int const value = base64url_value(text[i]);

		if (value < 0)
			return ERR_INVALID;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (unsigned char)(bits >> have & 0xff);
		}
	}
	/* A lone last character says nothing; other spellings of the same bytes are refused. */
	if (len % 4 == 1 || (bits & ((1U << have) - 1)))
		return ERR_INVALID;
	*ret = (struct bytes){ to, n };
	return OK;
}
