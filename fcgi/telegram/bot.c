#include "fcgi/telegram/bot.h"

#include "shared/service/vault.h"

void bot_init(struct bot *bot, struct program *program)
{
	*bot = (struct bot){ .program = program,
			     .catalog = catalog_new(),
			     .policy = policy_new() };
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
	policy_free(bot->policy);
	crypto_wipe(&bot->vault, sizeof(bot->vault));
}

int bot_policy(struct turn *t, const struct policy **ret)
{
	struct bot *bot = t->bot;
	int const rc = policy_refresh(bot->policy, bot->program->db, t->now_ms);

	if (!rc)
		*ret = bot->policy;
	return rc;
}

int bot_paused(struct turn *t, const char **ret)
{
	const struct policy *policy;
	const char *words;
	int const rc = bot_policy(t, &policy);

	if (rc)
		return rc;
	words = policy_text(policy, POLICY_PAUSED, (int)t->lang);
	if (!policy_paused(policy, t->bot->program->config.sales_paused))
		*ret = NULL;
	else
		*ret = *words ? turn_html(t, "bot.paused.words", A("text", words))
			      : turn_text(t, "bot.paused");
	return OK;
}
