/*
 * bot_test.h: the webhook's responder inside a test, without nginx: updates go in, what
 * Telegram would be told comes out.
 */
#ifndef KARTKA_BOT_TEST_H
#define KARTKA_BOT_TEST_H

#include "fcgi/telegram/webhook.h"
#include "tests/db/db_test.h"

enum { BUYER = 1001, OTHER = 1002, MESSAGE = 55 };

int bot_test_start(void **state); /* for the group */
int bot_test_stop(void **state);

struct shop {
	struct db_test *t;
	struct arena *a;
	struct program program; /* secret "right", https://shop.example */
	struct bot bot;
};

void bot_test_open(struct shop *s, struct db_test *t);
void bot_test_close(struct shop *s);

/* Category 1 with the values 1 (five codes that open for nobody) and 2 (none). */
void bot_test_stock(struct db_test *t);
void bot_test_order(struct db_test *t, int64_t id, int64_t user, const char *state);
/* A code that was really sealed, sold to the order. */
void bot_test_sell(struct shop *s, int64_t order, const char *code);

/* Declares s: a shop with that stock. */
#define SHOP(s)                 \
	struct shop s;          \
                                \
	bot_test_stock(*state); \
	bot_test_open(&s, *state)

struct reply {
	int status;
	const char *body; /* "" when there is none */
	const char *headers;
	const char *method; /* of the body */
	const char *html;
	int64_t edited;	    /* message_id; 0: a new message */
	const char *markup; /* the JSON of it */
};

/* secret NULL: no such header. */
struct reply bot_test_post(struct shop *s, const char *secret, const char *body);

int64_t bot_test_update(void);				 /* the next update's id */
const char *bot_test_person(struct shop *s, int64_t id); /* a sender, as JSON */
struct reply say(struct shop *s, const char *text);
struct reply say_as(struct shop *s, int64_t user, int64_t update, const char *text);
struct reply tap(struct shop *s, const char *data);
/* On a message that is so many seconds old. */
struct reply tap_as(struct shop *s, int64_t user, int64_t age, const char *data);

/* The whole text is this Ukrainian phrase. */
bool says(struct reply r, const char *key);
bool holds(struct reply r, const char *part);

#endif
