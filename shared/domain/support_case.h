/*
 * support_case.h: cases as administrators work through them: listed by what waits, one with
 * all that belongs to it, and the deeds that end it.
 */
#ifndef KARTKA_SUPPORT_CASE_H
#define KARTKA_SUPPORT_CASE_H

#include "shared/domain/support.h"

struct case_line {
	int64_t id;
	enum ticket_state state;
	int64_t user_id;
	const char *buyer; /* first name, "" after erasure */
	int64_t order_id;  /* 0: of no order; so the next "" and 0 */
	const char *order_number;
	int64_t value_id;
	const char *last_words; /* the newest message, as written */
	int64_t created_at;
	int64_t updated_at;
};

/* What is not given (NULL, 0) does not matter. */
struct case_filter {
	const char *state;
	int64_t user_id;
	int64_t order_id;
	int64_t before_id; /* the page's key */
};

/* The newest first, at most limit. */
int case_list(struct db *db, struct arena *a, const struct case_filter *filter, int limit,
	      struct case_line **ret, size_t *ret_count) MUST_CHECK;

struct support_case {
	struct ticket ticket;
	int64_t user_id;
	struct money unit_price;
	bool code_is_there; /* the code of the case is still the order's */
};
int case_find(struct db *db, struct arena *a, int64_t id, struct support_case **ret) MUST_CHECK;

/*
 * The shop's word in this case; the buyer gets it as a message.  closes: nothing more will be
 * done, unless the buyer tells again.  The same wish told twice is once.  ERR_NOT_FOUND: no
 * such case; ERR_INVALID: empty, too long, or not UTF-8.
 */
int case_answer(struct db *db, int64_t id, const char *text, bool closes,
		const struct decision *decision) MUST_CHECK;

/* Without a word to the buyer, whom a replacement or a refund tells.  Closed already: stays. */
int case_close(struct db *db, int64_t id, const struct decision *decision) MUST_CHECK;

#endif
