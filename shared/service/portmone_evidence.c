#include "shared/service/portmone_evidence.h"

/* Does the row count as money, or only as a sign of what the buyer is doing? */
static bool is_money(const struct portmone_row *row)
{
	return !row->failed &&
	       (row->status == PORTMONE_PAYED || row->status == PORTMONE_RETURN);
}

/*
 * CREATED, a held sum that nobody confirms, a word we don't know: not finished.  Nor is PAYED
 * beside an error: it buys nothing, but "there is no money" can't be said of it either.
 */
static bool is_open(const struct portmone_row *row)
{
	return row->status == PORTMONE_CREATED || row->status == PORTMONE_PREAUTH ||
	       row->status == PORTMONE_UNKNOWN ||
	       (row->status == PORTMONE_PAYED && row->failed);
}

void portmone_evidence(struct arena *a, int rc, const struct portmone_rows *rows,
		       bool allow_test, struct payment_evidence *ret, bool *ret_test)
{
	struct payment_row *list;
	bool open = false;
	bool paid = false;

	*ret = (struct payment_evidence){ .gateway = "portmone", .answer = ANSWER_UNUSABLE };
	*ret_test = false;
	if (rc)
		return;
	list = arena_array(a, rows->count, sizeof(*list));
	for (size_t i = 0; i < rows->count; i++) {
		const struct portmone_row *row = &rows->list[i];

		open = open || is_open(row);
		if (!is_money(row))
			continue;
		if (row->test && !allow_test) {
			*ret_test = true;
			continue;
		}
		paid = paid || row->status == PORTMONE_PAYED;
		list[ret->count++] = (struct payment_row){
			.id = row->bill_id,
			.kind = row->status == PORTMONE_PAYED ? PAYMENT_IN : PAYMENT_RETURN,
			.amount = row->amount,
			.chargeback = row->chargeback,
			.receipt_url = row->receipt_url,
			.paid_at = row->paid_at,
		};
	}
	ret->rows = list;
	ret->answer = paid ? ANSWER_PAID : open ? ANSWER_OPEN : ANSWER_NONE;
	/* Rows we could not read may have been the payment: don't conclude that there is none.
	 */
	if (ret->answer == ANSWER_NONE && rows->broken)
		ret->answer = ANSWER_UNUSABLE;
}
