#include "shared/domain/code_list.h"

/* In this order for line_read(); page has the ids, found by an index alone. */
#define LINE_SELECT                                                         \
	"SELECT c.id, c.batch_id, b.name, c.serial, c.order_id, o.number, " \
	"c.expires_at, c.expires_at < '9999-12-01', c.sold_at FROM ("
#define LINE_JOINS                                                           \
	") page STRAIGHT_JOIN card_codes c ON c.id = page.id STRAIGHT_JOIN " \
	"code_batches b ON b.id = c.batch_id LEFT JOIN orders o ON o.id = c.order_id "

static void line_read(const struct db_cell *c, struct code_line *line)
{
	*line = (struct code_line){ .id = c[0].number,
				    .batch_id = c[1].number,
				    .batch = c[2].text,
				    .serial = c[3].text,
				    .order_id = c[4].number,
				    .order_number = c[5].text,
				    .expires_at = c[6].number,
				    .expires = c[7].number != 0,
				    .sold_at = c[8].number };
}

static int lines_query(struct db *db, struct arena *a, const struct code_filter *f, int limit,
		       struct db_rows *ret)
{
	if (f->batch_id)
		return db_query(db, a,
				LINE_SELECT
				"SELECT id FROM card_codes FORCE INDEX (card_codes_batch) "
				"WHERE batch_id = ? AND state = ? AND id > ? ORDER BY id "
				"LIMIT ?" LINE_JOINS "WHERE c.value_id = ? ORDER BY c.id",
				PARAMS(P(f->batch_id), P(f->state), P(f->after_id), P(limit),
				       P(f->value_id)),
				ret);
	if (!f->after_id)
		return db_query(db, a,
				LINE_SELECT
				"SELECT id FROM card_codes FORCE INDEX (card_codes_shelf) "
				"WHERE value_id = ? AND state = ? ORDER BY expires_at, id "
				"LIMIT ?" LINE_JOINS "ORDER BY c.expires_at, c.id",
				PARAMS(P(f->value_id), P(f->state), P(limit)), ret);
	return db_query(db, a,
			LINE_SELECT "SELECT id FROM card_codes FORCE INDEX (card_codes_shelf) "
				    "WHERE value_id = ? AND state = ? AND (expires_at > ? OR "
				    "(expires_at = ? AND id > ?)) ORDER BY expires_at, id "
				    "LIMIT ?" LINE_JOINS "ORDER BY c.expires_at, c.id",
			PARAMS(P(f->value_id), P(f->state), P_TIME(f->after_at),
			       P_TIME(f->after_at), P(f->after_id), P(limit)),
			ret);
}

int code_lines(struct db *db, struct arena *a, const struct code_filter *filter, int limit,
	       struct code_line **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct code_line *lines;
	int const rc = lines_query(db, a, filter, limit, &rows);

	if (rc)
		return rc;
	lines = arena_array(a, rows.count, sizeof(*lines));
	for (size_t i = 0; i < rows.count; i++)
		line_read(db_row(&rows, i), &lines[i]);
	*ret = lines;
	*ret_count = rows.count;
	return OK;
}
