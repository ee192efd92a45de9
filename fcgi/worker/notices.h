/*
 * notices.h: what each kind of outbox row says, drawn at the moment of sending: the
 * only place where a message with codes is made for the outbox.
 */
#ifndef KARTKA_NOTICES_H
#define KARTKA_NOTICES_H

#include "shared/domain/outbox.h"
#include "shared/platform/json.h"
#include "shared/service/delivery.h"

/* What a drawing sees. */
struct notice {
	struct arena *a;
	enum lang lang;
	const struct order *order;	/* NULL: the row is about none */
	const struct card_value *value; /* what the order or the row is about; NULL: unknown */
	const char *title;		/* of it, plain */
	const struct json *data;	/* the row's own words */
	const char *text; /* a message's words, or the receipt's address: what it tells */
	const char *public_url;
	const unsigned char *data_key;
};

/* Where drawings find what they tell. */
struct notice_source {
	struct db *db;
	struct catalog *catalog;
	const struct code_vault *vault;
	const char *public_url;
	const unsigned char *data_key;
};

/*
 * The message of a row.  ERR_NOT_FOUND: it is not true any more (the order has moved on), so
 * nothing is sent.  ERR_DENIED, ERR_CONFLICT: as delivery_message.  ERR_INVALID: the row is
 * malformed.  Others: the database's.
 */
int notice_message(const struct notice_source *source, struct arena *a,
		   const struct outbox_row *row, struct message *ret) MUST_CHECK;

/* The text and keys of any kind that holds no code, from what is at hand. */
int notice_draw(enum outbox_kind kind, const struct notice *n, struct message *ret) MUST_CHECK;

/* The edited message is gone: is this one worth a new one? */
bool notice_outlives_message(enum outbox_kind kind);

/* Words of an administrator's alert; in notices_alert.c. */
int notice_alert_draw(const struct notice *n, struct message *ret) MUST_CHECK;

/* The same message without any tag, for when Telegram can't read ours. */
const char *notice_untagged(struct arena *a, const char *html);

#endif
