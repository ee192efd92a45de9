#include "fcgi/kartka/outside.h"

#include "shared/platform/i18n.h"
#include "shared/service/webhook.h"

static int failed(const struct command_env *env, const struct webhook_failure *f)
{
	return command_fail(env, "%s: %s%s%s", f->method, telegram_result_name(f->result),
			    *f->description ? ": " : "", f->description);
}

static int phrases_load(const struct command_env *env)
{
	struct str problem = STR(env->arena, 1024);

	if (!i18n_load(config_share_path(env->arena, "templates/i18n"), &problem))
		return 0;
	return command_fail(env, "%s", str_text(&problem));
}

int command_webhook_set(struct command_env *env, int argc, char **argv)
{
	struct webhook_failure failure = { .description = "" };
	struct telegram t;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (phrases_load(env) || outside_telegram(env, &t))
		return 1;
	if (webhook_set(&t, env->arena, env->config, &failure))
		return failed(env, &failure);
	if (env->config->polling)
		puts("commands and descriptions are set; TELEGRAM_MODE is polling");
	else
		printf("webhook: %s\n", webhook_url(env->arena, env->config));
	return 0;
}

int command_webhook_info(struct command_env *env, int argc, char **argv)
{
	struct webhook_failure failure = { .description = "" };
	struct webhook_info info;
	struct telegram t;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (outside_telegram(env, &t))
		return 1;
	if (webhook_ask(&t, env->arena, &info, &failure))
		return failed(env, &failure);
	printf("url                  %s\n", info.url);
	printf("pending updates      %lld\n", (long long)info.pending);
	printf("max connections      %lld\n", (long long)info.connections);
	printf("last error           %s\n", *info.last_error ? info.last_error : "none");
	return 0;
}

int command_webhook_delete(struct command_env *env, int argc, char **argv)
{
	AUTO_ANSWER answer = { 0 };
	struct telegram t;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (outside_telegram(env, &t))
		return 1;
	telegram_call(&t, env->arena, "deleteWebhook", (struct bytes){ NULL, 0 }, &answer);
	if (answer.result != TELEGRAM_OK)
		return failed(env, &(struct webhook_failure){ "deleteWebhook", answer.result,
							      answer.description });
	puts("the webhook is deleted");
	return 0;
}
