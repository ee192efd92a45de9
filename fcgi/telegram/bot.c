#include "fcgi/telegram/bot.h"

#include "shared/domain/setting.h"
#include "shared/service/vault.h"

void bot_init(struct bot *bot, struct program *program)
{
	*bot = (struct bot){ .program = program, .catalog = catalog_new() };
	vault_fill(&program->config, &bot->vault);
	key_report_init(&bot->keys, program, &bot->vault);
	if (wake_new(config_run_path(&program->arena, &program->config, ""), &bot->wake))
		die("wake_new failed");
}

void bot_end(struct bot *bot)
{
	key_report_end(&bot->keys);
	wake_free(bot->wake);
	catalog_free(bot->catalog);
	crypto_wipe(&bot->vault, sizeof(bot->vault));
}

int bot_sales_paused(struct turn *t, bool *ret)
{
	struct bot *bot = t->bot;

	if (!bot->sales_read_ms || t->now_ms - bot->sales_read_ms >= STOCK_SNAPSHOT_MS) {
		bool paused;
		int const rc = setting_sales_paused(bot->program->db,
						    bot->program->config.sales_paused, &paused);

		if (rc)
			return rc;
		bot->sales_paused = paused;
		bot->sales_read_ms = t->now_ms;
	}
	*ret = bot->sales_paused;
	return OK;
}
