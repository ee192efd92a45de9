/*
 * outbox_send.h: the job that empties the outbox.  Rows are claimed in small batches, drawn
 * one by one and sent many at once; no transaction is open meanwhile.
 */
#ifndef KARTKA_OUTBOX_SEND_H
#define KARTKA_OUTBOX_SEND_H

#include "fcgi/worker/worker.h"

struct sender *sender_new(void);
void sender_free(struct sender *s);

/* One round: settle, begin what waits, claim and begin more. */
int outbox_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

/*
 * An order was opened: its own message is edited as for a row of the outbox, but there is
 * none: what can't be sent at once is forgotten.
 */
void sender_opened(struct worker *w, int64_t order_id, int64_t chat_id);

/* No more is begun: what waits goes back to the database. */
void sender_stop(struct worker *w);
bool sender_is_idle(const struct worker *w);

#endif
