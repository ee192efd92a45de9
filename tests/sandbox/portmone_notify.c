#include "tests/sandbox/portmone_notify.h"

#include <strings.h>

#include "tests/sandbox/events.h"
#include "tests/sandbox/portmone_book.h"
#include "tests/sandbox/store.h"
#include "tests/sandbox/world.h"

/* Nobody outside knows the real schedule; a few patient repeats. */
enum { ATTEMPTS_MAX = 5, FIRST_PAUSE = 2, ANSWER_SECONDS = 15, PAUSE = 3600 };

struct notice {
	struct post post;
	int64_t id; /* 0: asked for by hand, not in the list */
	int64_t attempts;
	bool xml;
	char *url;
	char *body;
	struct notice *next;
};

static struct notice *notices; /* under way; the courier's own */

/* ---- what is said ---- */

static const char *of_row(struct json_object *row, const char *key)
{
	const char *value = json_string(row, key);

	return value ? value : "";
}

static void xml_add(struct text *xml, const char *name, const char *value)
{
	text_addf(xml, "<%s>", name);
	text_add_escaped(xml, value);
	text_addf(xml, "</%s>", name);
}

/* The payee comes last in the newer samples. */
static char *xml_body(struct json_object *row, const char *order, const char *bill_id)
{
	struct text form = { 0 };
	AUTO_TEXT xml = { 0 };
	double const now = clock_now();

	text_add(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><BILLS><BILL>"
		       "<BANK><NAME>SANDBOX</NAME><CODE>300000</CODE><ACCOUNT>26000000000000</"
		       "ACCOUNT></BANK>");
	xml_add(&xml, "BILL_ID", bill_id);
	xml_add(&xml, "BILL_NUMBER", order);
	xml_add(&xml, "BILL_DATE", book_time(now, "%Y-%m-%d"));
	xml_add(&xml, "BILL_PERIOD", book_time(now, "%m%y"));
	xml_add(&xml, "PAY_DATE", book_time(now, "%Y-%m-%d"));
	xml_add(&xml, "PAY_TIME", book_time(now, "%H:%M:%S"));
	xml_add(&xml, "PAYED_AMOUNT", of_row(row, "billAmount"));
	xml_add(&xml, "PAYED_COMMISSION", "0");
	xml_add(&xml, "PAYED_DEBT", "0");
	xml_add(&xml, "AUTH_CODE", of_row(row, "authCode"));
	xml_add(&xml, "STATUS", "PAYED");
	xml_add(&xml, "CARD_MASK", of_row(row, "cardMask"));
	text_add(&xml, "<PAYER>");
	xml_add(&xml, "CONTRACT_NUMBER", of_row(row, "description"));
	xml_add(&xml, "ATTRIBUTE1", of_row(row, "attribute1"));
	text_add(&xml, "</PAYER><PAYEE>");
	xml_add(&xml, "NAME", "Kartka");
	xml_add(&xml, "CODE", options.payee);
	text_add(&xml, "</PAYEE></BILL></BILLS>");
	text_add(&form, "data=");
	text_add_encoded(&form, xml.data);
	return text_take(&form);
}

static char *json_body(struct json_object *row, const char *order, const char *bill_id)
{
	AUTO_JSON *body = json_object_new_object();

	json_put_string(body, "shopOrderNumber", order);
	json_put_string(body, "shopBillId", bill_id);
	json_put_given(body, "status", of_row(row, "status"));
	json_put_given(body, "billAmount", of_row(row, "billAmount"));
	json_put_given(body, "pay_date", of_row(row, "pay_date"));
	json_put_string(body, "payee_id", options.payee);
	return text_copy(json_text(body));
}

static void notice_fill(struct notice *n, const char *order, const char *bill_id)
{
	int64_t id = 0;
	AUTO_JSON *row = number_read(bill_id, &id) ? book_row(id) : NULL;
	struct text url = { 0 };

	text_addf(&url, "%s/portmone/notify", options.shop);
	n->url = text_take(&url);
	n->body = n->xml ? xml_body(row, order, bill_id) : json_body(row, order, bill_id);
	n->post = (struct post){
		.url = n->url,
		.content_type = n->xml ? "application/x-www-form-urlencoded"
				       : "application/json",
		.body = n->body,
		.len = strlen(n->body),
		.timeout_ms = ANSWER_SECONDS * 1000L,
		.owner = n,
	};
}

static void notice_release(struct notice *n)
{
	post_release(&n->post);
	free(n->url);
	free(n->body);
}

/* ---- what is answered ---- */

static bool answer_is_ok(const struct notice *n, const char **why)
{
	const char *body = text_of(&n->post.answer);
	AUTO_JSON *o = NULL;

	*why = "not answered with 200";
	if (n->post.status != 200)
		return false;
	if (n->xml) {
		*why = "not the XML RESULT with ERROR_CODE 0, as text/xml";
		return strncasecmp(n->post.answer_type, "text/xml", 8) == 0 &&
		       strstr(body, "<RESULT>") && strstr(body, "<ERROR_CODE>0</ERROR_CODE>") &&
		       strstr(body, "<REASON>OK</REASON>");
	}
	*why = "not {\"errorCode\":\"0\",\"reason\":\"OK\",\"responseId\":\"…\"} as "
	       "application/json";
	o = json_parse_object(body, n->post.answer.len);
	return strncasecmp(n->post.answer_type, "application/json", 16) == 0 &&
	       text_is(json_string(o, "errorCode"), "0") &&
	       text_is(json_string(o, "reason"), "OK") && json_string(o, "responseId");
}

/* 5xx and no answer are the shop's trouble, which a repeat mends; anything else is a mistake.
 */
static void notice_event(struct notice *n, bool ok, const char *why)
{
	AUTO_JSON *request = NULL;
	AUTO_JSON *response = NULL;
	bool const trouble = !n->post.status || n->post.status >= 500;

	if (n->xml) {
		AUTO_FREE char *xml = text_copy(n->body + strlen("data="));

		percent_decode(xml, true);
		request = json_object_new_string(xml);
	} else {
		request = json_parse(n->body, strlen(n->body));
	}
	response = json_parse(text_of(&n->post.answer), n->post.answer.len);
	if (!response)
		response = json_object_new_string(n->post.status ? text_of(&n->post.answer)
								 : n->post.error);
	event_add(&(struct event){
		.from = "portmone",
		.to = "shop",
		.what = n->xml ? "notification (XML)" : "notification",
		.status = n->post.status,
		.started_at = n->post.started_at,
		.request = request,
		.response = response,
		.violation = ok || trouble ? NULL : why,
	});
}

static void notify_done(struct post *post)
{
	struct notice *n = post->owner;
	const char *why;
	bool const ok = answer_is_ok(n, &why);

	for (struct notice **at = &notices; *at; at = &(*at)->next) {
		if (*at != n)
			continue;
		*at = n->next;
		break;
	}
	world_lock();
	notice_event(n, ok, why);
	if (ok || n->attempts + 1 >= ATTEMPTS_MAX)
		store_run("DELETE FROM notifications WHERE id = ?", "i", n->id);
	else
		store_run("UPDATE notifications SET attempts = attempts + 1, next_at = ? WHERE "
			  "id = ?",
			  "di", clock_now() + clock_scaled(FIRST_PAUSE << n->attempts), n->id);
	world_unlock();
	notice_release(n);
	free(n);
}

/* ---- sending ---- */

void notify_plan(int64_t row, const char *format)
{
	store_run("INSERT INTO notifications (row, format, next_at) VALUES (?, ?, ?)", "isd",
		  row, format, clock_now());
	world_changed();
}

static bool is_under_way(int64_t id)
{
	for (struct notice *n = notices; n; n = n->next) {
		if (n->id == id)
			return true;
	}
	return false;
}

static void notice_start(CURLM *multi, struct json_object *due)
{
	struct notice *n = memory_new(sizeof(*n));
	int64_t const row_id = json_int(due, "row", 0);
	AUTO_JSON *row = book_row(row_id);

	*n = (struct notice){
		.id = json_int(due, "id", 0),
		.attempts = json_int(due, "attempts", 0),
		.xml = text_is(json_string(due, "format"), "xml"),
		.next = notices,
	};
	notice_fill(n, of_row(row, "shopOrderNumber"), of_row(row, "shopBillId"));
	n->post.done = notify_done;
	notices = n;
	post_start(multi, &n->post);
}

double notify_start(CURLM *multi)
{
	AUTO_JSON *list = store_rows(
		"SELECT id, row, format, attempts, next_at FROM notifications"
		" ORDER BY next_at",
		"");
	double const now = clock_now();

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *due = json_object_array_get_idx(list, i);

		if (is_under_way(json_int(due, "id", 0)))
			continue;
		if (json_number(due, "next_at", 0) > now)
			return json_number(due, "next_at", 0);
		notice_start(multi, due);
	}
	return now + PAUSE;
}

void notify_stop(CURLM *multi)
{
	while (notices) {
		struct notice *n = notices;

		notices = n->next;
		post_abandon(multi, &n->post);
		notice_release(n);
		free(n);
	}
}

struct json_object *notify_now(const char *order, const char *bill_id, const char *format,
			       size_t count, size_t parallel)
{
	struct json_object *outcomes = json_object_new_array();
	struct notice *all = memory_new(count * sizeof(*all));
	struct post *posts = memory_new(count * sizeof(*posts));

	world_lock();
	for (size_t i = 0; i < count; i++) {
		all[i] = (struct notice){ .xml = text_is(format, "xml") };
		notice_fill(&all[i], order, bill_id);
		posts[i] = all[i].post;
	}
	world_unlock();
	post_run(posts, count, parallel);
	world_lock();
	for (size_t i = 0; i < count; i++) {
		struct json_object *outcome = json_object_new_object();
		const char *why;
		bool ok;

		all[i].post = posts[i];
		ok = answer_is_ok(&all[i], &why);
		notice_event(&all[i], ok, why);
		json_put_int(outcome, "status", posts[i].status);
		json_put_string(outcome, "body", text_of(&posts[i].answer));
		json_put_flag(outcome, "ok", ok);
		json_object_array_add(outcomes, outcome);
		notice_release(&all[i]);
	}
	world_unlock();
	free(posts);
	free(all);
	return outcomes;
}
