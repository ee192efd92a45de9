#include "tests/sandbox/portmone_buyer.h"

#include "tests/sandbox/faults.h"
#include "tests/sandbox/portmone_book.h"
#include "tests/sandbox/portmone_notify.h"
#include "tests/sandbox/world.h"

/* The numbers of the public test account. */
static const char card_good[] = "4444333322221111";
static const char card_declined[] = "4111111111111111";

static const struct {
	const char *lang;
	const char *words;
} cancelled[] = {
	{ "uk", "Оплата скасована користувачем." },
	{ "en", "Payment canceled by the user." },
	{ "ru", "Оплата отменена пользователем." },
};

static bool open_bill(struct json_object *bill)
{
	const char *status = json_string(bill, "status");

	return text_is(status, "created") || text_is(status, "rejected");
}

void buyer_open(const char *name)
{
	AUTO_JSON *bill = book_bill(name);

	if (open_bill(bill) && !book_row_of(name, "CREATED"))
		book_attempt(name, "CREATED", json_int(bill, "kopiykas", 0), NULL, false);
}

/* The form that the page submits to the shop; NULL: the browser never comes back. */
static struct json_object *return_form(struct json_object *bill, const char *address,
				       struct json_object *fields)
{
	struct json_object *form;

	if (fault_on("no_return")) {
		json_object_put(fields);
		return NULL;
	}
	form = json_object_new_object();
	json_put_string(form, "url", json_string(bill, address));
	json_put_string(form, "method", "POST");
	json_put(form, "fields", fields);
	return form;
}

static void put_or_null(struct json_object *fields, const char *key, const char *value)
{
	json_put_string(fields, key, value ? value : "null");
}

static struct json_object *success_fields(struct json_object *bill, struct json_object *row)
{
	static const char *const nulls[] = { "TOKEN", "IPSTOKEN", "ERRORIPSCODE",
					     "ERRORIPSMESSAGE" };
	struct json_object *fields = json_object_new_object();
	char receipt[512];

	snprintf(receipt, sizeof(receipt), "%s/receipt", json_string(bill, "url"));
	json_put_string(fields, "SHOPBILLID", json_string(row, "shopBillId"));
	json_put_string(fields, "SHOPORDERNUMBER", json_string(row, "shopOrderNumber"));
	put_or_null(fields, "APPROVALCODE", json_string(row, "authCode"));
	json_put_string(fields, "BILL_AMOUNT", json_string(row, "billAmount"));
	json_put_string(fields, "RESULT", "0");
	put_or_null(fields, "CARD_MASK", json_string(row, "cardMask"));
	put_or_null(fields, "ATTRIBUTE1", json_string(row, "attribute1"));
	put_or_null(fields, "ATTRIBUTE2", json_string(row, "attribute2"));
	put_or_null(fields, "ATTRIBUTE3", json_string(row, "attribute3"));
	put_or_null(fields, "ATTRIBUTE4", json_string(row, "attribute4"));
	json_put_string(fields, "RECEIPT_URL", receipt);
	json_put_string(fields, "LANG", json_string(bill, "lang"));
	json_put_string(fields, "DESCRIPTION", json_string(row, "description"));
	for (size_t i = 0; i < COUNT(nulls); i++)
		json_put_string(fields, nulls[i], "null");
	return fields;
}

static void notify(int64_t row, const char *wanted)
{
	const char *format = wanted ? wanted : fault_word("notification_format");

	if (fault_on("lose_notification") || text_is(format, "none"))
		return;
	notify_plan(row, text_is(format, "xml") ? "xml" : "json");
}

struct json_object *buyer_pay(const char *name, const struct payment *p, const char **why)
{
	AUTO_JSON *bill = book_bill(name);
	AUTO_JSON *row = NULL;
	struct json_object *outcome;
	const char *status = json_string(bill, "status");
	int64_t id;

	*why = text_is(status, "expired") ? "the bill has expired" : "the bill is closed";
	if (!p->force && (text_is(status, "expired") || text_is(status, "closed")))
		return NULL;
	if (text_is(p->card, card_declined))
		return buyer_decline(name);
	id = book_attempt(name, "PAYED",
			  p->kopiykas ? p->kopiykas : json_int(bill, "kopiykas", 0),
			  p->card ? p->card : card_good, p->test || fault_on("test_mode"));
	book_bill_state(name, "paid");
	notify(id, p->notify);
	row = book_row(id);
	outcome = json_object_new_object();
	json_put_string(outcome, "shopBillId", json_string(row, "shopBillId"));
	json_put_flag(outcome, "declined", false);
	json_put(outcome, "return", return_form(bill, "successUrl", success_fields(bill, row)));
	return outcome;
}

struct json_object *buyer_decline(const char *name)
{
	AUTO_JSON *bill = book_bill(name);
	AUTO_JSON *row = NULL;
	struct json_object *outcome = json_object_new_object();
	struct json_object *fields = json_object_new_object();
	const char *words = cancelled[0].words;

	if (open_bill(bill)) {
		row = book_row(book_attempt(name, "REJECTED", json_int(bill, "kopiykas", 0),
					    card_declined, false));
		book_bill_state(name, "rejected");
	}
	for (size_t i = 0; i < COUNT(cancelled); i++) {
		if (text_is(cancelled[i].lang, json_string(bill, "lang")))
			words = cancelled[i].words;
	}
	json_put_string(fields, "SHOPORDERNUMBER", json_string(bill, "order"));
	json_put_string(fields, "RESULT", words);
	json_put_string(outcome, "shopBillId", json_string(row, "shopBillId"));
	json_put_flag(outcome, "declined", true);
	json_put(outcome, "return", return_form(bill, "failureUrl", fields));
	return outcome;
}
