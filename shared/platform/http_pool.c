#include "shared/platform/http_private.h"

#include <poll.h>

enum {
	HOST_CONNECTIONS = 64, /* to one host over HTTP/1.1; HTTP/2 needs one or two */
	CONNECTIONS = 96,
	IDLE_MAX = 64, /* handles kept for reuse, some 10 KiB each */
	EXTRA_MAX = 16,
};

static int pool_new(CURLM **ret)
{
	CURLM *multi = curl_multi_init();

	if (!multi)
		die("out of memory");
	if (curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HOST_CONNECTIONS) ||
	    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS) ||
	    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS)) {
		curl_multi_cleanup(multi);
		return ERR_FAILED;
	}
	*ret = multi;
	return OK;
}

static struct http_handle *idle_take(struct http *http)
{
	struct http_handle *h = http->idle;

	if (!h)
		return http_handle_new();
	http->idle = h->next;
	http->idle_count--;
	return h;
}

static void idle_give(struct http *http, struct http_handle *h)
{
	http_handle_clear(h);
	if (http->idle_count >= IDLE_MAX) {
		http_handle_free(h);
		return;
	}
	h->next = http->idle;
	http->idle = h;
	http->idle_count++;
}

int http_start(struct http *http, const struct http_request *request, http_done *done,
	       void *data)
{
	struct http_handle *h;
	int rc = OK;

	if (http->running_count == HTTP_RUNNING_MAX)
		return ERR_TOO_LONG;
	if (!http->multi)
		rc = pool_new(&http->multi);
	if (rc)
		return rc;
	h = idle_take(http);
	h->done = done;
	h->data = data;
	rc = http_handle_set(h, request);
	if (!rc && curl_multi_add_handle(http->multi, h->curl) != CURLM_OK)
		rc = ERR_FAILED;
	if (rc) {
		idle_give(http, h);
		return rc;
	}
	h->place = http->running_count;
	http->running[http->running_count++] = h;
	return OK;
}

size_t http_running(const struct http *http)
{
	return http->running_count;
}

static void running_remove(struct http *http, struct http_handle *h)
{
	struct http_handle *last = http->running[--http->running_count];

	http->running[h->place] = last;
	last->place = h->place;
	(void)curl_multi_remove_handle(http->multi, h->curl);
}

/* The callback may start further calls: the handle is out of libcurl's hands by then. */
static void finish(struct http *http, struct http_handle *h, CURLcode code)
{
	struct http_answer answer;
	int const rc = http_handle_result(h, code, &answer);

	running_remove(http, h);
	h->done(rc, &answer, h->data);
	idle_give(http, h);
}

/* How many calls came to their end. */
static unsigned finish_all(struct http *http)
{
	unsigned finished = 0;
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		CURLcode const code = message->data.result;
		CURL *const curl = message->easy_handle;
		char *h = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		if (curl_easy_getinfo(curl, CURLINFO_PRIVATE, &h) != CURLE_OK || !h)
			die("libcurl lost a handle's owner");
		finish(http, (struct http_handle *)(void *)h, code);
		finished++;
	}
	return finished;
}

static short curl_events(short events)
{
	return (short)((events & POLLIN ? CURL_WAIT_POLLIN : 0) |
		       (events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
		       (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

/* Wait for libcurl's descriptors and the caller's. */
static int wait_all(struct http *http, struct pollfd *extra, unsigned count, int timeout_ms)
{
	struct curl_waitfd list[EXTRA_MAX];

	if (count > EXTRA_MAX)
		return ERR_TOO_LONG;
	for (unsigned i = 0; i < count; i++)
		list[i] = (struct curl_waitfd){ .fd = extra[i].fd,
						.events = curl_events(extra[i].events) };
	if (curl_multi_poll(http->multi, list, count, timeout_ms, NULL) != CURLM_OK)
		return ERR_FAILED;
	/* libcurl does not pass on POLLERR and POLLHUP: ask again. */
	if (count && poll(extra, count, 0) < 0)
		for (unsigned i = 0; i < count; i++)
			extra[i].revents = 0;
	return OK;
}

static int move_on(struct http *http, unsigned *ret_finished)
{
	int running;

	if (curl_multi_perform(http->multi, &running) != CURLM_OK)
		return ERR_FAILED;
	*ret_finished = finish_all(http);
	return OK;
}

int http_pump(struct http *http, struct pollfd *extra, unsigned extra_count, int timeout_ms)
{
	unsigned finished = 0;
	int rc = OK;

	if (!http->multi)
		rc = pool_new(&http->multi);
	if (!rc)
		rc = move_on(http, &finished);
	if (!rc)
		rc = wait_all(http, extra, extra_count, finished ? 0 : timeout_ms);
	return rc ? rc : move_on(http, &finished);
}

void http_pool_free(struct http *http)
{
	while (http->running_count) {
		struct http_handle *h = http->running[0];

		running_remove(http, h);
		http_handle_free(h);
	}
	while (http->idle) {
		struct http_handle *h = http->idle;

		http->idle = h->next;
		http_handle_free(h);
	}
	if (http->multi)
		curl_multi_cleanup(http->multi);
	http->multi = NULL;
}
