#include "fcgi/kartka/outside.h"

#include "shared/domain/migration.h"

static int migrations_fail(const struct command_env *env, const struct str *problem)
{
	return command_fail(env, "%s", str_text(problem));
}

static int status_show(struct command_env *env, const char *folder)
{
	struct str problem = STR(env->arena, 4096);
	struct migration_list list;
	struct db *db = outside_db(env);

	if (!db)
		return 1;
	if (migration_status(db, env->arena, folder, &list, &problem))
		return migrations_fail(env, &problem);
	for (size_t i = 0; i < list.count; i++)
		printf("%-24s %s\n", list.list[i].name,
		       list.list[i].applied_at ? "applied" : "pending");
	return 0;
}

int command_migrate(struct command_env *env, int argc, char **argv)
{
	bool const dry_run = command_flag(&argc, argv, "dry-run");
	const char *folder = config_share_path(env->arena, "sql/migrations");
	struct str problem = STR(env->arena, 4096);
	struct migration_list list;
	bool any = false;

	if (argc)
		return command_usage(env);
	if (dry_run)
		return status_show(env, folder);
	if (migration_run(env->config->db_url, env->arena, folder, &list, &problem))
		return migrations_fail(env, &problem);
	for (size_t i = 0; i < list.count; i++)
		if (list.list[i].now) {
			any = true;
			printf("applied %s\n", list.list[i].name);
		}
	if (!any)
		puts("the schema is up to date");
	return 0;
}
