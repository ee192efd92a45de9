/*
 * stub PORT EVENTS: a Telegram and a Portmone that say yes as fast as can be, in one process
 * on one thread.  Calls are counted; GET /count tells how often each and starts anew.  An order
 * whose number was given to POST /paid/NUMBER is told as PAYED, any other as not there.
 * EVENTS gets a line for each bill, question and message:
 *	KIND ORDER_OR_CHAT MICROSECONDS [TEXT]
 * with the time at which the call was here, whole; of a question, also when it was answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { BODY_MAX = 256 * 1024, ORDERS = 1 << 17, NUMBER_MAX = 16, AMOUNT_MAX = 16 };

struct connection {
	int fd;
	size_t got;
	char text[BODY_MAX + 1];
};

struct call {
	const char *path;
	size_t path_len;
	char *body; /* ends in NUL */
	int64_t at_us;
};

/* The gateway's books: open addressing by the order's number. */
static struct bill {
	char number[NUMBER_MAX];
	char amount[AMOUNT_MAX];
	bool paid;
} bills[ORDERS];

static const char *const counted[] = { "answerCallbackQuery", "sendMessage",
				       "editMessageText",     "sendDocument",
				       "createLinkPayment",   "result" };
static uint64_t counts[COUNT(counted)];
static FILE *events;
static int port;

static void count(const char *name)
{
	for (size_t i = 0; i < COUNT(counted); i++)
		counts[i] += !strcmp(counted[i], name);
}

/* ---- the books ---- */

static struct bill *bill_of(const char *number)
{
	size_t at = 5381;

	for (const char *p = number; *p; p++)
		at = at * 33 + (unsigned char)*p;
	for (at %= ORDERS; *bills[at].number; at = (at + 1) % ORDERS)
		if (!strcmp(bills[at].number, number))
			break;
	snprintf(bills[at].number, NUMBER_MAX, "%s", number);
	return &bills[at];
}

/* A text member of flat JSON, by name; the shop writes it without blanks. */
static bool member(const char *json, const char *name, char *ret, size_t size)
{
	char key[64];
	const char *at;
	size_t len;

	snprintf(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(json, key);
	if (!at)
		return false;
	at += strlen(key);
	len = strcspn(at, "\"");
	if (len >= size)
		return false;
	memcpy(ret, at, len);
	ret[len] = '\0';
	return true;
}

/* ---- what is answered ---- */

static void gateway_link(const struct call *call, char *ret, size_t size)
{
	char number[NUMBER_MAX] = "";
	struct bill *bill;

	(void)member(call->body, "shopOrderNumber", number, sizeof(number));
	bill = bill_of(number);
	(void)member(call->body, "billAmount", bill->amount, sizeof(bill->amount));
	snprintf(ret, size,
		 "{\"errorCode\":\"0\",\"linkPayment\":\"http://127.0.0.1:%d/pay/%s\"}", port,
		 number);
	count("createLinkPayment");
	fprintf(events, "bill %s %lld\n", number, (long long)call->at_us);
}

static void gateway_result(const struct call *call, char *ret, size_t size)
{
	char number[NUMBER_MAX] = "";
	const struct bill *bill;

	(void)member(call->body, "shopOrderNumber", number, sizeof(number));
	bill = bill_of(number);
	if (bill->paid)
		snprintf(ret, size,
			 "[{\"status\":\"PAYED\",\"shopBillId\":\"%s\",\"shopOrderNumber\":"
			 "\"%s\",\"billAmount\":\"%s\",\"errorCode\":\"0\"}]",
			 number, number, bill->amount);
	else
		snprintf(ret, size, "[]");
	count("result");
	fprintf(events, "asked %s %lld %lld\n", number, (long long)call->at_us,
		(long long)bench_now_us());
}

static void telegram_call(const struct call *call, char *ret, size_t size)
{
	static long long message_id;
	char name[64];
	const char *method = call->path + call->path_len;

	while (method > call->path && method[-1] != '/')
		method--;
	snprintf(name, sizeof(name), "%.*s", (int)(call->path + call->path_len - method),
		 method);
	count(name);
	if (!strcmp(name, "getMe")) {
		snprintf(ret, size,
			 "{\"ok\":true,\"result\":{\"id\":1,\"is_bot\":true,"
			 "\"first_name\":\"b\",\"username\":\"bench_bot\"}}");
	} else if (strncmp(name, "send", 4) != 0 && strncmp(name, "edit", 4) != 0) {
		snprintf(ret, size, "{\"ok\":true,\"result\":true}");
	} else {
		const char *chat = strstr(call->body, "\"chat_id\":");

		snprintf(ret, size,
			 "{\"ok\":true,\"result\":{\"message_id\":%lld,\"date\":1,\"chat\":"
			 "{\"id\":1,\"type\":\"private\"}}}",
			 ++message_id);
		fprintf(events, "%s %lld %lld %s\n", name,
			chat ? strtoll(chat + strlen("\"chat_id\":"), NULL, 10) : 0,
			(long long)call->at_us, call->body);
	}
}

static void counts_tell(char *ret, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < COUNT(counted); i++) {
		at += (size_t)snprintf(ret + at, size - at, "%s\"%s\":%llu", i ? "," : "{",
				       counted[i], (unsigned long long)counts[i]);
		counts[i] = 0;
	}
	snprintf(ret + at, size - at, "}");
	fflush(events);
}

static void answer(const struct call *call, char *ret, size_t size)
{
	static const char paid[] = "/paid/";

	if (!strncmp(call->path, "/telegram/", 10)) {
		telegram_call(call, ret, size);
	} else if (!strncmp(call->path, "/portmone/", 10)) {
		if (strstr(call->body, "\"createLinkPayment\""))
			gateway_link(call, ret, size);
		else
			gateway_result(call, ret, size);
	} else if (!strncmp(call->path, paid, strlen(paid))) {
		char number[NUMBER_MAX];

		snprintf(number, sizeof(number), "%.*s", (int)(call->path_len - strlen(paid)),
			 call->path + strlen(paid));
		bill_of(number)->paid = true;
		snprintf(ret, size, "{}");
	} else {
		counts_tell(ret, size);
	}
}

/* ---- HTTP ---- */

/* Answer the first whole request in the buffer.  False: it is not there yet. */
static bool request_serve(struct connection *c)
{
	char *head_end = strstr(c->text, "\r\n\r\n");
	const char *length;
	const char *path;
	char json[1024] = "";
	char out[1536];
	struct call call;
	size_t head;
	size_t body = 0;
	char kept;
	int n;

	if (!head_end)
		return false;
	head = (size_t)(head_end + 4 - c->text);
	length = strcasestr(c->text, "\r\nContent-Length:");
	if (length && length < head_end)
		body = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	if (c->got < head + body)
		return false;
	path = strchr(c->text, ' ');
	if (!path)
		die("stub: not HTTP");
	call = (struct call){ .path = path + 1,
			      .path_len = strcspn(path + 1, " "),
			      .body = c->text + head,
			      .at_us = bench_now_us() };
	kept = call.body[body];
	call.body[body] = '\0';
	answer(&call, json, sizeof(json));
	call.body[body] = kept;
	n = snprintf(out, sizeof(out),
		     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		     "Content-Length: %zu\r\n\r\n%s",
		     strlen(json), json);
	if (send(c->fd, out, (size_t)n, MSG_NOSIGNAL) != n)
		fprintf(stderr, "stub: an answer was not taken\n");
	c->got -= head + body;
	memmove(c->text, c->text + head + body, c->got + 1);
	return true;
}

static void connection_read(int epoll, struct connection *c)
{
	ssize_t const n = recv(c->fd, c->text + c->got, BODY_MAX - c->got, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		(void)epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
		close(c->fd);
		free(c);
		return;
	}
	c->got += (size_t)n;
	c->text[c->got] = '\0';
	while (request_serve(c))
		;
}

static void connection_accept(int epoll, int listener)
{
	int const on = 1;
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (!c)
		die("stub: out of memory");
	c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (c->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event))
		die("stub: accept failed: %s", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int listen_on(int number)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons((uint16_t)number),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int const fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int const on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 1024))
		die("stub: port %d: %s", number, strerror(errno));
	return fd;
}

int main(int argc, char **argv)
{
	struct epoll_event list[64];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	int listener;
	int epoll;

	if (argc != 3)
		die("usage: stub PORT EVENTS");
	port = (int)bench_number(argv[1], 1, 65535);
	events = fopen(argv[2], "we");
	listener = listen_on(port);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!events || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
		die("stub: can't start: %s", strerror(errno));
	for (;;) {
		int const n = epoll_wait(epoll, list, 64, -1);

		for (int i = 0; i < n; i++) {
			if (list[i].data.ptr)
				connection_read(epoll, list[i].data.ptr);
			else
				connection_accept(epoll, listener);
		}
	}
}
