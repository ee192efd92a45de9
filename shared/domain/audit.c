#include "shared/domain/audit.h"

#include "shared/platform/json.h"

/* 9999-01-01, in microseconds: after everything. */
#define AUDIT_FAR_AT INT64_C(253370764800000000)

/* Constant words in code: several times as many as there are. */
enum { ACTIONS_MAX = 400 };

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

/* ---- a page of the list ---- */

#define AUDIT_COLUMNS "id, at, actor, address, action, object, detail, seal_no"

/* ? ? ? ?: ids and instants from and before.  What narrows most comes first, by its index. */
#define BETWEEN "id >= ? AND id < ? AND at >= ? AND at < ?"
#define NEWEST "ORDER BY id DESC LIMIT ?"

/* Rows are numbered and dated in the same statement, so their orders differ by little. */
enum { NEIGHBOURS = 1000 };

struct bounds {
	int64_t from_id;
	int64_t before_id;
	int64_t from_at;
	int64_t before_at;
};

static int id_at(struct db *db, const char *sql, int64_t at, int64_t otherwise, int64_t *ret)
{
	const struct db_cell *row;
	AUTO_ARENA(a);
	int const rc = db_one(db, &a, sql, PARAMS(P_TIME(at)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = rc ? otherwise : row[0].number;
	return OK;
}

/* Days become ids, or a page of an old month would pass by all that is newer. */
static int bounds_find(struct db *db, const struct audit_filter *f, struct bounds *ret)
{
	int64_t end = f->before_id ? f->before_id : INT64_MAX;
	int64_t id;
	int rc;

	*ret = (struct bounds){ .before_id = end,
				.from_at = f->from_at,
				.before_at = f->to_at ? f->to_at : AUDIT_FAR_AT };
	if (f->from_at) {
		rc = id_at(db, "SELECT id FROM audit WHERE at >= ? ORDER BY at LIMIT 1",
			   f->from_at, INT64_MAX, &id);
		if (rc)
			return rc;
		ret->from_id = id > NEIGHBOURS ? id - NEIGHBOURS : 0;
	}
	if (f->to_at) {
		rc = id_at(db, "SELECT id FROM audit WHERE at < ? ORDER BY at DESC LIMIT 1",
			   f->to_at, 0, &id);
		if (rc)
			return rc;
		if (id < end - NEIGHBOURS)
			ret->before_id = id + NEIGHBOURS;
	}
	return OK;
}

#define BOUNDS(b) \
	P((b)->from_id), P((b)->before_id), P_TIME((b)->from_at), P_TIME((b)->before_at)

/* Which index: the optimizer would rather sort all of one person's rows. */
#define BY(index) "SELECT " AUDIT_COLUMNS " FROM audit FORCE INDEX (" index ") WHERE "

static int rows_find(struct db *db, struct arena *a, const struct audit_filter *f,
		     const struct bounds *b, int limit, struct db_rows *ret)
{
	if (f->object)
		return db_query(db, a,
				BY("audit_object") "object = ? AND " BETWEEN
						   " AND (? IS NULL OR actor = ?) AND "
						   "(? IS NULL OR action = ?) " NEWEST,
				PARAMS(P(f->object), BOUNDS(b), P(f->actor), P(f->actor),
				       P(f->action), P(f->action), P(limit)),
				ret);
	if (f->actor && f->action)
		return db_query(db, a,
				BY("audit_actor_action") "actor = ? AND action = ? AND " BETWEEN
							 " " NEWEST,
				PARAMS(P(f->actor), P(f->action), BOUNDS(b), P(limit)), ret);
	if (f->actor)
		return db_query(db, a, BY("audit_actor") "actor = ? AND " BETWEEN " " NEWEST,
				PARAMS(P(f->actor), BOUNDS(b), P(limit)), ret);
	if (f->action)
		return db_query(db, a, BY("audit_action") "action = ? AND " BETWEEN " " NEWEST,
				PARAMS(P(f->action), BOUNDS(b), P(limit)), ret);
	return db_query(db, a, BY("PRIMARY") BETWEEN " " NEWEST, PARAMS(BOUNDS(b), P(limit)),
			ret);
}

int audit_list(struct db *db, struct arena *a, const struct audit_filter *f, int limit,
	       struct audit_row **ret, size_t *ret_count)
{
	struct bounds bounds;
	struct db_rows rows;
	struct audit_row *list;
	int rc = bounds_find(db, f, &bounds);

	if (rc || (rc = rows_find(db, a, f, &bounds, limit, &rows)))
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		row_read(db_row(&rows, i), &list[i]);
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

/* The word after this one, by the index: the rows of a word are not read.  NULL: none. */
static int action_after(struct db *db, struct arena *a, const char *word, const char **ret)
{
	const struct db_cell *row;
	int const rc = db_one(
		db, a, "SELECT action FROM audit WHERE action > ? ORDER BY action LIMIT 1",
		PARAMS(P(word)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = rc ? NULL : row[0].text;
	return OK;
}

int audit_actions(struct db *db, struct arena *a, const char ***ret, size_t *ret_count)
{
	const char **list = arena_array(a, ACTIONS_MAX, sizeof(*list));
	const char *word = "";
	size_t count = 0;

	while (count < ACTIONS_MAX) {
		int const rc = action_after(db, a, word, &word);

		if (rc)
			return rc;
		if (!word)
			break;
		list[count++] = word;
	}
	*ret = list;
	*ret_count = count;
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
