#include "fcgi/kartka/outside.h"

#include "shared/base/clock.h"
#include "shared/domain/stats_count.h"

#include <unistd.h>

enum { AGAIN_US = 20000, TRIES = 500 };

/* Somebody may be counting just now: for a fraction of a second, unless it hangs. */
static int begin(struct db *db, const char *zone)
{
	int rc = stats_rebuild(db, zone);

	for (int i = 0; rc == ERR_CONFLICT && i < TRIES; i++) {
		usleep(AGAIN_US);
		rc = stats_rebuild(db, zone);
	}
	return rc;
}

/* *ret: days this process counted; a worker may do some of them. */
static int count(struct db *db, const char *zone, int64_t *ret)
{
	struct stats_turn turn = { .more = true };
	int busy = 0;
	int rc = OK;

	while (!rc && turn.more && busy < TRIES) {
		rc = stats_turn(db, zone, &turn);
		*ret += turn.day != 0;
		busy = turn.busy ? busy + 1 : 0;
		turn.more = turn.more || turn.busy;
		if (turn.busy)
			usleep(AGAIN_US);
	}
	return rc || !busy ? rc : ERR_CONFLICT;
}

int command_stats_rebuild(struct command_env *env, int argc, char **argv)
{
	const char *zone = env->config->timezone;
	int64_t days = 0;
	struct db *db;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	if (clock_set_zone(zone))
		return command_fail(env, "TIMEZONE: the system does not know %s", zone);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = begin(db, zone);
	if (!rc)
		rc = count(db, zone, &days);
	if (rc == ERR_CONFLICT)
		return command_fail(env, "another process has been counting for ten seconds: "
					 "does a worker hang?");
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%lld days counted\n", (long long)days);
	return 0;
}
