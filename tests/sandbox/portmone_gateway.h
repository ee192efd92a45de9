/*
 * portmone_gateway.h: /portmone/gateway/: what the shop asks, in JSON or as a form.  Refused is
 * as there: HTTP 200 with an error code, or a page of HTML for a form.
 */
#ifndef SANDBOX_PORTMONE_GATEWAY_H
#define SANDBOX_PORTMONE_GATEWAY_H

#include "tests/sandbox/http.h"

http_handler gateway_serve;

/* One question; handlers fill it with the world locked. */
struct question {
	const char *method;
	struct json_object *body; /* the whole, for JSON */
	struct json_object *data; /* params.data, or the form's fields under their JSON names */
	bool form;
	char base_url[256]; /* "http://host:port" as the caller reaches us */
	/* What comes of it. */
	struct json_object *answer; /* owned */
	char why[256];		    /* of a violation */
	bool violation;
};

/* Refused with Portmone's code and words; the shop's own mistake. */
void question_refuse(struct question *q, const char *code, const char *fmt, ...) PRINTF(3, 4);
/* Refused: nothing the shop could have known. */
void question_cannot(struct question *q, const char *code, const char *words);

/* A value as PHP would write it: texts as they are, numbers in their shortest form; NULL:
 * neither. */
const char *question_text(const struct json_object *o, const char *key);

#endif
