#include "shared/domain/order_replace.h"

#include "shared/base/utf8.h"
#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"
#include "shared/domain/support.h"

struct replacing {
	const struct replacement *what;
	enum replace_result result;
	struct order *order;
	int64_t new_code_id;
};

/* The same wish told again, after an answer that was lost. */
static int wish_known(struct db *db, struct arena *a, const struct replacing *s, bool *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT EXISTS (SELECT 1 FROM code_replacements WHERE fact = ?)",
			      PARAMS(P(s->what->decision->wish)), &row);

	if (!rc)
		*ret = row[0].number != 0;
	return rc;
}

static int old_judge(struct db *db, struct arena *a, struct replacing *s)
{
	struct stock_code *codes;
	size_t count;
	int rc;

	s->result = REPLACE_NOT_DELIVERED;
	if (s->order->state != ORDER_DELIVERED)
		return OK;
	if ((rc = stock_of_order(db, a, s->order->id, &codes, &count)))
		return rc;
	s->result = REPLACE_NO_CODE;
	for (size_t i = 0; i < count; i++)
		if (codes[i].slot == s->what->slot)
			s->result = codes[i].id == s->what->code_id ? REPLACE_DONE
								    : REPLACE_CHANGED;
	return OK;
}

static int replacement_insert(struct db *db, struct arena *a, const struct replacing *s,
			      int64_t *ret)
{
	const struct decision *d = s->what->decision;
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO code_replacements (order_id, slot, fact, old_code_id, "
		"new_code_id, why, actor, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, "
		"UTC_TIMESTAMP(6))",
		PARAMS(P(s->order->id), P(s->what->slot), P(d->wish), P(s->what->code_id),
		       P(s->new_code_id),
		       P(utf8_clean_line(a, d->why, strlen(d->why), DECISION_WHY_MAX)),
		       P(d->actor)),
		&result);

	if (!rc)
		*ret = result.insert_id;
	/* The order is locked, and both codes with it: a bug, not a race. */
	return rc == ERR_CONFLICT ? ERR_FAILED : rc;
}

static int tell(struct db *db, struct arena *a, const struct replacing *s, int64_t id)
{
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "replaced:%lld", (long long)id),
				      .kind = OUTBOX_REPLACED,
				      .priority = OUTBOX_CODES,
				      .chat_id = s->order->chat_id,
				      .order_id = s->order->id,
				      .data = arena_printf(a, "{\"slot\":%d}", s->what->slot),
			      });
}

static const char *id_text(struct arena *a, int64_t id)
{
	return arena_printf(a, "%lld", (long long)id);
}

static int replace_work(struct db *db, void *data)
{
	struct replacing *s = data;
	const struct replacement *what = s->what;
	AUTO_ARENA(a);
	bool known = false;
	int64_t id;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_lock(db, &a, what->order_id, &s->order)) ||
	    (rc = wish_known(db, &a, s, &known)))
		return rc;
	s->result = REPLACE_DONE;
	if (known)
		return OK;
	if ((rc = old_judge(db, &a, s)) || s->result != REPLACE_DONE)
		return rc;
	if ((rc = stock_spoil_one(db, what->code_id, s->order->id)))
		return rc;
	rc = stock_take_into(db, s->order->value_id, s->order->id, what->slot, &s->new_code_id);
	if (rc == ERR_NOT_FOUND) {
		/* Leaving without commit: the old one stays what it is. */
		s->result = REPLACE_NO_STOCK;
		return OK;
	}
	if (rc || (rc = replacement_insert(db, &a, s, &id)) || (rc = tell(db, &a, s, id)) ||
	    (rc = support_mended(db, s->order->id, what->code_id)) ||
	    (rc = decision_audit(db, &a, what->decision, "code_replace", s->order->number,
				 DECISION_FACTS({ "slot", id_text(&a, what->slot) },
						{ "old_code", id_text(&a, what->code_id) },
						{ "new_code", id_text(&a, s->new_code_id) }))))
		return rc;
	return db_tx_commit(&tx);
}

int order_replace(struct db *db, const struct replacement *what, enum replace_result *ret)
{
	struct replacing replacing = { .what = what };
	int const rc = db_retry(db, replace_work, &replacing);

	if (!rc)
		*ret = replacing.result;
	return rc;
}
