#include "shared/clients/portmone_result.h"

#include "shared/base/clock.h"
#include "shared/base/parse.h"
#include "shared/base/utf8.h"
#include "shared/clients/portmone_private.h"

enum {
	ROWS_MAX = 1000, /* of one order; more is no answer to our question */
	WORD_MAX = 32,	 /* characters of a status we don't know */
	RECEIPT_MAX = 500,
};

static const char *const status_names[] = {
	[PORTMONE_CREATED] = "CREATED", [PORTMONE_PREAUTH] = "PREAUTH",
	[PORTMONE_PAYED] = "PAYED",	[PORTMONE_REJECTED] = "REJECTED",
	[PORTMONE_RETURN] = "RETURN",	[PORTMONE_UNKNOWN] = "UNKNOWN",
};
_Static_assert(COUNT(status_names) == PORTMONE__COUNT, "a name for every status");

const char *portmone_status_name(enum portmone_status status)
{
	return status_names[status];
}

/* ---- the question ---- */

/*
 * Without dates Portmone looks at the last month only, and a span may have 30 days.  It ends
 * today: what moved money long ago is known, and what is new (late money, a return, the trace
 * of a refund that was told yesterday) has a row of the last days, however old the order.
 */
struct http_request portmone_result_request(const struct portmone *p, struct arena *a,
					    const char *order_number, int64_t since,
					    int64_t now)
{
	int64_t const from = since < now ? since : now;
	int64_t const oldest = now - PORTMONE_SPAN_DAYS * 86400 * CLOCK_SECOND;
	struct str body = STR(a, PORTMONE_ASK_MAX);
	struct json_out j = JSON_OUT(&body);

	portmone_ask_begin(&j, p, "result");
	json_add_text(&j, "shopOrderNumber", order_number);
	json_add_text(&j, "status", "");
	json_add_text(&j, "startDate", portmone_date(a, from > oldest ? from : oldest));
	json_add_text(&j, "endDate", portmone_date(a, now));
	portmone_ask_end(&j);
	return portmone_request(p, &body);
}

/* ---- the answer ---- */

static enum portmone_status status_of(const char *word)
{
	for (int i = 0; i < PORTMONE_UNKNOWN; i++)
		if (!strcmp(word, status_names[i]))
			return (enum portmone_status)i;
	return PORTMONE_UNKNOWN;
}

static bool is_money(enum portmone_status status)
{
	return status == PORTMONE_PAYED || status == PORTMONE_RETURN ||
	       status == PORTMONE_PREAUTH;
}

/* A row that moved no money may have no sum. */
static int amount_read(const char *text, enum portmone_status status, struct money *ret)
{
	if (!*text && !is_money(status)) {
		*ret = MONEY(0);
		return OK;
	}
	if (status != PORTMONE_RETURN)
		return parse_money(text, ret);
	if (parse_money_signed(text, ret))
		return ERR_INVALID;
	ret->kop = ret->kop < 0 ? -ret->kop : ret->kop;
	return OK;
}

static bool is_address(const char *url)
{
	return strlen(url) <= RECEIPT_MAX && utf8_valid(url, strlen(url)) &&
	       !strpbrk(url, " \t\r\n\"<>\\`");
}

static const char *receipt_of(struct arena *a, const struct json *v)
{
	const char *url = portmone_member(a, v, "receiptUrl", "receipt_url");

	return !strncmp(url, "https://", 8) && is_address(url) ? url : "";
}

/* "https://www.portmone.com.ua/": with the slash, so that no longer name fits. */
static size_t origin_len(const char *url)
{
	const char *host = strstr(url, "://");
	const char *end = host ? strchr(host + 3, '/') : NULL;

	return end ? (size_t)(end + 1 - url) : 0;
}

bool portmone_receipt_is_theirs(const char *gateway_url, const char *url)
{
	static const char house[] = "https://www.portmone.com.ua/";
	size_t const origin = origin_len(gateway_url);

	return is_address(url) && (!strncmp(url, house, sizeof(house) - 1) ||
				   (origin && !strncmp(url, gateway_url, origin)));
}

/* Anything but N, nothing and false is taken for one: better a question too many. */
static bool is_chargeback(struct arena *a, const struct json *v)
{
	const struct json *mark = json_get(v, "chargeback");
	const char *text = json_scalar(a, mark, "");

	return json_bool(mark, false) || (*text && strcasecmp(text, "N") != 0);
}

static int row_read(struct arena *a, const struct json *v, struct portmone_row *ret)
{
	const char *word = portmone_member(a, v, "status", NULL);

	ret->bill_id = portmone_member(a, v, "shopBillId", "shop_bill_id");
	if (!*word || !portmone_is_id(ret->bill_id, 1, PORTMONE_ID_MAX))
		return ERR_INVALID;
	ret->status = status_of(word);
	ret->status_word = utf8_clean_line(a, word, strlen(word), WORD_MAX);
	ret->test = !strcasecmp(portmone_member(a, v, "authCode", "auth_code"), "TESTPM");
	ret->chargeback = is_chargeback(a, v);
	ret->failed = !portmone_code_is_ok(portmone_member(a, v, "errorCode", "error_code"));
	ret->receipt_url = receipt_of(a, v);
	ret->paid_at = portmone_time_read(portmone_member(a, v, "payDate", "pay_date"));
	return amount_read(portmone_member(a, v, "billAmount", "bill_amount"), ret->status,
			   &ret->amount);
}

/* Ours by its order number, and by its payee where that is told. */
static bool is_ours(const struct portmone *p, struct arena *a, const struct json *v,
		    const char *order_number)
{
	const char *payee = portmone_member(a, v, "payeeId", "payee_id");

	return (!*payee || !strcmp(payee, p->payee_id)) &&
	       !strcmp(portmone_member(a, v, "shopOrderNumber", "shop_order_number"),
		       order_number);
}

/* An error where a row should be: it names neither a bill nor an order. */
static const char *error_instead(const struct portmone *p, struct arena *a,
				 const struct json *v)
{
	if (*portmone_member(a, v, "shopBillId", "shop_bill_id") ||
	    *portmone_member(a, v, "shopOrderNumber", "shop_order_number"))
		return NULL;
	return portmone_error(p, a, v);
}

static void row_add(const struct portmone *p, struct arena *a, const struct json *v,
		    const char *order_number, struct portmone_rows *rows)
{
	if (json_type(v) != JSON_OBJECT) {
		rows->broken++;
	} else if (!is_ours(p, a, v, order_number)) {
		rows->foreign++;
	} else if (row_read(a, v, &rows->list[rows->count])) {
		rows->list[rows->count] = (struct portmone_row){ 0 };
		rows->broken++;
	} else {
		rows->count++;
	}
}

/* The rows wherever they stand. */
struct row_list {
	const struct json **rows;
	size_t count;
};

/* PHP writes a list with a gap as an object, with the indices as names. */
static int indexed_add(const char *name, const struct json *v, void *data)
{
	struct row_list *list = data;

	if (name[strspn(name, "0123456789")] || list->count >= ROWS_MAX)
		return ERR_INVALID;
	list->rows[list->count++] = v;
	return OK;
}

/* An array, an object of indices, or one row (or error) by itself. */
static int rows_find(struct arena *a, const struct json *root, struct row_list *ret)
{
	size_t const count = json_count(root);
	struct row_list list = { arena_array(a, ROWS_MAX, sizeof(*list.rows)), 0 };

	if (count > ROWS_MAX ||
	    (json_type(root) != JSON_ARRAY && json_type(root) != JSON_OBJECT))
		return ERR_INVALID;
	for (size_t i = 0; i < count; i++)
		list.rows[list.count++] = json_at(root, i);
	if (json_type(root) == JSON_OBJECT &&
	    (json_each(root, indexed_add, &list) || !list.count)) {
		list.rows[0] = root;
		list.count = 1;
	}
	*ret = list;
	return OK;
}

int portmone_result_read(const struct portmone *p, struct arena *a, const char *order_number,
			 int rc, const struct http_answer *answer, struct portmone_rows *ret,
			 const char **why)
{
	struct portmone_rows rows = { 0 };
	struct row_list list;
	AUTO_JSON doc = { 0 };

	*why = "";
	rc = portmone_answer_parse(a, rc, answer, &doc, why);
	if (rc)
		return rc;
	if (rows_find(a, doc.root, &list)) {
		*why = "not a list of rows";
		return ERR_DOWN;
	}
	rows.list = arena_array(a, list.count, sizeof(*rows.list));
	for (size_t i = 0; i < list.count; i++) {
		const struct json *v = list.rows[i];
		const char *error = error_instead(p, a, v);

		if (error || (v == doc.root && !*portmone_member(a, v, "status", NULL))) {
			*why = error ? error : "neither a row nor an error";
			return ERR_DOWN;
		}
		row_add(p, a, v, order_number, &rows);
	}
	*ret = rows;
	return OK;
}

static int span_ask(const struct portmone *p, struct arena *a, const char *order_number,
		    int64_t since, int64_t until, struct portmone_rows *ret, const char **why)
{
	struct http_request const request = portmone_result_request(p, a, order_number, since,
								    until);
	struct http_answer answer = { 0 };
	int const rc = http_call(p->http, a, &request, &answer);

	return portmone_result_read(p, a, order_number, rc, &answer, ret, why);
}

/* The day on which one span ends and the next begins is in both. */
static bool is_known(const struct portmone_rows *rows, const struct portmone_row *row)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->list[i].status == row->status &&
		    !strcmp(rows->list[i].bill_id, row->bill_id))
			return true;
	return false;
}

static void rows_join(struct arena *a, const struct portmone_rows *more,
		      struct portmone_rows *all)
{
	struct portmone_row *list = arena_array(a, all->count + more->count, sizeof(*list));

	if (all->count)
		memcpy(list, all->list, all->count * sizeof(*list));
	all->list = list;
	for (size_t i = 0; i < more->count; i++)
		if (!is_known(all, &more->list[i]))
			list[all->count++] = more->list[i];
	all->foreign += more->foreign;
	all->broken += more->broken;
}

int portmone_result(const struct portmone *p, struct arena *a, const char *order_number,
		    int64_t since, int64_t now, struct portmone_rows *ret, const char **why)
{
	int64_t const span = PORTMONE_SPAN_DAYS * 86400 * CLOCK_SECOND;
	struct portmone_rows all = { 0 };
	int64_t until = since;

	do {
		struct portmone_rows rows = { 0 };
		int rc;

		until = now - until > span ? until + span : now;
		rc = span_ask(p, a, order_number, since, until, &rows, why);
		if (rc)
			return rc;
		rows_join(a, &rows, &all);
	} while (until < now);
	*ret = all;
	return OK;
}
