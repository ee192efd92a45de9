/* The buyer at the payment page, and money that moves behind it. */
#include "tests/sandbox/api.h"
#include "tests/sandbox/events.h"
#include "tests/sandbox/portmone_book.h"
#include "tests/sandbox/portmone_buyer.h"
#include "tests/sandbox/portmone_notify.h"
#include "tests/sandbox/static.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { NOTIFY_MAX = 1000, PARALLEL_MAX = 100, RETURN_SECONDS = 30 };

void api_bills(const struct http_request *r, struct http_answer *ret)
{
	world_lock();
	http_answer_json(ret, 200, book_bills(http_query(r, "order")));
	world_unlock();
}

/* The bill the address names; NULL: there is none, and that is answered.  With the world
 * locked. */
static struct json_object *bill_named(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *bill = book_bill(r->parts[0]);

	if (!bill)
		http_answer_error(ret, 404, "there is no such bill");
	return bill;
}

void api_bill(const struct http_request *r, struct http_answer *ret)
{
	struct json_object *bill;

	world_lock();
	bill = bill_named(r, ret);
	if (bill)
		http_answer_json(ret, 200, bill);
	world_unlock();
}

static void buyer_event(const char *what, struct json_object *bill, struct json_object *request,
			struct json_object *outcome)
{
	AUTO_JSON *shown = json_object_new_object();

	json_put_string(shown, "order", json_string(bill, "order"));
	json_object_object_foreach (request, name, value) {
		json_put(shown, name, json_object_get(value));
	}
	event_add(&(struct event){
		.from = "buyer",
		.to = "portmone",
		.what = what,
		.status = outcome ? 200 : 409,
		.request = shown,
		.response = outcome,
	});
}

/* As the page's script would: the form goes to the shop.  With the world unlocked. */
static void return_submit(struct json_object *outcome)
{
	struct json_object *form = json_member(outcome, "return");
	struct json_object *returned = json_object_new_object();
	AUTO_TEXT body = { 0 };
	struct post post;

	json_object_object_foreach (json_member(form, "fields"), name, value) {
		text_add(&body, body.len ? "&" : "");
		text_add_encoded(&body, name);
		text_addc(&body, '=');
		text_add_encoded(&body, json_object_get_string(value));
	}
	post = (struct post){
		.url = json_string(form, "url"),
		.content_type = "application/x-www-form-urlencoded",
		.body = text_of(&body),
		.len = body.len,
		.timeout_ms = RETURN_SECONDS * 1000L,
	};
	post_run(&post, 1, 1);
	json_put_int(returned, "status", post.status);
	json_put_string(returned, "body", text_of(&post.answer));
	world_lock();
	event_add(&(struct event){
		.from = "buyer",
		.to = "shop",
		.what = "return",
		.status = post.status,
		.started_at = post.started_at,
		.request = json_member(form, "fields"),
		.response = NULL,
	});
	world_unlock();
	json_put(outcome, "returned", returned);
	post_release(&post);
}

static bool payment_read(struct json_object *body, struct payment *ret,
			 struct http_answer *answer)
{
	const char *amount = json_string(body, "amount");

	*ret = (struct payment){
		.card = json_string(body, "card"),
		.notify = json_string(body, "notify"),
		.test = json_flag(body, "test"),
		.force = json_flag(body, "force"),
	};
	if (amount && !book_money_read(amount, &ret->kopiykas))
		http_answer_error(answer, 400, "amount must be a text like 100.00");
	else if (ret->notify && !text_is(ret->notify, "json") && !text_is(ret->notify, "xml") &&
		 !text_is(ret->notify, "none"))
		http_answer_error(answer, 400, "notify is json, xml or none");
	else
		return true;
	return false;
}

void api_bill_pay(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	AUTO_JSON *bill = NULL;
	struct json_object *outcome = NULL;
	struct payment payment;
	const char *why = "";

	if (!body || !payment_read(body, &payment, ret))
		return;
	world_lock();
	bill = bill_named(r, ret);
	if (bill) {
		outcome = buyer_pay(r->parts[0], &payment, &why);
		buyer_event("pay", bill, body, outcome);
	}
	world_unlock();
	if (!bill)
		return;
	if (outcome && json_flag(body, "return") && json_member(outcome, "return"))
		return_submit(outcome);
	if (outcome)
		http_answer_json(ret, 200, outcome);
	else
		http_answer_error(ret, 409, "%s", why);
}

/* ---- what else happens to a bill ---- */

static struct json_object *act_decline(const char *bill, struct json_object *body)
{
	(void)body;
	return buyer_decline(bill);
}

/* The buyer closes the window: the attempt stays as it is, nobody comes back. */
static struct json_object *act_close(const char *bill, struct json_object *body)
{
	struct json_object *outcome = json_object_new_object();

	(void)bill, (void)body;
	json_put(outcome, "return", NULL);
	return outcome;
}

static struct json_object *act_expire(const char *bill, struct json_object *body)
{
	(void)body;
	book_bill_state(bill, "expired");
	return book_bill(bill);
}

static struct json_object *act_chargeback(const char *bill, struct json_object *body)
{
	(void)body;
	book_chargeback(bill);
	return book_bill(bill);
}

/* Somebody at Portmone gives money back: all, or {amount}. */
static struct json_object *act_refund(const char *bill, struct json_object *body)
{
	int64_t const paid = book_row_of(bill, "PAYED");
	AUTO_JSON *row = paid ? book_row(paid) : NULL;
	const char *amount = json_string(body, "amount");
	int64_t kopiykas = 0;

	if (!row ||
	    !book_money_read(amount ? amount : json_string(row, "billAmount"), &kopiykas))
		return NULL;
	return book_row(book_return(paid, kopiykas));
}

static const struct {
	const char *name;
	struct json_object *(*act)(const char *bill, struct json_object *body);
} acts[] = {
	{ "decline", act_decline },	  { "close", act_close },   { "expire", act_expire },
	{ "chargeback", act_chargeback }, { "refund", act_refund },
};

void api_bill_act(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	AUTO_JSON *bill = NULL;
	struct json_object *outcome = NULL;
	size_t i = 0;

	if (!body)
		return;
	while (i < COUNT(acts) && !text_is(acts[i].name, r->parts[1]))
		i++;
	if (i == COUNT(acts)) {
		http_answer_error(ret, 404, "there is nothing here");
		return;
	}
	world_lock();
	bill = bill_named(r, ret);
	if (bill) {
		outcome = acts[i].act(r->parts[0], body);
		buyer_event(acts[i].name, bill, body, outcome);
	}
	world_unlock();
	if (bill && json_flag(body, "return") && json_member(outcome, "return"))
		return_submit(outcome);
	if (outcome)
		http_answer_json(ret, 200, outcome);
	else if (bill)
		http_answer_error(ret, 409, "the bill is not paid, or not so much is left");
}

static int64_t between(int64_t value, int64_t min, int64_t max)
{
	return value < min ? min : value > max ? max : value;
}

void api_notify(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *body = api_body(r, ret);
	const char *order = json_string(body, "order");
	const char *bill_id = json_string(body, "shopBillId");
	const char *format = json_string(body, "format");
	int64_t const count = between(json_int(body, "count", 1), 1, NOTIFY_MAX);
	int64_t const parallel = between(json_int(body, "parallel", 1), 1, PARALLEL_MAX);

	if (!body)
		return;
	if (!order) {
		http_answer_error(ret, 400, "order is needed");
		return;
	}
	http_answer_json(ret, 200,
			 notify_now(order, bill_id ? bill_id : "", format ? format : "json",
				    (size_t)count, (size_t)parallel));
}

/* ---- the page itself ---- */

void pay_page(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *bill = NULL;

	world_lock();
	bill = bill_named(r, ret);
	if (bill)
		buyer_open(r->parts[0]);
	world_unlock();
	if (bill)
		static_answer("pay.html", ret);
}

void pay_receipt(const struct http_request *r, struct http_answer *ret)
{
	AUTO_JSON *bill = NULL;
	AUTO_TEXT text = { 0 };

	world_lock();
	bill = bill_named(r, ret);
	world_unlock();
	if (!bill)
		return;
	text_addf(&text, "TEST\n\n%s\n%s\n%s UAH\n%s\n", json_string(bill, "order"),
		  json_string(bill, "description"), json_string(bill, "amount"),
		  json_string(bill, "status"));
	http_answer_text(ret, 200, "text/plain; charset=utf-8", text.data);
}
