#include "shared/platform/web_private.h"

#include "shared/base/limits.h"

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

/* A status without its words is still a status: HTTP lets the reason be anything. */
static const char *reason(int status)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

void web_response_init(struct web_response *res, struct arena *a)
{
	*res = (struct web_response){ .headers = STR(a, WEB_HEADERS_MAX),
				      .body = STR(a, WEB_RESPONSE_MAX) };
}

/* RFC 9110 §5.6.2 in the part that is ever used for names. */
static bool is_token(const char *name)
{
	size_t const len = strlen(name);

	return len && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_") == len;
}

void web_add_header(struct web_response *res, const char *name, const char *value)
{
	if (!is_token(name) || strpbrk(value, "\r\n")) {
		res->headers.failed = true;
		return;
	}
	str_addf(&res->headers, "%s: %s\r\n", name, value);
}

void web_status(struct web_response *res, int status)
{
	res->status = status;
	res->content_type = NULL;
	str_cut(&res->body, 0);
}

void web_redirect(struct web_response *res, const char *location)
{
	web_status(res, 303);
	web_add_header(res, "Location", location);
}

void web_unavailable(struct web_response *res)
{
	web_status(res, 503);
	web_add_header(res, "Retry-After", "2");
}

static bool is_fit(const struct web_response *res)
{
	return res->status >= 200 && res->status <= 599 && str_ok(&res->headers) &&
	       str_ok(&res->body) && !(res->content_type && strpbrk(res->content_type, "\r\n"));
}

struct bytes web_response_text(struct web_response *res, struct arena *a, bool without_body)
{
	struct str head = STR(a, WEB_HEADERS_MAX + 512);
	size_t len;
	char *text;

	if (!is_fit(res)) {
		web_response_init(res, a);
		res->status = 500;
	}
	if (!res->content_type)
		str_cut(&res->body, 0);
	str_add(&head, "Status: ");
	str_add_int(&head, res->status);
	str_addc(&head, ' ');
	str_add(&head, reason(res->status));
	if (res->content_type) {
		str_add(&head, "\r\nContent-Type: ");
		str_add(&head, res->content_type);
	}
	if (res->status != 204 && res->status != 304 && !res->stream) {
		str_add(&head, "\r\nContent-Length: ");
		str_add_int(&head, (int64_t)res->body.len);
	}
	str_add(&head, "\r\n");
	str_add(&head, str_text(&res->headers));
	str_add(&head, "\r\n");
	if (!str_ok(&head))
		die("a response's head passes its cap"); /* a content type of 400 bytes */
	len = without_body ? 0 : res->body.len;
	text = arena_alloc(a, head.len + len);
	memcpy(text, head.data, head.len);
	if (len)
		memcpy(text + head.len, res->body.data, len);
	return (struct bytes){ text, head.len + len };
}
