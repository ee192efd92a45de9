/*
 * order_note.h: what administrators write down about an order, for each other.
 */
#ifndef KARTKA_ORDER_NOTE_H
#define KARTKA_ORDER_NOTE_H

#include "shared/domain/decision.h"

enum { ORDER_NOTE_MAX = 500 /* characters */ };

struct order_note {
	int64_t id;
	const char *actor;
	const char *text;
	int64_t created_at;
};
/* Newest first, at most 100. */
int order_note_list(struct db *db, struct arena *a, int64_t order_id, struct order_note **ret,
		    size_t *ret_count) MUST_CHECK;

/* Once a wish; the decision's `why` is the note.  A code in it was masked by the caller. */
int order_note_add(struct db *db, int64_t order_id, const char *order_number,
		   const struct decision *decision) MUST_CHECK;

#endif
