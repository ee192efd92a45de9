/* telegram_poll.h: getUpdates. */
#ifndef SANDBOX_TELEGRAM_POLL_H
#define SANDBOX_TELEGRAM_POLL_H

#include "tests/sandbox/telegram_call.h"

/* Waits, with the world unlocked, until there is an update or the call's timeout is over. */
void poll_updates(struct call *c);

#endif
