#include "fcgi/worker/stats.h"

#include "shared/base/clock.h"
#include "shared/domain/stats_count.h"

enum {
	REST = 50, /* times as long as the turn took: codes are sent meanwhile */
	BREATH_MS = 100,
};

int stats_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int64_t const begun_ms = clock_monotonic_ms();
	struct stats_turn turn = { 0 };
	int64_t rest_ms;
	int64_t now_ms;
	int rc;

	UNUSED(a);
	UNUSED(lease_data);
	rc = stats_turn(w->program.db, w->program.config.timezone, &turn);
	now_ms = clock_monotonic_ms();
	rest_ms = (now_ms - begun_ms) * REST;
	if (rest_ms < (turn.more ? BREATH_MS : STATS_MS))
		rest_ms = turn.more ? BREATH_MS : STATS_MS;
	w->due_ms[JOB_STATS] = now_ms + rest_ms;
	return rc;
}
