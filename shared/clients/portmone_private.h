/*
 * portmone_private.h: what the calls to Portmone share: the question's frame, an answer's
 * oddities (either casing, numbers or strings, HTML with status 200), and its clock.  For
 * portmone*.c only.
 */
#ifndef KARTKA_PORTMONE_PRIVATE_H
#define KARTKA_PORTMONE_PRIVATE_H

#include "shared/clients/portmone_link.h"
#include "shared/platform/json.h"

enum { PORTMONE_NUMBER_MAX = 120, PORTMONE_ID_MAX = 64, PORTMONE_ASK_MAX = 16 * 1024 };

/* ---- questions ---- */

/*
 * {"method":…,"params":{"data":{login, password, payeeId, …: the caller puts the rest and
 * ends it.  The body is bounded by PORTMONE_ASK_MAX.
 */
void portmone_ask_begin(struct json_out *j, const struct portmone *p, const char *method);
void portmone_ask_end(struct json_out *j);

/* "goods":[…]: the one line of the fiscal receipt. */
void portmone_goods_write(struct json_out *j, struct arena *a,
			  const struct portmone_goods *goods);

struct http_request portmone_request(const struct portmone *p, const struct str *body);

/* ---- answers ---- */

/* OK: it is JSON; the document is the caller's.  ERR_DOWN: anything else, *why says what. */
int portmone_answer_parse(struct arena *a, int rc, const struct http_answer *answer,
			  struct json_doc *ret, const char **why) MUST_CHECK;

/* A member by its camel or its snake name; a number as its text; "" when missing or null. */
const char *portmone_member(struct arena *a, const struct json *v, const char *camel,
			    const char *snake);

/* The error in an object: its code and words, fit for a log; NULL when it has none. */
const char *portmone_error(const struct portmone *p, struct arena *a, const struct json *v);

/* "", "0", "00": no error. */
bool portmone_code_is_ok(const char *code);

/* [A-Za-z0-9_-]{min,max} */
bool portmone_is_id(const char *text, size_t min, size_t max);

/* ---- Portmone's clock is Kyiv's, whatever zone the shop shows people ---- */

const char *portmone_dt(struct arena *a, int64_t at);	/* 20261231143559 */
const char *portmone_date(struct arena *a, int64_t at); /* 31.12.2026 */
int64_t portmone_time_read(
	const char *text); /* "31.12.2026 14:35:59" → µs UTC; 0: unreadable */

#endif
