/*
 * telegram_private.h: what a message and a call share.  For telegram*.c only.
 */
#ifndef KARTKA_TELEGRAM_PRIVATE_H
#define KARTKA_TELEGRAM_PRIVATE_H

#include "shared/clients/telegram_message.h"
#include "shared/platform/json.h"

/* ERR_INVALID: nothing to be seen in it; ERR_TOO_LONG: more than max UTF-16 units. */
int message_text_check(const char *html, size_t max) MUST_CHECK;

/* Has it keys, or takes them away? */
bool message_has_markup(const struct message *m);

/* The object reply_markup, at most one of the three kinds; errors as message_write. */
int message_markup_write(struct json_out *j, const struct message *m) MUST_CHECK;

#endif
