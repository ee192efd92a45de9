#include "shared/clients/portmone_private.h"

#include "shared/base/utf8.h"

enum {
	ANSWER_DEPTH = 16,    /* a real answer has three levels */
	GOODS_NAME_MAX = 128, /* characters on a receipt's line */
	WORDS_MAX = 200,      /* code points in a log line */
	CARD_MIN = 8,	      /* digits and asterisks of a card's mask */
};

void portmone_ask_begin(struct json_out *j, const struct portmone *p, const char *method)
{
	json_open(j, '{');
	json_add_text(j, "method", method);
	json_key(j, "params");
	json_open(j, '{');
	json_key(j, "data");
	json_open(j, '{');
	json_add_text(j, "login", p->login);
	json_add_text(j, "password", p->password);
	json_add_text(j, "payeeId", p->payee_id);
}

void portmone_ask_end(struct json_out *j)
{
	json_close(j, '}');
	json_close(j, '}');
	json_add_text(j, "id", "1");
	json_close(j, '}');
}

void portmone_goods_write(struct json_out *j, struct arena *a,
			  const struct portmone_goods *goods)
{
	int64_t const sum = goods->price.kop * goods->quantity - goods->discount.kop;

	json_key(j, "goods");
	json_open(j, '[');
	json_open(j, '{');
	json_add_text(j, "internalCode", goods->code);
	json_add_text(j, "name",
		      utf8_clean_line(a, goods->name, strlen(goods->name), GOODS_NAME_MAX - 1));
	json_add_text(j, "price", money_plain(a, goods->price));
	json_add_text(j, "quantity", arena_printf(a, "%d", goods->quantity));
	json_add_text(j, "amount", money_plain(a, MONEY(sum)));
	if (goods->discount.kop > 0)
		json_add_text(j, "discount", money_plain(a, goods->discount));
	json_close(j, '}');
	json_close(j, ']');
}

/* A body that passes its limit is cut JSON: refused over there like any other nonsense. */
struct http_request portmone_request(const struct portmone *p, const struct str *body)
{
	return (struct http_request){
		.url = p->url,
		.content_type = "application/json", /* chooses the dialect over there */
		.body = { str_text(body), body->len },
	};
}

int portmone_answer_parse(struct arena *a, int rc, const struct http_answer *answer,
			  struct json_doc *ret, const char **why)
{
	if (rc) {
		*why = "no answer";
		return ERR_DOWN;
	}
	if (answer->status != 200) {
		*why = arena_printf(a, "status %d", answer->status);
		return ERR_DOWN;
	}
	if (!json_parse(answer->body, ANSWER_DEPTH, ret))
		return OK;
	/* A wrong password is told by a page with status 200. */
	*why = answer->body.len && *(const char *)answer->body.data == '<' ? "HTML, not JSON"
									   : "not JSON";
	return ERR_DOWN;
}

const char *portmone_member(struct arena *a, const struct json *v, const char *camel,
			    const char *snake)
{
	const char *text = json_scalar(a, json_get(v, camel), "");

	return *text || !snake ? text : json_scalar(a, json_get(v, snake), "");
}

bool portmone_code_is_ok(const char *code)
{
	return code[strspn(code, "0")] == '\0';
}

bool portmone_is_id(const char *text, size_t min, size_t max)
{
	size_t const len = strlen(text);

	return len >= min && len <= max &&
	       strspn(text,
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
		       len;
}

/* ---- words for the log ---- */

static size_t secret_len(const char *p, const char *secret)
{
	size_t const len = strlen(secret);

	return len && !strncmp(p, secret, len) ? len : 0;
}

static size_t card_len(const char *p)
{
	size_t const len = strspn(p, "0123456789*");

	return len >= CARD_MIN && memchr(p, '*', len) ? len : 0;
}

/* What Portmone says, on one line and without what it may repeat: secrets and card masks. */
static const char *words_clean(const struct portmone *p, struct arena *a, const char *words)
{
	const char *const secrets[] = { p->password, p->key };
	const char *at = utf8_clean_line(a, words, strlen(words), WORDS_MAX);
	struct str s = STR(a, 8 * WORDS_MAX);

	while (*at) {
		size_t skip = card_len(at);

		for (size_t i = 0; !skip && i < COUNT(secrets); i++)
			skip = secret_len(at, secrets[i]);
		if (skip)
			str_add(&s, "…");
		else
			str_addc(&s, *at);
		at += skip ? skip : 1;
	}
	return str_text(&s);
}

const char *portmone_error(const struct portmone *p, struct arena *a, const struct json *v)
{
	const char *code = portmone_member(a, v, "errorCode", "error_code");
	const struct json *error = json_get(v, "error");
	const char *words = json_type(error) == JSON_OBJECT
				    ? portmone_member(a, error, "message", NULL)
				    : portmone_member(a, v, "error", NULL);

	if (!*words)
		words = portmone_member(a, v, "errorMessage", "error_message");
	if (*code ? portmone_code_is_ok(code) : !*words)
		return NULL;
	return words_clean(p, a,
			   arena_printf(a, "error%s%s: %s", *code ? " " : "", code, words));
}
