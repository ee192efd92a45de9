/*
 * post.h: requests the sandbox itself makes: to the shop's webhook, its notification and
 * return addresses.
 */
#ifndef SANDBOX_POST_H
#define SANDBOX_POST_H

#include <curl/curl.h>

#include "tests/sandbox/text.h"

struct post {
	/* The request; `body` is the caller's until the end. */
	const char *url;
	const char *content_type;
	const char *header; /* one more, or NULL */
	const char *body;
	size_t len;
	long timeout_ms; /* of the whole */
	/* Called when it is over, by whoever runs the multi handle; may free the post. */
	void (*done)(struct post *p);
	void *owner;

	/* What came of it. */
	long status; /* 0: no answer, `error` says why */
	struct text answer;
	char *answer_type;   /* "" without */
	int64_t retry_after; /* 0 without */
	char error[CURL_ERROR_SIZE];
	double started_at;

	CURL *easy;
	struct curl_slist *headers;
};

bool post_start(CURLM *multi, struct post *p);
/* Calls done() of all that are over. */
void post_collect(CURLM *multi);
/* The answer and the handles, not the post itself. */
void post_release(struct post *p);
/* End one that is under way, without done(). */
void post_abandon(CURLM *multi, struct post *p);

/* Run them all, `parallel` at a time; blocks. */
void post_run(struct post *posts, size_t count, size_t parallel);

#endif
