/* A payment link and a typed order number: what is taken has one spelling, and is ours. */
#include "tests/fuzz/fuzz.h"

#include "shared/base/limits.h"
#include "shared/domain/order_open.h"

static const unsigned char key[CRYPTO_KEY] = "the key of the fuzzers' tokens.";

static bool same(const struct order_offer *one, const struct order_offer *two)
{
	return one->user_id == two->user_id && one->chat_id == two->chat_id &&
	       one->message_id == two->message_id && one->value_id == two->value_id &&
	       one->quantity == two->quantity && one->unit_price.kop == two->unit_price.kop &&
	       one->promo_id == two->promo_id && one->bonus.kop == two->bonus.kop &&
	       !memcmp(one->nonce, two->nonce, ORDER_NONCE_LEN);
}

/* Any text. */
static void check_text(struct arena *a, const char *text)
{
	struct order_offer offer = { .user_id = -1 };

	if (order_token_read(a, key, text, &offer)) {
		FUZZ_CHECK(offer.user_id == -1);
		return;
	}
	FUZZ_CHECK(!strcmp(order_token_write(a, key, &offer), text));
	FUZZ_CHECK(offer.quantity >= 1 && offer.quantity <= QUANTITY_MAX);
	FUZZ_CHECK(offer.unit_price.kop >= 1);
}

/* What we have signed is read, unless it passes the limits; one bit of it changed is not. */
static void check_signed(struct arena *a, const struct order_offer *offer, unsigned where)
{
	bool const allowed = offer->quantity >= 1 && offer->quantity <= QUANTITY_MAX &&
			     offer->unit_price.kop >= 1;
	const char *token = order_token_write(a, key, offer);
	struct order_offer back;
	char *forged;

	FUZZ_CHECK(order_token_read(a, key, token, &back) == (allowed ? OK : ERR_DENIED));
	FUZZ_CHECK(!allowed || same(&back, offer));
	forged = arena_strdup(a, token);
	forged[where / 8 % strlen(token)] ^= (char)(1 << where % 8);
	FUZZ_CHECK(order_token_read(a, key, forged, &back) == ERR_DENIED);
}

static int64_t number_at(const uint8_t *data)
{
	int64_t n;

	memcpy(&n, data, sizeof(n));
	return n;
}

static void check_offer(struct arena *a, const uint8_t *data, size_t size)
{
	struct order_offer offer;
	uint8_t bytes[ORDER_NONCE_LEN + 7 * 8 + 3 + 2] = { 0 };
	const uint8_t *at = bytes + ORDER_NONCE_LEN;

	memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	offer = (struct order_offer){
		.user_id = number_at(at),
		.chat_id = number_at(at + 8),
		.message_id = number_at(at + 16),
		.value_id = number_at(at + 24),
		.unit_price = { number_at(at + 32) },
		.promo_id = number_at(at + 40),
		.bonus = { number_at(at + 48) },
		.quantity = at[56] ? at[56] : at[57] << 8 | at[58],
	};
	memcpy(offer.nonce, bytes, ORDER_NONCE_LEN);
	check_signed(a, &offer, (unsigned)at[59] << 8 | at[60]);
}

/* A number is as it stands in the database, and reads as itself. */
static void check_number(struct arena *a, const char *text)
{
	const char *number = NULL;
	const char *again;

	if (order_number_read(a, text, &number)) {
		FUZZ_CHECK(!number);
		return;
	}
	FUZZ_CHECK(strlen(number) == ORDER_NUMBER_LEN && number[4] == '-');
	FUZZ_CHECK(strspn(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ORDER_NUMBER_LEN);
	FUZZ_CHECK(order_number_read(a, number, &again) == OK && !strcmp(again, number));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text;
	struct arena a;

	arena_init(&a);
	text = arena_strndup(&a, (const char *)data, size);
	check_text(&a, text);
	check_number(&a, text);
	check_offer(&a, data, size);
	arena_release(&a);
	return 0;
}
