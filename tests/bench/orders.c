/*
 * orders WORKERS SECONDS FIRST_VALUE VALUES: orders as the shop makes them, order_open() on as
 * many connections, without HTTP and without the gateway.  Buyers are the users 1 … 200000.
 */
#include "shared/base/limits.h"
#include "shared/domain/order_open.h"
#include "shared/platform/config.h"
#include "tests/bench/bench.h"

enum { PRICE_KOP = 10000, BUYERS = 200000, LATER_S = 86400 };

struct plan {
	struct config config;
	int64_t first_value;
	int64_t values;
};

struct seller {
	const struct plan *plan;
	struct db *db;
	struct arena arena;
	uint64_t turn;
};

static void *seller_begin(int worker, void *data)
{
	struct seller *s = calloc(1, sizeof(*s));
	const struct plan *plan = data;

	if (!s || db_new(&(struct db_options){ .url = plan->config.db_url }, &s->db) ||
	    db_ping(s->db))
		die("orders: no database");
	s->plan = plan;
	/* Somewhere, so that people are others in each run: few have orders already. */
	UNUSED(worker);
	crypto_random(&s->turn, sizeof(uint32_t));
	return s;
}

static bool order_make(void *state)
{
	struct seller *s = state;
	const struct plan *plan = s->plan;
	struct order_terms const terms = {
		.ttl = LATER_S,
		.ask_first = LATER_S,
		.limits = { LIMIT_OPEN_ORDERS, LIMIT_RESERVED_CODES, LIMIT_UNPAID_FREE,
			    LIMIT_UNPAID_PAUSE_S },
	};
	struct order_offer offer = {
		.value_id = plan->first_value + (int64_t)(s->turn * 7 % (uint64_t)plan->values),
		.quantity = 1,
		.unit_price = MONEY(PRICE_KOP),
	};
	enum order_opening result;
	struct order *order;
	struct money price;
	int rc;

	offer.user_id = (int64_t)(s->turn++ % BUYERS) + 1;
	offer.chat_id = offer.user_id;
	offer.message_id = (int64_t)(s->turn & INT32_MAX) + 1;
	crypto_random(offer.nonce, sizeof(offer.nonce));
	rc = order_open(s->db, &s->arena, &offer, &terms, &result, &order, &price);
	if (rc || result != OPENING_OK)
		fprintf(stderr, "orders: rc=%s result=%d %s\n", err_name(rc), (int)result,
			db_error(s->db));
	arena_reset(&s->arena);
	return !rc && result == OPENING_OK;
}

int main(int argc, char **argv)
{
	static struct plan plan;
	struct arena a;
	struct str problem;

	if (argc != 5)
		die("usage: orders WORKERS SECONDS FIRST_VALUE VALUES");
	arena_init(&a);
	problem = STR(&a, 4096);
	if (config_load(&a, CONFIG_DB, &plan.config, &problem))
		die("orders: %s", str_text(&problem));
	plan.first_value = bench_number(argv[3], 1, INT32_MAX);
	plan.values = bench_number(argv[4], 1, 1000);
	return crew_run(&(struct crew){
		.workers = (int)bench_number(argv[1], 1, 256),
		.seconds = (double)bench_number(argv[2], 1, 600),
		.data = &plan,
		.begin = seller_begin,
		.work = order_make,
	});
}
