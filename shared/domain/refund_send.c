#include "shared/domain/refund_send.h"

#include "shared/base/clock.h"
#include "shared/base/crash.h"
#include "shared/base/limits.h"
#include "shared/base/utf8.h"
#include "shared/domain/outbox.h"

enum { WORDS_MAX = 199 };

/* ---- whose turn it is ---- */

struct claim {
	struct arena *arena;
	int64_t owner;
	int limit;
	int64_t lease;
	struct refund_task *list;
	size_t count;
	bool unsure; /* the last try may have committed */
};

/* Those of a COMMIT whose answer was lost are claimed anew, or wait for the lease's end. */
static int claim_again(struct db *db, struct claim *claim)
{
	int rc = OK;

	for (size_t i = 0; !rc && claim->unsure && i < claim->count; i++)
		rc = db_exec(db,
			     "UPDATE refunds SET lease_owner = NULL, claims = claims - 1, "
			     "not_before = UTC_TIMESTAMP(6) WHERE id = ? AND lease_owner = ? "
			     "AND claims = ?",
			     PARAMS(P(claim->list[i].refund_id), P(claim->owner),
				    P(claim->list[i].claims)),
			     NULL);
	if (!rc)
		claim->count = 0;
	return rc;
}

static int claim_work(struct db *db, void *data)
{
	struct claim *claim = data;
	struct db_rows rows;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = claim_again(db, claim)))
		return rc;
	rc = db_query(db, claim->arena,
		      "SELECT r.id, r.order_id, o.number, o.created_at, r.claims "
		      "FROM refunds r JOIN orders o ON o.id = r.order_id "
		      "WHERE r.state IN ('pending', 'sent') AND "
		      "r.not_before <= UTC_TIMESTAMP(6) ORDER BY r.not_before LIMIT ? "
		      "FOR UPDATE SKIP LOCKED",
		      PARAMS(P(claim->limit)), &rows);
	if (rc || !rows.count)
		return rc;
	claim->list = arena_array(claim->arena, rows.count, sizeof(*claim->list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		claim->list[i] = (struct refund_task){
			.refund_id = c[0].number,
			.order_id = c[1].number,
			.number = c[2].text,
			.since = c[3].number,
			.owner = claim->owner,
			.claims = (int)c[4].number + 1,
		};
		rc = db_exec_one(db,
				 "UPDATE refunds SET claims = claims + 1, lease_owner = ?, "
				 "not_before = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
				 "WHERE id = ? AND not_before <= UTC_TIMESTAMP(6)",
				 PARAMS(P(claim->owner), P(claim->lease), P(c[0].number)));
		if (rc)
			return rc;
	}
	claim->count = rows.count;
	rc = db_tx_commit(&tx);
	claim->unsure = rc == ERR_UNSURE;
	return rc;
}

int refund_claim(struct db *db, struct arena *a, int64_t owner, int limit,
		 int64_t lease_seconds, struct refund_task **ret, size_t *ret_count)
{
	struct claim claim = {
		.arena = a, .owner = owner, .limit = limit, .lease = lease_seconds
	};
	int const rc = db_retry(db, claim_work, &claim);

	if (!rc) {
		if (claim.count)
			CRASH_POINT("refund.claimed");
		*ret = claim.list;
		*ret_count = claim.count;
	}
	return rc;
}

int refund_due(struct db *db, int64_t most, int64_t *ret)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a,
			      "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), MIN(not_before)) "
			      "FROM refunds WHERE state IN ('pending', 'sent')",
			      NO_PARAMS, &row);

	if (rc)
		return rc;
	*ret = row[0].is_null || row[0].number > most ? most : row[0].number;
	if (*ret < 0)
		*ret = 0;
	return OK;
}

/* ---- what is to be done ---- */

struct looking {
	const struct refund_task *task;
	struct arena *arena; /* the caller's: what is to be told lives there */
	const struct payment_evidence *evidence;
	enum refund_step step;
	struct refund_order *to_tell;
	/* read inside the transaction */
	struct order *order;
	struct refund_books books;
	const struct refund *refund;
	const struct payment *payment;
	int sends;
	int questions;
	int64_t since_sent;
};

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* 2, 4, 8 … 300 s */
static int64_t pause_after(int claims)
{
	int64_t pause = REFUND_PAUSE_S;

	for (int i = 1; i < claims && pause < REFUND_PAUSE_MAX_S; i++)
		pause *= 2;
	return smaller(pause, REFUND_PAUSE_MAX_S);
}

/* The task's refund as it stands.  *ret stays NULL when it is over, or another worker's. */
static int refund_read(struct db *db, struct arena *a, struct looking *s)
{
	const struct db_cell *row;
	int rc = order_lock(db, a, s->task->order_id, &s->order);

	if (rc || (rc = refund_books_read(db, a, s->task->order_id, &s->books)))
		return rc;
	s->refund = NULL;
	for (size_t i = 0; i < s->books.refund_count; i++)
		if (s->books.refunds[i].id == s->task->refund_id)
			s->refund = &s->books.refunds[i];
	if (!s->refund || !refund_is_open(s->refund) ||
	    s->refund->lease_owner != s->task->owner) {
		s->refund = NULL;
		return OK;
	}
	for (size_t i = 0; i < s->books.payment_count; i++)
		if (s->books.payments[i].id == s->refund->payment_id)
			s->payment = &s->books.payments[i];
	rc = db_one(db, a,
		    "SELECT sends, questions, "
		    "COALESCE(TIMESTAMPDIFF(SECOND, sent_at, UTC_TIMESTAMP(6)), 0) "
		    "FROM refunds WHERE id = ?",
		    PARAMS(P(s->refund->id)), &row);
	if (rc)
		return rc;
	s->sends = (int)row[0].number;
	s->questions = (int)row[1].number;
	s->since_sent = row[2].number;
	return OK;
}

/* The lease ends; looked at again after so long. */
static int look_later(struct db *db, const struct looking *s, int64_t seconds, bool asked)
{
	return db_exec_one(
		db,
		"UPDATE refunds SET lease_owner = NULL, questions = questions + ?, "
		"not_before = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
		"WHERE id = ? AND lease_owner = ? AND state IN ('pending', 'sent')",
		PARAMS(P((int64_t)asked), P(seconds), P(s->refund->id), P(s->task->owner)));
}

/*
 * Why nothing may be given back any more; NULL: it may.  The refund itself is among what is
 * on its way, so nothing must be missing.
 */
static const char *obstacle(struct arena *a, const struct looking *s)
{
	int64_t money = 0;

	if (!strcmp(s->payment->reason, "chargeback") && s->payment->state == PAYMENT_REVIEW)
		return "the bank has taken this payment back";
	if (s->order->state == ORDER_DISPUTED)
		return "the order is in dispute";
	for (size_t i = 0; i < s->books.payment_count; i++) {
		const struct payment *p = &s->books.payments[i];

		money += p->kind == PAYMENT_IN ? p->amount.kop : -p->amount.kop;
	}
	if (money >= s->refund->amount.kop)
		return NULL;
	return arena_printf(a, "only %s of the order's money is left",
			    money_plain(a, MONEY(money > 0 ? money : 0)));
}

/*
 * Was the order paid by more than one payment?  Then it must be said which is meant; but never
 * by an id that is another order's as well.
 */
static const char *payment_named(const struct looking *s)
{
	int count = 0;

	for (size_t i = 0; i < s->books.payment_count; i++)
		count += s->books.payments[i].kind == PAYMENT_IN;
	return count > 1 && !s->payment->twin ? s->payment->gateway_payment_id : "";
}

static int tell_begin(struct db *db, struct arena *a, struct looking *s)
{
	struct order *order = arena_new(s->arena, struct order);
	const char *why = obstacle(a, s);
	int rc;

	if (why) {
		s->step = REFUND_STEP_OVER;
		return refund_refuse(db, a, s->order, s->refund, why);
	}
	rc = db_exec_one(db,
			 "UPDATE refunds SET state = 'sent', sent_at = UTC_TIMESTAMP(6), "
			 "sends = sends + 1, questions = 0 WHERE id = ? AND lease_owner = ? "
			 "AND state = ?",
			 PARAMS(P(s->refund->id), P(s->task->owner),
				P(refund_state_name(s->refund->state))));
	*order = *s->order;
	order->number = arena_strdup(s->arena, s->order->number);
	order->lang = arena_strdup(s->arena, s->order->lang);
	order->link_url = NULL;
	s->step = REFUND_STEP_TELL;
	*s->to_tell = (struct refund_order){
		.order = order,
		.payment_id = arena_strdup(s->arena, payment_named(s)),
		.amount = s->refund->amount,
		.whole = s->refund->whole && s->refund->amount.kop == s->payment->amount.kop,
		.reason = arena_strdup(s->arena, s->refund->reason),
	};
	return rc;
}

/* Administrators hear once of a refund that nobody can tell how it went. */
static int tell_unsure(struct db *db, struct arena *a, const struct looking *s)
{
	return outbox_add(
		db, &(struct outbox_message){
			    .fact = arena_printf(a, "alert:refund_unsure:%lld",
						 (long long)s->refund->id),
			    .kind = OUTBOX_ALERT,
			    .priority = OUTBOX_ALERTS,
			    .order_id = s->order->id,
			    .data = arena_printf(a,
						 "{\"what\":\"refund_unsure\",\"order\":\"%s\","
						 "\"kop\":%lld}",
						 s->order->number,
						 (long long)s->refund->amount.kop),
		    });
}

/* Told before, and this answer has no trace of it. */
static int sent_judge(struct db *db, struct arena *a, struct looking *s)
{
	bool const sure = s->questions + 1 >= REFUND_QUESTIONS &&
			  s->since_sent >= REFUND_SURE_S;
	int rc;

	if (sure && *s->refund->last_error) {
		/* Told again it was refused, and the first time left nothing either. */
		s->step = REFUND_STEP_OVER;
		return refund_refuse(db, a, s->order, s->refund, s->refund->last_error);
	}
	if (sure && s->sends < REFUND_SENDS_MAX)
		return tell_begin(db, a, s);
	if (sure && (rc = tell_unsure(db, a, s)))
		return rc;
	s->step = REFUND_STEP_WAIT;
	return look_later(db, s, pause_after(s->questions + 2), true);
}

static int look_work(struct db *db, void *data)
{
	struct looking *s = data;
	AUTO_ARENA(a);
	int rc;

	s->step = REFUND_STEP_OVER;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = refund_read(db, &a, s)))
		return rc;
	if (!s->refund)
		return OK;
	if (s->evidence->answer == ANSWER_UNUSABLE) {
		s->step = REFUND_STEP_WAIT;
		rc = look_later(db, s, pause_after(s->task->claims), false);
	} else if (s->refund->state == REFUND_PENDING) {
		rc = tell_begin(db, &a, s);
	} else {
		rc = sent_judge(db, &a, s);
	}
	return rc ? rc : db_tx_commit(&tx);
}

int refund_answered(struct db *db, struct arena *a, const struct refund_task *task,
		    const struct payment_evidence *evidence, enum refund_step *ret,
		    struct refund_order *ret_order)
{
	struct looking looking = {
		.task = task, .arena = a, .evidence = evidence, .to_tell = ret_order
	};
	struct settlement settlement;
	int rc = OK;

	if (evidence->count)
		rc = order_settle(db, task->order_id, evidence, &settlement);
	if (!rc)
		rc = db_retry(db, look_work, &looking);
	if (!rc)
		*ret = looking.step;
	return rc;
}

/* ---- what the gateway said ---- */

struct telling {
	struct looking looking;
	const char *gateway;
	int outcome;
	const char *return_id;
	const char *why;
};

static int told_denied(struct db *db, struct arena *a, struct telling *t)
{
	struct looking *s = &t->looking;
	const char *words = utf8_clean_line(a, t->why, strlen(t->why), WORDS_MAX);
	int rc;

	if (s->sends <= 1)
		return refund_refuse(db, a, s->order, s->refund, *words ? words : "refused");
	/* Perhaps because the first telling did arrive: its trace is looked for once more. */
	s->step = REFUND_STEP_WAIT;
	rc = db_exec_one(db, "UPDATE refunds SET last_error = ? WHERE id = ?",
			 PARAMS(P(*words ? words : "refused"), P(s->refund->id)));
	return rc ? rc : look_later(db, s, REFUND_PAUSE_S, false);
}

static int told_work(struct db *db, void *data)
{
	struct telling *t = data;
	struct looking *s = &t->looking;
	AUTO_ARENA(a);
	int rc;

	s->step = REFUND_STEP_OVER;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = refund_read(db, &a, s)))
		return rc;
	if (!s->refund)
		return OK;
	switch (t->outcome) {
	case OK:
		rc = refund_finish(db, &a, s->order, s->refund, t->gateway, t->return_id);
		break;
	case ERR_DENIED:
		rc = told_denied(db, &a, t);
		break;
	case ERR_DOWN:
		s->step = REFUND_STEP_WAIT;
		if (s->sends <= 1)
			rc = db_exec_one(db,
					 "UPDATE refunds SET state = 'pending', sends = 0, "
					 "sent_at = NULL WHERE id = ? AND state = 'sent'",
					 PARAMS(P(s->refund->id)));
		if (!rc)
			rc = look_later(db, s, pause_after(s->task->claims), false);
		break;
	default:
		s->step = REFUND_STEP_WAIT;
		rc = look_later(db, s, REFUND_PAUSE_S, false);
		break;
	}
	if (rc)
		return rc;
	CRASH_POINT("refund.before_commit");
	return db_tx_commit(&tx);
}

int refund_told(struct db *db, const struct refund_task *task, const char *gateway, int outcome,
		const char *return_id, const char *why, enum refund_step *ret)
{
	struct telling telling = {
		.looking = { .task = task },
		.gateway = gateway,
		.outcome = outcome,
		.return_id = return_id,
		.why = why,
	};
	int const rc = db_retry(db, told_work, &telling);

	CRASH_POINT("refund.after_commit");
	if (!rc)
		*ret = telling.looking.step;
	return rc;
}
