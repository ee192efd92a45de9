/* portmone_notify.h: telling the shop of a payment, as JSON or as XML in a form. */
#ifndef SANDBOX_PORTMONE_NOTIFY_H
#define SANDBOX_PORTMONE_NOTIFY_H

#include "tests/sandbox/json.h"
#include "tests/sandbox/post.h"

/* With the world locked: one more to be sent, "json" or "xml". */
void notify_plan(int64_t row, const char *format);

/* As telegram_deliver's. */
double notify_start(CURLM *multi);
void notify_stop(CURLM *multi);

/*
 * Send notifications of any order number and id now, `count` in all, `parallel` at a time;
 * with the world unlocked.  An array of {status, body, took_ms}.
 */
struct json_object *notify_now(const char *order, const char *bill_id, const char *format,
			       size_t count, size_t parallel);

#endif
