#include "tests/sandbox/telegram_poll.h"

#include "tests/sandbox/telegram_queue.h"
#include "tests/sandbox/telegram_webhook.h"
#include "tests/sandbox/world.h"

enum { LIMIT_MAX = 100, TIMEOUT_MAX = 50 };

static int64_t newest; /* of the calls that wait: only the last one may */

static bool may_poll(struct call *c)
{
	AUTO_JSON *webhook = webhook_now();

	if (!webhook)
		return true;
	call_cannot(c, 409,
		    "Conflict: can't use getUpdates method while webhook is active; use "
		    "deleteWebhook to "
		    "delete the webhook first");
	return false;
}

void poll_updates(struct call *c)
{
	int64_t const limit = json_int(c->params, "limit", LIMIT_MAX);
	int64_t const timeout = json_int(c->params, "timeout", 0);
	int64_t offset = json_int(c->params, "offset", 0);
	int64_t const me = ++newest;
	int64_t const version = webhook_version();
	double const until = clock_now() +
			     (double)(timeout < TIMEOUT_MAX ? timeout : TIMEOUT_MAX);

	world_changed(); /* an earlier call that waits ends now */
	if (!may_poll(c))
		return;
	webhook_want(json_member(c->params, "allowed_updates"));
	for (;;) {
		struct json_object *updates = queue_fetch(
			offset, limit > 0 && limit < LIMIT_MAX ? limit : LIMIT_MAX);

		if (json_object_array_length(updates) || clock_now() >= until ||
		    world_stopping()) {
			call_done(c, updates);
			return;
		}
		json_object_put(updates);
		world_wait(until);
		if (me != newest) {
			call_cannot(c, 409,
				    "Conflict: terminated by other getUpdates request; make "
				    "sure that only "
				    "one bot instance is running");
			return;
		}
		if (version != webhook_version()) {
			call_cannot(c, 409, "Conflict: terminated by setWebhook request");
			return;
		}
	}
}
