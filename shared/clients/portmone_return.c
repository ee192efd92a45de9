#include "shared/clients/portmone_return.h"

#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/clients/portmone_private.h"

enum { REASON_MAX = 255 }; /* characters */

struct http_request portmone_return_request(const struct portmone *p, struct arena *a,
					    const struct portmone_refund *refund)
{
	struct str body = STR(a, PORTMONE_ASK_MAX);
	struct json_out j = JSON_OUT(&body);
	struct http_request request;

	portmone_ask_begin(&j, p, "return");
	/* An order that was paid twice has two rows: the bill's id says which is meant. */
	if (refund->bill_id && *refund->bill_id)
		json_add_text(&j, "shopbillId", refund->bill_id);
	else
		json_add_text(&j, "shopOrderNumber", refund->order_number);
	json_add_text(&j, "returnAmount", money_plain(a, refund->amount));
	json_add_text(
		&j, "message",
		utf8_clean_line(a, refund->reason, strlen(refund->reason), REASON_MAX - 1));
	json_add_text(&j, "attribute5", "");
	if (refund->goods)
		portmone_goods_write(&j, a, refund->goods);
	portmone_ask_end(&j);
	request = portmone_request(p, &body);
	request.once = true;
	return request;
}

/* Is it the answer to our question?  What is not told is not held against it. */
static bool fits(struct arena *a, const struct json *row, const struct portmone_refund *refund)
{
	const char *number = portmone_member(a, row, "shopOrderNumber", "shop_order_number");
	const char *amount = portmone_member(a, row, "billAmount", "bill_amount");
	struct money sum;

	if (*number && strcmp(number, refund->order_number) != 0)
		return false;
	if (!*amount)
		return true;
	return !parse_money_signed(amount, &sum) &&
	       (sum.kop == refund->amount.kop || sum.kop == -refund->amount.kop);
}

static int row_read(const struct portmone *p, struct arena *a, const struct json *row,
		    const struct portmone_refund *refund, const char **ret_bill_id,
		    const char **why)
{
	const char *code = portmone_member(a, row, "errorCode", "error_code");
	const char *id = portmone_member(a, row, "shopBillId", "shop_bill_id");

	if (!portmone_code_is_ok(code)) {
		*why = portmone_error(p, a, row);
		return ERR_DENIED;
	}
	if (strcmp(portmone_member(a, row, "status", NULL), "RETURN") != 0) {
		*why = "the answer is no RETURN";
		return ERR_UNSURE;
	}
	if (!fits(a, row, refund)) {
		*why = "the answer is for another order or sum";
		return ERR_UNSURE;
	}
	*ret_bill_id = portmone_is_id(id, 1, PORTMONE_ID_MAX) ? id : "";
	return OK;
}

int portmone_return_read(const struct portmone *p, struct arena *a,
			 const struct portmone_refund *refund, int rc,
			 const struct http_answer *answer, const char **ret_bill_id,
			 const char **why)
{
	bool const sent = !rc || (rc == ERR_DOWN && answer && answer->sent);
	AUTO_JSON doc = { 0 };

	*why = "";
	if (portmone_answer_parse(a, rc, answer, &doc, why))
		return sent ? ERR_UNSURE : ERR_DOWN;
	return row_read(p, a,
			json_type(doc.root) == JSON_ARRAY ? json_at(doc.root, 0) : doc.root,
			refund, ret_bill_id, why);
}

int portmone_return(const struct portmone *p, struct arena *a,
		    const struct portmone_refund *refund, const char **ret_bill_id,
		    const char **why)
{
	struct http_request const request = portmone_return_request(p, a, refund);
	struct http_answer answer = { 0 };
	int const rc = http_call(p->http, a, &request, &answer);

	return portmone_return_read(p, a, refund, rc, &answer, ret_bill_id, why);
}
