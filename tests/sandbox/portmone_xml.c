#include "tests/sandbox/portmone_xml.h"

static const struct {
	const char *form;
	const char *json;
} names[] = {
	{ "payee_id", "payeeId" },	     { "login", "login" },
	{ "password", "password" },	     { "shop_order_number", "shopOrderNumber" },
	{ "shop_bill_id", "shopbillId" },    { "status", "status" },
	{ "start_date", "startDate" },	     { "end_date", "endDate" },
	{ "return_amount", "returnAmount" }, { "lang", "lang" },
	{ "encoding", "encoding" },
};

/* A row's elements, in the order they were recorded. */
static const struct {
	const char *element;
	const char *json;
} elements[] = {
	{ "shop_bill_id", "shopBillId" },
	{ "shop_order_number", "shopOrderNumber" },
	{ "description", "description" },
	{ "bill_date", "pay_date" },
	{ "pay_date", "pay_date" },
	{ "pay_order_date", "pay_order_date" },
	{ "bill_amount", "billAmount" },
	{ "auth_code", "authCode" },
	{ "status", "status" },
	{ "attribute1", "attribute1" },
	{ "attribute2", "attribute2" },
	{ "attribute3", "attribute3" },
	{ "attribute4", "attribute4" },
	{ "error_code", "errorCode" },
	{ "error_message", "errorMessage" },
};

struct json_object *xml_names(struct json_object *form)
{
	struct json_object *data = json_object_new_object();

	json_object_object_foreach (form, name, value) {
		const char *key = name;

		if (text_is(name, "method"))
			continue;
		for (size_t i = 0; i < COUNT(names); i++) {
			if (text_is(names[i].form, name))
				key = names[i].json;
		}
		json_put(data, key, json_object_get(value));
	}
	return data;
}

static void element(struct text *out, const char *name, const char *value)
{
	text_addf(out, "<%s>", name);
	text_add_escaped(out, value ? value : "");
	text_addf(out, "</%s>", name);
}

static void order_write(struct text *out, struct json_object *row)
{
	text_add(out, "<order>");
	for (size_t i = 0; i < COUNT(elements); i++) {
		const char *value = json_string(row, elements[i].json);

		/* A bill has a date, its payment a time. */
		if (text_is(elements[i].element, "bill_date") && value) {
			AUTO_FREE char *date = text_copy(value);

			date[strcspn(date, " ")] = '\0';
			element(out, elements[i].element, date);
		} else {
			element(out, elements[i].element, value);
		}
	}
	text_add(out, "</order>");
}

static void request_write(struct text *out, const struct question *q)
{
	text_add(out, "<request>");
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *value = json_string(q->data, names[i].json);

		if (text_is(names[i].form, "login") || !value)
			continue;
		element(out, names[i].form,
			text_is(names[i].form, "password") ? "********" : value);
	}
	text_add(out, "</request>");
}

void xml_write(const struct question *q, struct text *out)
{
	bool const list = text_is(q->method, "result");
	size_t const count = json_object_is_type(q->answer, json_type_array)
				     ? json_object_array_length(q->answer)
				     : 0;
	const char *lang = json_string(q->data, "lang");

	text_add(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<portmoneresult lang=\"");
	text_add_escaped(out, lang ? lang : "uk");
	text_add(out, "\">");
	request_write(out, q);
	if (list)
		text_add(out, count ? "<orders type=\"list\">" : "<orders type=\"list\"/>");
	for (size_t i = 0; i < count; i++)
		order_write(out, json_object_array_get_idx(q->answer, i));
	if (list && count)
		text_add(out, "</orders>");
	text_add(out, "</portmoneresult>");
}
