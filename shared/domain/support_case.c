#include "shared/domain/support_case.h"

#include "shared/base/utf8.h"
#include "shared/domain/outbox.h"

/* ---- the list ---- */

/*
 * In this order for line_read(); joined from the cases on, or a page would sort them all.  The
 * index is named: or the key would be looked for from the newest one on.
 */
#define LINES_BY(index)                                                                \
	"SELECT STRAIGHT_JOIN t.id, t.state, t.user_id, u.first_name, "                \
	"COALESCE(t.order_id, 0), COALESCE(o.number, ''), COALESCE(o.value_id, 0), "   \
	"COALESCE((SELECT m.text FROM ticket_messages m WHERE m.ticket_id = t.id "     \
	"ORDER BY m.id DESC LIMIT 1), ''), t.created_at, t.updated_at FROM tickets t " \
	"FORCE INDEX (" index ") "                                                     \
	"JOIN users u ON u.id = t.user_id LEFT JOIN orders o ON o.id = t.order_id "
#define LINE_REST " AND t.id < ? ORDER BY t.id DESC LIMIT ?"

static void line_read(const struct db_cell *c, struct case_line *line)
{
	*line = (struct case_line){
		.id = c[0].number,
		.state = ticket_state_read(c[1].text),
		.user_id = c[2].number,
		.buyer = c[3].text,
		.order_id = c[4].number,
		.order_number = c[5].text,
		.value_id = c[6].number,
		.last_words = c[7].text,
		.created_at = c[8].number,
		.updated_at = c[9].number,
	};
}

/* Each kind of question has a statement of its own, so that each has its index. */
static int lines_query(struct db *db, struct arena *a, const struct case_filter *f, int limit,
		       struct db_rows *ret)
{
	const char *state = f->state ? f->state : "";
	int64_t const before = f->before_id ? f->before_id : INT64_MAX;

	if (f->order_id)
		return db_query(db, a,
				LINES_BY("tickets_order") "WHERE t.order_id = ? AND (? = '' OR "
							  "t.state = ?)" LINE_REST,
				PARAMS(P(f->order_id), P(state), P(state), P(before), P(limit)),
				ret);
	if (f->user_id)
		return db_query(db, a,
				LINES_BY("tickets_user") "WHERE t.user_id = ? AND (? = '' OR "
							 "t.state = ?)" LINE_REST,
				PARAMS(P(f->user_id), P(state), P(state), P(before), P(limit)),
				ret);
	if (*state)
		return db_query(db, a,
				LINES_BY("tickets_state_id") "WHERE t.state = ?" LINE_REST,
				PARAMS(P(state), P(before), P(limit)), ret);
	return db_query(db, a, LINES_BY("PRIMARY") "WHERE 1 = 1" LINE_REST,
			PARAMS(P(before), P(limit)), ret);
}

int case_list(struct db *db, struct arena *a, const struct case_filter *filter, int limit,
	      struct case_line **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct case_line *lines;
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

/* ---- one ---- */

int case_find(struct db *db, struct arena *a, int64_t id, struct support_case **ret)
{
	const struct db_cell *c;
	struct support_case *found;
	int const rc = db_one(
		db, a,
		"SELECT t.id, COALESCE(t.order_id, 0), COALESCE(t.code_id, 0), "
		"COALESCE(c.slot, 0), t.state, t.created_at, t.user_id, "
		"COALESCE(o.unit_price_kop, 0), c.id IS NOT NULL FROM tickets t "
		"LEFT JOIN orders o ON o.id = t.order_id LEFT JOIN card_codes c ON "
		"c.id = t.code_id AND c.order_id = t.order_id WHERE t.id = ?",
		PARAMS(P(id)), &c);

	if (rc)
		return rc;
	found = arena_new(a, struct support_case);
	*found = (struct support_case){
		.ticket = { .id = c[0].number,
			    .order_id = c[1].number,
			    .code_id = c[2].number,
			    .slot = (int)c[3].number,
			    .state = ticket_state_read(c[4].text),
			    .created_at = c[5].number },
		.user_id = c[6].number,
		.unit_price = MONEY(c[7].number),
		.code_is_there = c[8].number != 0,
	};
	*ret = found;
	return OK;
}

/* ---- deeds ---- */

struct deed {
	int64_t id;
	const char *text; /* NULL: none */
	bool closes;
	const struct decision *decision;
};

/* The order's row is the lock, as in everything about it; then the case as it stands. */
static int case_lock(struct db *db, struct arena *a, int64_t id, struct order **ret_order,
		     enum ticket_state *ret_state)
{
	const struct db_cell *row;
	int rc = db_one(db, a, "SELECT order_id FROM tickets WHERE id = ?", PARAMS(P(id)),
			&row);

	if (rc || (rc = order_lock(db, a, row[0].number, ret_order)))
		return rc;
	rc = db_one(db, a, "SELECT state FROM tickets WHERE id = ?", PARAMS(P(id)), &row);
	if (!rc)
		*ret_state = ticket_state_read(row[0].text);
	return rc;
}

static int state_set(struct db *db, int64_t id, bool closes)
{
	return db_exec_one(db,
			   "UPDATE tickets SET state = ?, updated_at = UTC_TIMESTAMP(6) "
			   "WHERE id = ?",
			   PARAMS(P(closes ? "closed" : "answered"), P(id)));
}

static int words_send(struct db *db, struct arena *a, const struct deed *deed,
		      const struct order *order)
{
	const struct decision *d = deed->decision;
	struct db_param const staff = d->staff_id ? P(d->staff_id) : P_NULL;
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO ticket_messages (ticket_id, fact, from_shop, staff_id, text, "
		"created_at) VALUES (?, ?, 1, ?, ?, UTC_TIMESTAMP(6))",
		PARAMS(P(deed->id), P(d->wish), staff, P(deed->text)), &result);

	if (rc)
		return rc;
	return outbox_add(
		db,
		&(struct outbox_message){
			.fact = arena_printf(a, "answer:%lld", (long long)result.insert_id),
			.kind = OUTBOX_ANSWER,
			.priority = OUTBOX_ORDERS,
			.chat_id = order->chat_id,
			.order_id = order->id,
			.data = arena_printf(a, "{\"ticket\":%lld,\"message\":%lld}",
					     (long long)deed->id, (long long)result.insert_id),
		});
}

static int deed_work(struct db *db, void *data)
{
	const struct deed *deed = data;
	AUTO_ARENA(a);
	enum ticket_state state;
	struct order *order;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = case_lock(db, &a, deed->id, &order, &state)))
		return rc;
	if (!deed->text && state == TICKET_CLOSED)
		return OK;
	if ((deed->text && (rc = words_send(db, &a, deed, order))) ||
	    (rc = state_set(db, deed->id, deed->closes)) ||
	    (rc = decision_audit(
		     db, &a, deed->decision, deed->closes ? "ticket_close" : "ticket_answer",
		     order->number,
		     DECISION_FACTS(
			     { "ticket", arena_printf(&a, "%lld", (long long)deed->id) }))))
		return rc;
	return db_tx_commit(&tx);
}

int case_answer(struct db *db, int64_t id, const char *text, bool closes,
		const struct decision *decision)
{
	struct deed deed = { .id = id, .text = text, .closes = closes, .decision = decision };
	int rc;

	if (!*text || !utf8_valid(text, strlen(text)) || utf8_len(text) > TICKET_ANSWER_MAX)
		return ERR_INVALID;
	rc = db_retry(db, deed_work, &deed);
	/* The same wish, told again after an answer that was lost. */
	return rc == ERR_CONFLICT ? OK : rc;
}

int case_close(struct db *db, int64_t id, const struct decision *decision)
{
	return db_retry(db, deed_work,
			&(struct deed){ .id = id, .closes = true, .decision = decision });
}
