/*
 * webhook.h: POST /telegram/webhook.  401 for a wrong secret, 413 and 400 for what can't be
 * an update, 200 for everything that parses, 503 with Retry-After without the database:
 * Telegram then repeats the update.  The visible result is in the answer's body.
 */
#ifndef KARTKA_WEBHOOK_H
#define KARTKA_WEBHOOK_H

#include "fcgi/telegram/bot.h"
#include "shared/platform/web.h"

/* A web_handler; app is the struct bot. */
void webhook_handle(void *app, struct arena *a, const struct web_request *req,
		    struct web_response *res);

/* The heartbeat; once a second. */
void webhook_tick(void *app);

#endif
