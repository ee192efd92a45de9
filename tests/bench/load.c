/*
 * load ADDRESS:PORT CONNECTIONS SECONDS FILE [once]: HTTP requests over kept connections, each
 * connection waiting for its answer before it asks again.  FILE holds whole requests, each
 * after a line with its length in bytes; they are sent in turn, over and over, or with `once`
 * until each was sent.  Prints bench_print()'s line with the answers' statuses and mean size.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/parse.h"
#include "tests/bench/bench.h"

enum { CONNECTIONS_MAX = 1024, REQUESTS_MAX = 1 << 20, ANSWER_MAX = 64 * 1024, STATUSES = 6 };

struct request {
	const char *data;
	size_t len;
};

static struct load {
	struct sockaddr_in to;
	struct request *requests;
	size_t count;
	size_t next;
	bool once;
	int64_t end_us;
	int epoll;
	int busy; /* connections that wait for an answer */
	struct latency latency;
	uint64_t statuses[STATUSES]; /* by their first digit; 0: none */
	uint64_t body_bytes;
} load;

struct connection {
	int fd;
	int64_t asked_us;
	size_t got;
	char answer[ANSWER_MAX + 1];
};

/* ---- the requests ---- */

static void requests_read(const char *path)
{
	int const fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const char *at;
	const char *end;

	if (fd < 0 || fstat(fd, &st))
		die("load: %s: %s", path, strerror(errno));
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	load.requests = calloc(REQUESTS_MAX, sizeof(*load.requests));
	if (at == MAP_FAILED || !load.requests)
		die("load: no memory for %s", path);
	end = at + st.st_size;
	while (at < end && load.count < REQUESTS_MAX) {
		char *rest;
		size_t const len = strtoul(at, &rest, 10);

		if (*rest != '\n' || !len || rest + 1 + len > end)
			die("load: %s is not a file of requests", path);
		load.requests[load.count++] = (struct request){ rest + 1, len };
		at = rest + 1 + len;
	}
	close(fd);
}

/* ---- a connection ---- */

static void connection_open(struct connection *c)
{
	int const on = 1;
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&load.to, sizeof(load.to)) ||
	    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    epoll_ctl(load.epoll, EPOLL_CTL_ADD, c->fd, &event))
		die("load: no connection: %s", strerror(errno));
}

static void connection_ask(struct connection *c)
{
	const struct request *r;

	if (load.once && load.next == load.count)
		return;
	r = &load.requests[load.next++ % load.count];
	c->got = 0;
	c->asked_us = bench_now_us();
	if (c->asked_us >= load.end_us)
		return;
	if (send(c->fd, r->data, r->len, MSG_NOSIGNAL) != (ssize_t)r->len)
		die("load: a request could not be sent: %s", strerror(errno));
	load.busy++;
}

/* The answer's whole length once its head is there, 0 before. */
static size_t answer_len(const struct connection *c, size_t *ret_body)
{
	const char *head_end = strstr(c->answer, "\r\n\r\n");
	const char *length;

	if (!head_end)
		return 0;
	length = strcasestr(c->answer, "\r\nContent-Length:");
	if (!length || length > head_end)
		die("load: an answer without Content-Length:\n%.*s",
		    (int)(head_end - c->answer), c->answer);
	*ret_body = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
	return (size_t)(head_end + 4 - c->answer) + *ret_body;
}

static void answer_count(const struct connection *c, size_t body)
{
	int const digit = c->got > 9 ? c->answer[9] - '0' : 0;

	latency_add(&load.latency, bench_now_us() - c->asked_us);
	load.statuses[digit > 0 && digit < STATUSES ? digit : 0]++;
	load.body_bytes += body;
	load.busy--;
}

static void connection_lost(struct connection *c, bool waiting)
{
	close(c->fd);
	if (waiting) {
		load.statuses[0]++;
		load.busy--;
	}
	connection_open(c);
	connection_ask(c);
}

static void connection_read(struct connection *c)
{
	bool const waiting = c->asked_us != 0;
	ssize_t const n = recv(c->fd, c->answer + c->got, ANSWER_MAX - c->got, MSG_DONTWAIT);
	size_t body = 0;
	size_t len;
	bool closes;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		connection_lost(c, waiting);
		return;
	}
	c->got += (size_t)n;
	c->answer[c->got] = '\0';
	len = answer_len(c, &body);
	if (len > ANSWER_MAX)
		die("load: an answer of %zu bytes", len);
	if (!len || c->got < len)
		return;
	answer_count(c, body);
	closes = strcasestr(c->answer, "\r\nConnection: close\r\n") != NULL;
	c->asked_us = 0;
	if (closes)
		connection_lost(c, false);
	else
		connection_ask(c);
}

/* ---- the whole ---- */

static void address_read(const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[64];

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		die("load: not an address: %s", text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	load.to.sin_family = AF_INET;
	load.to.sin_port = htons((uint16_t)bench_number(colon + 1, 1, 65535));
	if (inet_pton(AF_INET, host, &load.to.sin_addr) != 1)
		die("load: not an address: %s", text);
}

static void report(int64_t began_us)
{
	char more[400];
	uint64_t const good = load.statuses[2] + load.statuses[3];

	snprintf(more, sizeof(more),
		 ",\"statuses\":{\"none\":%llu,\"2xx\":%llu,\"3xx\":%llu,\"4xx\":%llu,"
		 "\"5xx\":%llu},\"mean_body\":%llu",
		 (unsigned long long)load.statuses[0], (unsigned long long)load.statuses[2],
		 (unsigned long long)load.statuses[3], (unsigned long long)load.statuses[4],
		 (unsigned long long)load.statuses[5],
		 (unsigned long long)(load.latency.count ? load.body_bytes / load.latency.count
							 : 0));
	bench_print(&load.latency, (double)(bench_now_us() - began_us) / 1e6,
		    load.latency.count - good + load.statuses[0], more);
}

int main(int argc, char **argv)
{
	struct epoll_event events[64];
	struct connection *connections;
	int64_t began_us;
	int count;

	if (argc < 5 || argc > 6)
		die("usage: load ADDRESS:PORT CONNECTIONS SECONDS FILE [once]");
	address_read(argv[1]);
	count = (int)bench_number(argv[2], 1, CONNECTIONS_MAX);
	load.once = argc == 6;
	requests_read(argv[4]);
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	connections = calloc((size_t)count, sizeof(*connections));
	if (load.epoll < 0 || !connections)
		die("load: no memory");
	for (int i = 0; i < count; i++)
		connection_open(&connections[i]);
	began_us = bench_now_us();
	load.end_us = began_us + bench_number(argv[3], 1, 3600) * 1000000;
	for (int i = 0; i < count; i++)
		connection_ask(&connections[i]);
	while (load.busy) {
		int const n = epoll_wait(load.epoll, events, 64, 20000);

		if (n == 0)
			die("load: no answer in 20 s");
		for (int i = 0; i < n; i++)
			connection_read(events[i].data.ptr);
	}
	report(began_us);
	return 0;
}
