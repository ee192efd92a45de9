/*
 * What the schema itself refuses, whatever the code does: each unique key and each CHECK.  A
 * row that is taken, then one that must not be.
 */
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DUPLICATE = 1062, CHECK_FAILED = 4025, CHECK_FAILED_MYSQL = 3819 };

static void expect_refused(struct db_test *t, int number, const char *key, const char *sql)
{
	unsigned refusal;

	if (!db_script(t->db, sql))
		fail_msg("was taken: %s", sql);
	refusal = db_errno(t->db) == CHECK_FAILED_MYSQL ? CHECK_FAILED : db_errno(t->db);
	if (refusal != (unsigned)number || !strstr(db_error(t->db), key))
		fail_msg("%s: %s", sql, db_error(t->db));
}

/* One row, then the same in what the key is about. */
static void expect_unique(struct db_test *t, const char *key, const char *first,
			  const char *second)
{
	db_test_exec(t, first);
	expect_refused(t, DUPLICATE, key, second);
}

static void expect_checked(struct db_test *t, const char *check, const char *sql)
{
	expect_refused(t, CHECK_FAILED, check, sql);
}

#define NOW "UTC_TIMESTAMP(6)"

/* ---- the core ---- */

#define USERS "INSERT INTO users (id, lang, created_at) VALUES (5, 'uk', " NOW ")"
#define CATEGORIES \
	"INSERT INTO categories (id, slug, title_uk, created_at) VALUES (3, 'c', 'c', " NOW ")"
#define VALUES                                                                  \
	"INSERT INTO card_values (id, category_id, slug, title_uk, price_kop, " \
	"created_at) VALUES (4, 3, 'v', 'v', 100, " NOW ")"
#define BATCHES                                                             \
	"INSERT INTO code_batches (id, value_id, name, created_at) VALUES " \
	"(6, 4, 'b', " NOW ")"

static void catalogue_make(struct db_test *t)
{
	db_test_exec(t, USERS);
	db_test_exec(t, CATEGORIES);
	db_test_exec(t, VALUES);
	db_test_exec(t, BATCHES);
}

static const char *order_sql(struct db_test *t, const char *number, const char *nonce)
{
	return arena_printf(&t->arena,
			    "INSERT INTO orders (number, nonce, user_id, value_id, quantity, "
			    "unit_price_kop, total_kop, gateway, state, chat_id, message_id, "
			    "lang, created_at, expires_at) VALUES ('%s', UNHEX(MD5('%s')), 5, "
			    "4, 2, 100, 200, 'portmone', 'pending', 5, 1, 'uk', " NOW ", " NOW
			    ")",
			    number, nonce);
}

static void test_catalogue(void **state)
{
	struct db_test *t = *state;

	expect_unique(t, "PRIMARY", USERS, USERS);
	expect_unique(t, "categories_slug", CATEGORIES,
		      "INSERT INTO categories (slug, title_uk, created_at) "
		      "VALUES ('c', 'other', " NOW ")");
	expect_unique(t, "card_values_slug", VALUES,
		      "INSERT INTO card_values (category_id, slug, title_uk, price_kop, "
		      "created_at) VALUES (3, 'v', 'other', 100, " NOW ")");
	expect_unique(t, "PRIMARY",
		      "INSERT INTO value_gateways (value_id, gateway) VALUES (4, 'portmone')",
		      "INSERT INTO value_gateways (value_id, gateway) VALUES (4, 'portmone')");
	expect_unique(t, "code_batches_name", BATCHES,
		      "INSERT INTO code_batches (value_id, name, created_at) "
		      "VALUES (4, 'b', " NOW ")");
	expect_unique(
		t, "PRIMARY",
		"INSERT INTO settings (name, value, changed_at) VALUES ('s', '1', " NOW ")",
		"INSERT INTO settings (name, value, changed_at) VALUES ('s', '2', " NOW ")");
	expect_unique(t, "PRIMARY",
		      "INSERT INTO user_states (user_id, step, data, expires_at) VALUES (5, "
		      "'a', '{}', " NOW ")",
		      "INSERT INTO user_states (user_id, step, data, expires_at) VALUES (5, "
		      "'b', '{}', " NOW ")");
}

static void test_price(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	expect_checked(t, "card_values_price", "UPDATE card_values SET price_kop = 0");
	expect_checked(t, "card_values_price", "UPDATE card_values SET price_kop = 100000000");
	db_test_exec(t, "UPDATE card_values SET price_kop = 99999999");
}

static void test_order(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	db_test_exec(t, order_sql(t, "AAAA-2222", "one"));
	expect_refused(t, DUPLICATE, "orders_number", order_sql(t, "AAAA-2222", "two"));
	expect_refused(t, DUPLICATE, "orders_nonce", order_sql(t, "BBBB-2222", "one"));
	expect_checked(t, "orders_total", "UPDATE orders SET total_kop = 199");
	expect_checked(t, "orders_total", "UPDATE orders SET discount_kop = 50");
	expect_checked(t, "orders_total", "UPDATE orders SET bonus_kop = 200, total_kop = 0");
	expect_checked(t, "orders_quantity",
		       "UPDATE orders SET quantity = 0, total_kop = 1, "
		       "discount_kop = -1");
	expect_checked(t, "orders_quantity",
		       "UPDATE orders SET quantity = 1001, total_kop = 100100");
	db_test_exec(t, "UPDATE orders SET discount_kop = 50, total_kop = 150");
}

/* ---- codes ---- */

static const char *code_sql(struct db_test *t, const char *fingerprint, const char *owner)
{
	return arena_printf(
		&t->arena,
		"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, "
		"fingerprint, expires_at, state, order_id, slot) VALUES (4, 6, 'x', "
		"1, UNHEX(SHA2('%s', 256)), '9999-12-31', %s)",
		fingerprint, owner);
}

static void test_code(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	db_test_exec(t, "INSERT INTO card_values (id, category_id, slug, title_uk, price_kop, "
			"created_at) VALUES (44, 3, 'other', 'v', 100, " NOW ")");
	db_test_exec(t, code_sql(t, "a", "'available', NULL, NULL"));
	expect_refused(t, DUPLICATE, "card_codes_fingerprint",
		       code_sql(t, "a", "'available', NULL, NULL"));
	/* Over all values and all history. */
	db_test_exec(t, "UPDATE card_codes SET state = 'withdrawn', value_id = 44");
	expect_refused(t, DUPLICATE, "card_codes_fingerprint",
		       code_sql(t, "a", "'available', NULL, NULL"));
	db_test_exec(t, code_sql(t, "b", "'sold', 8, 1"));
	db_test_exec(t, code_sql(t, "c", "'sold', 8, 2"));
	expect_refused(t, DUPLICATE, "card_codes_order", code_sql(t, "d", "'sold', 8, 2"));
	expect_refused(t, DUPLICATE, "card_codes_order", code_sql(t, "d", "'reserved', 8, 1"));
}

static void test_code_has_its_owner(void **state)
{
	static const char *const wrong[] = {
		"'available', 8, 1",   "'available', 8, NULL", "'available', NULL, 1",
		"'reserved', NULL, 1", "'reserved', 8, NULL",  "'sold', NULL, NULL",
		"'sold', NULL, 1",     "'sold', 8, NULL",
	};
	struct db_test *t = *state;

	catalogue_make(t);
	for (size_t i = 0; i < COUNT(wrong); i++)
		expect_checked(t, "card_codes_owner", code_sql(t, "a", wrong[i]));
	db_test_exec(t, code_sql(t, "a", "'defective', 8, NULL"));
}

/* Ids of codes and of the order stand for themselves here: the keys are what is tried. */
static const char *replacement_sql(struct db_test *t, const char *fact, int old, int new)
{
	return arena_printf(
		&t->arena,
		"INSERT INTO code_replacements (order_id, slot, fact, old_code_id, "
		"new_code_id, actor, created_at) VALUES (1, 1, '%s', %d, %d, '', " NOW ")",
		fact, old, new);
}

static void test_replacement(void **state)
{
	struct db_test *t = *state;

	db_test_exec(t, "SET SESSION foreign_key_checks = 0");
	db_test_exec(t, replacement_sql(t, "wish:1", 1, 2));
	expect_refused(t, DUPLICATE, "code_replacements_fact",
		       replacement_sql(t, "wish:1", 3, 4));
	expect_refused(t, DUPLICATE, "code_replacements_old",
		       replacement_sql(t, "wish:2", 1, 4));
	expect_refused(t, DUPLICATE, "code_replacements_new",
		       replacement_sql(t, "wish:2", 3, 2));
	expect_unique(t, "PRIMARY",
		      "INSERT INTO staged_codes (staging_id, seq, ciphertext, key_id, "
		      "fingerprint, expires_at) VALUES (1, 1, 'x', 1, 'a', " NOW ")",
		      "INSERT INTO staged_codes (staging_id, seq, ciphertext, key_id, "
		      "fingerprint, expires_at) VALUES (1, 1, 'x', 1, 'b', " NOW ")");
}

/* ---- money ---- */

static void test_payment(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	db_test_exec(t, "INSERT INTO gateways (name) VALUES ('other')");
	db_test_exec(t, order_sql(t, "AAAA-2222", "one"));
	db_test_exec(t, order_sql(t, "BBBB-2222", "two"));
	expect_unique(t, "payments_gateway",
		      "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
		      "amount_kop, applied, state, received_at) SELECT 'portmone', '7', id, "
		      "'payment', 200, 1, 'ok', " NOW " FROM orders WHERE number = 'AAAA-2222'",
		      "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
		      "amount_kop, applied, state, received_at) SELECT 'portmone', '7', id, "
		      "'payment', 200, 1, 'ok', " NOW
		      " FROM orders WHERE number = 'BBBB-2222'");
	/* Another gateway has numbers of its own. */
	db_test_exec(t,
		     "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
		     "amount_kop, applied, state, received_at) SELECT 'other', '7', id, "
		     "'payment', 200, 1, 'ok', " NOW " FROM orders WHERE number = 'BBBB-2222'");
	expect_unique(t, "PRIMARY",
		      "INSERT INTO payment_hints (order_id, source, first_at, last_at) SELECT "
		      "id, 'notify', " NOW ", " NOW " FROM orders WHERE number = 'AAAA-2222'",
		      "INSERT INTO payment_hints (order_id, source, first_at, last_at) SELECT "
		      "id, 'notify', " NOW ", " NOW " FROM orders WHERE number = 'AAAA-2222'");
}

static const char *refund_sql(struct db_test *t, const char *fact, const char *more)
{
	return arena_printf(&t->arena,
			    "INSERT INTO refunds (order_id, payment_id, fact, amount_kop, "
			    "open_order_id, return_id, whole, reason, actor, state, "
			    "not_before, created_at) SELECT p.order_id, p.id, '%s', %s, 0, "
			    "'', '', 'done', " NOW ", " NOW " FROM payments p",
			    fact, more);
}

static void test_refund(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	db_test_exec(t, order_sql(t, "AAAA-2222", "one"));
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, received_at) SELECT 'portmone', '7', id, "
			"'payment', 200, 1, 'ok', " NOW " FROM orders");
	db_test_exec(t, refund_sql(t, "wish:1", "100, NULL, NULL"));
	expect_refused(t, DUPLICATE, "refunds_fact",
		       refund_sql(t, "wish:1", "100, NULL, NULL"));
	db_test_exec(t, refund_sql(t, "wish:2", "100, p.order_id, NULL"));
	expect_refused(t, DUPLICATE, "refunds_open",
		       refund_sql(t, "wish:3", "100, p.order_id, NULL"));
	db_test_exec(t, refund_sql(t, "wish:4", "100, NULL, p.id"));
	expect_refused(t, DUPLICATE, "refunds_return",
		       refund_sql(t, "wish:5", "100, NULL, p.id"));
	expect_checked(t, "refunds_amount", refund_sql(t, "wish:6", "0, NULL, NULL"));
}

/* ---- what is told, and whose turn it is ---- */

static void test_outbox(void **state)
{
	static const char row[] = "INSERT INTO outbox (fact, kind, chat_id, priority, state, "
				  "not_before, created_at) VALUES ('delivered:1', 'delivered', "
				  "1, 0, 'pending', " NOW ", " NOW ")";
	static const char lease[] = "INSERT INTO leases (name, owner, until_at) "
				    "VALUES ('polling', 1, " NOW ")";
	struct db_test *t = *state;

	expect_unique(t, "outbox_fact", row, row);
	expect_unique(t, "PRIMARY", lease, lease);
}

/* ---- what hangs on the core ---- */

static void test_people(void **state)
{
	struct db_test *t = *state;

	catalogue_make(t);
	expect_unique(
		t, "PRIMARY",
		"INSERT INTO restock_waiters (value_id, user_id, created_at) VALUES (4, 5, " NOW
		")",
		"INSERT INTO restock_waiters (value_id, user_id, created_at) VALUES (4, 5, " NOW
		")");
	expect_unique(t, "promos_code",
		      "INSERT INTO promos (code, percent, starts_at, ends_at) "
		      "VALUES ('SPRING', 5, " NOW ", " NOW ")",
		      "INSERT INTO promos (code, percent, starts_at, ends_at) "
		      "VALUES ('spring', 9, " NOW ", " NOW ")");
	expect_unique(t, "bonus_entries_fact",
		      "INSERT INTO bonus_entries (user_id, fact, amount_kop, created_at) "
		      "VALUES (5, 'order:1', 10, " NOW ")",
		      "INSERT INTO bonus_entries (user_id, fact, amount_kop, created_at) "
		      "VALUES (5, 'order:1', 20, " NOW ")");
	db_test_exec(t, "INSERT INTO raffles (id, title_uk, seed_hash, starts_at, ends_at) "
			"VALUES (1, 'r', '', " NOW ", " NOW ")");
	expect_unique(t, "raffle_tickets_fact",
		      "INSERT INTO raffle_tickets (raffle_id, user_id, fact, created_at) "
		      "VALUES (1, 5, 'order:1', " NOW ")",
		      "INSERT INTO raffle_tickets (raffle_id, user_id, fact, created_at) "
		      "VALUES (1, 5, 'order:1', " NOW ")");
	db_test_exec(t, "INSERT INTO tickets (id, user_id, state, created_at, updated_at) "
			"VALUES (1, 5, 'open', " NOW ", " NOW ")");
	expect_unique(t, "ticket_messages_fact",
		      "INSERT INTO ticket_messages (ticket_id, fact, text, created_at) "
		      "VALUES (1, 'update:9', 'a', " NOW ")",
		      "INSERT INTO ticket_messages (ticket_id, fact, text, created_at) "
		      "VALUES (1, 'update:9', 'b', " NOW ")");
	db_test_exec(t, "INSERT INTO broadcasts (id, text_uk, state, created_by, created_at) "
			"VALUES (1, 't', 'running', 1, " NOW ")");
	expect_unique(t, "PRIMARY",
		      "INSERT INTO broadcast_recipients (broadcast_id, user_id, state) VALUES "
		      "(1, 5, 'sent')",
		      "INSERT INTO broadcast_recipients (broadcast_id, user_id, state) VALUES "
		      "(1, 5, 'pending')");
}

static void test_staff(void **state)
{
	static const char session[] = "INSERT INTO sessions (token_hash, staff_id, address, "
				      "agent, created_at, seen_at) "
				      "VALUES (UNHEX(SHA2('a', 256)), 1, '', '', " NOW ", " NOW
				      ")";
	struct db_test *t = *state;

	expect_unique(t, "staff_login",
		      "INSERT INTO staff (id, login, password_hash, role, created_at) "
		      "VALUES (1, 'anna', 'x', 'owner', " NOW ")",
		      "INSERT INTO staff (login, password_hash, role, created_at) "
		      "VALUES ('anna', 'y', 'viewer', " NOW ")");
	expect_unique(t, "PRIMARY", session, session);
	expect_unique(t, "PRIMARY",
		      "INSERT INTO attempts (name, failures, last_at, until_at) "
		      "VALUES ('login 7', 1, " NOW ", " NOW ")",
		      "INSERT INTO attempts (name, failures, last_at, until_at) "
		      "VALUES ('login 7', 2, " NOW ", " NOW ")");
	expect_unique(t, "audit_seal_no",
		      "INSERT INTO audit (at, actor, action, object, detail, seal_no) "
		      "VALUES (" NOW ", 'a', 'b', 'c', '', 1)",
		      "INSERT INTO audit (at, actor, action, object, detail, seal_no) "
		      "VALUES (" NOW ", 'a', 'b', 'd', '', 1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_catalogue),
		DB_TEST(test_price),
		DB_TEST(test_order),
		DB_TEST(test_code),
		DB_TEST(test_code_has_its_owner),
		DB_TEST(test_replacement),
		DB_TEST(test_payment),
		DB_TEST(test_refund),
		DB_TEST(test_outbox),
		DB_TEST(test_people),
		DB_TEST(test_staff),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
