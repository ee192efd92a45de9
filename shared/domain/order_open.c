#include "shared/domain/order_open.h"

#include "shared/base/crash.h"
#include "shared/base/limits.h"
#include "shared/domain/outbox.h"
#include "shared/domain/stock.h"

/* No 0, O, 1, I, L, U: read over the phone, and never a word.  30 symbols, 8 of them: 6·10^11.
 */
static const char number_symbols[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { NUMBER_TRIES = 4 }; /* a number met twice is drawn anew */

struct opening {
	const struct order_offer *offer;
	const struct order_terms *terms;
	char number[ORDER_NUMBER_LEN + 1];
	/* what came of it */
	enum order_opening result;
	struct money price;
	bool made; /* by this call, not found */
};

static void number_draw(char ret[ORDER_NUMBER_LEN + 1])
{
	size_t const symbols = sizeof(number_symbols) - 1;
	size_t n = 0;

	while (n < ORDER_NUMBER_LEN) {
		unsigned char byte;

		if (n == 4) {
			ret[n++] = '-';
			continue;
		}
		crypto_random(&byte, 1);
		/* 240 is the largest multiple of 30 in a byte: each symbol is as likely. */
		if (byte < 240)
			ret[n++] = number_symbols[byte % symbols];
	}
	ret[n] = '\0';
}

/* ---- may it be sold? ---- */

/* What decides, read in one go. */
struct facts {
	struct money price;
	int max_per_order;
	int max_per_day;
	bool on_sale;
	bool buyer_free;  /* neither banned nor in dispute */
	bool others_wait; /* paid orders come first */
	bool paused;
	const char *lang;
};

static int facts_read(struct db *db, struct arena *a, const struct opening *o,
		      struct facts *ret)
{
	const struct order_offer *offer = o->offer;
	const struct db_cell *c;
	int const rc = db_one(
		db, a,
		"SELECT v.price_kop, v.max_per_order, v.max_per_day, "
		"v.hidden_at IS NULL AND c.hidden_at IS NULL AND EXISTS (SELECT 1 FROM "
		"value_gateways g WHERE g.value_id = v.id AND g.gateway = 'portmone'), "
		"u.banned_at IS NULL AND NOT EXISTS (SELECT 1 FROM orders d "
		"WHERE d.user_id = u.id AND d.state = 'disputed'), "
		"EXISTS (SELECT 1 FROM orders w WHERE w.value_id = v.id AND w.state = 'paid'), "
		"(SELECT s.value FROM settings s WHERE s.name = 'sales'), u.lang "
		"FROM users u JOIN card_values v JOIN categories c ON c.id = v.category_id "
		"WHERE u.id = ? AND v.id = ?",
		PARAMS(P(offer->user_id), P(offer->value_id)), &c);

	if (rc)
		return rc;
	*ret = (struct facts){
		.price = MONEY(c[0].number),
		.max_per_order = c[1].number > 0 && c[1].number < QUANTITY_MAX
					 ? (int)c[1].number
					 : QUANTITY_MAX,
		.max_per_day = (int)c[2].number,
		.on_sale = c[3].number != 0,
		.buyer_free = c[4].number != 0,
		.others_wait = c[5].number != 0,
		.paused = c[6].is_null ? o->terms->paused : !strcmp(c[6].text, "paused"),
		.lang = c[7].text,
	};
	return OK;
}

/* Codes of this value that the person bought or holds in the last 24 h. */
static int day_quantity(struct db *db, struct arena *a, const struct order_offer *offer,
			int64_t *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT CAST(COALESCE(SUM(quantity), 0) AS SIGNED) FROM orders "
			      "WHERE user_id = ? AND value_id = ? AND "
			      "state NOT IN ('expired', 'cancelled', 'refunded') AND "
			      "created_at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY",
			      PARAMS(P(offer->user_id), P(offer->value_id)), &row);

	if (!rc)
		*ret = row[0].number;
	return rc;
}

static int opening_judge(struct db *db, struct arena *a, struct opening *o,
			 const char **ret_lang)
{
	const struct order_offer *offer = o->offer;
	struct facts facts;
	int64_t bought = 0;
	int rc = facts_read(db, a, o, &facts);

	if (rc == ERR_NOT_FOUND) {
		o->result = OPENING_GONE;
		return OK;
	}
	if (!rc && facts.max_per_day > 0)
		rc = day_quantity(db, a, offer, &bought);
	if (rc)
		return rc;
	o->price = facts.price;
	*ret_lang = facts.lang;
	if (!facts.buyer_free)
		o->result = OPENING_BANNED;
	else if (!facts.on_sale)
		o->result = OPENING_GONE;
	else if (facts.paused)
		o->result = OPENING_PAUSED;
	else if (offer->quantity > facts.max_per_order ||
		 (facts.max_per_day > 0 && bought + offer->quantity > facts.max_per_day))
		o->result = OPENING_TOO_MANY;
	else if (facts.price.kop != offer->unit_price.kop)
		o->result = OPENING_PRICE_CHANGED;
	else if (facts.others_wait)
		o->result = OPENING_SOLD_OUT;
	else
		o->result = OPENING_OK;
	return OK;
}

/* ---- may this buyer? ---- */

static int limits_judge(struct db *db, struct arena *a, const struct order_offer *offer,
			const struct order_limits *limits, enum limit_verdict *ret,
			int64_t *ret_wait_s)
{
	return order_limit_judge(db, a,
				 &(struct limit_wish){ .user_id = offer->user_id,
						       .chat_id = offer->chat_id,
						       .message_id = offer->message_id,
						       .value_id = offer->value_id,
						       .quantity = offer->quantity },
				 limits, ret, ret_wait_s);
}

static int buyer_judge(struct db *db, struct arena *a, struct opening *o)
{
	enum limit_verdict verdict;
	int64_t wait_s;
	int const rc = limits_judge(db, a, o->offer, &o->terms->limits, &verdict, &wait_s);

	if (rc)
		return rc;
	if (verdict == LIMIT_OPEN)
		o->result = OPENING_OPEN_LIMIT;
	else if (verdict == LIMIT_PAUSE)
		o->result = OPENING_UNPAID;
	return OK;
}

int order_open_wait(struct db *db, struct arena *a, const struct order_offer *offer,
		    const struct order_limits *limits, int64_t *ret)
{
	enum limit_verdict verdict;
	int const rc = limits_judge(db, a, offer, limits, &verdict, ret);

	if (!rc && verdict != LIMIT_PAUSE)
		*ret = 0;
	return rc;
}

/* ---- making it ---- */

/*
 * A newer order from the same message takes the older one's place.  A message drawn by a
 * webhook's answer has no known number until it is edited, hence 0 for the same value.
 */
static int replace_older(struct db *db, struct arena *a, const struct order_offer *offer)
{
	struct db_rows rows;
	int rc = db_query(
		db, a,
		"SELECT id FROM orders WHERE user_id = ? AND state = 'pending' AND "
		"chat_id = ? AND (message_id = ? OR (message_id = 0 AND value_id = ?)) "
		"ORDER BY id FOR UPDATE",
		PARAMS(P(offer->user_id), P(offer->chat_id), P(offer->message_id),
		       P(offer->value_id)),
		&rows);

	for (size_t i = 0; !rc && i < rows.count; i++) {
		int64_t const id = db_row(&rows, i)[0].number;

		rc = db_exec_one(
			db,
			"UPDATE orders SET state = 'cancelled', "
			"ended_at = UTC_TIMESTAMP(6) WHERE id = ? AND state = 'pending'",
			PARAMS(P(id)));
		if (!rc)
			rc = stock_release(db, id);
	}
	return rc;
}

static int order_insert(struct db *db, const struct opening *o, const char *lang,
			int64_t *ret_id)
{
	const struct order_offer *offer = o->offer;
	struct bytes const nonce = { offer->nonce, ORDER_NONCE_LEN };
	struct db_result result;
	/* Never after the reservation's end: ask first, expire second. */
	int64_t const ask_in = o->terms->ask_first < o->terms->ttl ? o->terms->ask_first
								   : o->terms->ttl;
	struct money total;
	int rc;

	if (money_times(offer->unit_price, offer->quantity, &total))
		return ERR_INVALID;
	rc = db_exec(db,
		     "INSERT INTO orders (number, nonce, user_id, value_id, quantity, "
		     "unit_price_kop, total_kop, gateway, state, chat_id, message_id, lang, "
		     "created_at, expires_at, ask_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'portmone', "
		     "'pending', ?, ?, ?, UTC_TIMESTAMP(6), "
		     "UTC_TIMESTAMP(6) + INTERVAL ? SECOND, "
		     "UTC_TIMESTAMP(6) + INTERVAL ? SECOND)",
		     PARAMS(P((const char *)o->number), P(nonce), P(offer->user_id),
			    P(offer->value_id), P(offer->quantity), P(offer->unit_price),
			    P(total), P(offer->chat_id), P(offer->message_id), P(lang),
			    P(o->terms->ttl), P(ask_in)),
		     &result);
	if (!rc)
		*ret_id = result.insert_id;
	return rc;
}

/* The order's own message is to say until when the codes are kept. */
static int tell_opened(struct db *db, struct arena *a, const struct order_offer *offer,
		       int64_t id)
{
	if (!offer->message_id)
		return OK;
	return outbox_add(db, &(struct outbox_message){
				      .fact = arena_printf(a, "opened:%lld", (long long)id),
				      .kind = OUTBOX_OPENED,
				      .priority = OUTBOX_ORDERS,
				      .chat_id = offer->chat_id,
				      .order_id = id,
			      });
}

static int opening_work(struct db *db, void *data)
{
	struct opening *o = data;
	const struct order_offer *offer = o->offer;
	AUTO_ARENA(a);
	struct order *found;
	const char *lang;
	int64_t id;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	o->made = false;
	rc = order_by_nonce(db, &a, offer->nonce, &found);
	if (!rc) {
		o->result = OPENING_OK;
		return db_tx_commit(&tx);
	}
	if (rc != ERR_NOT_FOUND)
		return rc;
	if ((rc = opening_judge(db, &a, o, &lang)))
		return rc;
	if (o->result == OPENING_OK && (rc = buyer_judge(db, &a, o)))
		return rc;
	if (o->result != OPENING_OK)
		return db_tx_commit(&tx);
	if ((rc = replace_older(db, &a, offer)) || (rc = order_insert(db, o, lang, &id)))
		return rc;
	CRASH_POINT("open.inserted");
	rc = stock_take(db, offer->value_id, id, offer->quantity, false);
	if (rc == ERR_NOT_FOUND) {
		/* Leaving without commit: no order, nothing replaced. */
		o->result = OPENING_SOLD_OUT;
		return OK;
	}
	if (rc || (rc = tell_opened(db, &a, offer, id)))
		return rc;
	o->made = true;
	CRASH_POINT("open.before_commit");
	rc = db_tx_commit(&tx);
	CRASH_POINT("open.after_commit");
	return rc;
}

int order_open(struct db *db, struct arena *a, const struct order_offer *offer,
	       const struct order_terms *terms, enum order_opening *ret,
	       struct order **ret_order, struct money *ret_price)
{
	struct opening o = { .offer = offer, .terms = terms };
	int rc = ERR_CONFLICT;

	/* A conflict is a number that exists, or the same nonce opened at this very moment. */
	for (int i = 0; rc == ERR_CONFLICT && i < NUMBER_TRIES; i++) {
		number_draw(o.number);
		rc = db_retry(db, opening_work, &o);
	}
	if (rc)
		return rc == ERR_CONFLICT ? ERR_FAILED : rc;
	*ret = o.result;
	*ret_price = o.price;
	if (o.result != OPENING_OK)
		return OK;
	return order_by_nonce(db, a, offer->nonce, ret_order);
}
