/*
 * http.h: outgoing HTTP by libcurl: one blocking call with kept-alive connections for
 * responders and commands, and a pool of many at once for the worker.  No redirects, http or
 * https only, NOSIGNAL, TLS verified.  URLs are never logged: Telegram's hold the token.
 */
#ifndef KARTKA_HTTP_H
#define KARTKA_HTTP_H

#include "shared/base/arena.h"

struct http; /* holds connections; one per process */

/* Ignores SIGPIPE from here on, unless the program handles it. */
int http_new(struct http **ret) MUST_CHECK;
void http_free(struct http *http);

struct http_part { /* of multipart/form-data */
	const char *name;
	const char *value; /* or */
	struct bytes file;
	const char *file_name;
	const char *file_type;
};

struct http_request {
	const char *url;
	const char *content_type; /* of body; NULL with parts or GET */
	struct bytes body;	  /* data NULL and no parts: GET */
	const struct http_part *parts;
	size_t part_count;
	const char *const *headers; /* further "Name: value" lines, NULL-ended; may be NULL */
	int timeout_ms;		    /* 0: CALL_TIMEOUT_MS */
	/*
	 * It must not be sent twice.  On a kept-alive connection that is closed before a byte
	 * of the answer came, libcurl takes the request for unsent and repeats it by itself;
	 * on a connection of its own it does not.
	 */
	bool once;
};

struct http_answer {
	int status;
	int64_t retry_after; /* seconds of Retry-After, -1 without */
	struct bytes body;   /* at most HTTP_ANSWER_MAX; ends in NUL */
	bool sent;	     /* on failure: the request may have reached the other side */
};

/*
 * ERR_DOWN: no answer (connect, TLS, timeout, cut, too long).  Any status is OK.
 * ERR_FAILED: not even a request (a malformed URL).
 */
int http_call(struct http *http, struct arena *a, const struct http_request *request,
	      struct http_answer *ret) MUST_CHECK;

/* ---- many at once ---- */

enum { HTTP_RUNNING_MAX = 512 }; /* some 20 KiB each */

/* Called from http_pump: rc as of http_call; the answer is gone after the call returns. */
typedef void http_done(int rc, const struct http_answer *answer, void *data);

/*
 * Start a call; everything in the request is copied.  ERR_TOO_LONG: HTTP_RUNNING_MAX are
 * under way; ERR_FAILED: libcurl refuses it.  Then nothing is started and done is not called.
 */
int http_start(struct http *http, const struct http_request *request, http_done *done,
	       void *data) MUST_CHECK;

/* Calls under way. */
size_t http_running(const struct http *http);

struct pollfd;
/*
 * Move all calls on and wait up to timeout_ms for them or for any of the caller's
 * descriptors (their revents are filled).  Returns when anything happened.
 */
int http_pump(struct http *http, struct pollfd *extra, unsigned extra_count,
	      int timeout_ms) MUST_CHECK;

#endif
