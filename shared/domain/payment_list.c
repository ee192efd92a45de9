#include "shared/domain/payment_list.h"

#define LINE_SELECT                                                          \
	"SELECT p.id, p.gateway, p.gateway_payment_id, p.kind = 'payment', " \
	"p.amount_kop, p.applied, p.state, p.reason, p.receipt_url, "        \
	"p.received_at, o.id, o.number, o.user_id FROM (SELECT id FROM payments "
#define LINE_REST                                                               \
	" AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?) page STRAIGHT_JOIN " \
	"payments p ON p.id = page.id STRAIGHT_JOIN orders o ON "               \
	"o.id = p.order_id ORDER BY p.id DESC"

/* In LINE_SELECT's order. */
static void line_read(const struct db_cell *c, struct payment_line *line)
{
	*line = (struct payment_line){
		.payment = { .id = c[0].number,
			     .gateway = c[1].text,
			     .gateway_payment_id = c[2].text,
			     .kind = c[3].number ? PAYMENT_IN : PAYMENT_RETURN,
			     .amount = MONEY(c[4].number),
			     .applied = c[5].number != 0,
			     .state = payment_state_read(c[6].text),
			     .reason = c[7].text,
			     .receipt_url = c[8].text,
			     .received_at = c[9].number },
		.state = c[6].text,
		.order_id = c[10].number,
		.order_number = c[11].text,
		.user_id = c[12].number,
	};
}

/* Ids grow with time: a time is a bound of ids, found by the index of times. */
static int id_since(struct db *db, int64_t at, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT id FROM payments WHERE received_at >= ? "
			      "ORDER BY received_at, id LIMIT 1",
			      PARAMS(P_TIME(at)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = rc ? INT64_MAX : row[0].number;
	return OK;
}

static int bounds_find(struct db *db, const struct payment_filter *f, int64_t *from,
		       int64_t *to)
{
	int rc = OK;

	*from = 0;
	*to = f->before_id ? f->before_id : INT64_MAX;
	if (f->from_at)
		rc = id_since(db, f->from_at, from);
	if (!rc && f->to_at) {
		int64_t end;

		rc = id_since(db, f->to_at, &end);
		if (!rc && end < *to)
			*to = end;
	}
	return rc;
}

/* Nearly all are 'ok', so those are met by going down; of the others there are few. */
static int lines_query(struct db *db, struct arena *a, const struct payment_filter *f,
		       int limit, struct db_rows *ret)
{
	int64_t from;
	int64_t to;
	int const rc = bounds_find(db, f, &from, &to);

	if (rc)
		return rc;
	if (f->state && strcmp(f->state, "ok") != 0)
		return db_query(db, a,
				LINE_SELECT
				"FORCE INDEX (payments_state) WHERE state = ?" LINE_REST,
				PARAMS(P(f->state), P(from), P(to), P(limit)), ret);
	if (f->state)
		return db_query(db, a,
				LINE_SELECT "FORCE INDEX (PRIMARY) WHERE state = ?" LINE_REST,
				PARAMS(P(f->state), P(from), P(to), P(limit)), ret);
	return db_query(db, a, LINE_SELECT "FORCE INDEX (PRIMARY) WHERE 1 = 1" LINE_REST,
			PARAMS(P(from), P(to), P(limit)), ret);
}

int payment_lines(struct db *db, struct arena *a, const struct payment_filter *filter,
		  int limit, struct payment_line **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct payment_line *lines;
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
