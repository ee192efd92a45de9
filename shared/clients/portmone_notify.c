#include "shared/clients/portmone_notify.h"

#include "shared/base/clock.h"
#include "shared/base/limits.h"
#include "shared/base/utf8.h"
#include "shared/clients/portmone_private.h"
#include "shared/platform/form.h"

#include <expat.h>

enum {
	JSON_DEPTH_MAX = 16,
	XML_ELEMENTS_MAX = 16384, /* NOTIFY_BILLS_MAX bills of twice the fields ever seen */
};

static void bill_add(struct notification *n, const char *order_number, const char *bill_id)
{
	/* What can't be a number of ours is nobody's; what passes the limit is found by asking.
	 */
	if (n->count >= NOTIFY_BILLS_MAX ||
	    !portmone_is_id(order_number, 1, PORTMONE_NUMBER_MAX))
		return;
	n->bills[n->count++] = (struct notify_bill){
		.order_number = order_number,
		.bill_id = portmone_is_id(bill_id, 1, PORTMONE_ID_MAX) ? bill_id : "",
	};
}

/* ---- JSON ---- */

static int object_read(struct arena *a, const struct json *v, struct notification *n)
{
	if (json_type(v) != JSON_OBJECT)
		return ERR_INVALID;
	bill_add(n, portmone_member(a, v, "shopOrderNumber", "shop_order_number"),
		 portmone_member(a, v, "shopBillId", "shop_bill_id"));
	return OK;
}

/* One object; or several in an array, as `result` answers. */
static int json_read(struct arena *a, struct bytes body, struct notification *n)
{
	AUTO_JSON doc = { 0 };
	int rc = OK;

	if (json_parse(body, JSON_DEPTH_MAX, &doc))
		return ERR_INVALID;
	if (json_type(doc.root) != JSON_ARRAY)
		return object_read(a, doc.root, n);
	for (size_t i = 0; !rc && i < json_count(doc.root); i++)
		rc = object_read(a, json_at(doc.root, i), n);
	return json_count(doc.root) ? rc : ERR_INVALID;
}

/* ---- XML ---- */

/* One text that is kept while its element is open; longer than it may be: empty. */
struct field {
	char text[PORTMONE_NUMBER_MAX + 1];
	size_t len;
	bool failed;
};

struct reader {
	struct arena *arena;
	struct notification *n;
	XML_Parser parser;
	size_t depth;
	size_t elements;
	size_t bill_depth; /* of the BILL we are in, 0 outside */
	struct field *open;
	struct field number;
	struct field bill_id;
	bool bills_wanted; /* REQUESTS asks about payers: nothing was paid */
	bool refused;
};

static void refuse(struct reader *r)
{
	r->refused = true;
	(void)XML_StopParser(r->parser, XML_FALSE);
}

static bool root_known(struct reader *r, const char *name)
{
	r->bills_wanted = !strcmp(name, "BILLS") || !strcmp(name, "PAY_ORDERS");
	return r->bills_wanted || !strcmp(name, "REQUESTS");
}

static void field_open(struct reader *r, const char *name)
{
	if (!strcmp(name, "BILL_NUMBER"))
		r->open = &r->number;
	else if (!strcmp(name, "BILL_ID"))
		r->open = &r->bill_id;
	if (r->open)
		*r->open = (struct field){ 0 };
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = data;

	UNUSED(attributes);
	r->depth++;
	r->open = NULL;
	if (r->depth > NOTIFY_XML_DEPTH_MAX || ++r->elements > XML_ELEMENTS_MAX ||
	    (r->depth == 1 && !root_known(r, name))) {
		refuse(r);
		return;
	}
	if (!r->bill_depth && !strcmp(name, "BILL")) {
		r->bill_depth = r->depth;
		r->number = (struct field){ 0 };
		r->bill_id = (struct field){ 0 };
	} else if (r->bill_depth && r->depth == r->bill_depth + 1) {
		field_open(r, name);
	}
}

/* The text without the blanks round it; "" when it was too long. */
static const char *field_text(struct arena *a, const struct field *f)
{
	const char *begin = f->text + strspn(f->text, " \t\r\n");
	size_t len = strlen(begin);

	while (len && strchr(" \t\r\n", begin[len - 1]))
		len--;
	return f->failed ? "" : arena_strndup(a, begin, len);
}

static void XMLCALL on_end(void *data, const XML_Char *name)
{
	struct reader *r = data;

	UNUSED(name);
	r->open = NULL;
	if (r->bill_depth == r->depth && r->bills_wanted)
		bill_add(r->n, field_text(r->arena, &r->number),
			 field_text(r->arena, &r->bill_id));
	if (r->bill_depth == r->depth)
		r->bill_depth = 0;
	r->depth--;
}

static void XMLCALL on_text(void *data, const XML_Char *text, int len)
{
	struct reader *r = data;
	struct field *f = r->open;

	if (!f || f->failed)
		return;
	if ((size_t)len > sizeof(f->text) - 1 - f->len) {
		f->failed = true;
		return;
	}
	memcpy(f->text + f->len, text, (size_t)len);
	f->len += (size_t)len;
}

static void XMLCALL on_doctype(void *data, const XML_Char *name, const XML_Char *system_id,
			       const XML_Char *public_id, int internal)
{
	UNUSED(name);
	UNUSED(system_id);
	UNUSED(public_id);
	UNUSED(internal);
	refuse(data);
}

static void XMLCALL on_declaration(void *data, const XML_Char *version,
				   const XML_Char *encoding, int standalone)
{
	UNUSED(version);
	UNUSED(standalone);
	if (encoding && strcasecmp(encoding, "UTF-8") != 0)
		refuse(data);
}

static int xml_read(struct arena *a, struct bytes body, struct notification *n)
{
	struct reader r = { .arena = a, .n = n };
	enum XML_Status status;

	/* Whatever expat is told, a mark at the beginning would make it read UTF-16. */
	if (!utf8_valid(body.data, body.len))
		return ERR_INVALID;
	r.parser = XML_ParserCreate("UTF-8");
	if (!r.parser)
		die("out of memory");
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	XML_SetXmlDeclHandler(r.parser, on_declaration);
	status = XML_Parse(r.parser, body.data, (int)body.len, XML_TRUE);
	XML_ParserFree(r.parser);
	return status == XML_STATUS_OK && !r.refused ? OK : ERR_INVALID;
}

/* ---- by content type ---- */

typedef int read_fn(struct arena *a, struct bytes body, struct notification *n);
static read_fn form_read;

enum { READ_JSON, READ_XML, READ_FORM };
static const struct reading {
	enum notify_form form;
	read_fn *read;
} readings[] = {
	[READ_JSON] = { NOTIFY_JSON, json_read },
	[READ_XML] = { NOTIFY_XML, xml_read },
	[READ_FORM] = { NOTIFY_XML, form_read },
};

static const struct {
	const char *name;
	int reading;
} types[] = {
	{ "application/json", READ_JSON },
	{ "text/xml", READ_XML },
	{ "application/xml", READ_XML },
	{ "application/x-www-form-urlencoded", READ_FORM },
};

/* The media type counts without its parameters; -1: a foreign one, or none. */
static int type_find(const char *content_type)
{
	size_t const len = strcspn(content_type, "; \t");

	for (size_t i = 0; i < COUNT(types); i++)
		if (len == strlen(types[i].name) &&
		    !strncasecmp(content_type, types[i].name, len))
			return types[i].reading;
	return -1;
}

/* JSON and XML by how they begin; anything else is what it was taken for. */
static int look(struct bytes body, int otherwise)
{
	const char *p = body.data;
	size_t i = 0;

	while (i < body.len && strchr(" \t\r\n", p[i]))
		i++;
	if (i == body.len)
		return otherwise;
	if (p[i] == '{' || p[i] == '[')
		return READ_JSON;
	return p[i] == '<' ? READ_XML : otherwise;
}

/* Many a sender calls everything a form, or gives it no name. */
static const struct reading *reading_find(const char *content_type, struct bytes body)
{
	int const named = type_find(content_type);

	if (named < 0)
		return &readings[look(body, READ_JSON)];
	return &readings[named == READ_FORM ? look(body, READ_FORM) : named];
}

/* XML or JSON in `data`; or the fields of the buyer's return, by themselves. */
static int form_read(struct arena *a, struct bytes body, struct notification *n)
{
	struct form *form = arena_new(a, struct form);
	const char *data;
	const char *number;
	const char *id;

	if (form_parse(a, body, form))
		return ERR_INVALID;
	data = form_get(form, "data");
	if (data) {
		struct bytes const text = { data, strlen(data) };

		return readings[look(text, READ_XML)].read(a, text, n);
	}
	number = form_get(form, "shopOrderNumber");
	if (!number)
		number = form_get(form, "SHOPORDERNUMBER");
	id = form_get(form, "shopBillId");
	if (!id)
		id = form_get(form, "SHOPBILLID");
	if (!number)
		return ERR_INVALID;
	bill_add(n, number, id ? id : "");
	return OK;
}

int notification_read(struct arena *a, const char *content_type, struct bytes body,
		      struct notification *ret)
{
	const struct reading *reading = reading_find(content_type, body);
	struct notification *n = arena_new(a, struct notification);
	int rc;

	ret->form = reading->form;
	if (!body.len || body.len > WEB_BODY_MAX)
		return ERR_INVALID;
	n->form = reading->form;
	rc = reading->read(a, body, n);
	if (!rc)
		*ret = *n;
	return rc;
}

const char *notification_answer(struct arena *a, enum notify_form form, bool stored,
				int64_t now, const char **ret_content_type)
{
	const char *code = stored ? "0" : "2"; /* 2: technical, as other shops say it */
	const char *reason = stored ? "OK" : "Try again later";

	if (form == NOTIFY_XML) {
		*ret_content_type = "text/xml";
		return arena_printf(a,
				    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><RESULT>"
				    "<ERROR_CODE>%s</ERROR_CODE><REASON>%s</REASON></RESULT>",
				    code, reason);
	}
	*ret_content_type = "application/json";
	return arena_printf(a,
			    "{\"errorCode\":\"%s\",\"reason\":\"%s\",\"responseId\":\"%lld\"}",
			    code, reason, (long long)(now / CLOCK_SECOND));
}
