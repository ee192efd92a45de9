#include "tests/sandbox/portmone_book.h"

#include <time.h>

#include "tests/sandbox/store.h"
#include "tests/sandbox/telegram_format.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum { CARD_MIN = 12, CARD_MAX = 19, UNITS_MAX_DIGITS = 9 };

#define BILL_COLUMNS                                                                     \
	"bill, shop_order, kopiykas, description, lang, success_url, failure_url, url, " \
	"attributes,"                                                                    \
	" state, created_at, expires_at"
#define ROW_COLUMNS                                                                  \
	"rows.id, rows.bill, rows.shop_order, rows.status, rows.kopiykas, rows.at, " \
	"rows.auth_code,"                                                            \
	" rows.card_mask, rows.error_message, rows.chargeback, bills.description, "  \
	"bills.attributes"

/* ---- amounts and times ---- */

const char *book_money(int64_t kopiykas)
{
	static _Thread_local char text[32];
	int64_t const whole = llabs(kopiykas) / 100;
	int const rest = (int)(llabs(kopiykas) % 100);
	const char *sign = kopiykas < 0 ? "-" : "";

	if (!rest)
		snprintf(text, sizeof(text), "%s%lld", sign, (long long)whole);
	else if (rest % 10 == 0)
		snprintf(text, sizeof(text), "%s%lld.%d", sign, (long long)whole, rest / 10);
	else
		snprintf(text, sizeof(text), "%s%lld.%02d", sign, (long long)whole, rest);
	return text;
}

bool book_money_read(const char *text, int64_t *ret)
{
	size_t const whole = strspn(text, "0123456789");
	int64_t value = 0;
	size_t places = 0;

	if (!whole || whole > UNITS_MAX_DIGITS)
		return false;
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (text[i] - '0');
	if (text[whole] == '.') {
		const char *rest = text + whole + 1;

		places = strspn(rest, "0123456789");
		if (!places || places > 2 || rest[places])
			return false;
		for (size_t i = 0; i < places; i++)
			value = value * 10 + (rest[i] - '0');
	} else if (text[whole]) {
		return false;
	}
	for (; places < 2; places++)
		value *= 10;
	*ret = value;
	return value > 0;
}

const char *book_time(double at, const char *format)
{
	static _Thread_local char text[32];
	time_t const seconds = (time_t)at;
	struct tm tm;

	localtime_r(&seconds, &tm); /* the program's zone is Kyiv */
	if (!strftime(text, sizeof(text), format, &tm))
		text[0] = '\0';
	return text;
}

/* ---- bills ---- */

static struct json_object *rows_of_bill(const char *bill, bool returns)
{
	AUTO_JSON *ids = store_rows(
		"SELECT id FROM rows WHERE bill = ? AND (status = 'RETURN') = ?"
		" ORDER BY id DESC",
		"si", bill, (int64_t)returns);
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(ids); i++)
		json_object_array_add(
			rows, book_row(json_int(json_object_array_get_idx(ids, i), "id", 0)));
	return rows;
}

static struct json_object *bill_shown(struct json_object *row, bool with_rows)
{
	struct json_object *bill = json_object_new_object();
	const char *name = json_string(row, "bill");

	json_put_string(bill, "bill", name);
	json_put_string(bill, "order", json_string(row, "shop_order"));
	json_put_string(bill, "amount", book_money(json_int(row, "kopiykas", 0)));
	json_put_int(bill, "kopiykas", json_int(row, "kopiykas", 0));
	json_put_string(bill, "description", json_string(row, "description"));
	json_put_string(bill, "status", json_string(row, "state"));
	json_put_string(bill, "url", json_string(row, "url"));
	json_put_number(bill, "created_at", json_number(row, "created_at", 0));
	json_put(bill, "expires_at", json_object_get(json_member(row, "expires_at")));
	json_put_number(bill, "now", clock_now());
	json_put_string(bill, "payee", options.payee);
	json_put_string(bill, "lang", json_string(row, "lang"));
	json_put_string(bill, "successUrl", json_string(row, "success_url"));
	json_put_string(bill, "failureUrl", json_string(row, "failure_url"));
	if (with_rows) {
		json_put(bill, "rows", rows_of_bill(name, false));
		json_put(bill, "returned", rows_of_bill(name, true));
	}
	return bill;
}

struct json_object *book_bill(const char *bill)
{
	AUTO_JSON *row = NULL;

	book_expire();
	row = store_row("SELECT " BILL_COLUMNS " FROM bills WHERE bill = ?", "s", bill);
	return row ? bill_shown(row, false) : NULL;
}

struct json_object *book_bills(const char *order)
{
	struct json_object *bills = json_object_new_array();
	AUTO_JSON *rows = NULL;

	book_expire();
	if (order)
		rows = store_rows("SELECT " BILL_COLUMNS " FROM bills WHERE shop_order = ?"
				  " ORDER BY created_at",
				  "s", order);
	else
		rows = store_rows("SELECT " BILL_COLUMNS " FROM bills ORDER BY created_at", "");
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(bills,
				      bill_shown(json_object_array_get_idx(rows, i), true));
	return bills;
}

void book_bill_add(const struct bill *b, char ret_bill[40], struct text *ret_url)
{
	double const now = clock_now();

	snprintf(ret_bill, 40, "%016llx%08x", (unsigned long long)format_random(),
		 (unsigned)format_random());
	text_addf(ret_url, "%s/portmone/pay/%s", b->base_url, ret_bill);
	store_run("INSERT INTO bills (" BILL_COLUMNS
		  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'created', ?,"
		  " CASE WHEN ? > 0 THEN ? END)",
		  "ssissssssdid", ret_bill, b->order, b->kopiykas, b->description, b->lang,
		  b->success_url, b->failure_url, ret_url->data, json_text(b->attributes), now,
		  b->seconds, now + (double)b->seconds);
	world_changed();
}

void book_bill_state(const char *bill, const char *state)
{
	store_run("UPDATE bills SET state = ? WHERE bill = ?", "ss", state, bill);
	if (text_is(state, "expired") || text_is(state, "closed"))
		store_run("UPDATE rows SET status = 'REJECTED', at = ? WHERE bill = ? AND "
			  "status = 'CREATED'",
			  "ds", clock_now(), bill);
	world_changed();
}

void book_expire(void)
{
	AUTO_JSON *due = store_rows(
		"SELECT bill FROM bills WHERE state IN ('created', 'rejected')"
		" AND expires_at < ?",
		"d", clock_now());

	for (size_t i = 0; i < json_object_array_length(due); i++)
		book_bill_state(json_string(json_object_array_get_idx(due, i), "bill"),
				"expired");
}

/* ---- rows ---- */

/* 444433******1111; NULL without a card. */
static char *card_mask(const char *card)
{
	size_t const len = card ? strlen(card) : 0;
	char *mask;

	if (len < CARD_MIN || len > CARD_MAX)
		return NULL;
	mask = text_copy(card);
	memset(mask + 6, '*', len - 10);
	return mask;
}

int64_t book_attempt(const char *bill, const char *status, int64_t kopiykas, const char *card,
		     bool test)
{
	int64_t id = book_row_of(bill, "CREATED");
	AUTO_FREE char *mask = card_mask(card);
	char auth_code[16];

	snprintf(auth_code, sizeof(auth_code), "%06u", (unsigned)(format_random() % 1000000));
	if (!id) {
		store_run("INSERT INTO rows (bill, shop_order, status, kopiykas, at)"
			  " SELECT bill, shop_order, 'CREATED', kopiykas, ? FROM bills WHERE "
			  "bill = ?",
			  "ds", clock_now(), bill);
		id = store_last_id();
	}
	store_run(
		"UPDATE rows SET status = ?, kopiykas = ?, at = ?, auth_code = ?, card_mask = ?"
		" WHERE id = ?",
		"sidssi", status, kopiykas, clock_now(),
		!text_is(status, "PAYED") ? NULL
		: test			  ? "TESTPM"
					  : auth_code,
		mask, id);
	world_changed();
	return id;
}

int64_t book_return(int64_t row, int64_t kopiykas)
{
	int64_t const left = store_number(
		"SELECT r.kopiykas + COALESCE((SELECT SUM(b.kopiykas) FROM rows b"
		" WHERE b.returns = r.id), 0) FROM rows r"
		" WHERE r.id = ? AND r.status = 'PAYED'",
		"i", row);
	int64_t id;
	char words[96];

	if (kopiykas < 1 || kopiykas > left)
		return 0;
	store_run("INSERT INTO rows (bill, shop_order, status, kopiykas, at, auth_code, "
		  "card_mask, returns)"
		  " SELECT bill, shop_order, 'RETURN', ?, ?, auth_code, card_mask, id FROM "
		  "rows WHERE id = ?",
		  "idi", -kopiykas, clock_now(), row);
	id = store_last_id();
	snprintf(words, sizeof(words), "Отменен на сумму %s, ID отмены %lld",
		 book_money(kopiykas), (long long)id);
	store_run("UPDATE rows SET error_message = ? WHERE id = ?", "si", words, row);
	world_changed();
	return id;
}

void book_chargeback(const char *bill)
{
	store_run("UPDATE rows SET chargeback = 'Y' WHERE bill = ? AND status = 'PAYED'", "s",
		  bill);
	world_changed();
}

int64_t book_row_of(const char *bill, const char *status)
{
	return store_number(
		"SELECT id FROM rows WHERE bill = ? AND status = ? ORDER BY id DESC LIMIT 1",
		"ss", bill, status);
}

int64_t book_row_of_order(const char *order, const char *status)
{
	return store_number("SELECT id FROM rows WHERE shop_order = ? AND status = ?"
			    " ORDER BY id DESC LIMIT 1",
			    "ss", order, status);
}

static void put_attributes(struct json_object *shown, const char *text)
{
	AUTO_JSON *attributes = json_parse_object(text, strlen(text));
	char key[] = "attribute1";

	for (; key[9] <= '5'; key[9]++)
		json_put_string(shown, key, json_string(attributes, key));
}

static struct json_object *row_shown(struct json_object *row)
{
	static const char *const nulls[] = { "payee_commission",
					     "commission",
					     "bank_id",
					     "bank_name",
					     "terminal_id",
					     "merchant_id",
					     "rrn",
					     "payee_export_date",
					     "payee_export_flag",
					     "pay_order_date",
					     "pay_order_number",
					     "pay_order_amount",
					     "cardBankName",
					     "token" };
	struct json_object *shown = json_object_new_object();
	bool const open = text_is(json_string(row, "status"), "CREATED");
	char id[24];

	snprintf(id, sizeof(id), "%lld", (long long)json_int(row, "id", 0));
	json_put_string(shown, "status", json_string(row, "status"));
	json_put_string(shown, "shopBillId", id);
	json_put_string(shown, "shopOrderNumber", json_string(row, "shop_order"));
	json_put_string(shown, "description", json_string(row, "description"));
	json_put_string(shown, "billAmount", book_money(json_int(row, "kopiykas", 0)));
	json_put_string(shown, "payee_id", options.payee);
	json_put_string(shown, "payee_name", "Kartka");
	put_attributes(shown, json_string(row, "attributes"));
	json_put_string(shown, "pay_date",
			open ? NULL
			     : book_time(json_number(row, "at", 0), "%d.%m.%Y %H:%M:%S"));
	json_put_string(shown, "chargeback", json_string(row, "chargeback"));
	json_put_string(shown, "authCode", json_string(row, "auth_code"));
	json_put_string(shown, "cardMask", json_string(row, "card_mask"));
	json_put_string(shown, "cardTypeName", json_string(row, "card_mask") ? "VISA" : NULL);
	json_put_string(shown, "gateType", "Card");
	json_put_string(shown, "errorCode", "0");
	json_put_string(shown, "errorMessage", json_string(row, "error_message"));
	for (size_t i = 0; i < COUNT(nulls); i++)
		json_put(shown, nulls[i], NULL);
	return shown;
}

struct json_object *book_row(int64_t id)
{
	AUTO_JSON *row = store_row("SELECT " ROW_COLUMNS
				   " FROM rows JOIN bills ON bills.bill = rows.bill"
				   " WHERE rows.id = ?",
				   "i", id);

	return row ? row_shown(row) : NULL;
}

struct json_object *book_rows(const char *order, int64_t id, const char *status, double from,
			      double to)
{
	struct json_object *shown = json_object_new_array();
	AUTO_JSON *rows = NULL;

	book_expire();
	rows = store_rows(
		"SELECT " ROW_COLUMNS " FROM rows JOIN bills ON bills.bill = rows.bill"
		" WHERE (rows.shop_order = ? OR rows.id = ?) AND (? IN ('', '%') OR status = ?)"
		" AND rows.at >= ? AND rows.at < ? ORDER BY rows.id DESC",
		"sissdd", order ? order : "", id, status, status, from, to);
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		json_object_array_add(shown, row_shown(json_object_array_get_idx(rows, i)));
	return shown;
}
