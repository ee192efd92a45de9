#include "shared/domain/order_note.h"

enum { NOTES_MAX = 100 };

int order_note_list(struct db *db, struct arena *a, int64_t order_id, struct order_note **ret,
		    size_t *ret_count)
{
	struct db_rows rows;
	struct order_note *list;
	int const rc = db_query(db, a,
				"SELECT id, actor, text, created_at FROM order_notes "
				"WHERE order_id = ? ORDER BY id DESC LIMIT ?",
				PARAMS(P(order_id), P(NOTES_MAX)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct order_note){ c[0].number, c[1].text, c[2].text, c[3].number };
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

struct noting {
	int64_t order_id;
	const char *order_number;
	const struct decision *decision;
};

static int note_work(struct db *db, void *data)
{
	const struct noting *n = data;
	const struct decision *d = n->decision;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(db,
		     "INSERT INTO order_notes (order_id, fact, actor, text, created_at) "
		     "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))",
		     PARAMS(P(n->order_id), P(d->wish), P(d->actor), P(d->why)), NULL);
	if (rc || (rc = decision_audit(db, &a, d, "order_note", n->order_number, NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int order_note_add(struct db *db, int64_t order_id, const char *order_number,
		   const struct decision *decision)
{
	struct noting noting = { order_id, order_number, decision };
	int const rc = db_retry(db, note_work, &noting);

	/* The same wish, told again after an answer that was lost. */
	return rc == ERR_CONFLICT ? OK : rc;
}
