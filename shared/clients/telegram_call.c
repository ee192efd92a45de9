#include "shared/clients/telegram_call.h"

#include "shared/base/utf8.h"
#include "shared/clients/telegram_private.h"

enum {
	CAPTION_MAX = 1024,	 /* UTF-16 units of a document's text */
	MARKUP_MAX = 128 * 1024, /* bytes of JSON: 100 keys with their addresses */
	DESCRIPTION_MAX = 300,	 /* code points: the longest of the server's own is 190 */
	RETRY_AFTER_DEFAULT = 5, /* of a 429 that does not say: what a restarting server says */
	RETRY_AFTER_MAX = 86400, /* a day: no answer may stop the shop for ever */
	ANSWER_DEPTH = UPDATE_DEPTH_MAX + 8, /* getUpdates holds updates */
	TOKEN_DIGITS_MIN = 2,
};

static const char *const result_names[] = {
	[TELEGRAM_OK] = "ok",
	[TELEGRAM_SAME] = "same",
	[TELEGRAM_GONE] = "gone",
	[TELEGRAM_TOO_OLD] = "too_old",
	[TELEGRAM_BLOCKED] = "blocked",
	[TELEGRAM_MOVED] = "moved",
	[TELEGRAM_FLOOD] = "flood",
	[TELEGRAM_REFUSED] = "refused",
	[TELEGRAM_UNAUTHORIZED] = "unauthorized",
	[TELEGRAM_TROUBLE] = "trouble",
};
_Static_assert(COUNT(result_names) == TELEGRAM__COUNT, "a name for every result");

const char *telegram_result_name(enum telegram_result result)
{
	return result_names[result];
}

/* ---- asking ---- */

struct http_request telegram_request(const struct telegram *t, struct arena *a,
				     const char *method, struct bytes json)
{
	return (struct http_request){
		.url = arena_printf(a, "%s/bot%s/%s", t->api_url, t->token, method),
		.content_type = json.data ? "application/json" : NULL,
		.body = json,
	};
}

static int document_request(const struct telegram *t, struct arena *a, const struct message *m,
			    struct http_request *ret)
{
	struct http_part *parts = arena_array(a, 5, sizeof(*parts));
	size_t n = 0;
	int rc;

	parts[n++] = (struct http_part){
		.name = "chat_id",
		.value = arena_printf(a, "%lld", (long long)m->chat_id),
	};
	if (m->html && *m->html) {
		rc = message_text_check(m->html, CAPTION_MAX);
		if (rc)
			return rc;
		parts[n++] = (struct http_part){ .name = "caption", .value = m->html };
		parts[n++] = (struct http_part){ .name = "parse_mode", .value = "HTML" };
	}
	if (message_has_markup(m)) {
		struct str s = STR(a, MARKUP_MAX);
		struct json_out j = JSON_OUT(&s);

		rc = message_markup_write(&j, m);
		if (rc || !str_ok(&s))
			return rc ? rc : ERR_TOO_LONG;
		parts[n++] = (struct http_part){ .name = "reply_markup", .value = s.data };
	}
	parts[n++] = (struct http_part){
		.name = "document",
		.file = m->file,
		.file_name = m->file_name,
		.file_type = "text/plain",
	};
	*ret = telegram_request(t, a, message_method(m), (struct bytes){ NULL, 0 });
	ret->parts = parts;
	ret->part_count = n;
	return OK;
}

int telegram_message_request(const struct telegram *t, struct arena *a, const struct message *m,
			     struct http_request *ret)
{
	struct bytes json;
	int rc;

	if (m->file_name)
		return document_request(t, a, m, ret);
	rc = message_write(a, m, false, &json);
	if (!rc)
		*ret = telegram_request(t, a, message_method(m), json);
	return rc;
}

struct http_request telegram_callback_request(const struct telegram *t, struct arena *a,
					      const char *callback_id, const char *text,
					      bool alert)
{
	struct str s = STR(a, MARKUP_MAX);
	struct json_out j = JSON_OUT(&s);

	json_open(&j, '{');
	json_add_text(&j, "callback_query_id", callback_id);
	if (text && *text) {
		size_t const fits = utf8_prefix_utf16(text, TELEGRAM_ANSWER_MAX);

		json_add_text(&j, "text", arena_strndup(a, text, fits));
	}
	if (alert)
		json_add_bool(&j, "show_alert", true);
	json_close(&j, '}');
	return telegram_request(t, a, "answerCallbackQuery", (struct bytes){ s.data, s.len });
}

/* ---- what came of it ---- */

/* The words of the server's source; a row without words is for all others of that code. */
static const struct {
	int64_t code;
	const char *words;
	enum telegram_result result;
} meanings[] = {
	{ 400, "message is not modified", TELEGRAM_SAME },
	{ 400, "message to edit not found", TELEGRAM_GONE },
	{ 400, "message can't be edited", TELEGRAM_GONE },
	{ 400, "message to delete not found", TELEGRAM_GONE },
	{ 400, "message can't be deleted", TELEGRAM_GONE },
	{ 400, "MESSAGE_ID_INVALID", TELEGRAM_GONE },
	{ 400, "query is too old", TELEGRAM_TOO_OLD },
	{ 400, "query ID is invalid", TELEGRAM_TOO_OLD },
	{ 400, "QUERY_ID_INVALID", TELEGRAM_TOO_OLD },
	{ 400, "upgraded to a supergroup", TELEGRAM_MOVED },
	{ 400, "chat not found", TELEGRAM_BLOCKED },
	{ 400, "user not found", TELEGRAM_BLOCKED },
	{ 400, "PEER_ID_INVALID", TELEGRAM_BLOCKED },
	{ 401, NULL, TELEGRAM_UNAUTHORIZED },
	{ 403, NULL, TELEGRAM_BLOCKED },
	{ 404, "method not found", TELEGRAM_REFUSED },
	{ 404, NULL, TELEGRAM_UNAUTHORIZED }, /* a token of the wrong shape */
	{ 429, NULL, TELEGRAM_FLOOD },
};

static enum telegram_result meaning_of(int64_t code, const char *description)
{
	for (size_t i = 0; i < COUNT(meanings); i++)
		if (meanings[i].code == code &&
		    (!meanings[i].words || strcasestr(description, meanings[i].words)))
			return meanings[i].result;
	return code >= 400 && code < 500 ? TELEGRAM_REFUSED : TELEGRAM_TROUBLE;
}

/*
 * Telegram quotes what it did not like, a piece of our message: there a code or a payment link
 * may stand.  The end of the quotation that begins at p, NULL when none does; one that is
 * not closed goes to the end, and an apostrophe within a word is no quotation mark.
 */
static const char *quotation_end(const char *text, const char *p)
{
	const char *end;

	if (*p != '"' && (*p != '\'' || (p > text && p[-1] != ' ')))
		return NULL;
	end = strrchr(p + 1, *p);
	return end ? end + 1 : p + strlen(p);
}

/*
 * Quotations are left out.  A proxy on the way may put the address, and with it the token,
 * into its words: whatever looks like one (digits, a colon, letters) is left out as well.
 */
static const char *words_clean(struct arena *a, struct bytes words)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789_-";
	const char *text = words.len
				   ? utf8_clean_line(a, words.data, words.len, DESCRIPTION_MAX)
				   : "";
	const char *p = text;
	struct str s = STR(a, 8 * DESCRIPTION_MAX);

	while (*p) {
		const char *quoted = quotation_end(text, p);
		size_t const digits = strspn(p, "0123456789");
		size_t const secret = digits && p[digits] == ':'
					      ? strspn(p + digits + 1, alphabet)
					      : 0;

		if (quoted) {
			str_add(&s, "…");
			p = quoted;
			continue;
		}
		if (digits >= TOKEN_DIGITS_MIN && secret) {
			str_add(&s, "…");
			p += digits + 1 + secret;
			continue;
		}
		str_addn(&s, p, digits ? digits : 1);
		p += digits ? digits : 1;
	}
	return str_text(&s);
}

static int64_t wait_clamped(int64_t seconds)
{
	if (seconds < 0)
		return 0;
	return seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds;
}

/* ok is false: why. */
static void refusal_read(struct arena *a, int status, struct telegram_answer *ret)
{
	const struct json *root = ret->body.root;
	const struct json *parameters = json_get(root, "parameters");
	int64_t const code = json_int(json_get(root, "error_code"), status);

	ret->description = words_clean(a, json_bytes(json_get(root, "description")));
	ret->result = meaning_of(code, ret->description);
	ret->unsure = ret->result == TELEGRAM_TROUBLE;
	ret->migrate_to = json_int(json_get(parameters, "migrate_to_chat_id"), 0);
	ret->retry_after = wait_clamped(
		json_int(json_get(parameters, "retry_after"), ret->retry_after));
	if (ret->result == TELEGRAM_MOVED && !ret->migrate_to)
		ret->result = TELEGRAM_REFUSED;
	if (ret->result == TELEGRAM_FLOOD && !ret->retry_after)
		ret->retry_after = RETRY_AFTER_DEFAULT;
	if (ret->result != TELEGRAM_FLOOD && ret->result != TELEGRAM_TROUBLE)
		ret->retry_after = 0;
}

void telegram_answer_read(struct arena *a, int rc, const struct http_answer *answer,
			  struct telegram_answer *ret)
{
	const struct json *ok;

	*ret = (struct telegram_answer){ .result = TELEGRAM_TROUBLE, .description = "" };
	if (rc) {
		ret->unsure = rc == ERR_DOWN && answer && answer->sent;
		return;
	}
	ret->retry_after = wait_clamped(answer->retry_after);
	/* Not the Bot API's words: somebody on the way.  A 4xx of theirs was done by nobody. */
	ret->unsure = answer->status < 400 || answer->status >= 500;
	if (json_parse(answer->body, ANSWER_DEPTH, &ret->body))
		return;
	ok = json_get(ret->body.root, "ok");
	if (json_type(ok) != JSON_BOOL)
		return;
	if (!json_bool(ok, false)) {
		refusal_read(a, answer->status, ret);
		return;
	}
	ret->result = TELEGRAM_OK;
	ret->unsure = false;
	ret->retry_after = 0;
	ret->message_id = json_int(json_get(json_get(ret->body.root, "result"), "message_id"),
				   0);
}

void telegram_answer_free(struct telegram_answer *answer)
{
	json_doc_free(&answer->body);
}

void telegram_call(const struct telegram *t, struct arena *a, const char *method,
		   struct bytes json, struct telegram_answer *ret)
{
	struct http_request const request = telegram_request(t, a, method, json);
	struct http_answer answer = { 0 };
	int const rc = http_call(t->http, a, &request, &answer);

	telegram_answer_read(a, rc, &answer, ret);
}
