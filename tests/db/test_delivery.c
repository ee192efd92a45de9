/* The message with the codes, from what is in the database. */
#include "fcgi/worker/notices.h"
#include "shared/base/clock.h"
#include "tests/db/db_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static const struct code_vault vault = {
	.keys = { { .id = 1, .key = "one key, thirty-two bytes of it" } },
	.count = 1,
	.fingerprint_key = "another one of thirty-two bytes",
};

static int start(void **state)
{
	static struct arena a;
	struct str problem = STR(&a, 4096);
	int const rc = db_test_start(state);

	if (clock_set_zone("Europe/Kyiv") || i18n_load("templates/i18n", &problem))
		die("%s", str_text(&problem));
	arena_release(&a);
	return rc;
}

/* ---- arranging ---- */

static void insert_catalogue(struct db_test *t, const char *title, const char *instruction)
{
	db_test_exec(t, "INSERT INTO categories (id, slug, title_uk, title_en, created_at) "
			"VALUES (1, 'c', 'Лайфсел', 'Lifecell', UTC_TIMESTAMP(6))");
	assert_int_equal(
		db_exec(t->db,
			"INSERT INTO card_values (id, category_id, slug, title_uk, title_en, "
			"price_kop, instruction_uk, created_at) "
			"VALUES (5, 1, 'v', ?, ?, 10000, ?, UTC_TIMESTAMP(6))",
			PARAMS(P(title), P(title), P(instruction)), NULL),
		OK);
	db_test_exec(t, "INSERT INTO code_batches (id, value_id, name, created_at) "
			"VALUES (1, 5, 'b', UTC_TIMESTAMP(6))");
	db_test_exec(t, "INSERT INTO users (id, lang, created_at) "
			"VALUES (1001, 'uk', UTC_TIMESTAMP(6))");
}

static void insert_order(struct db_test *t, int quantity, const char *state, const char *lang)
{
	assert_int_equal(
		db_exec(t->db,
			"INSERT INTO orders (id, number, nonce, user_id, value_id, quantity, "
			"unit_price_kop, total_kop, gateway, state, chat_id, message_id, lang, "
			"created_at, expires_at) VALUES (17, 'K7F3-9QXA', "
			"'0123456789abcdef', 1001, 5, ?, 10000, 10000 * ?, 'portmone', ?, "
			"1001, 40, ?, UTC_TIMESTAMP(6), "
			"UTC_TIMESTAMP(6) + INTERVAL 900 SECOND)",
			PARAMS(P(quantity), P(quantity), P(state), P(lang)), NULL),
		OK);
}

static void insert_code(struct db_test *t, int slot, const char *code, const char *expires)
{
	struct code_sealed sealed;

	code_seal(&t->arena, &vault, 5, code, &sealed);
	assert_int_equal(
		db_exec(t->db,
			"INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, "
			"fingerprint, serial, expires_at, state, order_id, slot) "
			"VALUES (5, 1, ?, ?, ?, ?, ?, 'sold', 17, ?)",
			PARAMS(P(sealed.ciphertext), P(sealed.key_id),
			       P(((struct bytes){ sealed.fingerprint, CRYPTO_SHA256 })),
			       P(expires ? "77" : ""), P(expires ? expires : "9999-12-31"),
			       P(slot)),
			NULL),
		OK);
}

static void insert_codes(struct db_test *t, int count, size_t len)
{
	for (int i = 1; i <= count; i++) {
		char *code = arena_printf(&t->arena, "C%03d-", i);
		char *full = arena_alloc(&t->arena, len + 1);

		memset(full, '<', len);
		memcpy(full, code, 5);
		insert_code(t, i, full, NULL);
	}
}

static void insert_payment(struct db_test *t)
{
	db_test_exec(t, "INSERT INTO payments (gateway, gateway_payment_id, order_id, kind, "
			"amount_kop, applied, state, receipt_url, received_at) VALUES "
			"('portmone', '1', 17, 'payment', 10000, 1, 'ok', "
			"'https://receipts.example/?a=1&b=2', UTC_TIMESTAMP(6))");
}

static int draw(struct db_test *t, enum outbox_kind kind, const char *data, struct message *ret)
{
	static const unsigned char data_key[CRYPTO_KEY];
	struct catalog *catalog = catalog_new();
	struct notice_source const source = {
		.db = t->db,
		.catalog = catalog,
		.vault = &vault,
		.public_url = "https://shop.example",
		.data_key = data_key,
	};
	struct outbox_row const row = {
		.id = 1,
		.kind = kind,
		.chat_id = 1001,
		.order_id = kind == OUTBOX_RESTOCK ? 0 : 17,
		.data = data,
	};
	int const rc = notice_message(&source, &t->arena, &row, ret);

	if (!rc)
		ret->html = arena_strdup(&t->arena, ret->html); /* the catalogue's may go */
	catalog_free(catalog);
	return rc;
}

static const char *const no_data = "{}";

/* ---- tests ---- */

static void test_one(void **state)
{
	struct db_test *t = *state;
	struct message m;

	insert_catalogue(t, "Поповнення 100", "наберіть *123*код# & <далі>.");
	insert_order(t, 1, "delivered", "uk");
	insert_code(t, 1, "12<4-5678-9012", "2030-12-30 22:30:00");
	insert_payment(t);
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
	assert_int_equal(m.chat_id, 1001);
	assert_int_equal(m.edit_id, 0);
	assert_null(m.file_name);
	assert_string_equal(
		m.html,
		"✅ <b>Оплачено. Ваш код:</b>\n<code>12&lt;4-5678-9012</code> · № 77 · до "
		"31.12.2030\n\nЯк активувати: наберіть *123*код# &amp; &lt;далі&gt;.\n\n"
		"Замовлення K7F3-9QXA: Лайфсел, Поповнення 100\n"
		"<a href=\"https://receipts.example/?a=1&amp;b=2\">Квитанція</a>");
	assert_int_equal(m.buttons.count, 2);
	assert_int_equal(m.buttons.rows[0].buttons[0].kind, BUTTON_COPY);
	assert_string_equal(m.buttons.rows[0].buttons[0].value, "12<4-5678-9012");
	assert_string_equal(m.buttons.rows[1].buttons[0].value, "s:17");
	assert_string_equal(m.buttons.rows[1].buttons[1].value, "b:5");
}

static void test_ten(void **state)
{
	struct db_test *t = *state;
	struct message m;

	insert_catalogue(t, "Top-up 100", "");
	insert_order(t, 10, "delivered", "en");
	insert_codes(t, 10, 20);
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
	assert_null(m.file_name);
	assert_non_null(strstr(m.html, "Your 10 codes:"));
	assert_int_equal(m.buttons.count, 3);
	assert_int_equal(m.buttons.rows[0].count, 5);
	assert_string_equal(m.buttons.rows[1].buttons[4].text, "Code 10");
}

/* More than ten, or long ones, come as a file. */
static void test_file(void **state)
{
	static const struct {
		int count;
		size_t len;
	} orders[] = { { 11, 10 }, { 50, 256 }, { 10, 256 }, { 1, 256 } };

	for (size_t i = 0; i < COUNT(orders); i++) {
		struct db_test *t = *state;
		size_t lines = 0;
		struct message m;

		db_test_clean(t);
		insert_catalogue(t, "Top-up 100", "");
		insert_order(t, orders[i].count, "delivered", "ru");
		insert_codes(t, orders[i].count, orders[i].len);
		assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
		if (orders[i].count <= 10) {
			assert_null(m.file_name);
			assert_true(message_text_len(m.html) <= TELEGRAM_TEXT_MAX);
			continue;
		}
		assert_string_equal(m.file_name, "K7F3-9QXA.txt");
		assert_true(message_text_len(m.html) <= 1024);
		assert_null(strstr(m.html, "C001"));
		for (size_t c = 0; c < m.file.len; c++)
			lines += ((const char *)m.file.data)[c] == '\n';
		assert_int_equal(lines, orders[i].count);
	}
}

/* The longest instruction and title that the columns hold. */
static void test_long(void **state)
{
	struct db_test *t = *state;
	char title[601] = "";
	char instruction[3001] = "";
	struct message m;

	for (int i = 0; i < 200; i++)
		strncat(title, "€", 4);
	for (int i = 0; i < 1000; i++)
		strncat(instruction, "€", 4);
	insert_catalogue(t, title, instruction);
	insert_order(t, 10, "delivered", "uk");
	insert_codes(t, 10, 256); /* fits by itself, but not with the instruction */
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
	if (m.file_name) {
		assert_true(message_text_len(m.html) <= 1024);
		assert_non_null(strstr(m.file.data, "€€€"));
	} else {
		assert_true(message_text_len(m.html) <= TELEGRAM_TEXT_MAX);
	}
	db_test_exec(t, "DELETE FROM card_codes WHERE slot > 1");
	db_test_exec(t, "UPDATE orders SET quantity = 1, total_kop = 10000");
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
	assert_null(m.file_name);
}

/* Nothing of an order is sent when one of its codes can't be. */
static void test_closed(void **state)
{
	struct db_test *t = *state;
	struct message m;

	insert_catalogue(t, "Top-up 100", "");
	insert_order(t, 2, "delivered", "uk");
	insert_code(t, 1, "1111", NULL);
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), ERR_CONFLICT);
	insert_code(t, 2, "2222", NULL);
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), OK);
	db_test_exec(t, "UPDATE card_codes SET key_id = 9 WHERE slot = 2");
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), ERR_DENIED);
	db_test_exec(t, "UPDATE card_codes a JOIN card_codes b ON b.slot = 1 "
			"SET a.key_id = 1, a.ciphertext = b.ciphertext WHERE a.slot = 2");
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), ERR_DENIED);
}

static void test_rows(void **state)
{
	struct db_test *t = *state;
	struct message m;

	insert_catalogue(t, "Top-up 100", "");
	assert_int_equal(draw(t, OUTBOX_WAITING, no_data, &m), ERR_INVALID); /* no order */
	insert_order(t, 1, "pending", "en");
	assert_int_equal(draw(t, OUTBOX_OPENED, no_data, &m), OK);
	assert_int_equal(m.edit_id, 40);
	assert_int_equal(draw(t, OUTBOX_DELIVERED, no_data, &m), ERR_NOT_FOUND);
	assert_int_equal(draw(t, OUTBOX_EXPIRED, no_data, &m), ERR_NOT_FOUND);
	assert_int_equal(draw(t, OUTBOX_OPENED, "[]", &m), ERR_INVALID);
	/* The reader's language, not the order's. */
	assert_int_equal(draw(t, OUTBOX_ALERT, "{\"what\":\"short\"}", &m), OK);
	assert_non_null(strstr(m.html, "Сплачено менше"));
	assert_int_equal(draw(t, OUTBOX_RESTOCK, "{\"value\":5}", &m), OK);
	assert_string_equal(m.buttons.rows[0].buttons[0].value, "v:5:1");
	assert_int_equal(draw(t, OUTBOX_RESTOCK, "{\"value\":6}", &m), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_one),  DB_TEST(test_ten),	  DB_TEST(test_file),
		DB_TEST(test_long), DB_TEST(test_closed), DB_TEST(test_rows),
	};

	return cmocka_run_group_tests(tests, start, db_test_stop);
}
