/*
 * poll_feed.h: one answer of getUpdates on its way to the responder: in order for each
 * person, many at once, each until it is taken.
 */
#ifndef KARTKA_POLL_FEED_H
#define KARTKA_POLL_FEED_H

#include "fcgi/worker/worker.h"

struct feed;

/* All of it is taken; the feed is gone after the call. */
typedef void feed_done(struct worker *w, int64_t next_offset);

/* updates: the array that getUpdates answered, not empty.  It is copied. */
struct feed *feed_new(struct worker *w, const struct json *updates, feed_done *done);

/* Begin what can be begun.  The feed may be gone afterwards: done was called. */
void feed_move(struct feed *feed);

/* Nobody is interested any more: it ends with the last call under way, without done. */
void feed_abandon(struct feed *feed);

/* At the end of the process, when no call is under way any more. */
void feed_free(struct feed *feed);

/* Where this host's responders are reached: HTTP_LISTEN as an address to call. */
const char *feed_url(struct arena *a, const char *http_listen);

/*
 * The call in a responder's answer: its name, and its parameters without it.  ERR_NOT_FOUND:
 * there is none, or one that Telegram would not take from there (get…, setWebhook, …).
 */
int feed_call_read(struct arena *a, struct bytes body, const char **ret_method,
		   struct bytes *ret_json) MUST_CHECK;

#endif
