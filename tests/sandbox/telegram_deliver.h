/* telegram_deliver.h: updates to the webhook, and what it answers. */
#ifndef SANDBOX_TELEGRAM_DELIVER_H
#define SANDBOX_TELEGRAM_DELIVER_H

#include "tests/sandbox/post.h"

/* With the world locked: send what is due.  When to look again. */
double deliver_start(CURLM *multi);
void deliver_stop(CURLM *multi);

#endif
