/* Money goes back once, by our own wish; what is not known is asked for, never told again. */
#include "tests/db/shop.h"

#include "shared/domain/order_refund.h"
#include "shared/base/limits.h"
#include "shared/domain/refund_send.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { WORKER = 42 };

struct refunding {
	struct shop s;
	struct order *order;
	struct payment_row rows[4]; /* what the gateway has */
	size_t count;
};

/* ---- arranging ---- */

static void row_add(struct refunding *r, const char *id, int64_t kop, enum payment_kind kind)
{
	r->rows[r->count] = shop_payment(id, kop);
	r->rows[r->count++].kind = kind;
}

static struct settlement settle(struct refunding *r)
{
	struct payment_evidence const evidence = shop_paid(r->rows, r->count);

	return shop_settle(&r->s, r->order->id, &evidence);
}

/* An order of so many codes, paid: delivered, or waiting where no code is left. */
static void order_paid(struct refunding *r, struct db_test *t, int quantity, bool waits)
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
	row_add(r, "p1", (int64_t)quantity * PRICE, PAYMENT_IN);
	assert_int_equal(settle(r).result, waits ? SETTLE_WAITING : SETTLE_DELIVERED);
}

static enum refund_result wish(struct refunding *r, int64_t payment, int64_t kop)
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

static struct refund_task claim(struct refunding *r)
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

static enum refund_step answered_with(struct refunding *r, const struct refund_task *task,
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

/* One look: what the gateway has, and what is to be done. */
static enum refund_step look(struct refunding *r, struct refund_task *task)
{
	struct refund_order told;

	*task = claim(r);
	return answered_with(r, task, ANSWER_PAID, &told);
}

static enum refund_step told(struct refunding *r, const struct refund_task *task, int outcome,
			     const char *id)
{
	enum refund_step step;

	assert_int_equal(
		refund_told(r->s.t->db, task, "portmone", outcome, id, "Portmone: no", &step),
		OK);
	return step;
}

static void expect_order(struct refunding *r, enum order_state state)
{
	assert_string_equal(order_state_name(shop_order(&r->s, r->order->id)->state),
			    order_state_name(state));
}

static void expect_refund(struct refunding *r, const char *state)
{
	assert_string_equal(
		db_test_text(r->s.t, "SELECT state FROM refunds ORDER BY id DESC LIMIT 1"),
		state);
}

static int64_t alerts(struct refunding *r, const char *what)
{
	return db_test_number(r->s.t, arena_printf(&r->s.t->arena,
						   "SELECT COUNT(*) FROM outbox WHERE kind = "
						   "'alert' AND data LIKE '%%\"%s\"%%'",
						   what));
}

/* ---- the straight way ---- */

static void test_whole(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 2, false);
	assert_int_equal(wish(&r, 0, 0), REFUND_ASKED);
	expect_order(&r, ORDER_REFUNDING);
	shop_check(&r.s);
	assert_int_equal(look(&r, &task), REFUND_STEP_TELL);
	expect_refund(&r, "sent");
	assert_int_equal(told(&r, &task, OK, "r1"), REFUND_STEP_OVER);
	expect_order(&r, ORDER_REFUNDED);
	assert_int_equal(shop_codes(&r.s, "defective"), 2);
	assert_int_equal(shop_told(&r.s, "refunded", r.order->id), 1);
	/* The gateway's row is ours: no dispute, however often it is read. */
	row_add(&r, "r1", 2 * PRICE, PAYMENT_RETURN);
	for (int i = 0; i < 2; i++)
		assert_int_equal(settle(&r).state, ORDER_REFUNDED);
	assert_int_equal(alerts(&r, "return"), 0);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM audit WHERE "
					       "action = 'order_refund'"),
			 1);
	assert_int_equal(wish(&r, 0, 0), REFUND_NOT_PAID);
	shop_check(&r.s);
}

static void test_parts_add_up_to_what_was_paid(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 2, false);
	assert_int_equal(wish(&r, 0, 2 * PRICE + 1), REFUND_TOO_MUCH);
	assert_int_equal(wish(&r, 0, PRICE / 2), REFUND_ASKED);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(wish(&r, 0, PRICE / 2), REFUND_UNDER_WAY);
	look(&r, &task);
	told(&r, &task, OK, "r1");
	row_add(&r, "r1", PRICE / 2, PAYMENT_RETURN);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&r.s, "sold"), 2);
	assert_int_equal(wish(&r, 0, 3 * PRICE / 2 + 1), REFUND_TOO_MUCH);
	/* The last part is the rest: the order ends with it. */
	assert_int_equal(wish(&r, 0, 3 * PRICE / 2), REFUND_ASKED);
	expect_order(&r, ORDER_REFUNDING);
	look(&r, &task);
	told(&r, &task, OK, "r2");
	expect_order(&r, ORDER_REFUNDED);
	assert_int_equal(
		db_test_number(r.s.t, "SELECT COUNT(*) FROM outbox WHERE kind = 'refunded'"),
		2);
	shop_check(&r.s);
}

static void test_a_wish_told_twice_is_one(void **state)
{
	struct refunding r;
	struct decision const decision = { .actor = "a", .why = "b", .wish = "test:one" };
	struct refund_wish wish = { .decision = &decision, .amount = MONEY(5000) };
	enum refund_result result;
	struct money amount;

	order_paid(&r, *state, 1, false);
	wish.order_id = r.order->id;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(order_refund_ask(r.s.t->db, &wish, &result, &amount), OK);
		assert_int_equal(result, REFUND_ASKED);
		assert_int_equal(amount.kop, 5000);
	}
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM refunds"), 1);
}

static void test_unpaid_has_nothing_to_give_back(void **state)
{
	struct refunding r = { 0 };
	struct order_offer offer;

	shop_make(&r.s, *state, 1);
	offer = shop_offer(&r.s, BUYER, 1);
	r.order = shop_open(&r.s, &offer, OPENING_OK);
	assert_int_equal(wish(&r, 0, 0), REFUND_NOT_PAID);
	assert_int_equal(wish(&r, 4711, 0), REFUND_NOT_OURS);
}

/* ---- answers that are lost ---- */

static void test_lost_answer_is_asked_for(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	look(&r, &task);
	assert_int_equal(told(&r, &task, ERR_UNSURE, ""), REFUND_STEP_WAIT);
	row_add(&r, "r9", PRICE, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_order(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 1);
	shop_check(&r.s);
}

/* Told again only when several answers, long enough after, show no trace. */
static void test_without_a_trace_it_is_told_again(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	look(&r, &task);
	told(&r, &task, ERR_UNSURE, "");
	for (int i = 0; i < 5; i++)
		assert_int_equal(look(&r, &task), REFUND_STEP_WAIT);
	db_test_exec(r.s.t, "UPDATE refunds SET questions = 0, "
			    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	assert_int_equal(look(&r, &task), REFUND_STEP_WAIT);
	assert_int_equal(look(&r, &task), REFUND_STEP_WAIT);
	assert_int_equal(look(&r, &task), REFUND_STEP_TELL);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 2);
	told(&r, &task, OK, "r1");
	expect_order(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

/* A worker that died between writing "sent" and telling it looks the same. */
static void test_after_so_many_tellings_a_person_is_told(void **state)
{
	struct refunding r;
	struct refund_task task;
	int tells = 0;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	for (int i = 0; i < 30; i++) {
		tells += look(&r, &task) == REFUND_STEP_TELL;
		db_test_exec(r.s.t, "UPDATE refunds SET "
				    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	}
	assert_int_equal(tells, REFUND_SENDS_MAX);
	assert_int_equal(alerts(&r, "refund_unsure"), 1);
	expect_order(&r, ORDER_REFUNDING);
	/* It was there all the time. */
	row_add(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_order(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

/* Refused when told again: perhaps because the first one arrived after all. */
static void test_refused_the_second_time_is_looked_into(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	look(&r, &task);
	told(&r, &task, ERR_UNSURE, "");
	db_test_exec(r.s.t, "UPDATE refunds SET questions = 9, "
			    "sent_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND");
	assert_int_equal(look(&r, &task), REFUND_STEP_TELL);
	assert_int_equal(told(&r, &task, ERR_DENIED, ""), REFUND_STEP_WAIT);
	expect_order(&r, ORDER_REFUNDING);
	row_add(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_order(&r, ORDER_REFUNDED);
	shop_check(&r.s);
}

static void test_nothing_is_told_on_a_poor_answer(void **state)
{
	struct refunding r;
	struct refund_task task;
	struct refund_order order;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	task = claim(&r);
	assert_int_equal(answered_with(&r, &task, ANSWER_UNUSABLE, &order), REFUND_STEP_WAIT);
	expect_refund(&r, "pending");
	/* It did not get there: as if it had never been told. */
	look(&r, &task);
	assert_int_equal(told(&r, &task, ERR_DOWN, ""), REFUND_STEP_WAIT);
	expect_refund(&r, "pending");
	/* Whoever's lease has gone has no say. */
	look(&r, &task);
	task.owner = 7;
	assert_int_equal(told(&r, &task, OK, "r1"), REFUND_STEP_OVER);
	expect_refund(&r, "sent");
	assert_int_equal(answered_with(&r, &task, ANSWER_PAID, &order), REFUND_STEP_OVER);
	shop_check(&r.s);
}

static void test_an_answer_without_id(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	look(&r, &task);
	told(&r, &task, OK, "");
	expect_order(&r, ORDER_REFUNDED);
	row_add(&r, "r1", PRICE, PAYMENT_RETURN);
	assert_int_equal(settle(&r).state, ORDER_REFUNDED);
	assert_string_equal(db_test_text(r.s.t, "SELECT gateway_payment_id FROM payments "
						"WHERE kind = 'return'"),
			    "r1");
	assert_int_equal(alerts(&r, "return"), 0);
	shop_check(&r.s);
}

/* ---- money that others moved ---- */

static void test_given_back_by_hand_is_not_given_again(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	row_add(&r, "hand", PRICE, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_order(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT sends FROM refunds"), 0);
	shop_check(&r.s);
}

/* Another sum went back without us: what is left does not suffice. */
static void test_foreign_return_stops_it(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	row_add(&r, "hand", PRICE / 4, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_refund(&r, "refused");
	expect_order(&r, ORDER_DISPUTED);
	assert_int_equal(alerts(&r, "return"), 1);
	assert_int_equal(alerts(&r, "refund_refused"), 1);
	shop_check(&r.s);
}

/* Two rows of one sum: one is ours, for the other we never asked. */
static void test_a_second_return_is_not_ours(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 2, false);
	wish(&r, 0, PRICE);
	look(&r, &task);
	told(&r, &task, ERR_UNSURE, "");
	row_add(&r, "r1", PRICE, PAYMENT_RETURN);
	row_add(&r, "r2", PRICE, PAYMENT_RETURN);
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_refund(&r, "done");
	expect_order(&r, ORDER_DISPUTED);
	assert_int_equal(alerts(&r, "return"), 1);
	shop_check(&r.s);
}

/* One that was booked as foreign stays so when a refund of the same sum is wished for later. */
static void test_an_older_return_is_not_taken_for_ours(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 3, false);
	row_add(&r, "hand", PRICE, PAYMENT_RETURN);
	assert_int_equal(settle(&r).state, ORDER_DISPUTED);
	assert_int_equal(wish(&r, 0, PRICE), REFUND_NOT_PAID);
	db_test_exec(r.s.t, "UPDATE orders SET state = 'delivered'");
	assert_int_equal(wish(&r, 0, PRICE), REFUND_ASKED);
	assert_int_equal(look(&r, &task), REFUND_STEP_TELL);
	expect_refund(&r, "sent");
}

static void test_chargeback_stops_it(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	r.rows[0].chargeback = true;
	assert_int_equal(look(&r, &task), REFUND_STEP_OVER);
	expect_refund(&r, "refused");
	expect_order(&r, ORDER_DISPUTED);
	shop_check(&r.s);
}

static void test_refused_is_as_before(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	db_test_exec(r.s.t, "UPDATE outbox SET state = 'sent', telegram_message_id = 0");
	look(&r, &task);
	assert_int_equal(told(&r, &task, ERR_DENIED, ""), REFUND_STEP_OVER);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(alerts(&r, "refund_refused"), 1);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	/* The codes' message was due while they were going back, and came to nothing. */
	assert_int_equal(shop_told(&r.s, "delivered", r.order->id), 2);
	shop_check(&r.s);
	assert_int_equal(wish(&r, 0, 0), REFUND_ASKED);
}

/* ---- the second payment ---- */

static void test_second_payment_goes_back_alone(void **state)
{
	struct refunding r;
	struct refund_task task;
	struct refund_order order;
	int64_t second;

	order_paid(&r, *state, 1, false);
	row_add(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(settle(&r).result, SETTLE_REVIEW);
	second = db_test_number(r.s.t, "SELECT id FROM payments WHERE state = 'review'");
	assert_int_equal(wish(&r, second, 0), REFUND_ASKED);
	expect_order(&r, ORDER_DELIVERED);
	task = claim(&r);
	assert_int_equal(answered_with(&r, &task, ANSWER_PAID, &order), REFUND_STEP_TELL);
	assert_string_equal(order.payment_id, "p2");
	assert_int_equal(order.amount.kop, PRICE);
	told(&r, &task, OK, "r1");
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(shop_codes(&r.s, "sold"), 1);
	assert_string_equal(db_test_text(r.s.t, "SELECT state FROM payments WHERE "
						"gateway_payment_id = 'p2'"),
			    "resolved");
	shop_check(&r.s);
}

static void test_second_payment_while_refunding(void **state)
{
	struct refunding r;
	struct refund_task task;

	order_paid(&r, *state, 1, false);
	wish(&r, 0, 0);
	row_add(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(settle(&r).result, SETTLE_REVIEW);
	expect_order(&r, ORDER_REFUNDING);
	look(&r, &task);
	told(&r, &task, OK, "r1");
	expect_order(&r, ORDER_REFUNDED);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM payments "
					       "WHERE state = 'review'"),
			 1);
	shop_check(&r.s);
}

/* A short payment that went back does not keep the order from being paid in full. */
static void test_paid_after_a_short_one_went_back(void **state)
{
	struct refunding r = { 0 };
	struct refund_task task;
	struct order_offer offer;

	shop_make(&r.s, *state, 1);
	offer = shop_offer(&r.s, BUYER, 1);
	r.order = shop_open(&r.s, &offer, OPENING_OK);
	row_add(&r, "p1", PRICE - 1, PAYMENT_IN);
	settle(&r);
	wish(&r, db_test_number(r.s.t, "SELECT id FROM payments"), 0);
	look(&r, &task);
	told(&r, &task, OK, "r1");
	row_add(&r, "r1", PRICE - 1, PAYMENT_RETURN);
	row_add(&r, "p2", PRICE, PAYMENT_IN);
	assert_int_equal(settle(&r).result, SETTLE_DELIVERED);
	shop_check(&r.s);
}

/* ---- a buyer who does not want to wait ---- */

static enum refund_result buyer_wish(struct refunding *r, int64_t user)
{
	enum refund_result result;

	assert_int_equal(order_refund_by_buyer(r->s.t->db, r->order->id, user, &result), OK);
	return result;
}

static void test_buyer_of_a_waiting_order(void **state)
{
	struct refunding r;
	struct refund_task task;
	enum refund_result result;
	int filled;

	order_paid(&r, *state, 1, true);
	assert_int_equal(order_refund_by_buyer(r.s.t->db, r.order->id, OTHER_BUYER, &result),
			 ERR_NOT_FOUND);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_ASKED);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_UNDER_WAY);
	/* Codes that come now are others'. */
	assert_int_equal(shop_stock(&r.s, "NEW", 3), 0);
	assert_int_equal(order_fill_waiting(r.s.t->db, r.s.value_id, &filled), OK);
	assert_int_equal(filled, 0);
	/* It fails: the order waits again, and is filled. */
	look(&r, &task);
	told(&r, &task, ERR_DENIED, "");
	assert_int_equal(shop_told(&r.s, "refund_late", r.order->id), 1);
	expect_order(&r, ORDER_PAID);
	assert_int_equal(order_fill_waiting(r.s.t->db, r.s.value_id, &filled), OK);
	assert_int_equal(filled, 1);
	expect_order(&r, ORDER_DELIVERED);
	assert_int_equal(buyer_wish(&r, BUYER), REFUND_NOT_PAID);
	shop_check(&r.s);
}

/* ---- at once ---- */

enum { ROUNDS = 20, WISHERS = 4 };

struct wisher {
	struct db *db;
	int64_t order_id;
	int64_t value_id; /* of who fills */
	int failures;
	int asked;
	int filled;
};

static void *wisher_run(void *data)
{
	struct wisher *w = data;
	AUTO_ARENA(a);
	struct decision const decision = { .actor = "a",
					   .why = "b",
					   .wish = decision_wish(&a, "test") };
	struct refund_wish const wish = { .order_id = w->order_id, .decision = &decision };
	enum refund_result result;
	struct money amount;

	if (order_refund_ask(w->db, &wish, &result, &amount))
		w->failures++;
	else
		w->asked += result == REFUND_ASKED;
	return NULL;
}

static void test_wishes_at_once_are_one_refund(void **state)
{
	struct refunding r;
	struct wisher wishers[WISHERS];
	pthread_t threads[WISHERS];
	int failures = 0;
	int asked = 0;

	order_paid(&r, *state, 1, false);
	for (int i = 0; i < WISHERS; i++) {
		wishers[i] = (struct wisher){ .db = db_test_open(r.s.t),
					      .order_id = r.order->id };
		assert_int_equal(pthread_create(&threads[i], NULL, wisher_run, &wishers[i]), 0);
	}
	for (int i = 0; i < WISHERS; i++) {
		pthread_join(threads[i], NULL);
		failures += wishers[i].failures;
		asked += wishers[i].asked;
	}
	assert_int_equal(failures, 0);
	assert_int_equal(asked, 1);
	assert_int_equal(db_test_number(r.s.t, "SELECT COUNT(*) FROM refunds"), 1);
	shop_check(&r.s);
}

static void *filler_run(void *data)
{
	struct wisher *w = data;

	w->failures += order_fill_waiting(w->db, w->value_id, &w->filled) != OK;
	return NULL;
}

static void *buyer_run(void *data)
{
	struct wisher *w = data;
	enum refund_result result = REFUND_NOT_PAID;

	w->failures += order_refund_by_buyer(w->db, w->order_id, BUYER, &result) != OK;
	w->asked = result == REFUND_ASKED;
	return NULL;
}

/* New codes and the buyer's wish at one moment: codes or money, never both or none. */
static void test_refund_against_filling(void **state)
{
	struct refunding r;
	struct wisher buyer;
	struct wisher filler;
	pthread_t threads[2];

	order_paid(&r, *state, 1, true);
	buyer = (struct wisher){ .db = db_test_open(r.s.t), .order_id = r.order->id };
	filler = (struct wisher){ .db = db_test_open(r.s.t), .value_id = r.s.value_id };
	for (int i = 0; i < ROUNDS; i++) {
		db_test_exec(r.s.t, "DELETE FROM refunds");
		db_test_exec(r.s.t, "DELETE FROM outbox");
		db_test_exec(r.s.t, "UPDATE card_codes SET state = 'available', "
				    "order_id = NULL, slot = NULL");
		db_test_exec(r.s.t, "UPDATE orders SET state = 'paid', delivered_at = NULL");
		pthread_create(&threads[0], NULL, buyer_run, &buyer);
		pthread_create(&threads[1], NULL, filler_run, &filler);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		assert_int_equal(buyer.failures + filler.failures, 0);
		assert_int_equal(buyer.asked + filler.filled, 1);
		assert_int_equal(shop_codes(&r.s, "sold"), filler.filled);
		expect_order(&r, buyer.asked ? ORDER_REFUNDING : ORDER_DELIVERED);
		shop_check(&r.s);
	}
}

struct payer {
	struct db *db;
	int64_t order_id;
	const struct payment_evidence *evidence;
	int rc;
};

static void *payer_run(void *data)
{
	struct payer *p = data;
	struct settlement settlement;

	p->rc = order_settle(p->db, p->order_id, p->evidence, &settlement);
	return NULL;
}

/* A second payment comes while the first goes back: one refund of one payment, one case. */
static void test_refund_against_a_second_payment(void **state)
{
	struct refunding r;
	struct payment_evidence both;
	struct wisher wisher;
	struct payer payer;
	pthread_t threads[2];

	order_paid(&r, *state, 1, false);
	row_add(&r, "p2", PRICE, PAYMENT_IN);
	both = shop_paid(r.rows, r.count);
	wisher = (struct wisher){ .db = db_test_open(r.s.t), .order_id = r.order->id };
	payer = (struct payer){ .db = db_test_open(r.s.t),
				.order_id = r.order->id,
				.evidence = &both };
	for (int i = 0; i < ROUNDS; i++) {
		db_test_exec(r.s.t, "DELETE FROM refunds");
		db_test_exec(r.s.t, "DELETE FROM payments WHERE gateway_payment_id = 'p2'");
		db_test_exec(r.s.t, "UPDATE orders SET state = 'delivered'");
		wisher.asked = 0;
		pthread_create(&threads[0], NULL, wisher_run, &wisher);
		pthread_create(&threads[1], NULL, payer_run, &payer);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		assert_int_equal(wisher.failures + payer.rc, 0);
		assert_int_equal(wisher.asked, 1);
		expect_order(&r, ORDER_REFUNDING);
		assert_int_equal(
			db_test_number(r.s.t,
				       "SELECT r.amount_kop FROM refunds r JOIN payments "
				       "p ON p.id = r.payment_id AND p.applied = 1"),
			PRICE);
		assert_int_equal(db_test_number(r.s.t,
						"SELECT COUNT(*) FROM payments WHERE "
						"reason = 'second' AND state = 'review'"),
				 1);
		shop_check(&r.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(test_whole),
		DB_TEST(test_parts_add_up_to_what_was_paid),
		DB_TEST(test_a_wish_told_twice_is_one),
		DB_TEST(test_unpaid_has_nothing_to_give_back),
		DB_TEST(test_lost_answer_is_asked_for),
		DB_TEST(test_without_a_trace_it_is_told_again),
		DB_TEST(test_after_so_many_tellings_a_person_is_told),
		DB_TEST(test_refused_the_second_time_is_looked_into),
		DB_TEST(test_nothing_is_told_on_a_poor_answer),
		DB_TEST(test_an_answer_without_id),
		DB_TEST(test_given_back_by_hand_is_not_given_again),
		DB_TEST(test_foreign_return_stops_it),
		DB_TEST(test_a_second_return_is_not_ours),
		DB_TEST(test_an_older_return_is_not_taken_for_ours),
		DB_TEST(test_chargeback_stops_it),
		DB_TEST(test_refused_is_as_before),
		DB_TEST(test_second_payment_goes_back_alone),
		DB_TEST(test_second_payment_while_refunding),
		DB_TEST(test_paid_after_a_short_one_went_back),
		DB_TEST(test_buyer_of_a_waiting_order),
		DB_TEST(test_wishes_at_once_are_one_refund),
		DB_TEST(test_refund_against_filling),
		DB_TEST(test_refund_against_a_second_payment),
	};

	return cmocka_run_group_tests(tests, db_test_start, db_test_stop);
}
