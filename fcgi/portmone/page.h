/*
 * page.h: the pages in words: what has happened, what becomes of the money, what to do.  No
 * page ever shows a code, or a word of what came with the request.
 */
#ifndef KARTKA_PORTMONE_PAGE_H
#define KARTKA_PORTMONE_PAGE_H

#include "fcgi/portmone/app.h"

#include "shared/domain/order.h"
#include "shared/platform/i18n.h"

enum page_kind {
	/* of the link */
	PAGE_BAD,
	PAGE_SOLD_OUT,
	PAGE_PRICE, /* places: old, new */
	PAGE_GONE,
	PAGE_PAUSED,
	PAGE_BANNED,
	PAGE_TOO_MANY,
	PAGE_OPEN_LIMIT,
	PAGE_UNPAID, /* place: time */
	/* of the gateway and ourselves */
	PAGE_GATEWAY_DOWN, /* place: time */
	PAGE_MAKING,
	PAGE_DOWN,
	/* after the gateway's page */
	PAGE_CHECKING,
	PAGE_UNFINISHED,
	PAGE_LATER,
	/* what became of the order */
	PAGE_DELIVERED,
	PAGE_WAITING,
	PAGE_EXPIRED,
	PAGE_CANCELLED,
	PAGE_REFUNDING,
	PAGE_REFUNDED,
	PAGE_DISPUTED,
	PAGE__COUNT
};

struct page {
	enum page_kind kind;
	enum lang lang;
	const struct i18n_arg *args; /* for the text's places; NULL without */
	const char *text;	     /* plain, in place of the kind's own; NULL: that */
	const char *goods;	     /* what is bought; NULL: not shown, so the next two */
	const char *number;	     /* of the order */
	const struct money *total;
	const char *button_url;	 /* of pages that have a button of their own */
	const char *refresh_url; /* NULL: the page stays */
	int refresh_s;
};

void page_show(struct app *app, struct arena *a, const struct page *page,
	       struct web_response *res);

/* The page for an order that can't be paid any more, in its own words. */
enum page_kind page_of_state(enum order_state state);

/* A question about the address alone is answered here, because it must change nothing. */
bool page_head_only(const struct web_request *req, struct web_response *res);

/* The browser's language, for pages whose buyer is not known. */
enum lang page_lang(struct arena *a, const struct web_request *req);

#endif
