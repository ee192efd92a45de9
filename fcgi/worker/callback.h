/*
 * callback.h: answerCallbackQuery, which stops a button's spinner.  A responder asks for it
 * by datagram; it is sent at once and not stored: late, it would be worth nothing.
 */
#ifndef KARTKA_CALLBACK_H
#define KARTKA_CALLBACK_H

#include "fcgi/worker/worker.h"

/*
 * Take what the responders sent: begin the answers, and look into the outbox and for
 * questions when something was committed.
 */
void callback_receive(struct worker *w, struct arena *a);

/* As many are under way as may be: the rest waits in the socket, or is dropped there. */
bool callback_is_full(const struct worker *w);

#endif
