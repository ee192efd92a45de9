#include "shared/platform/totp.h"

#include "shared/base/str.h"
#include "shared/platform/crypto.h"
#include "shared/platform/form.h"

#include <liboath/oath.h>

static const char *base32(struct arena *a, const unsigned char seed[TOTP_SEED])
{
	const char *text;
	char *out = NULL;

	if (oath_base32_encode((const char *)seed, TOTP_SEED, &out, NULL) != OATH_OK)
		die("liboath can't encode a seed");
	text = arena_strdup(a, out);
	free(out);
	return text;
}

const char *totp_secret(struct arena *a, const unsigned char seed[TOTP_SEED])
{
	const char *text = base32(a, seed);
	struct str s = STR(a, 128);

	for (size_t i = 0; text[i]; i++) {
		if (i && i % 4 == 0)
			str_addc(&s, ' ');
		str_addc(&s, text[i]);
	}
	return str_text(&s);
}

const char *totp_uri(struct arena *a, const char *issuer, const char *account,
		     const unsigned char seed[TOTP_SEED])
{
	return arena_printf(a, "otpauth://totp/%s:%s?secret=%s&issuer=%s",
			    form_encode(a, issuer), form_encode(a, account), base32(a, seed),
			    form_encode(a, issuer));
}

void totp_at(const unsigned char seed[TOTP_SEED], int64_t step, char ret[TOTP_DIGITS + 1])
{
	if (oath_hotp_generate((const char *)seed, TOTP_SEED, (uint64_t)step, TOTP_DIGITS,
			       false, OATH_HOTP_DYNAMIC_TRUNCATION, ret) != OATH_OK)
		die("liboath can't make a password");
}

/* As people read it off: "123 456". */
static bool digits_read(const char *code, char ret[TOTP_DIGITS + 1])
{
	size_t len = 0;

	for (; *code; code++) {
		if (*code == ' ')
			continue;
		if (*code < '0' || *code > '9' || len == TOTP_DIGITS)
			return false;
		ret[len++] = *code;
	}
	ret[len] = '\0';
	return len == TOTP_DIGITS;
}

int totp_check(const unsigned char seed[TOTP_SEED], const char *code, int64_t now_s,
	       int64_t last, int64_t *ret_step)
{
	int64_t const now = now_s / TOTP_PERIOD_S;
	char typed[TOTP_DIGITS + 1];
	char right[TOTP_DIGITS + 1];
	int64_t found = -1;

	if (!digits_read(code, typed))
		return ERR_DENIED;
	for (int64_t step = now - 1; step <= now + 1; step++) {
		totp_at(seed, step, right);
		if (crypto_same((struct bytes){ typed, TOTP_DIGITS },
				(struct bytes){ right, TOTP_DIGITS }) &&
		    step > last)
			found = step;
	}
	if (found < 0)
		return ERR_DENIED;
	*ret_step = found;
	return OK;
}
