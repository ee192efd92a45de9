#include "tests/sandbox/portmone_ask.h"

#include <time.h>

#include "tests/sandbox/faults.h"
#include "tests/sandbox/portmone_book.h"
#include "tests/sandbox/portmone_link.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { WINDOW_SECONDS = 31 * 24 * 3600, DAY = 24 * 3600 };

static const char result_fields[] =
	" login password payeeId shopbillId shopOrderNumber status startDate "
	"endDate lang ";
static const char return_fields[] =
	" login password payeeId shopbillId shopOrderNumber returnAmount "
	"message attribute5 goods lang encoding ";
static const char close_fields[] = " login password payeeId shopOrderNumber ";

/* Known fields only, and the account; a null stands for a field that is not there. */
static bool data_check(struct question *q, const char *fields)
{
	const char *payee = question_text(q->data, "payeeId");

	json_object_object_foreach (q->data, name, value) {
		AUTO_TEXT word = { 0 };

		text_addf(&word, " %s ", name);
		if (strstr(fields, word.data) &&
		    (!value || text_is(name, "goods") || question_text(q->data, name)))
			continue;
		question_refuse(q, "20", "%s: there is no field %s of that type", q->method,
				name);
		return false;
	}
	if (!text_is(payee, options.payee) ||
	    !text_is(question_text(q->data, "login"), options.login) ||
	    !text_is(question_text(q->data, "password"), options.password)) {
		question_refuse(q, "3", "Невірний логін або пароль");
		return false;
	}
	return true;
}

/* The row that is meant; 0 and refused: nothing says which. */
static bool which(struct question *q, const char **ret_order, int64_t *ret_id)
{
	const char *id = question_text(q->data, "shopbillId");

	*ret_order = question_text(q->data, "shopOrderNumber");
	*ret_id = 0;
	if ((!id || !*id) && *ret_order && **ret_order)
		return true;
	if (id && number_read(id, ret_id)) {
		*ret_order = NULL;
		return true;
	}
	question_refuse(q, "20", "%s: shopbillId or shopOrderNumber is needed", q->method);
	return false;
}

/* dd.mm.yyyy, Kyiv; not given: the fallback. */
static bool date_read(const char *text, double fallback, double *ret)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end;

	*ret = fallback;
	if (!text || !*text)
		return true;
	end = strptime(text, "%d.%m.%Y", &tm);
	if (!end || *end || strlen(text) != 10)
		return false;
	*ret = (double)mktime(&tm);
	return true;
}

/* shopBillId → shop_bill_id */
static struct json_object *snake(struct json_object *row)
{
	struct json_object *o = json_object_new_object();

	json_object_object_foreach (row, name, value) {
		AUTO_TEXT key = { 0 };

		for (const char *p = name; *p; p++) {
			if (*p >= 'A' && *p <= 'Z')
				text_addf(&key, "_%c", *p - 'A' + 'a');
			else
				text_addc(&key, *p);
		}
		json_put(o, key.data, json_object_get(value));
	}
	return o;
}

/* What the faults make of an array: other names, or PHP's object with the indices as keys. */
static struct json_object *rows_disguised(struct json_object *rows)
{
	size_t const count = json_object_array_length(rows);
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; fault_on("portmone_snake") && i < count; i++)
		json_object_array_put_idx(rows, i, snake(json_object_array_get_idx(rows, i)));
	if (!fault_on("portmone_object")) {
		json_object_put(o);
		return rows;
	}
	if (count == 1) {
		json_object_put(o);
		o = json_object_get(json_object_array_get_idx(rows, 0));
	}
	for (size_t i = 0; count > 1 && i < count; i++) {
		char key[24];

		snprintf(key, sizeof(key), "%zu", i);
		json_put(o, key, json_object_get(json_object_array_get_idx(rows, i)));
	}
	json_object_put(rows);
	return o;
}

void ask_result(struct question *q)
{
	const char *status = question_text(q->data, "status");
	const char *order;
	double from;
	double to;
	int64_t id;

	if (!data_check(q, result_fields) || !which(q, &order, &id))
		return;
	if (!date_read(question_text(q->data, "startDate"), clock_now() - WINDOW_SECONDS,
		       &from) ||
	    !date_read(question_text(q->data, "endDate"), clock_now(), &to)) {
		question_refuse(q, "20", "result: startDate and endDate are dd.mm.yyyy");
		return;
	}
	/* By its own id a row is found however old it is; the last day counts whole. */
	q->answer = rows_disguised(
		book_rows(order, id, status ? status : "", order ? from : 0, to + DAY));
}

void ask_return(struct question *q)
{
	const char *amount = question_text(q->data, "returnAmount");
	const char *order;
	struct json_object *row;
	int64_t id;
	int64_t kopiykas;
	int64_t paid;

	if (!data_check(q, return_fields) || !which(q, &order, &id))
		return;
	if (!amount || !book_money_read(amount, &kopiykas)) {
		question_refuse(q, "20", "return: returnAmount must be hryvnias above 0");
		return;
	}
	if (!link_goods_check(q, json_member(q->data, "goods"), kopiykas))
		return;
	paid = order ? book_row_of_order(order, "PAYED") : id;
	id = book_return(paid, kopiykas);
	q->answer = json_object_new_array();
	if (id) {
		row = book_row(id);
	} else {
		row = json_object_new_object();
		json_put(row, "status", NULL);
		json_put(row, "shopBillId", NULL);
		json_put_string(row, "errorCode", "1");
		json_put_string(row, "errorMessage", "ORA-20001: Рахунок не оплачено.");
	}
	json_object_array_add(q->answer, row);
	q->answer = rows_disguised(q->answer);
}

void ask_close(struct question *q)
{
	const char *order;
	AUTO_JSON *bills = NULL;
	int64_t id;

	if (!data_check(q, close_fields) || !which(q, &order, &id))
		return;
	bills = book_bills(order);
	if (!json_object_array_length(bills)) {
		question_cannot(q, "12", "Рахунок не знайдено");
		return;
	}
	for (size_t i = 0; i < json_object_array_length(bills); i++) {
		struct json_object *bill = json_object_array_get_idx(bills, i);

		if (text_is(json_string(bill, "status"), "paid")) {
			question_cannot(q, "6", "Рахунок вже оплачено");
			return;
		}
	}
	for (size_t i = 0; i < json_object_array_length(bills); i++)
		book_bill_state(json_string(json_object_array_get_idx(bills, i), "bill"),
				"closed");
	q->answer = json_object_new_object();
	json_put_string(q->answer, "errorCode", "0");
	json_put_string(q->answer, "error", "");
}
