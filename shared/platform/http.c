#include "shared/platform/http_private.h"

#include "shared/base/limits.h"

#include <signal.h>
#include <strings.h>

enum {
	CONNECT_TIMEOUT_MS = 2000,
	HEADERS_MAX = 64 * 1024, /* of an answer; libcurl keeps them all */
	BODY_FIRST = 4 * 1024,	 /* an ordinary answer of Telegram */
	BODY_KEPT = 64 * 1024,	 /* a longer buffer is not kept for the next call */
	RECEIVE_BUFFER = 8 * 1024,
};

/* Setting a constant option can fail only for want of memory or of the option itself. */
#define SET(h, option, value)                                               \
	do {                                                                \
		if (curl_easy_setopt((h)->curl, option, value) != CURLE_OK) \
			die("libcurl does not take " #option);              \
	} while (0)

/* An answer may quote codes: no copy of it stays behind. */
static void body_move(struct http_handle *h, size_t size)
{
	char *body = malloc(size);

	if (!body)
		die("out of memory");
	if (h->body) {
		memcpy(body, h->body, h->body_len);
		explicit_bzero(h->body, h->body_len);
		free(h->body);
	}
	h->body = body;
	h->body_size = size;
}

static bool body_room(struct http_handle *h, size_t more)
{
	size_t size = h->body_size ? h->body_size : BODY_FIRST;

	if (more > (size_t)HTTP_ANSWER_MAX - h->body_len)
		return false;
	while (size < h->body_len + more + 1)
		size *= 2;
	if (size != h->body_size)
		body_move(h, size);
	return true;
}

/* Taking fewer bytes than offered ends the transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *handle)
{
	struct http_handle *h = handle;
	size_t const len = size * count;

	if (!body_room(h, len))
		return 0;
	memcpy(h->body + h->body_len, data, len);
	h->body_len += len;
	return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *handle)
{
	struct http_handle *h = handle;

	UNUSED(data);
	h->head_len += size * count;
	return h->head_len <= HEADERS_MAX ? size * count : 0;
}

static void set_constants(struct http_handle *h)
{
	SET(h, CURLOPT_NOSIGNAL, 1L);
	SET(h, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(h, CURLOPT_FOLLOWLOCATION, 0L);
	SET(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(h, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(h, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(h, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(h, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER);
	SET(h, CURLOPT_USERAGENT, "kartka");
	SET(h, CURLOPT_WRITEFUNCTION, on_body);
	SET(h, CURLOPT_WRITEDATA, h);
	SET(h, CURLOPT_HEADERFUNCTION, on_header);
	SET(h, CURLOPT_HEADERDATA, h);
	SET(h, CURLOPT_PRIVATE, h);
	/* Else a name server that is silent is waited for beyond every time limit. */
	SET(h, CURLOPT_QUICK_EXIT, 1L);
}

struct http_handle *http_handle_new(void)
{
	struct http_handle *h = calloc(1, sizeof(*h));

	if (!h || !(h->curl = curl_easy_init()))
		die("out of memory");
	set_constants(h);
	return h;
}

void http_handle_free(struct http_handle *h)
{
	if (!h)
		return;
	http_handle_clear(h);
	curl_easy_cleanup(h->curl);
	free(h->body);
	free(h);
}

static void add_header(struct http_handle *h, const char *line)
{
	struct curl_slist *list = curl_slist_append(h->headers, line);

	if (!list)
		die("out of memory");
	h->headers = list;
}

static int set_headers(struct http_handle *h, const struct http_request *request)
{
	if (request->content_type) {
		char line[256];
		int const len = snprintf(line, sizeof(line), "Content-Type: %s",
					 request->content_type);

		if (len < 0 || (size_t)len >= sizeof(line))
			return ERR_FAILED;
		add_header(h, line);
	}
	/* Waiting for "100 Continue" is a round trip that neither side needs. */
	add_header(h, "Expect:");
	for (const char *const *line = request->headers; line && *line; line++)
		add_header(h, *line);
	SET(h, CURLOPT_HTTPHEADER, h->headers);
	return OK;
}

static int set_part(curl_mimepart *part, const struct http_part *from)
{
	CURLcode code = part ? curl_mime_name(part, from->name) : CURLE_OUT_OF_MEMORY;

	if (!code && from->value)
		code = curl_mime_data(part, from->value, CURL_ZERO_TERMINATED);
	else if (!code)
		code = curl_mime_data(part, from->file.data, from->file.len);
	if (!code && from->file_name)
		code = curl_mime_filename(part, from->file_name);
	if (!code && from->file_type)
		code = curl_mime_type(part, from->file_type);
	return code ? ERR_FAILED : OK;
}

static int set_parts(struct http_handle *h, const struct http_request *request)
{
	h->mime = curl_mime_init(h->curl);
	for (size_t i = 0; h->mime && i < request->part_count; i++)
		if (set_part(curl_mime_addpart(h->mime), &request->parts[i]))
			return ERR_FAILED;
	SET(h, CURLOPT_MIMEPOST, h->mime);
	return h->mime ? OK : ERR_FAILED;
}

static void set_body(struct http_handle *h, struct bytes body)
{
	char *copy = malloc(body.len + 1);

	if (!copy)
		die("out of memory");
	memcpy(copy, body.data, body.len);
	SET(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	SET(h, CURLOPT_POSTFIELDS, copy);
	h->sent = copy;
	h->sent_len = body.len;
}

int http_handle_set(struct http_handle *h, const struct http_request *request)
{
	bool const tls = !strncasecmp(request->url, "https:", 6);
	long const timeout = request->timeout_ms ? request->timeout_ms : CALL_TIMEOUT_MS;
	int rc;

	if (curl_easy_setopt(h->curl, CURLOPT_URL, request->url) != CURLE_OK)
		return ERR_FAILED;
	/* Plain http is for this very host; the environment's proxy is for the others. */
	SET(h, CURLOPT_PROXY, tls ? NULL : "");
	/* Many calls to one host share its HTTP/2 connection instead of racing for several. */
	SET(h, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
	SET(h, CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L);
	SET(h, CURLOPT_TIMEOUT_MS, timeout);
	SET(h, CURLOPT_CONNECTTIMEOUT_MS,
	    timeout < CONNECT_TIMEOUT_MS ? timeout : (long)CONNECT_TIMEOUT_MS);
	rc = set_headers(h, request);
	if (!rc && request->part_count)
		rc = set_parts(h, request);
	else if (!rc && request->body.data)
		set_body(h, request->body);
	else if (!rc)
		SET(h, CURLOPT_HTTPGET, 1L);
	return rc;
}

static int64_t retry_after(CURL *curl)
{
	struct curl_header *header;
	curl_off_t seconds = 0;

	if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
	    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK)
		return -1;
	return seconds > 0 ? seconds : 0; /* a date in the past is now */
}

int http_handle_result(struct http_handle *h, CURLcode code, struct http_answer *ret)
{
	curl_off_t uploaded = 0;
	long requested = 0;
	long status = 0;

	*ret = (struct http_answer){ .retry_after = -1, .body = { "", 0 } };
	if (code != CURLE_OK) {
		/*
		 * Bytes of the request that were handed to the connection.  None: it failed
		 * before (name, connect, TLS, no free connection in time), so it is certain
		 * that nothing was done over there.
		 */
		(void)curl_easy_getinfo(h->curl, CURLINFO_REQUEST_SIZE, &requested);
		(void)curl_easy_getinfo(h->curl, CURLINFO_SIZE_UPLOAD_T, &uploaded);
		ret->sent = requested > 0 || uploaded > 0;
		/* An answer that is not HTTP is an "unsupported protocol" too. */
		if (!ret->sent &&
		    (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL))
			return ERR_FAILED;
		return ERR_DOWN;
	}
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = (int)status;
	ret->sent = true;
	if (status >= 300)
		ret->retry_after = retry_after(h->curl);
	if (h->body) {
		h->body[h->body_len] = '\0';
		ret->body = (struct bytes){ h->body, h->body_len };
	}
	return OK;
}

void http_handle_clear(struct http_handle *h)
{
	SET(h, CURLOPT_HTTPHEADER, NULL);
	SET(h, CURLOPT_MIMEPOST, NULL);
	SET(h, CURLOPT_POSTFIELDS, NULL);
	SET(h, CURLOPT_HTTPGET, 1L);
	curl_slist_free_all(h->headers);
	h->headers = NULL;
	curl_mime_free(h->mime);
	h->mime = NULL;
	if (h->sent)
		explicit_bzero(h->sent, h->sent_len);
	free(h->sent);
	h->sent = NULL;
	h->sent_len = 0;
	if (h->body)
		explicit_bzero(h->body, h->body_len); /* Telegram repeats what it was sent */
	h->body_len = 0;
	h->head_len = 0;
	if (h->body_size > BODY_KEPT) {
		free(h->body);
		h->body = NULL;
		h->body_size = 0;
	}
}

int http_new(struct http **ret)
{
	struct http *http;
	struct sigaction pipe;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ERR_FAILED;
	/* With NOSIGNAL libcurl leaves SIGPIPE alone, and TLS to a dead peer raises it. */
	if (!sigaction(SIGPIPE, NULL, &pipe) && pipe.sa_handler == SIG_DFL)
		(void)signal(SIGPIPE, SIG_IGN);
	http = calloc(1, sizeof(*http));
	if (!http)
		die("out of memory");
	*ret = http;
	return OK;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	http_pool_free(http);
	http_handle_free(http->single);
	free(http);
	curl_global_cleanup();
}

int http_call(struct http *http, struct arena *a, const struct http_request *request,
	      struct http_answer *ret)
{
	struct http_answer answer = { .retry_after = -1, .body = { "", 0 } };
	struct http_handle *h;
	int rc;

	if (!http->single)
		http->single = http_handle_new();
	h = http->single;
	rc = http_handle_set(h, request);
	if (!rc)
		rc = http_handle_result(h, curl_easy_perform(h->curl), &answer);
	if (!rc)
		answer.body.data = arena_strndup(a, answer.body.data, answer.body.len);
	http_handle_clear(h);
	*ret = answer;
	return rc;
}
