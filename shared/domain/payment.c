#include "shared/domain/payment.h"

#include "shared/domain/outbox.h"

#include "shared/base/limits.h"

enum payment_state payment_state_read(const char *word)
{
	if (!strcmp(word, "ok"))
		return PAYMENT_OK;
	return !strcmp(word, "review") ? PAYMENT_REVIEW : PAYMENT_RESOLVED;
}

int payment_list_of_order(struct db *db, struct arena *a, int64_t order_id,
			  struct payment **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct payment *payments;
	int const rc = db_query(
		db, a,
		"SELECT id, gateway, gateway_payment_id, kind = 'payment', amount_kop, "
		"applied, state, reason, receipt_url, received_at, twin <> 0 FROM payments "
		"WHERE order_id = ? ORDER BY id",
		PARAMS(P(order_id)), &rows);

	if (rc)
		return rc;
	payments = arena_array(a, rows.count, sizeof(*payments));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		payments[i] = (struct payment){
			.id = c[0].number,
			.gateway = c[1].text,
			.gateway_payment_id = c[2].text,
			.kind = c[3].number ? PAYMENT_IN : PAYMENT_RETURN,
			.amount = MONEY(c[4].number),
			.applied = c[5].number != 0,
			.state = payment_state_read(c[6].text),
			.reason = c[7].text,
			.receipt_url = c[8].text,
			.received_at = c[9].number,
			.twin = c[10].number != 0,
		};
	}
	*ret = payments;
	*ret_count = rows.count;
	return OK;
}

int payment_book(struct db *db, const struct payment_entry *entry, int64_t *ret_id)
{
	const struct payment_row *row = entry->row;
	int64_t const order_id = entry->order_id;
	struct db_param const paid_at = row->paid_at ? P_TIME(row->paid_at) : P_NULL;
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO payments (gateway, gateway_payment_id, twin, order_id, kind, "
		"amount_kop, applied, state, reason, receipt_url, paid_at, received_at) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE(NULLIF(?, ''), "
		"(SELECT h.receipt_url FROM payment_hints h WHERE h.order_id = ? AND "
		"h.source = 'return' AND h.gateway_payment_id = ?), ''), ?, "
		"UTC_TIMESTAMP(6))",
		PARAMS(P(entry->gateway), P(row->id), P(entry->twin ? order_id : 0),
		       P(order_id), P(row->kind == PAYMENT_IN ? "payment" : "return"),
		       P(row->amount), P((int64_t)entry->applied),
		       P(*entry->reason ? "review" : "ok"), P(entry->reason),
		       P(row->receipt_url), P(order_id), P(row->id), paid_at),
		&result);

	if (!rc && ret_id)
		*ret_id = result.insert_id;
	/* The order is locked: a twin of its own it can't have. */
	return rc == ERR_CONFLICT && entry->twin ? ERR_FAILED : rc;
}

/* ---- hints ---- */

/*
 * At once, but not more often than every ASK_HINT_GAP_S, counted from the last question:
 * whoever knows an order's number can make us ask, not make us flood the gateway.
 */
static int ask_soon(struct db *db, int64_t order_id)
{
	return db_exec(
		db,
		"UPDATE orders SET ask_at = IF(ask_at < UTC_TIMESTAMP(6), ask_at, "
		"GREATEST(UTC_TIMESTAMP(6), "
		"COALESCE(asked_at + INTERVAL ? SECOND, UTC_TIMESTAMP(6)))) WHERE id = ?",
		PARAMS(P(ASK_HINT_GAP_S), P(order_id)), NULL);
}

struct hint {
	const char *number;
	const char *source;
	const char *payment_id;
};

static int hint_work(struct db *db, void *data)
{
	const struct hint *hint = data;
	AUTO_ARENA(a);
	struct order *order;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_by_number(db, &a, hint->number, &order)))
		return rc;
	/* The order first, as everywhere: a hundred hints at once wait here, not in a circle.
	 */
	if ((rc = ask_soon(db, order->id)))
		return rc;
	rc = db_exec(
		db,
		"INSERT INTO payment_hints (order_id, source, gateway_payment_id, first_at, "
		"last_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) "
		"ON DUPLICATE KEY UPDATE times = times + 1, last_at = VALUES(last_at), "
		"receipt_url = IF(VALUES(gateway_payment_id) IN ('', gateway_payment_id), "
		"receipt_url, ''), gateway_payment_id = IF(VALUES(gateway_payment_id) = '', "
		"gateway_payment_id, VALUES(gateway_payment_id))",
		PARAMS(P(order->id), P(hint->source), P(hint->payment_id)), NULL);
	return rc ? rc : db_tx_commit(&tx);
}

int payment_hint(struct db *db, const char *order_number, enum hint_source source,
		 const char *gateway_payment_id)
{
	return db_retry(db, hint_work,
			&(struct hint){
				.number = order_number,
				.source = source == HINT_NOTIFY ? "notify" : "return",
				.payment_id = gateway_payment_id,
			});
}

/* ---- receipts ---- */

struct receipt {
	const char *number;
	const char *payment_id;
	const char *url;
};

/* The message with the codes has gone without it: the link comes behind. */
static int receipt_tell(struct db *db, struct arena *a, const struct order *order,
			const struct receipt *receipt)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT EXISTS (SELECT 1 FROM outbox WHERE order_id = ? AND "
			      "kind = 'delivered' AND (state <> 'pending' OR "
			      "lease_owner IS NOT NULL)) AND EXISTS (SELECT 1 FROM payments "
			      "WHERE order_id = ? AND gateway_payment_id = ? AND applied = 1)",
			      PARAMS(P(order->id), P(order->id), P(receipt->payment_id)), &row);

	if (rc || !row[0].number)
		return rc;
	return outbox_add(db,
			  &(struct outbox_message){
				  .fact = arena_printf(a, "receipt:%s", receipt->payment_id),
				  .kind = OUTBOX_RECEIPT,
				  .priority = OUTBOX_ORDERS,
				  .chat_id = order->chat_id,
				  .order_id = order->id,
			  });
}

static int receipt_work(struct db *db, void *data)
{
	const struct receipt *receipt = data;
	AUTO_ARENA(a);
	struct db_result result;
	struct order *order;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = order_by_number(db, &a, receipt->number, &order)) ||
	    (rc = order_lock(db, &a, order->id, &order)))
		return rc == ERR_NOT_FOUND ? OK : rc;
	rc = db_exec(db,
		     "UPDATE payments SET receipt_url = ? WHERE order_id = ? AND "
		     "gateway_payment_id = ? AND kind = 'payment' AND receipt_url = ''",
		     PARAMS(P(receipt->url), P(order->id), P(receipt->payment_id)), &result);
	if (!rc && result.affected)
		rc = receipt_tell(db, &a, order, receipt);
	else if (!rc)
		rc = db_exec(db,
			     "UPDATE payment_hints SET receipt_url = ? WHERE order_id = ? AND "
			     "source = 'return' AND gateway_payment_id = ?",
			     PARAMS(P(receipt->url), P(order->id), P(receipt->payment_id)),
			     NULL);
	return rc ? rc : db_tx_commit(&tx);
}

int payment_receipt(struct db *db, const char *order_number, const char *gateway_payment_id,
		    const char *url)
{
	return db_retry(db, receipt_work,
			&(struct receipt){
				.number = order_number,
				.payment_id = gateway_payment_id,
				.url = url,
			});
}
