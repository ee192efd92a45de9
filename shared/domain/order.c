#include "shared/domain/order.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"

static const char *const state_names[] = {
	[ORDER_PENDING] = "pending",	 [ORDER_PAID] = "paid",
	[ORDER_DELIVERED] = "delivered", [ORDER_REFUNDING] = "refunding",
	[ORDER_REFUNDED] = "refunded",	 [ORDER_DISPUTED] = "disputed",
	[ORDER_EXPIRED] = "expired",	 [ORDER_CANCELLED] = "cancelled",
};
_Static_assert(COUNT(state_names) == ORDER__COUNT, "a name for every state");

const char *order_state_name(enum order_state state)
{
	return state_names[state];
}

enum order_state order_state_read(const char *word)
{
	size_t state = 0;

	while (state < ORDER__COUNT && strcmp(state_names[state], word) != 0)
		state++;
	return (enum order_state)state;
}

/* In this order for order_read(). */
#define ORDER_COLUMNS                                                                        \
	"id, number, user_id, value_id, quantity, unit_price_kop, discount_kop, bonus_kop, " \
	"total_kop, state, chat_id, message_id, lang, link_url, created_at, expires_at, "    \
	"paid_at, delivered_at, ended_at, "                                                  \
	"TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(6), expires_at), nonce"

static int order_read(const struct db_cell *c, struct order *o)
{
	enum order_state const state = order_state_read(c[9].text);

	if (state == ORDER__COUNT || c[20].len != ORDER_NONCE_LEN)
		return ERR_FAILED;
	*o = (struct order){
		.id = c[0].number,
		.number = c[1].text,
		.user_id = c[2].number,
		.value_id = c[3].number,
		.quantity = (int)c[4].number,
		.unit_price = MONEY(c[5].number),
		.discount = MONEY(c[6].number),
		.bonus = MONEY(c[7].number),
		.total = MONEY(c[8].number),
		.state = state,
		.chat_id = c[10].number,
		.message_id = c[11].number,
		.lang = c[12].text,
		.link_url = c[13].is_null ? NULL : c[13].text,
		.created_at = c[14].number,
		.expires_at = c[15].number,
		.paid_at = c[16].number,
		.delivered_at = c[17].number,
		.ended_at = c[18].number,
		.seconds_left = c[19].number,
	};
	memcpy(o->nonce, c[20].text, ORDER_NONCE_LEN);
	return OK;
}

static int order_select(struct db *db, struct arena *a, const char *sql,
			struct db_params params, struct order **ret)
{
	const struct db_cell *row;
	struct order *order;
	int rc = db_one(db, a, sql, params, &row);

	if (rc)
		return rc;
	order = arena_new(a, struct order);
	if ((rc = order_read(row, order)))
		return rc;
	*ret = order;
	return OK;
}

int order_find(struct db *db, struct arena *a, int64_t id, struct order **ret)
{
	return order_select(db, a, "SELECT " ORDER_COLUMNS " FROM orders WHERE id = ?",
			    PARAMS(P(id)), ret);
}

int order_by_number(struct db *db, struct arena *a, const char *number, struct order **ret)
{
	return order_select(db, a, "SELECT " ORDER_COLUMNS " FROM orders WHERE number = ?",
			    PARAMS(P(number)), ret);
}

int order_by_nonce(struct db *db, struct arena *a, const unsigned char nonce[ORDER_NONCE_LEN],
		   struct order **ret)
{
	return order_select(db, a, "SELECT " ORDER_COLUMNS " FROM orders WHERE nonce = ?",
			    PARAMS(P(((struct bytes){ nonce, ORDER_NONCE_LEN }))), ret);
}

int order_lock(struct db *db, struct arena *a, int64_t id, struct order **ret)
{
	return order_select(db, a,
			    "SELECT " ORDER_COLUMNS " FROM orders WHERE id = ? FOR UPDATE",
			    PARAMS(P(id)), ret);
}

/* The newest of each state: short ends of an index, whatever else there is. */
#define NEWEST_OF(state)                                                                \
	"(SELECT id FROM orders FORCE INDEX (orders_user_state) WHERE user_id = ? AND " \
	"state = '" state "' AND id < ? ORDER BY id DESC LIMIT ?)"
/* clang-format off */
#define NEWEST_PURCHASES NEWEST_OF("paid") \
	" UNION ALL " NEWEST_OF("delivered") \
	" UNION ALL " NEWEST_OF("refunding") \
	" UNION ALL " NEWEST_OF("refunded") \
	" UNION ALL " NEWEST_OF("disputed")
/* clang-format on */

int order_list_of_user(struct db *db, struct arena *a, int64_t user_id, int64_t before,
		       int limit, struct order **ret, size_t *ret_count)
{
	struct db_param const user = P(user_id);
	struct db_param const end = P(before ? before : INT64_MAX);
	struct db_param const most = P(limit);
	struct db_rows rows;
	struct order *orders;
	int rc = db_query(db, a,
			  "SELECT " ORDER_COLUMNS " FROM orders JOIN (" NEWEST_PURCHASES
			  ") newest USING (id) ORDER BY id DESC LIMIT ?",
			  PARAMS(user, end, most, user, end, most, user, end, most, user, end,
				 most, user, end, most, most),
			  &rows);

	if (rc)
		return rc;
	orders = arena_array(a, rows.count, sizeof(*orders));
	for (size_t i = 0; i < rows.count; i++)
		if ((rc = order_read(db_row(&rows, i), &orders[i])))
			return rc;
	*ret = orders;
	*ret_count = rows.count;
	return OK;
}

int order_number_read(struct arena *a, const char *typed, const char **ret)
{
	char number[ORDER_NUMBER_LEN + 1];
	size_t n = 0;

	for (; *typed; typed++) {
		char const c = *typed;

		if (c == ' ' || c == '-')
			continue;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9')))
			return ERR_INVALID;
		if (n == 4)
			number[n++] = '-';
		if (n >= ORDER_NUMBER_LEN)
			return ERR_INVALID;
		number[n++] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
	}
	if (n != ORDER_NUMBER_LEN)
		return ERR_INVALID;
	number[n] = '\0';
	*ret = arena_strdup(a, number);
	return OK;
}

/* ---- giving an order up ---- */

struct cancel {
	int64_t order_id;
	int64_t user_id;
};

static int cancel_work(struct db *db, void *data)
{
	const struct cancel *cancel = data;
	AUTO_ARENA(a);
	struct order *order;
	int rc;

	DB_TX(tx, db);
	if (tx.rc)
		return tx.rc;
	rc = order_lock(db, &a, cancel->order_id, &order);
	if (!rc && order->user_id != cancel->user_id)
		rc = ERR_NOT_FOUND;
	if (!rc)
		rc = db_exec_one(
			db,
			"UPDATE orders SET state = 'cancelled', ended_at = UTC_TIMESTAMP(6) "
			"WHERE id = ? AND state = 'pending'",
			PARAMS(P(cancel->order_id)));
	if (!rc)
		rc = stock_release(db, cancel->order_id);
	return rc ? rc : db_tx_commit(&tx);
}

int order_cancel(struct db *db, int64_t order_id, int64_t user_id)
{
	return db_retry(db, cancel_work,
			&(struct cancel){ .order_id = order_id, .user_id = user_id });
}

/* ---- the gateway's page ---- */

int order_link_claim(struct db *db, int64_t order_id, int64_t seconds, bool *ret)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"UPDATE orders SET link_lease_until = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
		"WHERE id = ? AND state = 'pending' AND link_url IS NULL AND "
		"(link_lease_until IS NULL OR link_lease_until < UTC_TIMESTAMP(6))",
		PARAMS(P(seconds), P(order_id)), &result);

	if (!rc)
		*ret = result.affected == 1;
	return rc;
}

static int link_set(struct db *db, int64_t order_id, const char *url)
{
	return db_exec(db,
		       "UPDATE orders SET link_url = ?, link_lease_until = NULL "
		       "WHERE id = ? AND link_url IS NULL",
		       PARAMS(P(url), P(order_id)), NULL);
}

int order_link_store(struct db *db, struct arena *a, int64_t order_id, const char *url,
		     const char **ret)
{
	int64_t const began_ms = clock_monotonic_ms();
	const struct db_cell *row;
	int rc = link_set(db, order_id, url);

	/* A connection that ends here must not cost the page that the gateway has made. */
	if (rc == ERR_DOWN && clock_monotonic_ms() - began_ms < CALL_TIMEOUT_MS / 2)
		rc = link_set(db, order_id, url);
	if (rc)
		return rc;
	rc = db_one(db, a, "SELECT link_url FROM orders WHERE id = ?", PARAMS(P(order_id)),
		    &row);
	if (!rc)
		*ret = row[0].text;
	return rc;
}

int order_link_give_up(struct db *db, int64_t order_id)
{
	return db_exec(db,
		       "UPDATE orders SET link_lease_until = NULL "
		       "WHERE id = ? AND link_url IS NULL AND link_lease_until IS NOT NULL",
		       PARAMS(P(order_id)), NULL);
}
