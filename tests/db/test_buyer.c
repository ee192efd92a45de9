/* Buyers for administrators: found, summed up, written to; messages that were given up; the
 * processes there are; batches. */
#include "shared/base/str.h"
#include "shared/domain/batch.h"
#include "shared/domain/buyer.h"
#include "shared/domain/decision.h"
#include "shared/domain/key_holder.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/domain/process.h"
#include "shared/domain/user.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void people(struct db_test *t)
{
	db_test_exec(t, "INSERT INTO users (id, first_name, last_name, username, lang, "
			"created_at) VALUES "
			"(1, 'Оксана', 'Бойко', 'oks', 'uk', '2026-01-01'), "
			"(2, 'Олег', 'Оксамит', 'oleg_1', 'uk', '2026-01-02'), "
			"(3, '100%', 'x_y', 'zed', 'ru', '2026-01-03'), "
			"(4, 'Оксана', '', '', 'en', '2026-01-03')");
	db_test_exec(t, "UPDATE users SET banned_at = '2026-02-01' WHERE id = 2");
}

static size_t found(struct db_test *t, const char *search, int64_t *ret_first)
{
	struct buyer_filter const filter = { .search = search };
	struct buyer_line *lines;
	size_t count;

	assert_int_equal(buyer_list(t->db, &t->arena, &filter, 10, &lines, &count), OK);
	*ret_first = count ? lines[0].id : 0;
	return count;
}

static void test_search(void **state)
{
	struct db_test *t = *state;
	int64_t first;

	people(t);
	assert_int_equal(found(t, "окса", &first), 3); /* two first names and a last one */
	assert_int_equal(found(t, "@oleg_1", &first), 1);
	assert_int_equal(first, 2);
	assert_int_equal(found(t, "@oleg%", &first), 0);
	assert_int_equal(found(t, "%", &first), 0); /* no wildcard of ours */
	assert_int_equal(found(t, "100%", &first), 1);
	assert_int_equal(found(t, "x_", &first), 1);
	assert_int_equal(found(t, "xa", &first), 0);
}

static void test_pages(void **state)
{
	struct db_test *t = *state;
	struct buyer_filter filter = { .search = NULL };
	struct buyer_line *lines;
	int64_t seen[4];
	size_t count;

	people(t);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(buyer_list(t->db, &t->arena, &filter, 1, &lines, &count), OK);
		assert_int_equal(count, 1);
		seen[i] = lines[0].id;
		filter.before_at = lines[0].key_at;
		filter.before_id = lines[0].id;
	}
	assert_int_equal(seen[0], 4); /* the same instant: by id */
	assert_int_equal(seen[1], 3);
	assert_int_equal(seen[3], 1);
	assert_int_equal(buyer_list(t->db, &t->arena, &filter, 1, &lines, &count), OK);
	assert_int_equal(count, 0);
	filter = (struct buyer_filter){ .banned = true };
	assert_int_equal(buyer_list(t->db, &t->arena, &filter, 10, &lines, &count), OK);
	assert_int_equal(count, 1);
	assert_int_equal(lines[0].id, 2);
}

static void test_spending(void **state)
{
	struct payment_row const row = shop_payment("p1", 2 * PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct buyer_facts facts;
	struct order_offer offer;
	struct order *order;
	struct shop s;

	shop_make(&s, *state, 5);
	offer = shop_offer(&s, BUYER, 2);
	order = shop_open(&s, &offer, OPENING_OK);
	(void)shop_settle(&s, order->id, &evidence);
	offer = shop_offer(&s, BUYER, 1);
	offer.message_id++;
	(void)shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(buyer_facts(s.t->db, &s.t->arena, BUYER, &facts), OK);
	assert_int_equal(facts.orders, 2);
	assert_int_equal(facts.paid, 1);
	assert_int_equal(facts.spent.kop, 2 * PRICE);
	assert_int_equal(facts.refunded, 0);
	assert_true(facts.last_paid_at);
	assert_int_equal(buyer_facts(s.t->db, &s.t->arena, 99, &facts), ERR_NOT_FOUND);
	assert_int_equal(buyer_facts(s.t->db, &s.t->arena, OTHER_BUYER, &facts), OK);
	assert_int_equal(facts.orders, 0);
}

static void test_written_to(void **state)
{
	struct db_test *t = *state;
	struct str longest = STR(&t->arena, 8192);
	const char *wish = decision_wish(&t->arena, "test");
	struct user *user;

	people(t);
	for (int i = 0; i < BUYER_WORDS_MAX; i++)
		str_add(&longest, i % 2 ? "\"" : "\n");
	assert_int_equal(buyer_write(t->db, AUDIT_COMMAND_LINE, 1, "", wish), ERR_INVALID);
	assert_int_equal(buyer_write(t->db, AUDIT_COMMAND_LINE, 9, "?", wish), ERR_NOT_FOUND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(buyer_write(t->db, AUDIT_COMMAND_LINE, 1, "Вітаємо <b>", wish),
				 OK);
	/* The longest fits its row, whatever it is of. */
	assert_int_equal(buyer_write(t->db, AUDIT_COMMAND_LINE, 1, str_text(&longest),
				     decision_wish(&t->arena, "test")),
			 OK);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM outbox WHERE kind = 'words' "
					   "AND chat_id = 1 AND state = 'pending'"),
			 2);
	assert_int_equal(
		db_test_number(t, "SELECT COUNT(*) FROM audit WHERE action = 'user_message'"),
		2);
	assert_int_equal(buyer_set_lang(t->db, AUDIT_COMMAND_LINE, 1, "en"), OK);
	assert_int_equal(buyer_set_lang(t->db, AUDIT_COMMAND_LINE, 1, "en"), OK);
	assert_int_equal(user_find(t->db, &t->arena, 1, &user), OK);
	assert_string_equal(user->lang, "en");
	assert_true(user->lang_chosen);
	assert_int_equal(buyer_set_note(t->db, AUDIT_COMMAND_LINE, 1, "опт"), OK);
	assert_int_equal(buyer_set_note(t->db, AUDIT_COMMAND_LINE, 1, "опт"), OK);
	assert_string_equal(db_test_text(t, "SELECT detail FROM audit WHERE action = "
					    "'user_note'"),
			    "{\"note\":[\"\",\"опт\"]}");
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM audit WHERE action IN "
					   "('user_lang', 'user_note')"),
			 2);
}

/* ---- messages that were given up ---- */

static void test_letters(void **state)
{
	struct db_test *t = *state;
	struct outbox_letter *list;
	struct outbox_row *rows;
	size_t count;
	int64_t id;

	db_test_exec(t, "INSERT INTO outbox (fact, kind, chat_id, priority, state, not_before, "
			"attempts, last_error, created_at) VALUES ('a', 'words', 5, 2, 'dead', "
			"UTC_TIMESTAMP(6), 3, 'Bad Request', UTC_TIMESTAMP(6)), ('b', 'alert', "
			"0, 5, 'dead', UTC_TIMESTAMP(6), 1, '', UTC_TIMESTAMP(6))");
	assert_int_equal(outbox_dead_list(t->db, &t->arena, 10, &list, &count), OK);
	assert_int_equal(count, 2);
	assert_string_equal(list[1].error, "Bad Request");
	id = list[1].id;
	assert_int_equal(outbox_retry(t->db, id), OK);
	assert_int_equal(outbox_retry(t->db, id), ERR_CONFLICT);
	assert_int_equal(outbox_bury(t->db, id), ERR_CONFLICT);
	assert_int_equal(outbox_bury(t->db, list[0].id), OK);
	assert_int_equal(outbox_retry(t->db, list[0].id), ERR_CONFLICT);
	assert_int_equal(outbox_claim(t->db, &t->arena, 7, 10, 60, &rows, &count), OK);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].id, id);
	assert_int_equal(rows[0].attempts, 1);
	assert_int_equal(outbox_dead_list(t->db, &t->arena, 10, &list, &count), OK);
	assert_int_equal(count, 0);
}

/* ---- processes ---- */

static void test_processes(void **state)
{
	struct db_test *t = *state;
	struct key_holder const admin = { .id = 1,
					  .program = "admin",
					  .host = "a",
					  .pid = 10,
					  .known = "",
					  .version = "2",
					  .started_at = 1000000 };
	struct key_holder const twin = {
		.id = 2, .program = "worker", .host = "a", .pid = 11, .known = ""
	};
	struct worker_beat const worker = {
		.id = 3, .host = "b", .pid = 11, .version = "2", .started_at = 2000000
	};
	struct database_facts facts;
	struct process *list;
	size_t count;

	assert_int_equal(key_holder_beat(t->db, &admin), OK);
	assert_int_equal(key_holder_beat(t->db, &twin), OK);
	assert_int_equal(worker_beat(t->db, &worker), OK);
	assert_int_equal(process_list(t->db, &t->arena, &list, &count), OK);
	assert_int_equal(count, 2);
	assert_string_equal(list[0].program, "admin");
	assert_int_equal(list[0].started_at, 1000000);
	assert_true(list[0].fresh);
	assert_string_equal(list[1].version, "2");
	db_test_exec(t, "UPDATE workers SET beat_at = beat_at - INTERVAL 7 SECOND");
	db_test_exec(t, "UPDATE key_holders SET beat_at = beat_at - INTERVAL 2 HOUR");
	assert_int_equal(process_list(t->db, &t->arena, &list, &count), OK);
	assert_int_equal(count, 1);
	assert_false(list[0].fresh);
	assert_true(list[0].silent_s >= 7);
	assert_int_equal(database_facts(t->db, &t->arena, &facts), OK);
	assert_true(*facts.version && facts.now);
}

/* ---- batches ---- */

static void test_batch(void **state)
{
	struct order_offer offer;
	struct shop s;
	int64_t batch;
	int64_t count;
	struct batch_row *row;
	int soon;

	shop_make(&s, *state, 6);
	batch = db_test_number(s.t, "SELECT MIN(id) FROM code_batches");
	offer = shop_offer(&s, BUYER, 2);
	(void)shop_open(&s, &offer, OPENING_OK);
	assert_int_equal(shop_codes(&s, "available"), 4);
	assert_int_equal(batch_set_expiry(s.t->db, AUDIT_COMMAND_LINE, batch, "2099-01-01",
					  INT64_C(4070908800000000), &count),
			 OK);
	assert_int_equal(count, 4);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM card_codes WHERE "
					     "expires_at = '2099-01-01'"),
			 4);
	/* What somebody is buying keeps its day. */
	assert_int_equal(db_test_number(s.t,
					"SELECT COUNT(*) FROM card_codes WHERE "
					"expires_at = '9999-12-31' AND state = 'reserved'"),
			 2);
	assert_int_equal(batch_set_expiry(s.t->db, AUDIT_COMMAND_LINE, batch, "", 0, &count),
			 OK);
	assert_int_equal(db_test_number(s.t, "SELECT COUNT(*) FROM card_codes WHERE "
					     "expires_at = '9999-12-31'"),
			 6);
	db_test_exec(s.t, "UPDATE card_codes SET expires_at = UTC_TIMESTAMP(6) + INTERVAL 3 "
			  "DAY WHERE state = 'available' ORDER BY id LIMIT 1");
	assert_int_equal(batch_find(s.t->db, &s.t->arena, batch, &row), OK);
	assert_int_equal(batch_expiring(s.t->db, row, 30, 10, &soon), OK);
	assert_int_equal(soon, 1);
	assert_int_equal(batch_take_off(s.t->db, AUDIT_COMMAND_LINE, batch, true, &count), OK);
	assert_int_equal(count, 4);
	assert_int_equal(shop_codes(&s, "defective"), 4);
	assert_int_equal(batch_take_off(s.t->db, AUDIT_COMMAND_LINE, batch, false, &count), OK);
	assert_int_equal(count, 0);
	assert_int_equal(shop_codes(&s, "reserved"), 2);
	shop_check(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_search),	  DB_TEST(test_pages),	 DB_TEST(test_spending),
		DB_TEST(test_written_to), DB_TEST(test_letters), DB_TEST(test_processes),
		DB_TEST(test_batch),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
