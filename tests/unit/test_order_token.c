/* A payment button's token: what it carries, and that not a bit of it can be changed. */
#include "shared/domain/order_open.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const unsigned char key[CRYPTO_KEY] = "0123456789abcdef0123456789abcde";
static const unsigned char other_key[CRYPTO_KEY] = "another key of the same length.";

static struct order_offer offer_make(void)
{
	return (struct order_offer){ .user_id = INT64_C(4503599627370495),
				     .chat_id = INT64_C(-1001234567890),
				     .message_id = 42,
				     .value_id = 7,
				     .quantity = 50,
				     .unit_price = MONEY(99999999),
				     .promo_id = 3,
				     .bonus = MONEY(1),
				     .nonce = "nonce-of-16-byt" };
}

static void test_round_trip(void **state)
{
	struct order_offer const offer = offer_make();
	struct order_offer back;
	AUTO_ARENA(a);
	const char *token = order_token_write(&a, key, &offer);

	UNUSED(state);
	assert_in_range(strlen(token), 1, 160);
	assert_int_equal(order_token_read(&a, key, token, &back), OK);
	assert_int_equal(back.user_id, offer.user_id);
	assert_int_equal(back.chat_id, offer.chat_id);
	assert_int_equal(back.message_id, offer.message_id);
	assert_int_equal(back.value_id, offer.value_id);
	assert_int_equal(back.quantity, offer.quantity);
	assert_int_equal(back.unit_price.kop, offer.unit_price.kop);
	assert_int_equal(back.promo_id, offer.promo_id);
	assert_int_equal(back.bonus.kop, offer.bonus.kop);
	assert_memory_equal(back.nonce, offer.nonce, ORDER_NONCE_LEN);
}

static void test_every_character_counts(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	struct order_offer const offer = offer_make();
	struct order_offer back;
	AUTO_ARENA(a);
	const char *token = order_token_write(&a, key, &offer);
	size_t const len = strlen(token);

	UNUSED(state);
	for (size_t i = 0; i < len; i++) {
		char *forged = arena_strdup(&a, token);

		for (const char *c = alphabet; *c; c++) {
			forged[i] = *c;
			assert_int_equal(order_token_read(&a, key, forged, &back),
					 *c == token[i] ? OK : ERR_DENIED);
		}
		assert_int_equal(order_token_read(&a, key, arena_strndup(&a, token, i), &back),
				 ERR_DENIED);
	}
	assert_int_equal(order_token_read(&a, key, arena_printf(&a, "%sA", token), &back),
			 ERR_DENIED);
	assert_int_equal(order_token_read(&a, key, arena_printf(&a, "%s=", token), &back),
			 ERR_DENIED);
	assert_int_equal(order_token_read(&a, other_key, token, &back), ERR_DENIED);
	assert_int_equal(order_token_read(&a, key, "", &back), ERR_DENIED);
}

static void test_nonce_belongs_to_the_update(void **state)
{
	struct order_offer one = offer_make();
	struct order_offer two = offer_make();

	UNUSED(state);
	order_nonce_make(key, 1, &one);
	order_nonce_make(key, 1, &two);
	assert_memory_equal(one.nonce, two.nonce, ORDER_NONCE_LEN);
	order_nonce_make(key, 2, &two);
	assert_memory_not_equal(one.nonce, two.nonce, ORDER_NONCE_LEN);
	two.quantity = 2;
	order_nonce_make(key, 1, &two);
	assert_memory_not_equal(one.nonce, two.nonce, ORDER_NONCE_LEN);
}

static void test_numbers_as_people_type_them(void **state)
{
	AUTO_ARENA(a);
	const char *number;

	UNUSED(state);
	assert_int_equal(order_number_read(&a, "k7f3 9qxa", &number), OK);
	assert_string_equal(number, "K7F3-9QXA");
	assert_int_equal(order_number_read(&a, "K7F3-9QXA", &number), OK);
	assert_int_equal(order_number_read(&a, "K7F39QX", &number), ERR_INVALID);
	assert_int_equal(order_number_read(&a, "K7F39QXAA", &number), ERR_INVALID);
	assert_int_equal(order_number_read(&a, "K7F3_9QXA", &number), ERR_INVALID);
	assert_int_equal(order_number_read(&a, "", &number), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_character_counts),
		cmocka_unit_test(test_nonce_belongs_to_the_update),
		cmocka_unit_test(test_numbers_as_people_type_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
