/*
 * events.h: what happened between Telegram, the shop, Portmone and the buyer, in order.
 * The chat page shows it, tests read it.  Used with the world locked.
 */
#ifndef SANDBOX_EVENTS_H
#define SANDBOX_EVENTS_H

#include "tests/sandbox/json.h"

struct event {
	const char *from; /* "telegram", "shop", "portmone", "buyer" */
	const char *to;
	const char *what;	      /* a method, an update's type, … */
	int64_t status;		      /* HTTP; 0: there was no answer */
	double started_at;	      /* 0: it took no time */
	struct json_object *request;  /* borrowed, as the next */
	struct json_object *response; /* NULL: none */
	int64_t user_id;	      /* 0: nobody's */
	const char *violation; /* what the real server would not have stood; NULL: fine */
};

void event_add(const struct event *e);

/* This text is shown as … from now on; "" and NULL are not kept.  Any number of times. */
void event_hide(const char *secret);

/* Those after `after`, oldest first; a negative `after`: the last `limit`. */
struct json_object *event_list(int64_t after, int64_t limit);
int64_t event_last(void);
struct json_object *event_violations(void);

#endif
