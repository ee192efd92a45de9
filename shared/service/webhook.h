/*
 * webhook.h: telling Telegram about the bot: where its updates go, what it listens to, its
 * commands and its description in three languages.  The phrases must be loaded.
 */
#ifndef KARTKA_WEBHOOK_SERVICE_H
#define KARTKA_WEBHOOK_SERVICE_H

#include "shared/clients/telegram_call.h"
#include "shared/platform/config.h"

/* How far it came: which call failed, and why. */
struct webhook_failure {
	const char *method;
	enum telegram_result result;
	const char *description; /* Telegram's words, "" without */
};

/*
 * All of it, one call after another, each repeatable: first the address, without which the bot
 * is deaf (none with TELEGRAM_MODE=polling), then the words.  ERR_FAILED: one did not succeed,
 * and nothing further was tried.
 */
int webhook_set(const struct telegram *t, struct arena *a, const struct config *config,
		struct webhook_failure *ret) MUST_CHECK;

/* What Telegram knows of it: getWebhookInfo. */
struct webhook_info {
	const char *url; /* "": none is set */
	int64_t pending;
	int64_t connections;
	const char *last_error; /* "": none */
	int64_t last_error_at;	/* seconds since 1970; 0: never */
};
int webhook_ask(const struct telegram *t, struct arena *a, struct webhook_info *ret,
		struct webhook_failure *ret_failure) MUST_CHECK;

/* Where updates should go. */
const char *webhook_url(struct arena *a, const struct config *config);

#endif
