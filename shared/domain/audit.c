#include "shared/domain/audit.h"

#include "shared/platform/json.h"

/* 9999-01-01, in microseconds: after everything. */
#define AUDIT_FAR_AT INT64_C(253370764800000000)

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

int audit_write(struct db *db, const struct audit_who *who, const char *action,
		const char *object, const char *detail)
{
	return audit_add(db, &(struct audit_entry){ .staff_id = who->staff_id,
						    .actor = who->actor,
						    .address = who->address,
						    .action = action,
						    .object = object,
						    .detail = detail });
}

static void row_read(const struct db_cell *c, struct audit_row *ret)
{
	*ret = (struct audit_row){ .id = c[0].number,
				   .at = c[1].number,
				   .actor = c[2].text,
				   .address = c[3].text,
				   .action = c[4].text,
				   .object = c[5].text,
				   .detail = c[6].text,
				   .sealed = !c[7].is_null };
}

int audit_list(struct db *db, struct arena *a, const struct audit_filter *f, int limit,
	       struct audit_row **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct audit_row *list;
	/* A condition that is not asked for is true of every row. */
	int const rc = db_query(
		db, a,
		"SELECT id, at, actor, address, action, object, detail, seal_no FROM audit "
		"WHERE id < ? AND (? IS NULL OR actor = ?) AND (? IS NULL OR action = ?) "
		"AND (? IS NULL OR object = ?) AND at >= ? AND at < ? "
		"ORDER BY id DESC LIMIT ?",
		PARAMS(P(f->before_id ? f->before_id : INT64_MAX), P(f->actor), P(f->actor),
		       P(f->action), P(f->action), P(f->object), P(f->object),
		       P_TIME(f->from_at), P_TIME(f->to_at ? f->to_at : AUDIT_FAR_AT),
		       P(limit)),
		&rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		row_read(db_row(&rows, i), &list[i]);
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int audit_actions(struct db *db, struct arena *a, const char ***ret, size_t *ret_count)
{
	struct db_rows rows;
	const char **list;
	int const rc = db_query(db, a, "SELECT DISTINCT action FROM audit ORDER BY action",
				NO_PARAMS, &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		list[i] = db_row(&rows, i)[0].text;
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

const char *audit_detail(struct arena *a, const char *name, const char *text)
{
	struct str s = STR(a, 8192);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, name, text);
	json_close(&j, '}');
	return str_text(&s);
}
