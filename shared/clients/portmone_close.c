#include "shared/clients/portmone_close.h"

#include "shared/clients/portmone_private.h"

struct http_request portmone_close_request(const struct portmone *p, struct arena *a,
					   const char *order_number)
{
	struct str body = STR(a, PORTMONE_ASK_MAX);
	struct json_out j = JSON_OUT(&body);

	portmone_ask_begin(&j, p, "closeInvoice");
	json_add_text(&j, "shopOrderNumber", order_number);
	portmone_ask_end(&j);
	return portmone_request(p, &body);
}

int portmone_close_read(const struct portmone *p, struct arena *a, int rc,
			const struct http_answer *answer, const char **why)
{
	const struct json *said;
	const char *error;
	AUTO_JSON doc = { 0 };

	*why = "";
	rc = portmone_answer_parse(a, rc, answer, &doc, why);
	if (rc)
		return rc;
	said = json_type(doc.root) == JSON_ARRAY ? json_at(doc.root, 0) : doc.root;
	if (json_type(said) != JSON_OBJECT) {
		*why = "not an object";
		return ERR_DOWN;
	}
	error = portmone_error(p, a, said);
	if (error)
		*why = error;
	return error ? ERR_DENIED : OK;
}

int portmone_close(const struct portmone *p, struct arena *a, const char *order_number,
		   const char **why)
{
	struct http_request const request = portmone_close_request(p, a, order_number);
	struct http_answer answer = { 0 };
	int const rc = http_call(p->http, a, &request, &answer);

	return portmone_close_read(p, a, rc, &answer, why);
}
