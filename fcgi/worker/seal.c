#include "fcgi/worker/seal.h"

#include "shared/base/clock.h"
#include "shared/domain/audit_seal.h"
#include "shared/domain/lease.h"
#include "shared/domain/outbox.h"
#include "shared/platform/json.h"

enum { ROWS_A_TURN = 200, DATA_MAX = 512 };

/* What the chats are told of the day that is over. */
static int day_tell(struct worker *w, struct arena *a, const char *day,
		    const struct audit_head *head)
{
	struct str data = STR(a, DATA_MAX);
	struct json_out j = JSON_OUT(&data);
	int64_t begins;

	if (clock_day(day, 0, &begins))
		return OK; /* not a note of ours: the new day is noted all the same */
	json_open(&j, '{');
	json_add_text(&j, "what", "audit_day");
	json_add_text(&j, "day", clock_date(a, begins));
	json_add_int(&j, "rows", head->count);
	json_add_text(&j, "seal",
		      crypto_hex(a, (struct bytes){ head->seal, sizeof(head->seal) }));
	json_close(&j, '}');
	return outbox_add(w->program.db,
			  &(struct outbox_message){ .fact = arena_printf(a, "audit:%s", day),
						    .kind = OUTBOX_ALERT,
						    .priority = OUTBOX_ALERTS,
						    .data = str_text(&data) });
}

/* The lease's note is the day in hand; it is told of once when another has begun. */
static int day_look(struct worker *w, struct arena *a, const char *noted,
		    const struct audit_head *head)
{
	const char *today = clock_iso_day(a, clock_now());
	int rc = OK;

	if (!strcmp(noted, today))
		return OK;
	if (*noted && head->count)
		rc = day_tell(w, a, noted, head);
	return rc ? rc : lease_note(w->program.db, SEAL_LEASE, w->id, today);
}

int seal_run(struct worker *w, struct arena *a, const char *lease_data)
{
	struct audit_head head;
	size_t sealed;
	int rc = audit_seal(w->program.db, w->program.config.data_key, ROWS_A_TURN, &sealed,
			    &head);

	if (rc)
		return rc;
	if (sealed == ROWS_A_TURN)
		worker_soon(w, JOB_SEAL, 0);
	return day_look(w, a, lease_data, &head);
}
