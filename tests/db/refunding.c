#include "tests/db/refunding.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORKER = 42 };

void refunding_row(struct refunding *r, const char *id, int64_t kop, enum payment_kind kind)
{
	r->rows[r->count] = shop_payment(id, kop);
	r->rows[r->count++].kind = kind;
}

struct settlement refunding_settle(struct refunding *r)
{
	struct payment_evidence const evidence = shop_paid(r->rows, r->count);

	return shop_settle(&r->s, r->order->id, &evidence);
}

void refunding_begin(struct refunding *r, struct db_test *t, int quantity, bool waits)
{
	struct order_offer offer;

	*r = (struct refunding){ 0 };
	shop_make(&r->s, t, quantity + 2);
	offer = shop_offer(&r->s, BUYER, quantity);
	r->order = shop_open(&r->s, &offer, OPENING_OK);
	if (waits) {
		assert_int_equal(order_cancel(t->db, r->order->id, BUYER), OK);
		db_test_exec(t, "UPDATE card_codes SET state = 'withdrawn'");
	}
	refunding_row(r, "p1", (int64_t)quantity * PRICE, PAYMENT_IN);
	assert_int_equal(refunding_settle(r).result, waits ? SETTLE_WAITING : SETTLE_DELIVERED);
}

enum refund_result refunding_wish(struct refunding *r, int64_t payment, int64_t kop)
{
	struct decision const decision = { .actor = "command line",
					   .why = "so it was decided",
					   .wish = decision_wish(&r->s.t->arena, "test") };
	struct refund_wish const wish = { .order_id = r->order->id,
					  .payment_id = payment,
					  .amount = MONEY(kop),
					  .decision = &decision };
	enum refund_result result;
	struct money amount;

	assert_int_equal(order_refund_ask(r->s.t->db, &wish, &result, &amount), OK);
	return result;
}

struct refund_task refunding_claim(struct refunding *r)
{
	struct refund_task *list;
	size_t count;

	db_test_exec(r->s.t, "UPDATE refunds SET not_before = UTC_TIMESTAMP(6)");
	assert_int_equal(refund_claim(r->s.t->db, &r->s.t->arena, WORKER, 8, 30, &list, &count),
			 OK);
	assert_int_equal(count, 1);
	assert_string_equal(list->number, r->order->number);
	return *list;
}

enum refund_step refunding_answered(struct refunding *r, const struct refund_task *task,
				    enum payment_answer answer, struct refund_order *told)
{
	struct payment_evidence evidence = shop_paid(r->rows, r->count);
	enum refund_step step;

	evidence.answer = answer;
	if (answer == ANSWER_UNUSABLE)
		evidence.count = 0;
	assert_int_equal(
		refund_answered(r->s.t->db, &r->s.t->arena, task, &evidence, &step, told), OK);
	return step;
}

enum refund_step refunding_look(struct refunding *r, struct refund_task *task)
{
	struct refund_order told;

	*task = refunding_claim(r);
	return refunding_answered(r, task, ANSWER_PAID, &told);
}

enum refund_step refunding_told(struct refunding *r, const struct refund_task *task,
				int outcome, const char *id)
{
	enum refund_step step;

	assert_int_equal(
		refund_told(r->s.t->db, task, "portmone", outcome, id, "Portmone: no", &step),
		OK);
	return step;
}

void refunding_expect(struct refunding *r, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&r->s, r->order->id)->state),
			    order_state_name(state));
}

void refunding_expect_refund(struct refunding *r, const char *state)
{
	assert_string_equal(
		db_test_text(r->s.t, "SELECT state FROM refunds ORDER BY id DESC LIMIT 1"),
		state);
}

int64_t refunding_alerts(struct refunding *r, const char *what)
{
	return db_test_number(r->s.t, arena_printf(&r->s.t->arena,
						   "SELECT COUNT(*) FROM outbox WHERE kind = "
						   "'alert' AND data LIKE '%%\"%s\"%%'",
						   what));
}
