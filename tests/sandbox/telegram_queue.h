/*
 * telegram_queue.h: updates until the shop has acknowledged them, as the server of the Bot
 * API keeps them: in sub-queues with one under way each, sent again after 0, 2, 4, 8 … seconds,
 * dropped when too old.  Used with the world locked.
 */
#ifndef SANDBOX_TELEGRAM_QUEUE_H
#define SANDBOX_TELEGRAM_QUEUE_H

#include "tests/sandbox/json.h"

/* Takes the payload over.  The update's id; 0: the bot does not want that kind. */
int64_t queue_add(const char *kind, int64_t user_id, struct json_object *payload);
/* A whole update; an id is added when it has none.  Takes it over; wanted or not, it is sent.
 */
int64_t queue_add_update(struct json_object *update);
/* Any bytes. */
int64_t queue_add_raw(const char *bytes, size_t len);

struct delivery {
	int64_t seq; /* ours: an update id may well come twice */
	int64_t user_id;
	char *kind;
	char *body;
	size_t len;
};
void delivery_release(struct delivery *d);

/* The next to be sent now; it is under way until queue_done.  False: there is none. */
bool queue_take(struct delivery *ret) MUST_CHECK;
/* retry_after: what the answer asked for, 0: nothing. */
void queue_done(int64_t seq, bool acknowledged, int64_t retry_after);
/* Nothing will be due before; with nothing at all, far away. */
double queue_next_at(void);

int64_t queue_pending(void);
int64_t queue_in_flight(void);
void queue_drop_all(void);

/* For getUpdates: forget those below, answer the next.  A negative offset counts from the end.
 */
struct json_object *queue_fetch(int64_t offset, int64_t limit);

#endif
