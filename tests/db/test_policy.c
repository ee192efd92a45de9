/* What administrators set: noticed by everybody within a second, nobody's edit lost, each in
 * the trail. */
#include "shared/domain/policy.h"

#include "shared/base/limits.h"
#include "shared/domain/order_limit.h"
#include "tests/db/shop.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct policy_edit loaded(struct db_test *t)
{
	struct policy_edit edit;

	assert_int_equal(policy_load(t->db, &t->arena, &edit), OK);
	return edit;
}

/* Is it stale? */
static bool save(struct db_test *t, enum policy_section section, const struct policy_edit *edit)
{
	bool stale;

	assert_int_equal(policy_save(t->db, AUDIT_COMMAND_LINE, section, edit, &stale), OK);
	return stale;
}

static int64_t audited(struct db_test *t, const char *action)
{
	return db_test_number(t, arena_printf(&t->arena,
					      "SELECT COUNT(*) FROM audit WHERE action = '%s'",
					      action));
}

static void test_defaults(void **state)
{
	struct db_test *t = *state;
	struct policy_edit const edit = loaded(t);

	assert_string_equal(edit.texts[POLICY_TERMS][0], "");
	assert_string_equal(edit.sales, "");
	assert_int_equal(edit.numbers[POLICY_OPEN_ORDERS], LIMIT_OPEN_ORDERS);
	assert_int_equal(edit.numbers[POLICY_ORDER_TTL], 0);
	/* What somebody wrote past the panel and is none of ours leaves the default. */
	db_test_exec(t, "INSERT INTO settings VALUES ('limit_open_orders', 'many', "
			"UTC_TIMESTAMP(6))");
	assert_int_equal(loaded(t).numbers[POLICY_OPEN_ORDERS], LIMIT_OPEN_ORDERS);
}

static void test_two_editors(void **state)
{
	struct db_test *t = *state;
	struct policy_edit first = loaded(t);
	struct policy_edit second = loaded(t);
	struct policy_edit other = loaded(t);

	first.texts[POLICY_TERMS][0] = "Перші умови";
	second.texts[POLICY_TERMS][0] = "Другі умови";
	assert_false(save(t, POLICY_WORDS, &first));
	assert_true(save(t, POLICY_WORDS, &second));
	assert_string_equal(loaded(t).texts[POLICY_TERMS][0], "Перші умови");
	assert_int_equal(audited(t, "settings_save"), 1);
	/* Another section is another edit; only its own members are stored. */
	other.numbers[POLICY_OPEN_ORDERS] = 3;
	other.texts[POLICY_TERMS][0] = "Треті";
	assert_false(save(t, POLICY_BOUNDS, &other));
	assert_int_equal(loaded(t).numbers[POLICY_OPEN_ORDERS], 3);
	assert_string_equal(loaded(t).texts[POLICY_TERMS][0], "Перші умови");
	/* Nothing changed is no change. */
	second = loaded(t);
	assert_false(save(t, POLICY_WORDS, &second));
	assert_int_equal(audited(t, "settings_save"), 2);
	assert_int_equal(loaded(t).versions[POLICY_WORDS], second.versions[POLICY_WORDS]);
}

/* What it was before is in the trail, and who. */
static void test_trail(void **state)
{
	struct db_test *t = *state;
	struct policy_edit edit = loaded(t);

	edit.numbers[POLICY_UNPAID_FREE] = 4;
	assert_false(save(t, POLICY_BOUNDS, &edit));
	assert_string_equal(db_test_text(t, "SELECT object FROM audit"), "settings bounds");
	assert_string_equal(db_test_text(t, "SELECT detail FROM audit"),
			    "{\"limit_unpaid_free\":[\"10\",\"4\"]}");
}

static void test_snapshot(void **state)
{
	struct db_test *t = *state;
	struct policy *p = policy_new();
	struct policy_edit edit = loaded(t);

	assert_string_equal(policy_text(p, POLICY_TERMS, 0), "");
	assert_int_equal(policy_number(p, POLICY_LOW_STOCK), 5);
	assert_int_equal(policy_refresh(p, t->db, 1000), OK);
	edit.texts[POLICY_TERMS][0] = "Умови";
	edit.texts[POLICY_TERMS][2] = "Условия";
	assert_false(save(t, POLICY_WORDS, &edit));
	assert_int_equal(policy_refresh(p, t->db, 1999), OK);
	assert_string_equal(policy_text(p, POLICY_TERMS, 0), "");
	assert_int_equal(policy_refresh(p, t->db, 2000), OK);
	assert_string_equal(policy_text(p, POLICY_TERMS, 0), "Умови");
	assert_string_equal(policy_text(p, POLICY_TERMS, 1), "Умови"); /* en is not set */
	assert_string_equal(policy_text(p, POLICY_TERMS, 2), "Условия");
	policy_free(p);
}

static void test_switch(void **state)
{
	static const char *const words[CATALOG_LANGS] = { "Інвентаризація", "", "" };
	static const char *const others[CATALOG_LANGS] = { "Переоблік", "", "" };
	struct db_test *t = *state;
	struct policy *p = policy_new();
	const char *text;

	assert_int_equal(policy_refresh(p, t->db, 0), OK);
	assert_false(policy_paused(p, false));
	assert_true(policy_paused(p, true)); /* SALES, while the switch was never used */
	assert_int_equal(policy_pause(t->db, AUDIT_COMMAND_LINE, words), OK);
	assert_int_equal(policy_pause(t->db, AUDIT_COMMAND_LINE, words), OK);
	assert_int_equal(audited(t, "sales_pause"), 1);
	assert_int_equal(policy_refresh(p, t->db, 5000), OK);
	assert_true(policy_paused(p, false));
	assert_int_equal(policy_paused_words(t->db, &t->arena, 1, &text), OK);
	assert_string_equal(text, "Інвентаризація");
	assert_int_equal(policy_pause(t->db, AUDIT_COMMAND_LINE, others), OK);
	assert_int_equal(audited(t, "sales_pause"), 2); /* other words are another deed */
	assert_int_equal(policy_resume(t->db, AUDIT_COMMAND_LINE), OK);
	assert_int_equal(policy_resume(t->db, AUDIT_COMMAND_LINE), OK);
	assert_int_equal(audited(t, "sales_resume"), 1);
	assert_int_equal(policy_refresh(p, t->db, 9000), OK);
	assert_false(policy_paused(p, true)); /* the switch counts more than SALES */
	policy_free(p);
}

/* Paused: nothing new; what is open is paid and delivered all the same. */
static void test_paused_shop_delivers(void **state)
{
	static const char *const words[CATALOG_LANGS] = { "", "", "" };
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer before;
	struct order_offer after;
	struct order *order;
	struct shop s;

	shop_make(&s, *state, 3);
	before = shop_offer(&s, BUYER, 1);
	after = shop_offer(&s, OTHER_BUYER, 1);
	order = shop_open(&s, &before, OPENING_OK);
	assert_int_equal(policy_pause(s.t->db, AUDIT_COMMAND_LINE, words), OK);
	(void)shop_open(&s, &after, OPENING_PAUSED);
	/* The page of an open order opens again. */
	assert_int_equal(shop_open(&s, &before, OPENING_OK)->id, order->id);
	assert_int_equal(shop_settle(&s, order->id, &evidence).result, SETTLE_DELIVERED);
	assert_int_equal(policy_resume(s.t->db, AUDIT_COMMAND_LINE), OK);
	(void)shop_open(&s, &after, OPENING_OK);
	shop_check(&s);
}

static void test_bounds_reach_orders(void **state)
{
	struct db_test *t = *state;
	struct policy_edit edit = loaded(t);
	struct order_limits limits;

	edit.numbers[POLICY_ORDER_TTL] = 60;
	edit.numbers[POLICY_RESERVED_CODES] = 7;
	assert_false(save(t, POLICY_BOUNDS, &edit));
	assert_int_equal(order_limits_read(t->db, &t->arena, &limits), OK);
	assert_int_equal(limits.order_ttl, 60);
	assert_int_equal(limits.reserved_codes, 7);
	assert_int_equal(limits.open_orders, LIMIT_OPEN_ORDERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_defaults),
		DB_TEST(test_two_editors),
		DB_TEST(test_trail),
		DB_TEST(test_snapshot),
		DB_TEST(test_switch),
		DB_TEST(test_paused_shop_delivers),
		DB_TEST(test_bounds_reach_orders),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
