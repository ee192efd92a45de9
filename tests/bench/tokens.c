/*
 * tokens COUNT FIRST_BUYER FIRST_VALUE VALUES: payment links as the bot draws them, one a line,
 * each for a buyer of its own.
 */
#include "shared/domain/order_open.h"
#include "shared/platform/config.h"
#include "tests/bench/bench.h"

enum { PRICE_KOP = 10000, MESSAGE_ID = 77 };

int main(int argc, char **argv)
{
	struct config config;
	struct arena a;
	struct str problem;
	int64_t count;
	int64_t buyer;
	int64_t first;
	int64_t values;

	if (argc != 5)
		die("usage: tokens COUNT FIRST_BUYER FIRST_VALUE VALUES");
	arena_init(&a);
	problem = STR(&a, 4096);
	if (config_load(&a, CONFIG_DB, &config, &problem))
		die("tokens: %s", str_text(&problem));
	count = bench_number(argv[1], 1, INT32_MAX);
	buyer = bench_number(argv[2], 1, INT32_MAX);
	first = bench_number(argv[3], 1, INT32_MAX);
	values = bench_number(argv[4], 1, 1000);
	for (int64_t i = 0; i < count; i++) {
		struct order_offer offer = { .user_id = buyer + i,
					     .chat_id = buyer + i,
					     .message_id = MESSAGE_ID,
					     .value_id = first + i % values,
					     .quantity = 1,
					     .unit_price = MONEY(PRICE_KOP) };

		crypto_random(offer.nonce, sizeof(offer.nonce));
		puts(order_token_write(&a, config.data_key, &offer));
	}
	return 0;
}
