/*
 * outbox.h: messages that must not be lost, written inside the transaction that makes
 * them true.  A row holds ids; the text is drawn at the moment of sending.
 *
 * Sending: claim (a lease by conditional UPDATE) → send, outside any transaction → say what
 * came of it, naming the lease.  A worker killed in between: the row is due again when the
 * lease ends, so at worst the same message comes twice.
 */
#ifndef KARTKA_OUTBOX_H
#define KARTKA_OUTBOX_H

#include "shared/platform/db.h"

/* Lower is sooner. */
enum outbox_priority {
	OUTBOX_CODES = 0,
	OUTBOX_ORDERS = 2,
	OUTBOX_ALERTS = 5,
	OUTBOX_BROADCAST = 9
};

/* What a row tells: the worker has one drawing for each. */
enum outbox_kind {
	OUTBOX_OPENED,	    /* the order's own message: reserved until … (an edit); it may be
			       lost, so it is drawn for wake_opened(), and no row is made */
	OUTBOX_DELIVERED,   /* the codes */
	OUTBOX_PAID_NOTE,   /* the order's own message: paid, the code is below (an edit) */
	OUTBOX_WAITING,	    /* money is in, codes are not */
	OUTBOX_EXPIRED,	    /* time is over (an edit, else a message) */
	OUTBOX_CANCELLED,   /* replaced or given up (an edit) */
	OUTBOX_REVIEW,	    /* to the buyer: your payment is being looked at */
	OUTBOX_RESTOCK,	    /* tell me when it is back: data {"value": id} */
	OUTBOX_REFUNDED,    /* money went back: data {"kop", "whole"} */
	OUTBOX_REFUND_LATE, /* it did not: a person looks; data as above */
	OUTBOX_RECEIPT,	    /* the gateway's receipt, when the codes went without it */
	OUTBOX_REPLACED,    /* a new code in the place of a bad one: data {"slot"} */
	OUTBOX_ANSWER,	    /* the shop's answer in a case: data {"ticket", "message"} */
	OUTBOX_WORDS,	    /* from an administrator to a buyer: data {"text"} */
	OUTBOX_ALERT,	    /* to administrators: data {"what": word, …} */
	OUTBOX__COUNT
};
const char *outbox_kind_name(enum outbox_kind kind);

struct outbox_message {
	const char *fact; /* "deliver:17": once per fact */
	enum outbox_kind kind;
	enum outbox_priority priority;
	int64_t chat_id;  /* 0: every ADMIN_CHAT_IDS, told by the worker */
	int64_t order_id; /* 0: none */
	const char *data; /* a JSON object, NULL: {} */
};

/* Add unless the fact was told already.  In the caller's transaction or on its own. */
int outbox_add(struct db *db, const struct outbox_message *m) MUST_CHECK;

/* ---- sending ---- */

struct outbox_row {
	int64_t id;
	enum outbox_kind kind;
	int64_t chat_id;
	int64_t order_id;
	const char *data;
	int attempts; /* this one counted */
	int64_t created_at;
};

/* Claim up to limit due rows, by priority, then age. */
int outbox_claim(struct db *db, struct arena *a, int64_t owner, int limit,
		 int64_t lease_seconds, struct outbox_row **ret, size_t *ret_count) MUST_CHECK;

/* Each: ERR_CONFLICT when the lease is somebody else's by now. */
int outbox_sent(struct db *db, int64_t id, int64_t owner,
		int64_t telegram_message_id) MUST_CHECK;
int outbox_later(struct db *db, int64_t id, int64_t owner, int64_t milliseconds,
		 const char *error) MUST_CHECK;
int outbox_undeliverable(struct db *db, int64_t id, int64_t owner,
			 const char *error) MUST_CHECK;
int outbox_dead(struct db *db, int64_t id, int64_t owner, const char *error) MUST_CHECK;

/* What this worker has claimed is due at once. */
int outbox_free(struct db *db, int64_t owner) MUST_CHECK;

/* Telegram told a chat to wait: all its pending rows are put off. */
int outbox_hold_chat(struct db *db, int64_t chat_id, int64_t seconds) MUST_CHECK;

/*
 * Forget up to limit messages that were told, or could not be, OUTBOX_KEEP_DAYS ago.  Those
 * with codes are kept: they are the proof that an order's were sent.  ret: how many.
 */
int outbox_sweep(struct db *db, int limit, int *ret) MUST_CHECK;

struct outbox_counts {
	int64_t pending;
	int64_t dead;
	int64_t undeliverable;
	int64_t oldest_seconds; /* age of the row that has been due longest; 0 without */
};
int outbox_count(struct db *db, struct outbox_counts *ret) MUST_CHECK;

/* ---- messages that were given up ---- */

struct outbox_letter {
	int64_t id;
	const char *kind; /* outbox_kind_name(), or of another release */
	int64_t chat_id;
	int64_t order_id; /* 0: none */
	int64_t attempts;
	int64_t created_at;
	const char *error;
};
/* Newest first, at most limit. */
int outbox_dead_list(struct db *db, struct arena *a, int limit, struct outbox_letter **ret,
		     size_t *ret_count) MUST_CHECK;

/* Sent once more, at once; or never.  ERR_CONFLICT: it is not given up (any more). */
int outbox_retry(struct db *db, int64_t id) MUST_CHECK;
int outbox_bury(struct db *db, int64_t id) MUST_CHECK;

#endif
