/*
 * portmone_book.h: Portmone's books.  A bill is one payment page (createLinkPayment); a row is
 * one line of the answer to `result`: an attempt to pay, or a refund.  With the world locked.
 */
#ifndef SANDBOX_PORTMONE_BOOK_H
#define SANDBOX_PORTMONE_BOOK_H

#include "tests/sandbox/json.h"

struct text;

/* A bill as the API shows it: {bill, order, amount, …}; kopiykas beside the amount.  NULL:
 * none. */
struct json_object *book_bill(const char *bill);
/* All, or an order's; rows and refunds are in it. */
struct json_object *book_bills(const char *order);

struct bill {
	const char *order;
	int64_t kopiykas;
	const char *description;
	const char *lang;
	const char *success_url;
	const char *failure_url;
	const char *base_url; /* where its page is, "http://host" */
	struct json_object *attributes;
	int64_t seconds; /* 0: no end */
};
/* Make a bill; its name goes to ret_bill, its address to ret_url. */
void book_bill_add(const struct bill *b, char ret_bill[40], struct text *ret_url);
/* created, rejected, paid, expired, closed */
void book_bill_state(const char *bill, const char *state);
/* What has run out is expired. */
void book_expire(void);

/*
 * The attempt under way becomes of that status, or a new one is made.  The row's id.  Without a
 * card there is no mask.
 */
int64_t book_attempt(const char *bill, const char *status, int64_t kopiykas, const char *card,
		     bool test);
/* Money goes back for that row; the new row's id, 0: it is not paid, or that is more than is
 * left. */
int64_t book_return(int64_t row, int64_t kopiykas);
void book_chargeback(const char *bill);
/* The last row of that status, 0: none. */
int64_t book_row_of(const char *bill, const char *status);
int64_t book_row_of_order(const char *order, const char *status);

/* A row as `result` writes it (mixed case, nulls); NULL: unknown. */
struct json_object *book_row(int64_t id);
/*
 * Newest first.  Without an order: that id only.  status "" or "%": any.  from and to: Unix
 * seconds.
 */
struct json_object *book_rows(const char *order, int64_t id, const char *status, double from,
			      double to);

/* "100", "100.5", "-9": as amounts come back.  ret is static to the thread. */
const char *book_money(int64_t kopiykas);
/* A decimal with at most two places; false: it is none, or not above 0. */
bool book_money_read(const char *text, int64_t *ret);
/* Kyiv: "21.11.2018 10:54:42" */
const char *book_time(double at, const char *format);

#endif
