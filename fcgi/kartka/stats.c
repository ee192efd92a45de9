#include "fcgi/kartka/outside.h"

#include "shared/base/clock.h"
#include "shared/domain/stats_count.h"

int command_stats_rebuild(struct command_env *env, int argc, char **argv)
{
	struct stats_turn turn = { .more = true };
	int64_t days = 0;
	struct db *db;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (clock_set_zone(env->config->timezone))
		return command_fail(env, "TIMEZONE: the system does not know %s",
				    env->config->timezone);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = stats_rebuild(db, env->config->timezone);
	while (!rc && turn.more) {
		rc = stats_turn(db, env->config->timezone, &turn);
		days += turn.day != 0;
	}
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%lld days counted\n", (long long)days);
	return 0;
}
