/* The payment pages against a database and a gateway of the test's: one order, one bill. */
#include "fcgi/portmone/app.h"

#include "shared/platform/form.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/platform/i18n.h"
#include "shared/platform/web_private.h"
#include "tests/db/shop.h"

#include <arpa/inet.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the gateway: a bill for every question, or what the test wants ---- */

enum gateway_mood { GATEWAY_WELL, GATEWAY_BROKEN, GATEWAY_REFUSING, GATEWAY_SILENT };

static struct {
	int listener;
	int port;
	_Atomic int mood;
	_Atomic int bills;
	struct db *overtaker; /* stores another link before the answer */
} gateway;

static void gateway_answer(int fd)
{
	static const char *const answers[] = {
		[GATEWAY_WELL] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
				 "{\"linkPayment\":\"https://pay.example/%d\","
				 "\"errorCode\":\"0\"}",
		[GATEWAY_BROKEN] = "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n%d",
		[GATEWAY_REFUSING] = ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
				      "{\"errorCode\":\"7\",\"error\":\"no %d\"}"),
		[GATEWAY_SILENT] = "%d",
	};
	struct timespec const pause = { .tv_sec = CALL_TIMEOUT_MS / 1000 + 1 };
	int const mood = gateway.mood;
	char text[8192];

	(void)!read(fd, text, sizeof(text));
	if (mood == GATEWAY_SILENT)
		nanosleep(&pause, NULL);
	if (gateway.overtaker &&
	    db_script(gateway.overtaker,
		      "UPDATE orders SET link_url = 'https://pay.example/first'"))
		die("nobody was faster");
	snprintf(text, sizeof(text), answers[mood], ++gateway.bills);
	(void)send(fd, text, strlen(text), MSG_NOSIGNAL);
	close(fd);
}

static void *gateway_run(void *data)
{
	UNUSED(data);
	for (;;) {
		int const fd = accept(gateway.listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		gateway_answer(fd);
	}
}

static void gateway_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	pthread_t thread;

	gateway.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(gateway.listener, (struct sockaddr *)&address, len) ||
	    listen(gateway.listener, 64) ||
	    getsockname(gateway.listener, (struct sockaddr *)&address, &len) ||
	    pthread_create(&thread, NULL, gateway_run, NULL))
		die("the test's gateway can't be started");
	gateway.port = ntohs(address.sin_port);
	pthread_detach(thread);
}

/* ---- the program without nginx ---- */

static struct app app;
static char folder[] = "/tmp/kartka-pay-XXXXXX";

static int group_start(void **state)
{
	struct program *p = &app.program;
	struct arena *a = &p->arena;
	struct str problem;

	arena_init(a);
	problem = STR(a, 512);
	gateway_start();
	if (!mkdtemp(folder) || i18n_load(config_share_path(a, "templates/i18n"), &problem) ||
	    templates_load(a, config_share_path(a, "templates/web"), &app.templates,
			   &problem) ||
	    wake_new(folder, &app.wake))
		return 1;
	p->config = (struct config){ .portmone_url = "https://www.portmone.com.ua/gateway/",
				     .public_url = "http://127.0.0.1:1",
				     .order_ttl = 900,
				     .data_key = { 9 } };
	app.catalog = catalog_new();
	app.portmone = (struct portmone){
		.url = arena_printf(a, "http://127.0.0.1:%d/", gateway.port),
		.payee_id = "1185",
		.login = "WDISHOP",
		.password = "p",
		.key = "k",
	};
	return db_test_start(state);
}

static int group_stop(void **state)
{
	http_free(app.portmone.http);
	wake_free(app.wake);
	catalog_free(app.catalog);
	(void)unlink(arena_printf(&app.program.arena, "%s/shared.mem", folder));
	(void)rmdir(folder);
	arena_release(&app.program.arena);
	return db_test_stop(state);
}

static int setup(void **state)
{
	const char *shared = arena_printf(&app.program.arena, "%s/shared.mem", folder);
	int const rc = db_test_setup(state);

	if (rc)
		return rc;
	(void)unlink(shared);
	if (shm_open_file(shared, &app.program.shm))
		return 1;
	app.program.db = ((struct db_test *)*state)->db;
	app.bot_name_due_ms = 0;
	gateway.mood = GATEWAY_WELL;
	gateway.bills = 0;
	gateway.overtaker = NULL;
	return 0;
}

static int teardown(void **state)
{
	shm_close(app.program.shm);
	return db_test_teardown(state);
}

#define PAY_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

struct reply {
	int status;
	const char *location; /* "" without */
	const char *body;
	bool refreshes; /* by itself */
};

struct ask {
	web_handler *handle;
	const char *method;
	const char *query;
	const char *part; /* of the path */
	const char *content_type;
	const char *body;
};

static struct reply asked(struct db_test *t, const struct ask *ask)
{
	char *env[] = { arena_printf(&t->arena, "REQUEST_METHOD=%s", ask->method), NULL };
	FCGX_Request fcgi = { .envp = env };
	const char *const parts[] = { ask->part, NULL };
	struct web_request const req = {
		.method = strcmp(ask->method, "POST") ? WEB_GET : WEB_POST,
		.path = "/",
		.query = ask->query ? ask->query : "",
		.content_type = ask->content_type ? ask->content_type : "",
		.body = { ask->body ? ask->body : "", ask->body ? strlen(ask->body) : 0 },
		.id = "test",
		.fcgi = &fcgi,
		.parts = parts,
	};
	struct web_response res;
	const char *location;
	struct reply reply;

	web_response_init(&res, &t->arena);
	ask->handle(&app, &t->arena, &req, &res);
	location = strstr(str_text(&res.headers), "Location: ");
	reply = (struct reply){ .status = res.status,
				.location = "",
				.body = str_text(&res.body),
				.refreshes = strstr(str_text(&res.headers), "Refresh: ") };
	if (location)
		reply.location = arena_strndup(&t->arena, location + 10,
					       strcspn(location + 10, "\r"));
	return reply;
}

static struct reply pay(struct db_test *t, const char *method, const struct order_offer *offer)
{
	const char *token = order_token_write(&t->arena, app.program.config.data_key, offer);

	return asked(t, &(struct ask){ .handle = pay_show, .method = method, .part = token });
}

static bool shows(struct reply reply, const char *key)
{
	return strstr(reply.body, i18n_text(LANG_UK, key)) != NULL;
}

static int64_t orders(struct db_test *t)
{
	return db_test_number(t, "SELECT COUNT(*) FROM orders");
}

/* ---- /pay ---- */

static void test_once(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	for (int i = 0; i < 3; i++) {
		reply = pay(t, i == 1 ? "POST" : "GET", &offer);
		assert_int_equal(reply.status, 303);
		assert_string_equal(reply.location, "https://pay.example/1");
	}
	assert_int_equal(orders(t), 1);
	assert_int_equal(gateway.bills, 1);
	assert_int_equal(shop_codes(&s, "reserved"), 1);
	shop_check(&s);
}

static void test_head_makes_nothing(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	reply = pay(t, "HEAD", &offer);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.body, "");
	assert_int_equal(orders(t), 0);
}

static void test_forged(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	char *token;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	token = arena_strdup(&t->arena,
			     order_token_write(&t->arena, app.program.config.data_key, &offer));
	token[60] = token[60] == 'A' ? 'B' : 'A';
	reply = asked(t, &(struct ask){ .handle = pay_show, .method = "GET", .part = token });
	assert_int_equal(reply.status, 404);
	assert_true(shows(reply, "web.bad.title"));
	assert_int_equal(orders(t), 0);
}

static void test_refusals(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 2);
	assert_true(shows(pay(t, "GET", &offer), "web.sold_out.title"));
	offer = shop_offer(&s, BUYER, QUANTITY_MAX);
	db_test_exec(t, "UPDATE card_values SET max_per_order = 5");
	assert_true(shows(pay(t, "GET", &offer), "web.too_many.title"));
	offer = shop_offer(&s, BUYER, 1);
	db_test_exec(t, "UPDATE card_values SET hidden_at = UTC_TIMESTAMP(6)");
	assert_true(shows(pay(t, "GET", &offer), "web.gone.title"));
	db_test_exec(t, "UPDATE card_values SET hidden_at = NULL");
	app.program.config.sales_paused = true;
	assert_true(shows(pay(t, "GET", &offer), "web.paused.title"));
	app.program.config.sales_paused = false;
	db_test_exec(t, "UPDATE users SET banned_at = UTC_TIMESTAMP(6)");
	reply = pay(t, "GET", &offer);
	assert_int_equal(reply.status, 403);
	assert_true(shows(reply, "web.banned.title"));
	assert_int_equal(orders(t), 0);
	assert_int_equal(gateway.bills, 0);
	/* The buyer's language, not the browser's. */
	offer = shop_offer(&s, OTHER_BUYER, 1);
	reply = pay(t, "GET", &offer);
	assert_non_null(strstr(reply.body, i18n_text(LANG_EN, "web.banned.title")));
}

static void test_price(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;
	const char *link;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	db_test_exec(t, "UPDATE card_values SET price_kop = 12050");
	reply = pay(t, "GET", &offer);
	assert_int_equal(reply.status, 409);
	assert_true(shows(reply, "web.price.title"));
	assert_non_null(strstr(reply.body, "120,50"));
	assert_int_equal(orders(t), 0);
	/* The same fresh link each time, and confirming it twice is one order. */
	link = strstr(reply.body, "/pay/");
	link = arena_strndup(&t->arena, link, strcspn(link, "\""));
	assert_non_null(strstr(pay(t, "GET", &offer).body, link));
	for (int i = 0; i < 2; i++)
		assert_int_equal(asked(t, &(struct ask){ .handle = pay_show,
							 .method = "GET",
							 .part = link + strlen("/pay/") })
					 .status,
				 303);
	assert_int_equal(orders(t), 1);
	assert_int_equal(db_test_number(t, "SELECT total_kop FROM orders"), 12050);
}

static void test_gateway_down(void **state)
{
	static const enum gateway_mood moods[] = { GATEWAY_BROKEN, GATEWAY_REFUSING };
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 2);
	for (size_t i = 0; i < COUNT(moods); i++) {
		offer = shop_offer(&s, i ? OTHER_BUYER : BUYER, 1);
		gateway.mood = moods[i];
		reply = pay(t, "GET", &offer);
		assert_int_equal(reply.status, 503);
		assert_non_null(strstr(reply.body, "href=\"/pay/"));
		assert_int_equal(orders(t), (int64_t)i + 1);
		assert_int_equal(shop_codes(&s, "reserved"), (int64_t)i + 1);
		/* Trying again may succeed at once: nobody holds the claim. */
		gateway.mood = GATEWAY_WELL;
		gate_report(app.program.shm, GATE_PORTMONE, true, clock_monotonic_ms());
		assert_int_equal(pay(t, "GET", &offer).status, 303);
	}
	assert_int_equal(metric_get(app.program.shm, METRIC_PORTMONE_ERRORS), 2);
}

/* The mark that Portmone is down: nobody waits for it again. */
static void test_gateway_silent(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	int64_t before;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	gateway.mood = GATEWAY_SILENT;
	before = clock_monotonic_ms();
	assert_int_equal(pay(t, "GET", &offer).status, 503);
	assert_in_range(clock_monotonic_ms() - before, CALL_TIMEOUT_MS - 500,
			CALL_TIMEOUT_MS + 1000);
	before = clock_monotonic_ms();
	assert_int_equal(pay(t, "GET", &offer).status, 503);
	assert_true(clock_monotonic_ms() - before < 500);
}

/* Another process asks for the bill, and is not done within our patience. */
static void test_gateway_asked_by_another(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;
	int64_t const before = clock_monotonic_ms();
	int64_t id;
	bool ours;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	id = shop_open(&s, &offer, OPENING_OK)->id;
	assert_int_equal(order_link_claim(t->db, id, 60, &ours), OK);
	assert_true(ours);
	reply = pay(t, "GET", &offer);
	assert_int_equal(reply.status, 200);
	assert_true(shows(reply, "web.making.title"));
	assert_true(reply.refreshes);
	assert_true(clock_monotonic_ms() - before < CALL_TIMEOUT_MS + 1000);
	assert_int_equal(gateway.bills, 0);
	/* It was killed: when its claim has run out we ask. */
	db_test_exec(t, "UPDATE orders SET link_lease_until = UTC_TIMESTAMP(6) - INTERVAL 1 "
			"SECOND");
	assert_int_equal(pay(t, "GET", &offer).status, 303);
}

/* We were so slow that the claim ran out: the bill that was stored first is the order's. */
static void test_first_bill_counts(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	gateway.overtaker = db_test_open(t);
	reply = pay(t, "GET", &offer);
	assert_int_equal(gateway.bills, 1);
	assert_int_equal(reply.status, 303);
	assert_string_equal(reply.location, "https://pay.example/first");
	assert_string_equal(pay(t, "GET", &offer).location, "https://pay.example/first");
}

static void test_ended(void **state)
{
	static const struct {
		const char *set;
		const char *title;
	} ends[] = {
		{ "state = 'paid'", "web.waiting.title" },
		{ "state = 'delivered'", "web.delivered.title" },
		{ "state = 'refunding'", "web.refunding.title" },
		{ "state = 'refunded'", "web.refunded.title" },
		{ "state = 'disputed'", "web.disputed.title" },
		{ "state = 'cancelled'", "web.cancelled.title" },
		{ "state = 'expired'", "web.expired.title" },
		{ "state = 'pending', expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND",
		  "web.expired.title" },
	};
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	assert_int_equal(pay(t, "GET", &offer).status, 303);
	for (size_t i = 0; i < COUNT(ends); i++) {
		struct reply reply;

		db_test_exec(t, arena_printf(&t->arena, "UPDATE orders SET %s", ends[i].set));
		reply = pay(t, "GET", &offer);
		assert_int_equal(reply.status, 200);
		assert_true(shows(reply, ends[i].title));
	}
	assert_int_equal(orders(t), 1);
	assert_int_equal(gateway.bills, 1);
}

/* ---- /portmone ---- */

static struct reply come_back(struct db_test *t, const char *query, const char *body)
{
	return asked(t, &(struct ask){ .handle = return_show,
				       .method = body ? "POST" : "GET",
				       .query = query,
				       .content_type = "application/x-www-form-urlencoded",
				       .body = body });
}

static void test_return(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	const char *number;
	const char *query;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	number = shop_open(&s, &offer, OPENING_OK)->number;
	query = arena_printf(&t->arena, "order=%s", number);
	/* Whatever the browser says, the page tells what we know. */
	reply = come_back(t, query,
			  arena_printf(&t->arena,
				       "SHOPORDERNUMBER=%s&RESULT=0&SHOPBILLID=5&BILL_AMOUNT=1",
				       number));
	assert_true(shows(reply, "web.checking.title"));
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM payment_hints"), 1);
	assert_int_equal(db_test_number(t, "SELECT COUNT(*) FROM payments"), 0);
	assert_string_equal(db_test_text(t, "SELECT state FROM orders"), "pending");
	/* Looking again is not a further hint each time. */
	(void)come_back(t, arena_printf(&t->arena, "%s&n=1", query), NULL);
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 1);
	reply = come_back(t, query, "RESULT=%3Cscript%3E");
	assert_true(shows(reply, "web.unfinished.title"));
	assert_null(strstr(reply.body, "script"));
	db_test_exec(t, "UPDATE orders SET state = 'delivered'");
	reply = come_back(t, arena_printf(&t->arena, "%s&failed=1", query), NULL);
	assert_true(shows(reply, "web.delivered.title"));
	assert_false(reply.refreshes);
	/* A number that nobody has looks like one that nobody has paid. */
	reply = come_back(t, "order=ZZZZ-2222", NULL);
	assert_true(shows(reply, "web.checking.title"));
}

static void bring_receipt(struct db_test *t, const char *number, const char *bill,
			  const char *address)
{
	(void)come_back(t, arena_printf(&t->arena, "order=%s", number),
			arena_printf(&t->arena, "RESULT=0&SHOPBILLID=%s&RECEIPT_URL=%s", bill,
				     form_encode(&t->arena, address)));
}

/* The browser's word for a receipt: kept when it is Portmone's page, used for what it paid. */
static void test_receipt(void **state)
{
	static const char good[] = "https://www.portmone.com.ua/r3/receipt/1";
	struct db_test *t = *state;
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;
	struct shop s;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	bring_receipt(t, order->number, "p1", "https://evil.example/r3/receipt/1");
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payment_hints"), "");
	bring_receipt(t, order->number, "p1", good);
	bring_receipt(t, order->number, "", good); /* of no payment */
	(void)come_back(t, arena_printf(&t->arena, "order=%s", order->number), NULL);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payment_hints"), good);
	shop_settle(&s, order->id, &evidence);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
	/* The message with the codes will have it; a second one is not worth a message. */
	bring_receipt(t, order->number, "p1", "https://www.portmone.com.ua/other");
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
	assert_int_equal(shop_told(&s, "receipt", order->id), 0);
}

/* The codes went before the browser came back: the link comes behind, once. */
static void test_receipt_behind_the_codes(void **state)
{
	static const char good[] = "https://www.portmone.com.ua/r3/receipt/1";
	struct db_test *t = *state;
	struct payment_row const row = shop_payment("p1", PRICE);
	struct payment_evidence const evidence = shop_paid(&row, 1);
	struct order_offer offer;
	struct order *order;
	struct shop s;

	shop_make(&s, t, 2);
	offer = shop_offer(&s, BUYER, 1);
	order = shop_open(&s, &offer, OPENING_OK);
	shop_settle(&s, order->id, &evidence);
	db_test_exec(t, "UPDATE outbox SET state = 'sent'");
	bring_receipt(t, order->number, "p2", good); /* of another payment */
	assert_int_equal(shop_told(&s, "receipt", order->id), 0);
	bring_receipt(t, order->number, "p1", good);
	bring_receipt(t, order->number, "p1", good);
	assert_int_equal(shop_told(&s, "receipt", order->id), 1);
	assert_string_equal(db_test_text(t, "SELECT receipt_url FROM payments"), good);
}

static struct reply notify(struct db_test *t, const char *type, const char *body)
{
	return asked(t, &(struct ask){ .handle = notify_take,
				       .method = "POST",
				       .content_type = type,
				       .body = body });
}

static void test_notify(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	const char *number;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	number = shop_open(&s, &offer, OPENING_OK)->number;
	for (int i = 0; i < 3; i++) {
		reply = notify(t, "application/json",
			       arena_printf(&t->arena,
					    "{\"shopOrderNumber\":\"%s\",\"shopBillId\":\"5\"}",
					    number));
		assert_int_equal(reply.status, 200);
		assert_non_null(strstr(reply.body, "\"errorCode\":\"0\""));
	}
	reply = notify(t, "application/x-www-form-urlencoded",
		       arena_printf(&t->arena,
				    "data=%%3CBILLS%%3E%%3CBILL%%3E%%3CBILL_ID%%3E6%%3C/"
				    "BILL_ID%%3E%%3CBILL_NUMBER%%3E%s%%3C/BILL_NUMBER%%3E%%3C/"
				    "BILL%%3E%%3C/BILLS%%3E",
				    number));
	assert_int_equal(reply.status, 200);
	assert_non_null(strstr(reply.body, "<ERROR_CODE>0</ERROR_CODE>"));
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 4);
	assert_string_equal(db_test_text(t, "SELECT state FROM orders"), "pending");
	/* Unknown and malformed: nothing is stored, and they are answered all the same. */
	assert_int_equal(notify(t, "application/json",
				"{\"shopOrderNumber\":\"ZZZZ-2222\",\"shopBillId\":\"5\"}")
				 .status,
			 200);
	assert_int_equal(metric_get(app.program.shm, METRIC_PAYMENTS_UNKNOWN_ORDER), 1);
	assert_int_equal(notify(t, "application/json", "{").status, 200);
	assert_int_equal(notify(t, "", "").status, 200);
	assert_int_equal(db_test_number(t, "SELECT SUM(times) FROM payment_hints"), 4);
}

/* The mark that the database is down: everything says so in words, at once. */
static void test_database_down(void **state)
{
	struct db_test *t = *state;
	struct shop s;
	struct order_offer offer;
	struct reply reply;

	shop_make(&s, t, 1);
	offer = shop_offer(&s, BUYER, 1);
	gate_report(app.program.shm, GATE_DB, false, clock_monotonic_ms());
	reply = pay(t, "GET", &offer);
	assert_int_equal(reply.status, 503);
	assert_true(shows(reply, "web.down.title"));
	reply = come_back(t, "order=ZZZZ-2222", NULL);
	assert_int_equal(reply.status, 503);
	assert_non_null(strstr(reply.body, "n=0"));
	reply = notify(t, "application/json",
		       "{\"shopOrderNumber\":\"ZZZZ-2222\",\"shopBillId\":\"5\"}");
	assert_int_equal(reply.status, 503);
	assert_int_equal(orders(t), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAY_TEST(test_once),
		PAY_TEST(test_head_makes_nothing),
		PAY_TEST(test_forged),
		PAY_TEST(test_refusals),
		PAY_TEST(test_price),
		PAY_TEST(test_gateway_down),
		PAY_TEST(test_gateway_asked_by_another),
		PAY_TEST(test_first_bill_counts),
		PAY_TEST(test_ended),
		PAY_TEST(test_return),
		PAY_TEST(test_receipt),
		PAY_TEST(test_receipt_behind_the_codes),
		PAY_TEST(test_notify),
		PAY_TEST(test_database_down),
		PAY_TEST(test_gateway_silent), /* last: the gateway sleeps on */
	};

	return cmocka_run_group_tests(tests, group_start, group_stop);
}
