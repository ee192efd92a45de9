#include "shared/domain/order_story.h"

#include "shared/base/parse.h"
#include "shared/domain/id_range.h"
#include "shared/domain/outbox.h"

enum { MESSAGES_MAX = 100 };

/* ---- lists ---- */

/* A value's orders in one state, of which there are no more, are sorted instead of looked for.
 */
enum { FEW_LINES = 2000 };

/* In this order for line_read().  The page's ids come first, each kind by its index alone. */
#define LINE_SELECT                                                                \
	"SELECT o.id, o.number, o.user_id, u.first_name, o.value_id, o.quantity, " \
	"o.total_kop, o.state, o.created_at FROM (SELECT id FROM orders "
#define LINE_REST                                                               \
	" AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?) page STRAIGHT_JOIN " \
	"orders o ON o.id = page.id STRAIGHT_JOIN users u ON u.id = o.user_id " \
	"ORDER BY o.id DESC"

static void line_read(const struct db_cell *c, struct order_line *line)
{
	*line = (struct order_line){
		.id = c[0].number,
		.number = c[1].text,
		.user_id = c[2].number,
		.buyer = c[3].text,
		.value_id = c[4].number,
		.quantity = (int)c[5].number,
		.total = MONEY(c[6].number),
		.state = c[7].text,
		.created_at = c[8].number,
	};
}

/* The first id of a time, for id_range_find(). */
#define SINCE "SELECT id FROM orders WHERE created_at >= ? ORDER BY created_at, id LIMIT 1"

/*
 * Of a state that is rare among a value's orders there are few to sort; one that is not rare
 * is met soon on the way down.
 */
static int are_few(struct db *db, const struct order_filter *f, bool *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT COUNT(*) FROM (SELECT 1 FROM orders FORCE INDEX "
			      "(orders_value_state) WHERE value_id = ? AND state = ? LIMIT ?) "
			      "bounded",
			      PARAMS(P(f->value_id), P(f->state), P(FEW_LINES + 1)), &row);

	if (!rc)
		*ret = row[0].number <= FEW_LINES;
	return rc;
}

static int value_lines_query(struct db *db, struct arena *a, const struct order_filter *f,
			     struct db_params params, struct db_rows *ret)
{
	bool few;
	int const rc = are_few(db, f, &few);

	if (rc)
		return rc;
	if (few)
		return db_query(db, a,
				LINE_SELECT "FORCE INDEX (orders_value_state) "
					    "WHERE value_id = ? AND state = ?" LINE_REST,
				params, ret);
	return db_query(db, a,
			LINE_SELECT "FORCE INDEX (orders_value) "
				    "WHERE value_id = ? AND state = ?" LINE_REST,
			params, ret);
}

/* Each kind of question has a statement of its own, so that each has its index. */
static int lines_query(struct db *db, struct arena *a, const struct order_filter *f, int limit,
		       struct db_rows *ret)
{
	const char *state = f->state ? f->state : "";
	struct id_range ids;
	int const rc = id_range_find(db, SINCE, f->from_at, f->to_at, f->before_id, &ids);

	if (rc)
		return rc;
	if (f->user_id)
		return db_query(db, a,
				LINE_SELECT "FORCE INDEX (orders_user) "
					    "WHERE user_id = ? AND (? = '' OR state = ?) AND "
					    "(? = 0 OR value_id = ?)" LINE_REST,
				PARAMS(P(f->user_id), P(state), P(state), P(f->value_id),
				       P(f->value_id), P(ids.from), P(ids.to), P(limit)),
				ret);
	if (f->state && f->value_id)
		return value_lines_query(
			db, a, f,
			PARAMS(P(f->value_id), P(state), P(ids.from), P(ids.to), P(limit)),
			ret);
	if (f->state)
		return db_query(db, a,
				LINE_SELECT
				"FORCE INDEX (orders_state) WHERE state = ?" LINE_REST,
				PARAMS(P(state), P(ids.from), P(ids.to), P(limit)), ret);
	if (f->value_id)
		return db_query(db, a,
				LINE_SELECT
				"FORCE INDEX (orders_value) WHERE value_id = ?" LINE_REST,
				PARAMS(P(f->value_id), P(ids.from), P(ids.to), P(limit)), ret);
	return db_query(db, a, LINE_SELECT "FORCE INDEX (PRIMARY) WHERE 1 = 1" LINE_REST,
			PARAMS(P(ids.from), P(ids.to), P(limit)), ret);
}

int order_lines(struct db *db, struct arena *a, const struct order_filter *filter, int limit,
		struct order_line **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct order_line *lines;
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

int order_of_payment(struct db *db, const char *gateway_payment_id, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc;

	if (!parse_is_ascii(gateway_payment_id))
		return ERR_NOT_FOUND;
	rc = db_one(db, &a,
		    "SELECT p.order_id FROM gateways g JOIN payments p ON "
		    "p.gateway = g.name AND p.gateway_payment_id = ? LIMIT 1",
		    PARAMS(P(gateway_payment_id)), &row);
	if (!rc)
		*ret = row[0].number;
	return rc;
}

/* ---- one order ---- */

int order_messages(struct db *db, struct arena *a, int64_t order_id, struct order_message **ret,
		   size_t *ret_count)
{
	struct db_rows rows;
	struct order_message *list;
	int const rc = db_query(db, a,
				"SELECT kind, state, attempts, created_at, sent_at, last_error "
				"FROM outbox WHERE order_id = ? ORDER BY id LIMIT ?",
				PARAMS(P(order_id), P(MESSAGES_MAX)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct order_message){ .kind = c[0].text,
						  .state = c[1].text,
						  .attempts = c[2].number,
						  .created_at = c[3].number,
						  .sent_at = c[4].number,
						  .error = c[5].text };
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int order_codes(struct db *db, struct arena *a, int64_t order_id, struct order_code **ret,
		size_t *ret_count)
{
	struct db_rows rows;
	struct order_code *list;
	int const rc = db_query(
		db, a,
		"SELECT id, slot, serial, state FROM card_codes WHERE order_id = ? "
		"ORDER BY slot",
		PARAMS(P(order_id)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct order_code){ .id = c[0].number,
					       .slot = c[1].number,
					       .serial = c[2].text,
					       .state = c[3].text };
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int order_send_again(struct db *db, const struct order *order, const char *wish)
{
	AUTO_ARENA(a);

	if (order->state != ORDER_DELIVERED)
		return ERR_CONFLICT;
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(&a, "again:%lld:%s",
							   (long long)order->id, wish),
				      .kind = OUTBOX_DELIVERED,
				      .priority = OUTBOX_CODES,
				      .chat_id = order->chat_id,
				      .order_id = order->id,
			      });
}
