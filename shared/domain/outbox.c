#include "shared/domain/outbox.h"

#include "shared/base/limits.h"

static const char *const kind_names[] = {
	[OUTBOX_OPENED] = "opened",	  [OUTBOX_DELIVERED] = "delivered",
	[OUTBOX_PAID_NOTE] = "paid_note", [OUTBOX_WAITING] = "waiting",
	[OUTBOX_EXPIRED] = "expired",	  [OUTBOX_CANCELLED] = "cancelled",
	[OUTBOX_REVIEW] = "review",	  [OUTBOX_RESTOCK] = "restock",
	[OUTBOX_REFUNDED] = "refunded",	  [OUTBOX_REFUND_LATE] = "refund_late",
	[OUTBOX_RECEIPT] = "receipt",	  [OUTBOX_REPLACED] = "replaced",
	[OUTBOX_ANSWER] = "answer",	  [OUTBOX_WORDS] = "words",
	[OUTBOX_ALERT] = "alert",
};
_Static_assert(COUNT(kind_names) == OUTBOX__COUNT, "a name for every kind");

const char *outbox_kind_name(enum outbox_kind kind)
{
	return kind_names[kind];
}

int outbox_add(struct db *db, const struct outbox_message *m)
{
	struct db_param const order = m->order_id ? P(m->order_id) : P_NULL;

	/* The fact was told already: not one column changes. */
	return db_exec(
		db,
		"INSERT INTO outbox (fact, kind, chat_id, order_id, data, priority, state, "
		"not_before, created_at) VALUES (?, ?, ?, ?, ?, ?, 'pending', "
		"UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE id = id",
		PARAMS(P(m->fact), P(kind_names[m->kind]), P(m->chat_id), order,
		       P(m->data ? m->data : "{}"), P((int64_t)m->priority)),
		NULL);
}

/* ---- claiming ---- */

static const enum outbox_priority priorities[] = { OUTBOX_CODES, OUTBOX_ORDERS, OUTBOX_ALERTS,
						   OUTBOX_BROADCAST };

struct claim {
	struct arena *arena;
	int64_t owner;
	int limit;
	int64_t lease;
	struct outbox_row *list;
	size_t count;
	bool changed; /* some row was put off, ours or not */
	bool unsure;  /* the last try may have committed */
};

static int row_read(const struct db_cell *c, struct outbox_row *row)
{
	size_t kind = 0;

	while (kind < OUTBOX__COUNT && strcmp(kind_names[kind], c[1].text) != 0)
		kind++;
	if (kind == OUTBOX__COUNT)
		return ERR_FAILED;
	*row = (struct outbox_row){
		.id = c[0].number,
		.kind = (enum outbox_kind)kind,
		.chat_id = c[2].number,
		.order_id = c[3].number,
		.data = c[4].text,
		.attempts = (int)c[5].number + 1,
		.created_at = c[6].number,
	};
	return OK;
}

/* One priority's due rows; each priority is a run of the index, so nothing is sorted. */
static int claim_priority(struct db *db, struct claim *claim, enum outbox_priority priority)
{
	struct db_rows rows;
	int rc = db_query(
		db, claim->arena,
		"SELECT id, kind, chat_id, order_id, data, attempts, created_at "
		"FROM outbox WHERE state = 'pending' AND priority = ? "
		"AND not_before <= UTC_TIMESTAMP(6) ORDER BY not_before LIMIT ? "
		"FOR UPDATE SKIP LOCKED",
		PARAMS(P((int64_t)priority), P((int64_t)claim->limit - (int64_t)claim->count)),
		&rows);

	for (size_t i = 0; !rc && i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		rc = db_exec_one(
			db,
			"UPDATE outbox SET lease_owner = ?, attempts = attempts + 1, "
			"not_before = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
			"WHERE id = ? AND state = 'pending' AND not_before <= UTC_TIMESTAMP(6)",
			PARAMS(P(claim->owner), P(claim->lease), P(c[0].number)));
		claim->changed = true;
		/* A kind of a newer version is left to a worker that knows it. */
		if (!rc && !row_read(c, &claim->list[claim->count]))
			claim->count++;
	}
	return rc;
}

/* Rows of a COMMIT whose answer was lost are claimed anew, or they wait for the lease's end. */
static int claim_again(struct db *db, struct claim *claim)
{
	int rc = OK;

	for (size_t i = 0; !rc && claim->unsure && i < claim->count; i++)
		rc = db_exec(db,
			     "UPDATE outbox SET lease_owner = NULL, attempts = attempts - 1, "
			     "not_before = UTC_TIMESTAMP(6) "
			     "WHERE id = ? AND lease_owner = ? AND attempts = ? AND "
			     "state = 'pending'",
			     PARAMS(P(claim->list[i].id), P(claim->owner),
				    P(claim->list[i].attempts)),
			     NULL);
	if (!rc)
		claim->count = 0;
	return rc;
}

static int claim_work(struct db *db, void *data)
{
	struct claim *claim = data;
	int rc;

	claim->changed = false;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = claim_again(db, claim)))
		return rc;
	for (size_t i = 0; i < COUNT(priorities) && claim->count < (size_t)claim->limit; i++)
		if ((rc = claim_priority(db, claim, priorities[i])))
			return rc;
	rc = claim->changed ? db_tx_commit(&tx) : OK;
	claim->unsure = rc == ERR_UNSURE;
	return rc;
}

int outbox_claim(struct db *db, struct arena *a, int64_t owner, int limit,
		 int64_t lease_seconds, struct outbox_row **ret, size_t *ret_count)
{
	struct claim claim = {
		.arena = a,
		.owner = owner,
		.limit = limit,
		.lease = lease_seconds,
		.list = arena_array(a, (size_t)limit, sizeof(struct outbox_row)),
	};
	int const rc = db_retry(db, claim_work, &claim);

	if (!rc) {
		*ret = claim.list;
		*ret_count = claim.count;
	}
	return rc;
}

/* ---- what came of it; every one names the lease it ends ---- */

int outbox_sent(struct db *db, int64_t id, int64_t owner, int64_t telegram_message_id)
{
	return db_exec_one(db,
			   "UPDATE outbox SET state = 'sent', sent_at = UTC_TIMESTAMP(6), "
			   "telegram_message_id = ?, last_error = '', lease_owner = NULL "
			   "WHERE id = ? AND lease_owner = ? AND state = 'pending'",
			   PARAMS(P(telegram_message_id), P(id), P(owner)));
}

int outbox_later(struct db *db, int64_t id, int64_t owner, int64_t milliseconds,
		 const char *error)
{
	return db_exec_one(db,
			   "UPDATE outbox SET lease_owner = NULL, last_error = LEFT(?, 200), "
			   "not_before = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND "
			   "WHERE id = ? AND lease_owner = ? AND state = 'pending'",
			   PARAMS(P(error), P(milliseconds * 1000), P(id), P(owner)));
}

int outbox_undeliverable(struct db *db, int64_t id, int64_t owner, const char *error)
{
	return db_exec_one(
		db,
		"UPDATE outbox SET state = 'undeliverable', last_error = LEFT(?, 200), "
		"lease_owner = NULL WHERE id = ? AND lease_owner = ? AND state = 'pending'",
		PARAMS(P(error), P(id), P(owner)));
}

int outbox_dead(struct db *db, int64_t id, int64_t owner, const char *error)
{
	return db_exec_one(
		db,
		"UPDATE outbox SET state = 'dead', last_error = LEFT(?, 200), "
		"lease_owner = NULL WHERE id = ? AND lease_owner = ? AND state = 'pending'",
		PARAMS(P(error), P(id), P(owner)));
}

/* A leased row is due within the lease: few are, however many wait for a later day. */
int outbox_free(struct db *db, int64_t owner)
{
	return db_exec(db,
		       "UPDATE outbox SET lease_owner = NULL, not_before = UTC_TIMESTAMP(6) "
		       "WHERE state = 'pending' AND priority IN (0, 2, 5, 9) AND "
		       "not_before < UTC_TIMESTAMP(6) + INTERVAL ? SECOND AND lease_owner = ?",
		       PARAMS(P(OUTBOX_LEASE_S), P(owner)), NULL);
}

int outbox_hold_chat(struct db *db, int64_t chat_id, int64_t seconds)
{
	return db_exec(db,
		       "UPDATE outbox SET not_before = GREATEST(not_before, "
		       "UTC_TIMESTAMP(6) + INTERVAL ? SECOND) "
		       "WHERE chat_id = ? AND state = 'pending'",
		       PARAMS(P(seconds), P(chat_id)), NULL);
}

int outbox_sweep(struct db *db, int limit, int *ret)
{
	static const char *const states[] = { "sent", "undeliverable", "buried" };
	struct db_result result;
	int swept = 0;

	for (size_t i = 0; i < COUNT(states); i++)
		for (size_t k = 0; k < COUNT(priorities); k++) {
			int rc;

			if (priorities[k] == OUTBOX_CODES)
				continue;
			rc = db_exec(db,
				     "DELETE FROM outbox WHERE state = ? AND priority = ? AND "
				     "not_before < UTC_TIMESTAMP(6) - INTERVAL ? DAY "
				     "ORDER BY not_before LIMIT ?",
				     PARAMS(P(states[i]), P((int64_t)priorities[k]),
					    P(OUTBOX_KEEP_DAYS), P(limit - swept)),
				     &result);
			if (rc)
				return rc;
			swept += (int)result.affected;
		}
	*ret = swept;
	return OK;
}

/* The first of each priority's line: their age tells whether the line moves. */
#define FIRST_DUE(priority)                                                               \
	"(SELECT created_at FROM outbox WHERE state = 'pending' AND priority = " priority \
	" AND not_before <= UTC_TIMESTAMP(6) ORDER BY not_before LIMIT 1)"
/* clang-format off */
#define FIRST_DUE_ALL FIRST_DUE("0") \
	" UNION ALL " FIRST_DUE("2") \
	" UNION ALL " FIRST_DUE("5") \
	" UNION ALL " FIRST_DUE("9")
/* clang-format on */

int outbox_count(struct db *db, struct outbox_counts *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(
		db, &a,
		"SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'pending'), "
		"(SELECT COUNT(*) FROM outbox WHERE state = 'dead'), "
		"(SELECT COUNT(*) FROM outbox WHERE state = 'undeliverable'), "
		"(SELECT COALESCE(TIMESTAMPDIFF(SECOND, MIN(created_at), UTC_TIMESTAMP(6)), 0) "
		"FROM (" FIRST_DUE_ALL ") first)",
		NO_PARAMS, &row);

	if (!rc)
		*ret = (struct outbox_counts){ row[0].number, row[1].number, row[2].number,
					       row[3].number };
	return rc;
}

/* ---- messages that were given up ---- */

int outbox_dead_list(struct db *db, struct arena *a, int limit, struct outbox_letter **ret,
		     size_t *ret_count)
{
	struct db_rows rows;
	struct outbox_letter *list;
	int const rc = db_query(db, a,
				"SELECT id, kind, chat_id, COALESCE(order_id, 0), attempts, "
				"created_at, last_error FROM outbox WHERE state = 'dead' "
				"ORDER BY id DESC LIMIT ?",
				PARAMS(P(limit)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct outbox_letter){ .id = c[0].number,
						  .kind = c[1].text,
						  .chat_id = c[2].number,
						  .order_id = c[3].number,
						  .attempts = c[4].number,
						  .created_at = c[5].number,
						  .error = c[6].text };
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int outbox_retry(struct db *db, int64_t id)
{
	return db_exec_one(db,
			   "UPDATE outbox SET state = 'pending', attempts = 0, "
			   "lease_owner = NULL, not_before = UTC_TIMESTAMP(6) "
			   "WHERE id = ? AND state = 'dead'",
			   PARAMS(P(id)));
}

int outbox_bury(struct db *db, int64_t id)
{
	return db_exec_one(db,
			   "UPDATE outbox SET state = 'buried' WHERE id = ? AND state = 'dead'",
			   PARAMS(P(id)));
}
