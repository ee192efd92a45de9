#include "shared/domain/payment_list.h"

#include "shared/domain/id_range.h"

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

/* The first id of a time, for id_range_find(). */
#define SINCE "SELECT id FROM payments WHERE received_at >= ? ORDER BY received_at, id LIMIT 1"

/* Nearly all are 'ok', so those are met by going down; of the others there are few. */
static int lines_query(struct db *db, struct arena *a, const struct payment_filter *f,
		       int limit, struct db_rows *ret)
{
	struct id_range ids;
	int const rc = id_range_find(db, SINCE, f->from_at, f->to_at, f->before_id, &ids);

	if (rc)
		return rc;
	if (f->state && strcmp(f->state, "ok") != 0)
		return db_query(db, a,
				LINE_SELECT
				"FORCE INDEX (payments_state) WHERE state = ?" LINE_REST,
				PARAMS(P(f->state), P(ids.from), P(ids.to), P(limit)), ret);
	if (f->state)
		return db_query(db, a,
				LINE_SELECT "FORCE INDEX (PRIMARY) WHERE state = ?" LINE_REST,
				PARAMS(P(f->state), P(ids.from), P(ids.to), P(limit)), ret);
	return db_query(db, a, LINE_SELECT "FORCE INDEX (PRIMARY) WHERE 1 = 1" LINE_REST,
			PARAMS(P(ids.from), P(ids.to), P(limit)), ret);
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
