#include "shared/domain/support.h"

#include "shared/base/utf8.h"
#include "shared/domain/outbox.h"
#include "shared/platform/json.h"

enum {
	ALERT_MAX = 1800,
	ALERT_TEXT_MAX = 300, /* characters of the complaint in the alert */
};

static const char *const state_names[] = {
	[TICKET_OPEN] = "open",
	[TICKET_ANSWERED] = "answered",
	[TICKET_CLOSED] = "closed",
};

const char *ticket_state_name(enum ticket_state state)
{
	return state_names[state];
}

enum ticket_state ticket_state_read(const char *word)
{
	size_t state = 0;

	while (state < TICKET_CLOSED && strcmp(state_names[state], word) != 0)
		state++;
	return (enum ticket_state)state;
}

/* ---- reading ---- */

int ticket_list_of_order(struct db *db, struct arena *a, int64_t order_id, struct ticket **ret,
			 size_t *ret_count)
{
	struct db_rows rows;
	struct ticket *tickets;
	int const rc = db_query(
		db, a,
		"SELECT t.id, t.order_id, COALESCE(t.code_id, 0), COALESCE(c.slot, 0), "
		"t.state, t.created_at FROM tickets t "
		"LEFT JOIN card_codes c ON c.id = t.code_id AND c.order_id = t.order_id "
		"WHERE t.order_id = ? ORDER BY t.id DESC",
		PARAMS(P(order_id)), &rows);

	if (rc)
		return rc;
	tickets = arena_array(a, rows.count, sizeof(*tickets));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		tickets[i] = (struct ticket){
			.id = c[0].number,
			.order_id = c[1].number,
			.code_id = c[2].number,
			.slot = (int)c[3].number,
			.state = ticket_state_read(c[4].text),
			.created_at = c[5].number,
		};
	}
	*ret = tickets;
	*ret_count = rows.count;
	return OK;
}

int ticket_message_list(struct db *db, struct arena *a, int64_t ticket_id,
			struct ticket_message **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct ticket_message *messages;
	int const rc = db_query(db, a,
				"SELECT from_shop, text, created_at FROM ticket_messages "
				"WHERE ticket_id = ? ORDER BY id",
				PARAMS(P(ticket_id)), &rows);

	if (rc)
		return rc;
	messages = arena_array(a, rows.count, sizeof(*messages));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		messages[i] = (struct ticket_message){ c[0].number != 0, c[1].text,
						       c[2].number };
	}
	*ret = messages;
	*ret_count = rows.count;
	return OK;
}

int ticket_message_text(struct db *db, struct arena *a, int64_t message_id, const char **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT text FROM ticket_messages WHERE id = ?",
			      PARAMS(P(message_id)), &row);

	if (!rc)
		*ret = row[0].text;
	return rc;
}

/* ---- writing ---- */

/* Which case this message is in already; 0: it was never told. */
static int fact_find(struct db *db, struct arena *a, const char *fact, int64_t *ret_ticket)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT ticket_id FROM ticket_messages WHERE fact = ?",
			      PARAMS(P(fact)), &row);

	*ret_ticket = rc ? 0 : row[0].number;
	return rc == ERR_NOT_FOUND ? OK : rc;
}

static int ticket_insert(struct db *db, const struct order *order, int64_t code_id,
			 int64_t *ret)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO tickets (user_id, order_id, code_id, state, created_at, "
		"updated_at) VALUES (?, ?, ?, 'open', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
		PARAMS(P(order->user_id), P(order->id), code_id ? P(code_id) : P_NULL),
		&result);

	if (!rc)
		*ret = result.insert_id;
	return rc;
}

struct saying {
	int64_t ticket_id;
	const char *fact;
	const char *text;
	const struct decision *decision; /* NULL: the buyer's words */
};

static int message_add(struct db *db, const struct saying *s, int64_t *ret)
{
	bool const from_shop = s->decision != NULL;
	struct db_param const staff = from_shop && s->decision->staff_id
					      ? P(s->decision->staff_id)
					      : P_NULL;
	struct db_result result;
	int rc = db_exec(
		db,
		"INSERT INTO ticket_messages (ticket_id, fact, from_shop, staff_id, "
		"text, created_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6))",
		PARAMS(P(s->ticket_id), P(s->fact), P((int64_t)from_shop), staff, P(s->text)),
		&result);

	if (!rc) {
		*ret = result.insert_id;
		rc = db_exec_one(db,
				 "UPDATE tickets SET state = ?, updated_at = UTC_TIMESTAMP(6) "
				 "WHERE id = ?",
				 PARAMS(P(from_shop ? "answered" : "open"), P(s->ticket_id)));
	}
	return rc;
}

/* ---- a problem ---- */

struct telling {
	const struct problem *problem;
	int64_t ticket_id;
	struct order *order;
	int64_t code_id; /* 0: all */
};

static int code_find(struct db *db, struct arena *a, struct telling *s)
{
	const struct db_cell *row;
	int rc;

	s->code_id = 0;
	if (!s->problem->slot)
		return OK;
	rc = db_one(db, a,
		    "SELECT id FROM card_codes WHERE order_id = ? AND slot = ? AND "
		    "state = 'sold'",
		    PARAMS(P(s->order->id), P(s->problem->slot)), &row);
	if (!rc)
		s->code_id = row[0].number;
	return rc;
}

static int case_open(struct db *db, struct arena *a, struct telling *s)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT id FROM tickets WHERE order_id = ? AND "
			      "COALESCE(code_id, 0) = ? AND state <> 'closed' "
			      "ORDER BY id DESC LIMIT 1",
			      PARAMS(P(s->order->id), P(s->code_id)), &row);

	if (rc == ERR_NOT_FOUND)
		return ticket_insert(db, s->order, s->code_id, &s->ticket_id);
	if (!rc)
		s->ticket_id = row[0].number;
	return rc;
}

static int problem_alert(struct db *db, struct arena *a, const struct telling *s,
			 int64_t message_id, const char *text)
{
	struct str data = STR(a, ALERT_MAX);
	struct json_out j = JSON_OUT(&data);

	json_open(&j, '{');
	json_add_text(&j, "what", s->code_id ? "problem" : "problem_all");
	json_add_text(&j, "order", s->order->number);
	json_add_int(&j, "user", s->order->user_id);
	json_add_int(&j, "ticket", s->ticket_id);
	if (s->code_id)
		json_add_int(&j, "slot", s->problem->slot);
	json_add_text(&j, "text",
		      *text ? utf8_clean_line(a, text, strlen(text), ALERT_TEXT_MAX) : "—");
	json_close(&j, '}');
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "alert:problem:%lld",
							   (long long)message_id),
				      .kind = OUTBOX_ALERT,
				      .priority = OUTBOX_ALERTS,
				      .order_id = s->order->id,
				      .data = str_ok(&data) ? str_text(&data) : NULL,
			      });
}

static int problem_work(struct db *db, void *data)
{
	struct telling *s = data;
	const struct problem *p = s->problem;
	AUTO_ARENA(a);
	const char *text = utf8_clean_line(&a, p->text, strlen(p->text), TICKET_TEXT_MAX - 1);
	struct saying saying = { .fact = p->fact, .text = text };
	int64_t message_id;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, p->order_id, &s->order)))
		return rc;
	if (s->order->user_id != p->user_id)
		return ERR_NOT_FOUND;
	if ((rc = fact_find(db, &a, p->fact, &s->ticket_id)) || s->ticket_id)
		return rc;
	if (s->order->state != ORDER_DELIVERED)
		return ERR_CONFLICT;
	if ((rc = code_find(db, &a, s)) || (rc = case_open(db, &a, s)))
		return rc;
	saying.ticket_id = s->ticket_id;
	if ((rc = message_add(db, &saying, &message_id)) ||
	    (rc = problem_alert(db, &a, s, message_id, text)))
		return rc;
	return db_tx_commit(&tx);
}

int support_problem(struct db *db, const struct problem *problem, int64_t *ret)
{
	struct telling telling = { .problem = problem };
	int const rc = db_retry(db, problem_work, &telling);

	if (!rc)
		*ret = telling.ticket_id;
	return rc;
}

/* ---- an answer ---- */

struct answering {
	int64_t order_id;
	const char *text;
	const struct decision *decision;
	int64_t ticket_id;
};

/* The newest case, one that waits before others; made when there is none. */
static int case_of_order(struct db *db, struct arena *a, const struct order *order,
			 int64_t *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT id FROM tickets WHERE order_id = ? "
			      "ORDER BY state = 'open' DESC, id DESC LIMIT 1",
			      PARAMS(P(order->id)), &row);

	if (rc == ERR_NOT_FOUND)
		return ticket_insert(db, order, 0, ret);
	if (!rc)
		*ret = row[0].number;
	return rc;
}

static int answer_send(struct db *db, struct arena *a, const struct order *order,
		       int64_t ticket_id, int64_t message_id)
{
	return outbox_add(
		db, &(struct outbox_message){
			    .fact = arena_printf(a, "answer:%lld", (long long)message_id),
			    .kind = OUTBOX_ANSWER,
			    .priority = OUTBOX_ORDERS,
			    .chat_id = order->chat_id,
			    .order_id = order->id,
			    .data = arena_printf(a,
						 "{\"ticket\":%lld,"
						 "\"message\":%lld}",
						 (long long)ticket_id, (long long)message_id),
		    });
}

static int answer_work(struct db *db, void *data)
{
	struct answering *s = data;
	AUTO_ARENA(a);
	struct saying saying = { .fact = s->decision->wish,
				 .text = s->text,
				 .decision = s->decision };
	struct order *order;
	int64_t message_id;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, s->order_id, &order)) ||
	    (rc = fact_find(db, &a, saying.fact, &s->ticket_id)) || s->ticket_id ||
	    (rc = case_of_order(db, &a, order, &s->ticket_id)))
		return rc;
	saying.ticket_id = s->ticket_id;
	if ((rc = message_add(db, &saying, &message_id)) ||
	    (rc = answer_send(db, &a, order, s->ticket_id, message_id)) ||
	    (rc = decision_audit(
		     db, &a, s->decision, "ticket_answer", order->number,
		     DECISION_FACTS(
			     { "ticket", arena_printf(&a, "%lld", (long long)s->ticket_id) }))))
		return rc;
	return db_tx_commit(&tx);
}

int support_answer(struct db *db, int64_t order_id, const char *text,
		   const struct decision *decision, int64_t *ret_ticket)
{
	struct answering answering = { .order_id = order_id,
				       .text = text,
				       .decision = decision };
	int rc;

	if (!*text || !utf8_valid(text, strlen(text)) || utf8_len(text) > TICKET_ANSWER_MAX)
		return ERR_INVALID;
	rc = db_retry(db, answer_work, &answering);
	if (!rc)
		*ret_ticket = answering.ticket_id;
	return rc;
}

int support_mended(struct db *db, int64_t order_id, int64_t code_id)
{
	return db_exec(db,
		       "UPDATE tickets SET state = 'closed', updated_at = UTC_TIMESTAMP(6) "
		       "WHERE order_id = ? AND COALESCE(code_id, 0) = ? AND state <> 'closed'",
		       PARAMS(P(order_id), P(code_id)), NULL);
}
