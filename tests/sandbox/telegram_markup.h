/* telegram_markup.h: keyboards: what Telegram takes beyond their shape. */
#ifndef SANDBOX_TELEGRAM_MARKUP_H
#define SANDBOX_TELEGRAM_MARKUP_H

#include "tests/sandbox/telegram_call.h"

/* The call's reply_markup; false: the call is refused. */
bool markup_check(struct call *c) MUST_CHECK;

/* Has this inline keyboard a button with that callback data? */
bool markup_shows(struct json_object *markup, const char *data);

#endif
