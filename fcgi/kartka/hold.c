#include "fcgi/kartka/hold.h"

#include "fcgi/kartka/database.h"
#include "fcgi/kartka/place.h"

static bool is_answering(const struct command_env *env)
{
	struct db_options const options = { .url = env->config->db_url };
	struct db *db;
	bool yes;

	if (db_new(&options, &db))
		return false;
	yes = !db_ping(db);
	db_free(db);
	return yes;
}

static int start(const struct command_env *env, struct hold *hold)
{
	struct str problem = STR(env->arena, 4096);
	int rc = place_take(env->arena, env->config, &problem);

	if (rc)
		return command_fail(env, "%s", str_text(&problem));
	supervise_init(&hold->supervisor);
	hold->started = true;
	rc = database_start(&hold->supervisor, env->arena, env->config, &problem);
	if (rc == ERR_DENIED)
		return 1; /* interrupted */
	return rc ? command_fail(env, "%s", str_text(&problem)) : 0;
}

struct db *hold_begin(const struct command_env *env, bool alone, struct hold *hold)
{
	*hold = (struct hold){ .started = false };
	if (env->config->db_is_private && (alone || !is_answering(env)) && start(env, hold))
		return NULL;
	return outside_db(env);
}

void hold_end(struct hold *hold)
{
	if (hold->started)
		supervise_stop(&hold->supervisor);
	hold->started = false;
}
