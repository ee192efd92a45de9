/*
 * http_private.h: one call as the two ways of http.h make it: a reused easy handle, what
 * was copied for it, and the answer as it comes in.
 */
#ifndef KARTKA_HTTP_PRIVATE_H
#define KARTKA_HTTP_PRIVATE_H

#include "shared/platform/http.h"

#include <curl/curl.h>

struct http_handle {
	CURL *curl;
	struct curl_slist *headers;
	curl_mime *mime;
	char *sent; /* the request's body, wiped when the call is over */
	size_t sent_len;
	char *body; /* of the answer; kept between calls while it is small */
	size_t body_len;
	size_t body_size;
	size_t head_len; /* bytes of the answer's header lines */
	http_done *done;
	void *data;
	size_t place;		  /* among those that run */
	struct http_handle *next; /* among those that are free */
};

struct http {
	struct http_handle *single; /* of http_call */
	CURLM *multi;		    /* NULL until http_start is used */
	struct http_handle *idle;
	size_t idle_count;
	struct http_handle *running[HTTP_RUNNING_MAX];
	size_t running_count;
};

struct http_handle *http_handle_new(void);
void http_handle_free(struct http_handle *h);

/* Copy the request into the handle.  ERR_FAILED: libcurl refuses it (a malformed URL …). */
int http_handle_set(struct http_handle *h, const struct http_request *request) MUST_CHECK;
/* What became of it.  The answer's body belongs to the handle. */
int http_handle_result(struct http_handle *h, CURLcode code, struct http_answer *ret);
/* Forget the request and the answer, keep the handle. */
void http_handle_clear(struct http_handle *h);

/* End all calls of the pool without telling anybody. */
void http_pool_free(struct http *http);

#endif
