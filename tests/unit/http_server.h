/*
 * http_server.h: the other side of test_http.c: a thread a connection, keep-alive, and the
 * path says how it misbehaves.
 */
#ifndef KARTKA_TEST_HTTP_SERVER_H
#define KARTKA_TEST_HTTP_SERVER_H

#include "shared/base/limits.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX = 64 * 1024 };

static struct {
	int listener;
	int port;
	_Atomic long connections;
	_Atomic long requests;
	char last[REQUEST_MAX + 1]; /* the newest request, whole */
} server;

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t const n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

static bool say(int fd, const char *text)
{
	return write_all(fd, text, strlen(text));
}

static bool say_huge(int fd, size_t len)
{
	static char block[65536];
	char head[128];

	memset(block, 'x', sizeof(block));
	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	if (!say(fd, head))
		return false;
	for (; len; len -= len < sizeof(block) ? len : sizeof(block))
		if (!write_all(fd, block, len < sizeof(block) ? len : sizeof(block)))
			return false;
	return true;
}

static bool say_many_headers(int fd)
{
	if (!say(fd, "HTTP/1.1 200 OK\r\n"))
		return false;
	for (int i = 0; i < 2000; i++)
		if (!say(fd, "X-Filler: 0123456789012345678901234567890123456789012345678\r\n"))
			return false;
	return say(fd, "Content-Length: 0\r\n\r\n");
}

/* Answer one request.  False: close the connection. */
static bool respond(int fd, const char *path)
{
	static const struct {
		const char *path;
		const char *text;
		bool cut;
	} plain[] = {
		{ "/ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false },
		{ "/empty", "HTTP/1.1 204 No Content\r\n\r\n", false },
		{ "/busy",
		  "HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\nContent-Length: 1\r\n\r\n{",
		  false },
		{ "/busy0", "HTTP/1.1 503 No\r\nretry-after: 0\r\nContent-Length: 0\r\n\r\n",
		  false },
		{ "/past",
		  "HTTP/1.1 503 No\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
		  "Content-Length: 0\r\n\r\n",
		  false },
		{ "/move", "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
		  false },
		{ "/half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true },
		{ "/garbage", "what is this\r\n\r\n", true },
		{ "/cut", "", true },
	};

	if (!strcmp(path, "/hang"))
		return poll(NULL, 0, 6000) > 0;
	if (!strcmp(path, "/huge"))
		return say_huge(fd, (size_t)HTTP_ANSWER_MAX + 1);
	if (!strcmp(path, "/large"))
		return say_huge(fd, HTTP_ANSWER_MAX);
	if (!strcmp(path, "/headers"))
		return say_many_headers(fd);
	if (!strcmp(path, "/slow"))
		(void)poll(NULL, 0, 200);
	for (size_t i = 0; i < COUNT(plain); i++)
		if (!strcmp(path, plain[i].path))
			return say(fd, plain[i].text) && !plain[i].cut;
	return say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer");
}

/* One request with its body into text; 0 at the end of the connection. */
static size_t request_read(int fd, char *text)
{
	size_t len = 0;

	for (;;) {
		ssize_t const n = recv(fd, text + len, REQUEST_MAX - len, 0);
		const char *end;
		const char *said;
		size_t body = 0;

		if (n <= 0)
			return 0;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		said = strstr(text, "Content-Length: ");
		if (said)
			body = strtoul(said + 16, NULL, 10);
		if (end && len >= (size_t)(end + 4 - text) + body)
			return len;
	}
}

static void *connection(void *data)
{
	int const fd = (int)(intptr_t)data;
	char *text = malloc(REQUEST_MAX + 1);
	char path[64];
	size_t len;

	while ((len = request_read(fd, text))) {
		atomic_fetch_add(&server.requests, 1);
		memcpy(server.last, text, len + 1);
		if (sscanf(text, "%*s %63s", path) != 1 || !respond(fd, path))
			break;
	}
	free(text);
	close(fd);
	return NULL;
}

static void *listening(void *data)
{
	int const on = 1;

	for (;;) {
		int const fd = accept(server.listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			return data;
		atomic_fetch_add(&server.connections, 1);
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, connection, (void *)(intptr_t)fd))
			abort();
		(void)pthread_detach(thread);
	}
}

static int listen_loopback(int *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int const fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, 512) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int server_start(void **state)
{
	pthread_t thread;

	UNUSED(state);
	server.listener = listen_loopback(&server.port);
	return server.listener < 0 || pthread_create(&thread, NULL, listening, NULL);
}

#endif
