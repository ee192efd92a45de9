/*
 * view.h: how lists and offers are drawn, from plain data: no database, no clock.  Titles
 * are cleaned and cut here, so that whatever they hold fits Telegram's limits.
 */
#ifndef KARTKA_VIEW_H
#define KARTKA_VIEW_H

#include "fcgi/telegram/bot.h"
#include "shared/domain/order.h"

/* A title for people, never empty. */
const char *view_title(const struct turn *t, const char *const title[CATALOG_LANGS]);

/* Words of the shop's own, escaped; the first of several lines is bold. */
const char *view_words(const struct turn *t, const char *text);

/* One page of a list: a page that is not there is the last one. */
struct view_page {
	size_t first; /* row */
	size_t count; /* rows */
	int at;	      /* from 0 */
	int pages;    /* at least 1 */
};
struct view_page view_page(size_t rows, int64_t wanted);

/* A last row of buttons: back, unless data is NULL, and home. */
void view_foot(const struct turn *t, struct message *m, const char *back);

void view_categories(const struct turn *t, const struct category *categories, size_t count,
		     int64_t wanted, struct message *ret);

/* A value and how many are there, bounded as catalog_stock() says. */
struct view_shelf {
	const struct card_value *value;
	int stock;
};

/* The rows of that page; what is before and after it need not be counted. */
void view_values(const struct turn *t, const struct category *category,
		 const struct view_shelf *rows, struct view_page page, struct message *ret);

struct view_offer {
	const struct category *category;
	const struct card_value *value;
	int quantity;
	int max;	     /* that can be ordered now */
	bool limited;	     /* more was asked for than max */
	struct money total;  /* quantity × price */
	const char *pay_url; /* NULL: sales are paused */
	const char *paused;  /* why, as HTML; NULL: the shop's phrase */
	const char *back;    /* the button's data */
};
void view_offer(const struct turn *t, const struct view_offer *offer, struct message *ret);

void view_sold_out(const struct turn *t, const struct view_offer *offer, struct message *ret);

/* Purchases, newest first: one more than PAGE_SIZE tells that there are older ones. */
void view_purchases(const struct turn *t, const struct order *orders, size_t count,
		    int64_t before, struct message *ret);

#endif
