/*
 * What a tap, an opening, a settlement or a worker's round costs does not grow with the shop:
 * among tens of thousands of orders, codes and messages each reads some hundred rows at most.
 */
#include "tests/db/shop.h"

#include "shared/domain/batch.h"
#include "shared/domain/catalog.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/domain/refund_send.h"
#include "shared/domain/restock.h"
#include "shared/domain/stats.h"
#include "shared/domain/stock_low.h"
#include "shared/domain/user.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { READS_MAX = 400, WORKER = 1 };

/* ---- a big shop ---- */

#define NOW "UTC_TIMESTAMP(6)"

/* Of one buyer, who left most of them unpaid, and of everybody else. */
static const char orders[] =
	"INSERT INTO orders (number, nonce, user_id, value_id, quantity, unit_price_kop, "
	"total_kop, gateway, state, chat_id, message_id, lang, created_at, expires_at, "
	"paid_at, "
	"ended_at, ask_at) "
	"SELECT LPAD(seq, 9, 'X'), UNHEX(MD5(seq)), IF(seq <= 5000, 1001, 100000 + seq), v.id, "
	"1, "
	"10000, 10000, 'portmone', IF(seq > 5000 OR seq % 500 = 0, 'delivered', 'expired'), "
	"IF(seq <= 5000, 1001, 100000 + seq), 1, 'uk', " NOW
	" - INTERVAL 40000 - seq MINUTE, " NOW " - INTERVAL 39000 - seq MINUTE, " NOW
	", IF(seq > 5000 OR seq % 500 = 0, NULL, " NOW
	" - INTERVAL 39000 - seq MINUTE), IF(seq % 2, " NOW
	" + INTERVAL 1000 + seq SECOND, NULL) "
	"FROM seq_1_to_20000 JOIN card_values v";

static const char sold_codes[] =
	"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, fingerprint, "
	"expires_at, "
	"state, order_id, slot) SELECT o.value_id, b.id, 'x', 7, UNHEX(SHA2(o.id, 256)), "
	"'9999-12-31', 'sold', o.id, 1 FROM orders o JOIN code_batches b "
	"WHERE o.state = 'delivered'";

static const char free_codes[] =
	"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, fingerprint, "
	"expires_at, "
	"state) SELECT v.id, b.id, 'x', 7, UNHEX(SHA2(CONCAT('free', seq), 256)), "
	"'9999-12-31', "
	"'available' FROM seq_1_to_10000 JOIN card_values v JOIN code_batches b";

static const char payments[] =
	"INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, amount_kop, "
	"applied, "
	"state, received_at) SELECT 'portmone', id, id, 'payment', 10000, 1, 'ok', " NOW
	" FROM orders WHERE state = 'delivered'";

static const char hints[] = "INSERT INTO payment_hints (order_id, source, first_at, last_at) "
			    "SELECT id, 'notify', " NOW ", " NOW " FROM orders";

static const char sent[] =
	"INSERT INTO outbox (fact, kind, chat_id, order_id, priority, state, not_before, "
	"created_at) SELECT CONCAT('old:', id), 'delivered', chat_id, id, id % 4 * 2, "
	"'sent', " NOW ", " NOW " FROM orders";

static const char put_off[] =
	"INSERT INTO outbox (fact, kind, chat_id, priority, state, not_before, created_at) "
	"SELECT CONCAT('later:', seq), 'restock', 100000 + seq, seq % 2 * 5, 'pending', " NOW
	" + INTERVAL 1 DAY, " NOW " FROM seq_1_to_10000";

static const char waiters[] = "INSERT INTO restock_waiters SELECT v.id, 100000 + seq, " NOW
			      " - INTERVAL seq SECOND "
			      "FROM seq_1_to_10000 JOIN card_values v";

static void shop_grow(struct shop *s)
{
	static const char *const steps[] = { orders, sold_codes, free_codes, payments,
					     hints,  sent,	 put_off,    waiters };

	shop_make(s, s->t, 20);
	db_test_exec(s->t, "SET foreign_key_checks = 0");
	for (size_t i = 0; i < COUNT(steps); i++)
		db_test_exec(s->t, steps[i]);
	db_test_exec(s->t, "SET foreign_key_checks = 1");
	db_test_exec(s->t, "UPDATE card_values SET max_per_day = 20");
	db_test_exec(s->t, "ANALYZE TABLE orders, card_codes, payments, payment_hints, outbox, "
			   "restock_waiters");
}

/* ---- counting ---- */

static int64_t reads(struct db_test *t)
{
	return db_test_number(t, "SELECT CAST(SUM(VARIABLE_VALUE) AS SIGNED) "
				 "FROM information_schema.SESSION_STATUS "
				 "WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'");
}

static int64_t reads_of_reading(struct db_test *t)
{
	int64_t const before = reads(t);

	return reads(t) - before;
}

/* ---- what is done ---- */

static struct shop shop;
static struct order *opened;

static void tap_person(struct db_test *t)
{
	struct user_seen const seen = { .id = BUYER,
					.first_name = "Оксана",
					.last_name = "",
					.username = "",
					.lang = "uk" };
	struct user *user;

	assert_int_equal(user_meet(t->db, &t->arena, &seen, &user), OK);
}

static void tap_stock(struct db_test *t)
{
	struct catalog *catalog = catalog_new();
	int stock;

	assert_int_equal(catalog_refresh(catalog, t->db, 1), OK);
	assert_int_equal(catalog_stock(catalog, t->db, shop.value_id, 1, &stock), OK);
	assert_int_equal(stock, 101);
	catalog_free(catalog);
}

static void tap_purchases(struct db_test *t)
{
	struct order *list;
	size_t count;

	assert_int_equal(order_list_of_user(t->db, &t->arena, BUYER, 0, 7, &list, &count), OK);
	assert_int_equal(count, 7);
	assert_true(list[0].id > list[6].id);
}

static void open_page(struct db_test *t)
{
	struct order_offer const offer = shop_offer(&shop, BUYER, 5);

	UNUSED(t);
	opened = shop_open(&shop, &offer, OPENING_OK);
}

static void hint(struct db_test *t)
{
	assert_int_equal(payment_hint(t->db, opened->number, HINT_NOTIFY, "77"), OK);
}

static void ask_claim(struct db_test *t)
{
	struct order_question *list;
	size_t count;

	assert_int_equal(order_ask_claim(t->db, &t->arena, 8, 30, &list, &count), OK);
	assert_int_equal(count, 1);
}

static void ask_due(struct db_test *t)
{
	int64_t due;

	assert_int_equal(order_ask_due(t->db, 5, &due), OK);
	assert_in_range(due, 0, 5);
}

static void settle(struct db_test *t)
{
	struct payment_row const row = shop_payment("review-1", 5 * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct asking asking;

	assert_int_equal(order_answered(t->db, opened->id, &evidence, &asking), OK);
	assert_int_equal(asking.settlement.result, SETTLE_DELIVERED);
}

static void waiting(struct db_test *t)
{
	int64_t value;
	int filled;

	assert_int_equal(order_waiting_value(t->db, 0, &value), OK);
	assert_int_equal(order_fill_waiting(t->db, shop.value_id, &filled), OK);
}

static void outbox(struct db_test *t)
{
	struct outbox_row *rows;
	size_t count;

	assert_int_equal(outbox_claim(t->db, &t->arena, WORKER, 24, 60, &rows, &count), OK);
	assert_true(count >= 2);
	assert_int_equal(outbox_sent(t->db, rows[0].id, WORKER, 5), OK);
	assert_int_equal(outbox_hold_chat(t->db, BUYER, 1), OK);
}

static void low_stock(struct db_test *t)
{
	int told;

	assert_int_equal(stock_low_tell(t->db, &told), OK);
	assert_int_equal(told, 0);
}

static void status(struct db_test *t)
{
	struct stats_now stats;

	assert_int_equal(stats_now(t->db, &stats), OK);
	assert_int_equal(stats.pending, 0);
}

static void bury(struct db_test *t)
{
	int n;

	assert_int_equal(worker_beat(t->db, &(struct worker_beat){ .id = WORKER,
								   .host = "here",
								   .version = "1" }),
			 OK);
	db_test_exec(t, "UPDATE workers SET beat_at = " NOW " - INTERVAL 1 MINUTE");
	assert_int_equal(worker_bury(t->db, &n), OK);
	assert_int_equal(n, 1);
}

static void sweep(struct db_test *t)
{
	int swept;

	assert_int_equal(outbox_sweep(t->db, 50, &swept), OK);
	assert_int_equal(swept, 0);
}

static void restock(struct db_test *t)
{
	int told;

	assert_int_equal(restock_tell(t->db, 10, &told), OK);
	assert_int_equal(told, 10);
}

static void refunds(struct db_test *t)
{
	struct refund_task *list;
	int64_t due;
	size_t count;

	assert_int_equal(refund_claim(t->db, &t->arena, WORKER, 4, 30, &list, &count), OK);
	assert_int_equal(refund_due(t->db, 5, &due), OK);
}

static void ending_soon(struct db_test *t)
{
	struct batch_row *batch;
	int count;

	assert_int_equal(batch_find(t->db, &t->arena,
				    db_test_number(t, "SELECT MIN(id) FROM code_batches"),
				    &batch),
			 OK);
	assert_int_equal(batch_expiring(t->db, batch, 30, 1000, &count), OK);
	assert_int_equal(count, 0);
}

static const struct act {
	const char *name;
	void (*run)(struct db_test *t);
} acts[] = {
	{ "a tap: the person", tap_person },
	{ "a tap: the stock", tap_stock },
	{ "a tap: my purchases", tap_purchases },
	{ "the payment page", open_page },
	{ "a notification", hint },
	{ "a claim of questions", ask_claim },
	{ "when a question is due", ask_due },
	{ "a settlement", settle },
	{ "a look for waiting orders", waiting },
	{ "a round of the outbox", outbox },
	{ "a worker's burial", bury },
	{ "a sweep", sweep },
	{ "a look at what runs out", low_stock },
	{ "the shop's state", status },
	{ "a round of restock", restock },
	{ "a round of refunds", refunds },
	{ "what ends soon of a batch", ending_soon },
};

static void test_cost_is_flat(void **state)
{
	struct db_test *t = *state;
	int64_t own;
	int dear = 0;

	shop.t = t;
	shop_grow(&shop);
	own = reads_of_reading(t);
	for (size_t i = 0; i < COUNT(acts); i++) {
		int64_t const before = reads(t);
		int64_t cost;

		acts[i].run(t);
		cost = reads(t) - before - own;
		if (cost > READS_MAX) {
			print_error("%s: %lld rows read\n", acts[i].name, (long long)cost);
			dear++;
		}
	}
	assert_int_equal(dear, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { DB_TEST(test_cost_is_flat) };

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
