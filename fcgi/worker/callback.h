/*
 * callback.h: answerCallbackQuery, which stops a button's spinner.  A responder asks for it
 * by datagram; it is sent at once, or while Telegram is down within seconds, and not stored:
 * later it would be worth nothing.
 */
#ifndef KARTKA_CALLBACK_H
#define KARTKA_CALLBACK_H

#include "fcgi/worker/worker.h"

/*
 * Take what the responders sent: begin the answers, and look into the outbox and for
 * questions when something was committed.
 */
void callback_receive(struct worker *w, struct arena *a);

/* Those that wait for Telegram to be back; a job of the loop's table. */
int callback_run(struct worker *w, struct arena *a, const char *lease_data);

/* As many are under way as may be: the rest waits in the socket, or is dropped there. */
bool callback_is_full(const struct worker *w);

#endif
