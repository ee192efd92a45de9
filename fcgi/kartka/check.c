#include "fcgi/kartka/outside.h"

#include "shared/domain/invariant.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"

int command_check(struct command_env *env, int argc, char **argv)
{
	struct db *db;
	int broken = 0;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	for (size_t i = 0; i < invariant_count(); i++) {
		const struct invariant *inv = invariant_at(i);
		struct db_rows rows;
		int const rc = invariant_check(db, env->arena, inv, &rows);

		if (rc)
			return outside_db_failed(env, db, rc);
		if (!rows.count)
			continue;
		broken++;
		printf("BROKEN %s: %s\n", inv->name, inv->says);
		for (size_t k = 0; k < rows.count; k++)
			printf("  %s\n", db_row(&rows, k)[0].text);
	}
	if (broken)
		return command_fail(env, "%d of %zu invariants do not hold", broken,
				    invariant_count());
	printf("all %zu invariants hold\n", invariant_count());
	return 0;
}
