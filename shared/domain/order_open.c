#include "shared/domain/order_open.h"

#include "shared/base/crash.h"
#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/domain/stock.h"

/* No 0, O, 1, I, L, U: read over the phone, and never a word.  30 symbols, 8 of them: 6·10^11.
 */
static const char number_symbols[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

enum {
	NUMBER_TRIES = 4, /* a number met twice is drawn anew */
	LANG_LEN = 2,
};

struct opening {
	const struct order_offer *offer;
	const struct order_terms *terms;
	char number[ORDER_NUMBER_LEN + 1];
	/* what came of it */
	enum order_opening result;
	struct money price;
	/* of an order that was made, not found: 0 is none */
	int64_t id;
	int64_t now; /* by the database's clock */
	char lang[LANG_LEN + 1];
};

static void number_draw(char ret[ORDER_NUMBER_LEN + 1])
{
	size_t const symbols = sizeof(number_symbols) - 1;
	unsigned char bytes[2 * ORDER_NUMBER_LEN];
	size_t at = 0;
	size_t n = 0;

	crypto_random(bytes, sizeof(bytes));
	while (n < ORDER_NUMBER_LEN) {
		if (n == 4) {
			ret[n++] = '-';
			continue;
		}
		if (at == sizeof(bytes)) {
			crypto_random(bytes, sizeof(bytes));
			at = 0;
		}
		/* 240 is the largest multiple of 30 in a byte: each symbol is as likely. */
		if (bytes[at] < 240)
			ret[n++] = number_symbols[bytes[at] % symbols];
		at++;
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
	bool opened; /* there is an order of this nonce */
	const char *lang;
	int64_t now;
};

static int facts_read(struct db *db, struct arena *a, const struct opening *o,
		      struct facts *ret)
{
	const struct order_offer *offer = o->offer;
	const struct db_cell *c;
	struct bytes const nonce = { offer->nonce, ORDER_NONCE_LEN };
	/* Each table by a key that is known beforehand: nothing is searched, nothing joined. */
	int const rc = db_one(
		db, a,
		"SELECT v.price_kop, v.max_per_order, v.max_per_day, "
		"v.hidden_at IS NULL AND c.hidden_at IS NULL AND g.value_id IS NOT NULL, "
		"u.banned_at IS NULL AND (SELECT d.id FROM orders d FORCE INDEX "
		"(orders_user_state) WHERE d.user_id = ? AND d.state = 'disputed' LIMIT 1) "
		"IS NULL, "
		"(SELECT w.id FROM orders w FORCE INDEX (orders_value_state) "
		"WHERE w.value_id = ? AND w.state = 'paid' LIMIT 1) IS NOT NULL, "
		"s.value, u.lang, o.id IS NOT NULL, UTC_TIMESTAMP(6) "
		"FROM users u JOIN card_values v JOIN categories c ON c.id = v.category_id "
		"LEFT JOIN value_gateways g ON g.value_id = v.id AND g.gateway = 'portmone' "
		"LEFT JOIN settings s ON s.name = 'sales' "
		"LEFT JOIN orders o ON o.nonce = ? "
		"WHERE u.id = ? AND v.id = ?",
		PARAMS(P(offer->user_id), P(offer->value_id), P(nonce), P(offer->user_id),
		       P(offer->value_id)),
		&c);

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
		.opened = c[8].number != 0,
		.now = c[9].number,
	};
	return OK;
}

/* The person's latest order that is older than a day; 0: none is. */
static int day_begin(struct db *db, struct arena *a, int64_t user_id, int64_t *ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT id FROM orders FORCE INDEX (orders_user) WHERE "
			      "user_id = ? AND created_at <= UTC_TIMESTAMP(6) - INTERVAL 1 DAY "
			      "ORDER BY id DESC LIMIT 1",
			      PARAMS(P(user_id)), &row);

	if (!rc || rc == ERR_NOT_FOUND)
		*ret = rc ? 0 : row[0].number;
	return rc == ERR_NOT_FOUND ? OK : rc;
}

/*
 * Codes of this value that the person bought or holds in the last 24 h: only the day's orders
 * are read, however many lie before them.
 */
static int day_quantity(struct db *db, struct arena *a, const struct order_offer *offer,
			int64_t *ret)
{
	const struct db_cell *row;
	int64_t begin;
	int rc = day_begin(db, a, offer->user_id, &begin);

	if (rc)
		return rc;
	rc = db_one(db, a,
		    "SELECT CAST(COALESCE(SUM(quantity), 0) AS SIGNED) FROM orders "
		    "FORCE INDEX (orders_user) WHERE user_id = ? AND id > ? AND "
		    "value_id = ? AND state NOT IN ('expired', 'cancelled', 'refunded')",
		    PARAMS(P(offer->user_id), P(begin), P(offer->value_id)), &row);
	if (!rc)
		*ret = row[0].number;
	return rc;
}

/* *ret_opened: there is an order already, and nothing to judge. */
static int opening_judge(struct db *db, struct arena *a, struct opening *o, bool *ret_opened)
{
	const struct order_offer *offer = o->offer;
	struct facts facts = { .opened = false };
	int64_t bought = 0;
	int rc = facts_read(db, a, o, &facts);

	*ret_opened = facts.opened;
	if (rc == ERR_NOT_FOUND || facts.opened) {
		o->result = facts.opened ? OPENING_OK : OPENING_GONE;
		return OK;
	}
	if (!rc && facts.max_per_day > 0)
		rc = day_quantity(db, a, offer, &bought);
	if (rc)
		return rc;
	o->price = facts.price;
	o->now = facts.now;
	snprintf(o->lang, sizeof(o->lang), "%s", facts.lang);
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
			const struct order_limits *limits, struct limit_judgement *ret)
{
	return order_limit_judge(db, a,
				 &(struct limit_wish){ .user_id = offer->user_id,
						       .chat_id = offer->chat_id,
						       .message_id = offer->message_id,
						       .value_id = offer->value_id,
						       .quantity = offer->quantity },
				 limits, ret);
}

static int buyer_judge(struct db *db, struct arena *a, struct opening *o,
		       struct limit_judgement *judged)
{
	int const rc = limits_judge(db, a, o->offer, &o->terms->limits, judged);

	if (rc)
		return rc;
	if (judged->verdict == LIMIT_OPEN)
		o->result = OPENING_OPEN_LIMIT;
	else if (judged->verdict == LIMIT_PAUSE)
		o->result = OPENING_UNPAID;
	return OK;
}

int order_open_wait(struct db *db, struct arena *a, const struct order_offer *offer,
		    const struct order_limits *limits, int64_t *ret)
{
	struct limit_judgement judged;
	int const rc = limits_judge(db, a, offer, limits, &judged);

	if (!rc)
		*ret = judged.verdict == LIMIT_PAUSE ? judged.wait_s : 0;
	return rc;
}

/* ---- making it ---- */

/* A newer order from the same message takes the older one's place, unless that is just paid. */
static int replace_older(struct db *db, const struct limit_judgement *judged)
{
	int rc = OK;

	for (size_t i = 0; !rc && i < judged->replaced_count; i++) {
		int64_t const id = judged->replaced[i];

		rc = db_exec_one(
			db,
			"UPDATE orders SET state = 'cancelled', "
			"ended_at = UTC_TIMESTAMP(6) WHERE id = ? AND state = 'pending'",
			PARAMS(P(id)));
		if (!rc)
			rc = stock_release(db, id);
		else if (rc == ERR_CONFLICT)
			rc = OK;
	}
	return rc;
}

static int order_insert(struct db *db, const struct opening *o, int64_t *ret_id)
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
		     "'pending', ?, ?, ?, ?, ?, ?)",
		     PARAMS(P((const char *)o->number), P(nonce), P(offer->user_id),
			    P(offer->value_id), P(offer->quantity), P(offer->unit_price),
			    P(total), P(offer->chat_id), P(offer->message_id),
			    P((const char *)o->lang), P_TIME(o->now),
			    P_TIME(o->now + o->terms->ttl * CLOCK_SECOND),
			    P_TIME(o->now + ask_in * CLOCK_SECOND)),
		     &result);
	if (!rc)
		*ret_id = result.insert_id;
	return rc;
}

/* The order as order_insert() has just written it: what it would be read as. */
static struct order *order_made(struct arena *a, const struct opening *o)
{
	const struct order_offer *offer = o->offer;
	struct order *order = arena_new(a, struct order);

	*order = (struct order){
		.id = o->id,
		.number = arena_strdup(a, o->number),
		.user_id = offer->user_id,
		.value_id = offer->value_id,
		.quantity = offer->quantity,
		.unit_price = offer->unit_price,
		.state = ORDER_PENDING,
		.chat_id = offer->chat_id,
		.message_id = offer->message_id,
		.lang = arena_strdup(a, o->lang),
		.created_at = o->now,
		.expires_at = o->now + o->terms->ttl * CLOCK_SECOND,
		.seconds_left = o->terms->ttl,
	};
	order->total = MONEY(offer->unit_price.kop * offer->quantity);
	memcpy(order->nonce, offer->nonce, sizeof(order->nonce));
	return order;
}

static int opening_work(struct db *db, void *data)
{
	struct opening *o = data;
	const struct order_offer *offer = o->offer;
	struct limit_judgement judged;
	AUTO_ARENA(a);
	bool opened;
	int64_t id;
	int rc;

	o->id = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = opening_judge(db, &a, o, &opened)))
		return rc;
	if (opened)
		return db_tx_commit(&tx);
	if (o->result == OPENING_OK && (rc = buyer_judge(db, &a, o, &judged)))
		return rc;
	if (o->result != OPENING_OK)
		return db_tx_commit(&tx);
	if ((rc = replace_older(db, &judged)) || (rc = order_insert(db, o, &id)))
		return rc;
	CRASH_POINT("open.inserted");
	rc = stock_take(db, offer->value_id, id, offer->quantity, false);
	if (rc == ERR_NOT_FOUND) {
		/* Leaving without commit: no order, nothing replaced. */
		o->result = OPENING_SOLD_OUT;
		return OK;
	}
	if (rc)
		return rc;
	CRASH_POINT("open.before_commit");
	rc = db_tx_commit(&tx);
	CRASH_POINT("open.after_commit");
	if (!rc)
		o->id = id;
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
	if (!o.id)
		return order_by_nonce(db, a, offer->nonce, ret_order);
	*ret_order = order_made(a, &o);
	return OK;
}
