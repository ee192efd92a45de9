/* telegram_webhook.h: where updates go.  Used with the world locked. */
#ifndef SANDBOX_TELEGRAM_WEBHOOK_H
#define SANDBOX_TELEGRAM_WEBHOOK_H

#include "tests/sandbox/telegram_call.h"

enum { WEBHOOK_CONNECTIONS_DEFAULT = 40, WEBHOOK_CONNECTIONS_MAX = 100 };

void webhook_set(struct call *c);
void webhook_delete(struct call *c);
void webhook_info(struct call *c);

/* At the start: what an earlier run was told. */
void webhook_begin(void);
/* As set, with the secret; NULL: there is none, updates wait for getUpdates. */
struct json_object *webhook_now(void);
/* Counts the changes, so that a getUpdates that waits sees one. */
int64_t webhook_version(void);

/* Does the bot want updates of that kind? */
bool webhook_wants(const char *kind);
/* The list is changed; NULL: it stays. */
void webhook_want(struct json_object *allowed);

void webhook_failed(const char *words);
/* What the last failure was, for a page: a heap string, or NULL. */
char *webhook_last_error(void);

#endif
