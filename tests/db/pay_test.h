/*
 * pay_test.h: the payment pages inside a test, without nginx, and a gateway that answers as
 * the test says.
 */
#ifndef KARTKA_PAY_TEST_H
#define KARTKA_PAY_TEST_H

#include "fcgi/portmone/app.h"
#include "tests/db/shop.h"

int pay_test_start(void **state); /* for the group */
int pay_test_stop(void **state);
int pay_test_setup(void **state); /* for each test: *state is a struct db_test * */
int pay_test_teardown(void **state);

#define PAY_TEST(f) cmocka_unit_test_setup_teardown(f, pay_test_setup, pay_test_teardown)

extern struct app pay_app;

/* ---- the gateway: a bill for every question, or what the test wants ---- */

enum gateway_mood { GATEWAY_WELL, GATEWAY_BROKEN, GATEWAY_REFUSING, GATEWAY_SILENT };

extern struct pay_gateway {
	int listener;
	int port;
	_Atomic int mood;
	_Atomic int bills;
	struct db *overtaker; /* stores another link before the answer */
} pay_gateway;

/* ---- what a browser does ---- */

struct pay_reply {
	int status;
	const char *location; /* "" without */
	const char *body;
	bool refreshes; /* by itself */
};

struct pay_ask {
	web_handler *handle;
	const char *method;
	const char *query;
	const char *part; /* of the path */
	const char *content_type;
	const char *body;
};

struct pay_reply pay_test_asked(struct db_test *t, const struct pay_ask *ask);
/* The payment page of this offer. */
struct pay_reply pay_test_open(struct db_test *t, const char *method,
			       const struct order_offer *offer);

/* The page holds this Ukrainian phrase. */
bool pay_test_shows(struct pay_reply reply, const char *key);
int64_t pay_test_orders(struct db_test *t);

#endif
