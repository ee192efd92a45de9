#include "fcgi/kartka/command.h"

int command_config_get(struct command_env *env, int argc, char **argv)
{
	const char *value;

	if (argc != 1)
		return command_usage(env);
	if (config_get(env->arena, argv[0], &value))
		return command_fail(env, "there is no setting %s", argv[0]);
	puts(value);
	return 0;
}
