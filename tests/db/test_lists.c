/* Lists that administrators page through: every filter finds the same as looking at all rows
 * does, and every row is met once on the way down. */
#include "shared/domain/code_list.h"
#include "shared/domain/order_story.h"
#include "shared/domain/payment_list.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ORDERS = 60, PAGE = 7 };

static const int64_t first_day = INT64_C(1767225600000000); /* 2026-01-01 */
static const int64_t day = INT64_C(86400000000);

/* Orders of two values and buyers in all states, one a day; every third has a payment. */
static void ledger_make(struct shop *s, struct db_test *t)
{
	shop_make(s, t, 0);
	db_test_exec(t,
		     arena_printf(&t->arena,
				  "INSERT INTO card_values (id, category_id, slug, title_uk, "
				  "price_kop, created_at) VALUES (900, %lld, 'other', 'o', "
				  "10000, UTC_TIMESTAMP(6))",
				  (long long)s->category_id));
	for (int i = 1; i <= ORDERS; i++)
		db_test_exec(
			t, arena_printf(
				   &t->arena,
				   "INSERT INTO orders (id, number, nonce, user_id, value_id, "
				   "quantity, unit_price_kop, total_kop, gateway, state, "
				   "chat_id, message_id, lang, created_at, expires_at) VALUES "
				   "(%d, 'AAAA-%04d', UNHEX(MD5(%d)), %d, %lld, 1, 100, 100, "
				   "'portmone', %d, 1, 0, 'uk', '2026-01-01' + INTERVAL %d "
				   "DAY, '2026-01-01')",
				   i, i, i, i % 4 ? BUYER : OTHER_BUYER,
				   i % 5 ? (long long)s->value_id : 900LL, 1 + i % 8, i - 1));
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, received_at) "
			"SELECT 'portmone', id, id, IF(id % 2, 'payment', 'return'), 100, 0, "
			"1 + id % 3, created_at FROM orders ORDER BY id");
}

/* Through all its pages; the answer is their number of rows, which are told apart. */
static int orders_walk(struct shop *s, struct order_filter filter)
{
	struct order_line *lines;
	int64_t before = INT64_MAX;
	int total = 0;
	size_t count;

	do {
		assert_int_equal(
			order_lines(s->t->db, &s->t->arena, &filter, PAGE, &lines, &count), OK);
		for (size_t i = 0; i < count; i++) {
			assert_true(lines[i].id < before);
			before = filter.before_id = lines[i].id;
			assert_true(!filter.state || !strcmp(lines[i].state, filter.state));
		}
		total += (int)count;
	} while (count);
	return total;
}

static int64_t orders_counted(struct shop *s, const struct order_filter *f)
{
	return db_test_number(
		s->t,
		arena_printf(
			&s->t->arena,
			"SELECT COUNT(*) FROM orders WHERE ('%s' = '' OR state = '%s') AND "
			"(%lld = 0 OR value_id = %lld) AND (%lld = 0 OR user_id = %lld) "
			"AND id >= %lld AND id < %lld",
			f->state ? f->state : "", f->state ? f->state : "",
			(long long)f->value_id, (long long)f->value_id, (long long)f->user_id,
			(long long)f->user_id,
			f->from_at ? (long long)((f->from_at - first_day) / day + 1) : 0,
			f->to_at ? (long long)((f->to_at - first_day) / day + 1)
				 : (long long)ORDERS + 1));
}

static void test_orders(void **state)
{
	struct shop s;

	ledger_make(&s, *state);
	for (int i = 0; i < 64; i++) {
		struct order_filter const filter = {
			.state = i & 1 ? order_state_name((enum order_state)(i / 2 % 8)) : NULL,
			.value_id = i & 2 ? (i & 4 ? 900 : s.value_id) : 0,
			.user_id = i & 8 ? (i & 4 ? BUYER : OTHER_BUYER) : 0,
			.from_at = i & 16 ? first_day + 10 * day : 0,
			.to_at = i & 32 ? first_day + 40 * day : 0,
		};

		assert_int_equal(orders_walk(&s, filter), orders_counted(&s, &filter));
	}
	assert_int_equal(orders_walk(&s, (struct order_filter){ .to_at = first_day }), 0);
	assert_int_equal(
		orders_walk(&s, (struct order_filter){ .from_at = first_day + 999 * day }), 0);
}

/* A state that is not rare among a value's orders is found another way, and the same is found.
 */
static void test_many_of_a_state(void **state)
{
	struct shop s;
	struct order_filter filter = { .state = "expired" };

	ledger_make(&s, *state);
	db_test_exec(s.t,
		     arena_printf(&s.t->arena,
				  "INSERT INTO orders (number, nonce, user_id, value_id, "
				  "quantity, unit_price_kop, total_kop, gateway, state, "
				  "chat_id, message_id, lang, created_at, expires_at) "
				  "SELECT CONCAT('B', LPAD(n, 8, '0')), UNHEX(MD5(CONCAT('b', "
				  "n))), %d, %lld, 1, 100, 100, 'portmone', 'expired', 1, 0, "
				  "'uk', '2026-06-01', '2026-06-01' FROM (WITH RECURSIVE c AS "
				  "(SELECT 1 n UNION ALL SELECT n + 1 FROM c WHERE n < 999) "
				  "SELECT c.n + 1000 * d.n n FROM c, (SELECT 0 n UNION SELECT "
				  "1 UNION SELECT 2) d) numbers",
				  BUYER, (long long)s.value_id));
	filter.value_id = s.value_id;
	assert_int_equal(
		orders_walk(&s, filter),
		orders_counted(&s, &(struct order_filter){ .state = "expired",
							   .value_id = s.value_id,
							   .to_at = first_day + 99999 * day }));
}

static int payments_walk(struct shop *s, struct payment_filter filter)
{
	struct payment_line *lines;
	int total = 0;
	size_t count;

	do {
		assert_int_equal(
			payment_lines(s->t->db, &s->t->arena, &filter, PAGE, &lines, &count),
			OK);
		for (size_t i = 0; i < count; i++) {
			assert_true(!filter.before_id ||
				    lines[i].payment.id < filter.before_id);
			assert_true(!filter.state || !strcmp(lines[i].state, filter.state));
			assert_true(lines[i].order_id > 0 && *lines[i].order_number);
			filter.before_id = lines[i].payment.id;
		}
		total += (int)count;
	} while (count);
	return total;
}

static void test_payments(void **state)
{
	static const char *const states[] = { "ok", "review", "resolved" };
	struct shop s;

	ledger_make(&s, *state);
	assert_int_equal(payments_walk(&s, (struct payment_filter){ 0 }), ORDERS);
	for (size_t i = 0; i < COUNT(states); i++)
		assert_int_equal(
			payments_walk(&s, (struct payment_filter){ .state = states[i] }),
			ORDERS / 3);
	for (int from = 0; from < ORDERS; from += 9)
		assert_int_equal(payments_walk(&s,
					       (struct payment_filter){
						       .from_at = first_day + from * day,
						       .to_at = first_day + (from + 6) * day }),
				 6);
	assert_int_equal(
		payments_walk(&s, (struct payment_filter){ .from_at = first_day + 999 * day }),
		0);
}

static int codes_walk(struct shop *s, struct code_filter filter)
{
	struct code_line *lines;
	int total = 0;
	size_t count;

	do {
		assert_int_equal(
			code_lines(s->t->db, &s->t->arena, &filter, PAGE, &lines, &count), OK);
		for (size_t i = 0; i < count; i++) {
			if (filter.after_id && !filter.batch_id)
				assert_true(lines[i].expires_at > filter.after_at ||
					    (lines[i].expires_at == filter.after_at &&
					     lines[i].id > filter.after_id));
			filter.after_at = lines[i].expires_at;
			filter.after_id = lines[i].id;
		}
		total += (int)count;
	} while (count);
	return total;
}

static void test_codes(void **state)
{
	struct shop s;
	int64_t batch;

	shop_make(&s, *state, 40);
	shop_stock(&s, "LATER", 10);
	db_test_exec(s.t,
		     "UPDATE card_codes SET expires_at = '2030-01-01' + INTERVAL id % 4 DAY "
		     "WHERE id % 3 = 0");
	db_test_exec(s.t, "UPDATE card_codes SET state = 'withdrawn' ORDER BY id LIMIT 9");
	assert_int_equal(codes_walk(&s, (struct code_filter){ .value_id = s.value_id,
							      .state = "available" }),
			 41);
	assert_int_equal(codes_walk(&s, (struct code_filter){ .value_id = s.value_id,
							      .state = "withdrawn" }),
			 9);
	assert_int_equal(
		codes_walk(&s, (struct code_filter){ .value_id = s.value_id, .state = "sold" }),
		0);
	batch = db_test_number(s.t, "SELECT batch_id FROM card_codes ORDER BY id DESC LIMIT 1");
	assert_int_equal(codes_walk(&s, (struct code_filter){ .value_id = s.value_id,
							      .batch_id = batch,
							      .state = "available" }),
			 db_test_number(s.t, arena_printf(&s.t->arena,
							  "SELECT COUNT(*) FROM card_codes "
							  "WHERE batch_id = %lld AND state = "
							  "'available'",
							  (long long)batch)));
	/* Another value's batch is not shown under this one. */
	assert_int_equal(codes_walk(&s, (struct code_filter){ .value_id = s.value_id + 1,
							      .batch_id = batch,
							      .state = "available" }),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_orders),
		DB_TEST(test_many_of_a_state),
		DB_TEST(test_payments),
		DB_TEST(test_codes),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
