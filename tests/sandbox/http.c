#include "tests/sandbox/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum {
	CONNECTIONS_MAX = 2000,
	BACKLOG = 1024,
	HEADERS_MAX = 32 * 1024,
	STACK_SIZE = 1024 * 1024, /* sanitizers want more than the handlers */
	IDLE_SECONDS = 300,	  /* a caller's idle connection is kept so long */
	POOL_THREADS = 2,
};

static struct {
	struct MHD_Daemon *daemon;
	const struct http_route *routes;
	size_t count;
} server;

/* What arrived of one request so far. */
struct arrival {
	struct text body;
	bool too_large;
};

const char *http_query(const struct http_request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

int64_t http_query_int(const struct http_request *r, const char *name, int64_t fallback)
{
	const char *text = http_query(r, name);
	int64_t value;

	return text && number_read(text, &value) ? value : fallback;
}

static enum MHD_Result query_add(void *query, enum MHD_ValueKind kind, const char *key,
				 const char *value)
{
	(void)kind;
	json_put_string(query, key, value ? value : "");
	return MHD_YES;
}

struct json_object *http_query_all(const struct http_request *r)
{
	struct json_object *query = json_object_new_object();

	MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, query_add, query);
	return query;
}

const char *http_header(const struct http_request *r, const char *name)
{
	const char *value = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

bool http_caller_waits(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char c;
	ssize_t n;

	if (!info)
		return false;
	n = recv(info->connect_fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

void http_answer_text(struct http_answer *ret, unsigned status, const char *content_type,
		      const char *body)
{
	ret->status = status;
	ret->content_type = content_type;
	ret->body = text_copy(body);
	ret->len = strlen(body);
}

void http_answer_json(struct http_answer *ret, unsigned status, struct json_object *value)
{
	http_answer_text(ret, status, "application/json", value ? json_text(value) : "null");
	json_object_put(value);
}

void http_answer_error(struct http_answer *ret, unsigned status, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	char why[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	json_put_string(o, "error", why);
	http_answer_json(ret, status, o);
}

static void parts_release(struct http_request *r)
{
	for (size_t i = 0; i < HTTP_PARTS_MAX; i++) {
		free(r->parts[i]);
		r->parts[i] = NULL;
	}
}

/* Does the path fit?  The pieces that stood for * are kept in the request. */
static bool route_fits(const char *pattern, struct http_request *r)
{
	const char *path = r->path;
	size_t count = 0;

	parts_release(r);

	while (*pattern) {
		size_t len;

		if (*pattern != '*') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		len = pattern[1] ? strcspn(path, "/") : strlen(path);
		if ((pattern[1] && !len) || count == HTTP_PARTS_MAX)
			return false;
		r->parts[count] = text_copy(path);
		r->parts[count++][len] = '\0';
		pattern++;
		path += len;
	}
	return !*path;
}

static void request_answer(struct http_request *r, struct http_answer *ret)
{
	bool known = false;

	for (size_t i = 0; i < server.count; i++) {
		const struct http_route *route = &server.routes[i];

		if (!route_fits(route->path, r))
			continue;
		known = true;
		if (text_is(route->method, "*") || text_is(route->method, r->method)) {
			route->handler(r, ret);
			return;
		}
	}
	if (known)
		http_answer_error(ret, 405, "%s is not for this address", r->method);
	else
		http_answer_error(ret, 404, "there is nothing here");
}

/* Undoing the connect is what sends a reset: the library's own closing says goodbye first. */
static void connection_reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr const none = { .sa_family = AF_UNSPEC };

	if (info)
		(void)connect(info->connect_fd, &none, sizeof(none));
}

static enum MHD_Result answer_send(struct MHD_Connection *connection,
				   struct http_answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result rc;

	if (!answer->status) {
		if (answer->reset)
			connection_reset(connection);
		free(answer->body);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(
		answer->len, answer->body ? answer->body : "",
		answer->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	if (answer->content_type)
		MHD_add_response_header(response, "Content-Type", answer->content_type);
	if (answer->etag)
		MHD_add_response_header(response, "ETag", answer->etag);
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	if (answer->retry_after) {
		char seconds[24];

		snprintf(seconds, sizeof(seconds), "%lld", (long long)answer->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	rc = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **state)
{
	struct arrival *arrival = *state;
	struct http_request r = { .method = method, .path = url, .connection = connection };
	struct http_answer answer = { .status = 500 };

	(void)cls, (void)version;
	if (!arrival) {
		arrival = memory_new(sizeof(*arrival));
		*arrival = (struct arrival){ 0 };
		*state = arrival;
		return MHD_YES;
	}
	if (*len) {
		if (arrival->body.len + *len > HTTP_BODY_MAX)
			arrival->too_large = true;
		else
			text_addn(&arrival->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	r.body = text_of(&arrival->body);
	r.len = arrival->body.len;
	r.host = http_header(&r, "Host");
	r.content_type = http_header(&r, "Content-Type");
	if (arrival->too_large)
		http_answer_error(&answer, 413, "Request Entity Too Large");
	else
		request_answer(&r, &answer);
	parts_release(&r);
	return answer_send(connection, &answer);
}

static void on_end(void *cls, struct MHD_Connection *connection, void **state,
		   enum MHD_RequestTerminationCode code)
{
	struct arrival *arrival = *state;

	(void)cls, (void)connection, (void)code;
	if (!arrival)
		return;
	text_release(&arrival->body);
	free(arrival);
	*state = NULL;
}

static bool address_read(const char *listen, struct sockaddr_in *ret)
{
	AUTO_FREE char *host = text_copy(listen);
	char *colon = strrchr(host, ':');
	int64_t port;

	*ret = (struct sockaddr_in){ .sin_family = AF_INET };
	if (!colon)
		return false;
	*colon = '\0';
	if (!number_read(colon + 1, &port) || port < 1 || port > 65535)
		return false;
	ret->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, text_is(host, "localhost") ? "127.0.0.1" : host,
			 &ret->sin_addr) == 1;
}

bool http_start(const char *listen, const struct http_route *routes, size_t count, bool many)
{
	struct sockaddr_in address;
	unsigned const flags = many ? MHD_USE_EPOLL_INTERNAL_THREAD
				    : MHD_USE_THREAD_PER_CONNECTION |
					       MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;

	if (!address_read(listen, &address)) {
		fprintf(stderr, "sandbox: --listen %s: not address:port\n", listen);
		return false;
	}
	server.routes = routes;
	server.count = count;
	errno = 0;
	server.daemon = MHD_start_daemon(
		flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_SIZE,
		many ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (unsigned)POOL_THREADS,
		MHD_OPTION_END);
	if (!server.daemon)
		fprintf(stderr, "sandbox: --listen %s: %s\n", listen,
			errno ? strerror(errno) : "cannot listen");
	return server.daemon;
}

void http_stop(void)
{
	if (server.daemon)
		MHD_stop_daemon(server.daemon);
}
