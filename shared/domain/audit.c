#include "shared/domain/audit.h"

int audit_add(struct db *db, const struct audit_entry *e)
{
	struct db_param const staff = e->staff_id ? P(e->staff_id) : P_NULL;

	return db_exec(
		db,
		"INSERT INTO audit (at, staff_id, actor, address, action, object, detail) "
		"VALUES (UTC_TIMESTAMP(6), ?, ?, ?, ?, ?, ?)",
		PARAMS(staff, P(e->actor), P(e->address ? e->address : ""), P(e->action),
		       P(e->object), P(e->detail ? e->detail : "{}")),
		NULL);
}
