#include "shared/domain/id_range.h"

static int id_since(struct db *db, const char *since, int64_t at, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a, since, PARAMS(P_TIME(at)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = rc ? INT64_MAX : row[0].number;
	return OK;
}

int id_range_find(struct db *db, const char *since, int64_t from_at, int64_t to_at,
		  int64_t before_id, struct id_range *ret)
{
	int rc = OK;

	*ret = (struct id_range){ .to = before_id ? before_id : INT64_MAX };
	if (from_at)
		rc = id_since(db, since, from_at, &ret->from);
	if (!rc && to_at) {
		int64_t end;

		rc = id_since(db, since, to_at, &end);
		if (!rc && end < ret->to)
			ret->to = end;
	}
	return rc;
}
