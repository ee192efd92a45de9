/*
 * support.h: cases: what buyers complain of, and what the shop answers.
 *
 *	open ──answered──► answered ──told again──► open
 *	  └──────┴── closed: nothing more to do
 */
#ifndef KARTKA_SUPPORT_H
#define KARTKA_SUPPORT_H

#include "shared/domain/decision.h"
#include "shared/domain/order.h"

enum {
	TICKET_TEXT_MAX = 1000,	  /* characters that a buyer may write at once */
	TICKET_ANSWER_MAX = 3000, /* … and the shop: one message of Telegram's with a head */
};

enum ticket_state { TICKET_OPEN, TICKET_ANSWERED, TICKET_CLOSED };
const char *ticket_state_name(enum ticket_state state);
enum ticket_state ticket_state_read(const char *word); /* as in the database */

struct ticket {
	int64_t id; /* the number people see */
	int64_t order_id;
	int64_t code_id; /* 0: all codes of the order, or the order itself */
	int slot;	 /* where that code stands; 0 with code_id 0, or when it was replaced */
	enum ticket_state state;
	int64_t created_at;
};
/* An order's cases, newest first. */
int ticket_list_of_order(struct db *db, struct arena *a, int64_t order_id, struct ticket **ret,
			 size_t *ret_count) MUST_CHECK;

struct ticket_message {
	bool from_shop;
	const char *text; /* as written; may be empty */
	int64_t created_at;
};
int ticket_message_list(struct db *db, struct arena *a, int64_t ticket_id,
			struct ticket_message **ret, size_t *ret_count) MUST_CHECK;
/* For the moment it is sent.  ERR_NOT_FOUND: there is none. */
int ticket_message_text(struct db *db, struct arena *a, int64_t message_id,
			const char **ret) MUST_CHECK;

/* ---- a buyer's problem with a code ---- */

struct problem {
	int64_t order_id;
	int64_t user_id;
	int slot;	  /* of the code; 0: all of the order */
	const char *text; /* what is wrong, in the buyer's words; "" without */
	const char *fact; /* of the message that told it: told twice is once */
};

/*
 * A case with order and code attached, or a further message in the one there is; administrators
 * are alerted.  ERR_NOT_FOUND: no such order of this person, or it has no such code;
 * ERR_CONFLICT: it is not delivered.
 */
int support_problem(struct db *db, const struct problem *problem, int64_t *ret) MUST_CHECK;

/* ---- the shop's word ---- */

/*
 * An answer in the order's newest case, which is made when there is none; the buyer gets it as
 * a message.  ERR_NOT_FOUND: no such order; ERR_INVALID: empty, too long, or not UTF-8.
 */
int support_answer(struct db *db, int64_t order_id, const char *text,
		   const struct decision *decision, int64_t *ret_ticket) MUST_CHECK;

/* In the caller's transaction: what was complained of is mended.  code_id 0: the order. */
int support_mended(struct db *db, int64_t order_id, int64_t code_id) MUST_CHECK;

#endif
