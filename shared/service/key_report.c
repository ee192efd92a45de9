#include "shared/service/key_report.h"

#include "shared/base/clock.h"
#include "shared/base/version.h"
#include "shared/base/limits.h"
#include "shared/domain/key_holder.h"

#include <unistd.h>

enum { HOST_MAX = 100 };

void key_report_init(struct key_report *report, struct program *program,
		     const struct code_vault *vault)
{
	char host[HOST_MAX + 1] = "";

	if (gethostname(host, HOST_MAX))
		host[0] = '\0';
	*report = (struct key_report){
		.program = program,
		.host = arena_strdup(&program->arena, host),
		.known = key_holder_known(&program->arena, vault),
		.started_at = clock_now(),
	};
	crypto_random(&report->id, sizeof(report->id));
	report->id = (report->id & INT64_MAX) | 1; /* 0 is nobody */
}

void key_report_tick(struct key_report *report)
{
	struct program *p = report->program;
	int64_t const now = clock_monotonic_ms();
	struct key_holder const holder = {
		.id = report->id,
		.program = p->name,
		.host = report->host,
		.pid = getpid(),
		.known = report->known,
		.version = version_text(),
		.started_at = report->started_at,
	};
	int rc;

	if (now < report->due_ms || !program_db_try(p))
		return;
	rc = key_holder_beat(p->db, &holder);
	program_db_done(p, rc);
	if (!rc)
		report->due_ms = now + KEY_HOLDER_BEAT_MS;
}

void key_report_end(struct key_report *report)
{
	struct program *p = report->program;

	if (report->due_ms && program_db_try(p))
		program_db_done(p, key_holder_gone(p->db, report->id));
}
