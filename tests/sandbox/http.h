/*
 * http.h: the sandbox's web server: a thread a connection (libmicrohttpd), a table of routes.
 */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include "tests/sandbox/json.h"

enum { HTTP_PARTS_MAX = 3, HTTP_BODY_MAX = 52 * 1024 * 1024 };

struct http_request {
	const char *method;
	const char *path;	     /* decoded */
	char *parts[HTTP_PARTS_MAX]; /* what stood for each * of the route */
	const char *host;	     /* "" without */
	const char *content_type;    /* "" without */
	const char *body;	     /* ends in NUL, not counted */
	size_t len;
	void *connection;
};

/* Heap members become the server's. */
struct http_answer {
	unsigned status; /* 0: the connection is closed without a word */
	bool reset;	 /* … by a reset, so that what was sent before may be lost as well */
	const char *content_type;
	char *body;
	size_t len;
	int64_t retry_after; /* 0: none */
	const char *etag;    /* NULL: none */
};

typedef void http_handler(const struct http_request *r, struct http_answer *ret);

struct http_route {
	const char *method; /* "*": any */
	const char *path;   /* a * between slashes stands for anything; at the end for all that
			       follows */
	http_handler *handler;
};

/* Decoded, NULL when not given.  Lives as long as the request. */
const char *http_query(const struct http_request *r, const char *name);
int64_t http_query_int(const struct http_request *r, const char *name, int64_t fallback);
/* All of the query as an object of texts. */
struct json_object *http_query_all(const struct http_request *r);
/* A request's header, "" without. */
const char *http_header(const struct http_request *r, const char *name);
/* False once the caller has hung up. */
bool http_caller_waits(const struct http_request *r);

/* Takes the value over. */
void http_answer_json(struct http_answer *ret, unsigned status, struct json_object *value);
void http_answer_text(struct http_answer *ret, unsigned status, const char *content_type,
		      const char *body);
/* {"error": "…"} */
void http_answer_error(struct http_answer *ret, unsigned status, const char *fmt, ...)
	PRINTF(3, 4);

/* LISTEN is address:port.  `many`: a few threads for many connections; handlers then never
 * wait. */
bool http_start(const char *listen, const struct http_route *routes, size_t count,
		bool many) MUST_CHECK;
void http_stop(void);

#endif
