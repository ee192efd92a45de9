/*
 * web.h: a responder: one plain single-threaded process behind nginx, FastCGI by libfcgi
 * on an inherited listening socket (descriptor 0, or 3 from systemd).
 *
 * The loop: SIGTERM is blocked except inside epoll_pwait on the non-blocking socket (epoll,
 * because EPOLLEXCLUSIVE wakes one copy a connection); then FCGX_Accept_r; on after EAGAIN,
 * EINTR, ECONNABORTED; a pause of ACCEPT_PAUSE_MS on EMFILE, ENFILE, ENOMEM; the request in
 * hand is finished.
 */
#ifndef KARTKA_WEB_H
#define KARTKA_WEB_H

#include "shared/base/str.h"

enum web_method { WEB_GET = 1, WEB_POST = 2, WEB_OTHER = 4 }; /* HEAD counts as GET */

struct web_request {
	enum web_method method;
	const char *path;	  /* decoded, starts with / */
	const char *query;	  /* raw, "" without */
	const char *content_type; /* "" without */
	const char *remote_addr;  /* nginx's word; TRUSTED_PROXIES is nginx's business */
	bool forwarded;		  /* there is an X-Forwarded-For or Forwarded header */
	bool https;		  /* how the client came, as nginx says */
	struct bytes body;	  /* whole; ends in NUL */
	const char *id;		  /* nginx's request id, in every log line */
	const void *fcgi;	  /* for web_header */
	const char *const *parts; /* of the path, filled in by the router for each {} */
};

/* A header's value by its CGI name ("HTTP_COOKIE"); NULL without, and when fcgi is NULL. */
const char *web_header(const struct web_request *req, const char *cgi_name);
/* The same; NULL also when it came more than once, so that nobody picks one of two. */
const char *web_header_once(const struct web_request *req, const char *cgi_name);

struct web_out; /* where a long answer goes, piece by piece */

/* ERR_DOWN: nobody reads it any more. */
int web_write(struct web_out *out, struct bytes piece) MUST_CHECK;

/* The body is made while it is sent.  What it allocates is its own to bound. */
typedef int web_stream(void *data, struct web_out *out);

struct web_response {
	int status;
	const char *content_type; /* NULL: the body is not sent, Content-Length: 0 */
	struct str headers;	  /* further lines, by web_add_header */
	bool expected;		  /* a 5xx that is an answer, not a failure to be logged */
	struct str body;
	/*
	 * NULL: body is all there is.  Otherwise called after it was sent; when it fails the
	 * connection is cut, so that nobody takes half an answer for a whole one.
	 */
	web_stream *stream;
	void *stream_data;
};

/* Refuses (and fails the response: a bare 500) on CR or LF in the value. */
void web_add_header(struct web_response *res, const char *name, const char *value);

/* A status with an empty body. */
void web_status(struct web_response *res, int status);
/* 303 to an address. */
void web_redirect(struct web_response *res, const char *location);
/* 503 with Retry-After: 2. */
void web_unavailable(struct web_response *res);

typedef void web_handler(void *app, struct arena *a, const struct web_request *req,
			 struct web_response *res);

struct web_server {
	const char *name; /* of the program, for logs and metrics */
	size_t body_max;  /* longer: 413, unread */
	web_handler *handle;
	void (*tick)(void *app); /* about once a second when idle, and between requests; may be
				    NULL */
	void *app;
};

/*
 * Serve until SIGTERM, SIGINT or SIGUSR1.  Returns the exit status; 1 with a line on stderr
 * when descriptor 0 is no listening socket and systemd gave none.  A 413 or 400 about the body
 * or the path is answered here, without the handler.
 */
int web_serve(const struct web_server *server);

/* ---- routes: rows with their requirements beside them ---- */

struct web_route {
	unsigned methods; /* WEB_GET | WEB_POST */
	const char *path; /* "/orders/{}/refund": {} is one non-empty segment */
	web_handler *handle;
	int role; /* for the program that has roles */
};

/*
 * Find the row for the request; req->parts is set.  NULL with *status 404, or 405 when only
 * the method is wrong.
 */
const struct web_route *web_route_find(struct arena *a, const struct web_route *rows,
				       size_t count, struct web_request *req, int *status);

/* What stands in the {} of a pattern, ends in NULL; NULL when the path does not fit it. */
const char *const *web_path_match(struct arena *a, const char *pattern, const char *path);

#endif
