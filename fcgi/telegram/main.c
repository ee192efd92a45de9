/*
 * telegram: the responder behind POST /telegram/webhook.  It answers taps in the body of the
 * answer, keeps nothing between them, and calls nobody but the database.
 */
#include "fcgi/telegram/webhook.h"

#include "shared/base/limits.h"

int main(void)
{
	struct program program;
	struct bot bot;
	struct web_server const server = { .name = "telegram",
					   .body_max = UPDATE_BODY_MAX,
					   .handle = webhook_handle,
					   .tick = webhook_tick,
					   .app = &bot };
	int status;

	if (program_start("telegram", &program))
		return 1;
	bot_init(&bot, &program);
	status = web_serve(&server);
	bot_end(&bot);
	program_end(&program);
	return status;
}
