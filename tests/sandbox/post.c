#include "tests/sandbox/post.h"

#include "tests/sandbox/world.h"

enum { ANSWER_MAX = 4 * 1024 * 1024 };

static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
	struct post *p = arg;

	if (p->answer.len + size * count > ANSWER_MAX)
		return 0;
	text_addn(&p->answer, data, size * count);
	return size * count;
}

static void header_add(struct post *p, const char *name, const char *value)
{
	AUTO_TEXT line = { 0 };

	text_addf(&line, "%s: %s", name, value);
	p->headers = curl_slist_append(p->headers, line.data);
}

bool post_start(CURLM *multi, struct post *p)
{
	p->easy = curl_easy_init();
	if (!p->easy)
		return false;
	header_add(p, "Content-Type", p->content_type);
	header_add(p, "Connection", "keep-alive");
	if (p->header)
		p->headers = curl_slist_append(p->headers, p->header);
	/* Nobody answers 100 before the body. */
	p->headers = curl_slist_append(p->headers, "Expect:");
	curl_easy_setopt(p->easy, CURLOPT_URL, p->url);
	curl_easy_setopt(p->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, p->body);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->len);
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(p->easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
	curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(p->easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, p->timeout_ms);
	curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->error);
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	p->started_at = clock_now();
	return curl_multi_add_handle(multi, p->easy) == CURLM_OK;
}

static void outcome_read(struct post *p, CURLcode rc)
{
	curl_off_t retry_after = 0;
	const char *type = NULL;

	curl_easy_getinfo(p->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &retry_after);
	p->answer_type = text_copy(type ? type : "");
	p->retry_after = (int64_t)retry_after;
	if (rc == CURLE_OK)
		curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &p->status);
	else if (rc == CURLE_OPERATION_TIMEDOUT)
		snprintf(p->error, sizeof(p->error), "Read timeout expired");
	else if (rc == CURLE_COULDNT_CONNECT)
		snprintf(p->error, sizeof(p->error), "Connection refused");
	else if (!*p->error)
		snprintf(p->error, sizeof(p->error), "%s", curl_easy_strerror(rc));
}

void post_collect(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		CURLcode const rc = message->data.result;
		struct post *p;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &p);
		outcome_read(p, rc);
		post_abandon(multi, p);
		p->done(p);
	}
}

void post_abandon(CURLM *multi, struct post *p)
{
	if (!p->easy)
		return;
	curl_multi_remove_handle(multi, p->easy);
	curl_easy_cleanup(p->easy);
	p->easy = NULL;
}

void post_release(struct post *p)
{
	curl_slist_free_all(p->headers);
	text_release(&p->answer);
	free(p->answer_type);
	p->headers = NULL;
	p->answer_type = NULL;
}

static void count_down(struct post *p)
{
	size_t *running = p->owner;

	--*running;
}

void post_run(struct post *posts, size_t count, size_t parallel)
{
	CURLM *multi = curl_multi_init();
	size_t running = 0;
	size_t next = 0;
	int still;

	while (running || next < count) {
		while (running < parallel && next < count) {
			posts[next].done = count_down;
			posts[next].owner = &running;
			running += post_start(multi, &posts[next++]);
		}
		curl_multi_perform(multi, &still);
		post_collect(multi);
		if (running && world_stopping())
			break;
		if (running)
			curl_multi_poll(multi, NULL, 0, 200, NULL);
	}
	for (size_t i = 0; i < next; i++)
		post_abandon(multi, &posts[i]);
	curl_multi_cleanup(multi);
}
