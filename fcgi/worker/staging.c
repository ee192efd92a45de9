#include "fcgi/worker/staging.h"

#include "shared/base/clock.h"
#include "shared/domain/staging.h"

enum { TURN_MS = 200 }; /* then the loop sees to messages and questions */

int staging_run(struct worker *w, struct arena *a, const char *lease_data)
{
	int64_t const end_ms = clock_monotonic_ms() + TURN_MS;
	bool more = true;
	bool sweep;
	int rc = OK;

	UNUSED(a);
	UNUSED(lease_data);
	while (!rc && more && clock_monotonic_ms() < end_ms)
		rc = staging_move(w->program.db, &more);
	if (rc)
		return rc;
	if (more) {
		worker_soon(w, JOB_STAGING, 0);
		return OK;
	}
	rc = staging_sweep(w->program.db, &sweep);
	if (!rc && sweep)
		worker_soon(w, JOB_STAGING, 0);
	return rc;
}
