#include "shared/clients/portmone_link.h"

#include "shared/base/utf8.h"
#include "shared/clients/portmone_private.h"
#include "shared/platform/crypto.h"

enum {
	DESCRIPTION_MAX = 255, /* characters */
	LINK_MAX = 1000,       /* bytes of the address: as many as an order keeps */
};

static char *upper(char *text)
{
	for (char *p = text; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return text;
}

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){ text, strlen(text) };
}

const char *portmone_signature(struct arena *a, const struct portmone *p, const char *dt,
			       const char *order_number, const char *amount)
{
	char *text = arena_printf(a, "%s%s%s%s%s", p->payee_id, dt,
				  crypto_hex_upper(a, bytes_of(order_number)), amount,
				  crypto_hex_upper(a, bytes_of(p->login)));
	unsigned char digest[CRYPTO_SHA256];

	crypto_hmac(p->key, strlen(p->key), bytes_of(upper(text)), digest);
	return crypto_hex_upper(a, (struct bytes){ digest, sizeof(digest) });
}

/* The page shows the languages of the shop; one that is none of them would be the page's own.
 */
static const char *lang_known(const char *lang)
{
	static const char *const known[] = { "uk", "en", "ru" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(lang, known[i]))
			return lang;
	return known[0];
}

/*
 * The amount is signed as it is sent, hence a string: of a number the other side would sign
 * what its own printing makes of it.
 */
static void bill_write(struct json_out *j, const struct portmone *p, struct arena *a,
		       const struct portmone_bill *bill)
{
	const char *dt = portmone_dt(a, bill->now);
	const char *amount = money_plain(a, bill->amount);
	int64_t const seconds = bill->seconds > 1 ? bill->seconds : 1;

	json_open(j, '{');
	json_add_text(j, "method", "createLinkPayment");
	json_key(j, "payee");
	json_open(j, '{');
	json_add_text(j, "payeeId", p->payee_id);
	json_add_text(j, "login", p->login);
	json_add_text(j, "dt", dt);
	json_add_text(j, "signature", portmone_signature(a, p, dt, bill->order_number, amount));
	json_add_text(j, "shopSiteId", "");
	json_close(j, '}');
	json_key(j, "order");
	json_open(j, '{');
	json_add_text(j, "description",
		      utf8_clean_line(a, bill->description, strlen(bill->description),
				      DESCRIPTION_MAX - 1));
	json_add_text(j, "shopOrderNumber", bill->order_number);
	json_add_text(j, "billAmount", amount);
	json_add_text(j, "successUrl", bill->success_url);
	json_add_text(j, "failureUrl", bill->failure_url);
	json_add_text(j, "preauthFlag", "N");
	json_add_text(j, "billCurrency", "UAH");
	json_add_text(j, "expTime", arena_printf(a, "%lld", (long long)seconds));
	json_add_text(j, "encoding", "UTF-8");
	json_close(j, '}');
	if (bill->goods)
		portmone_goods_write(j, a, bill->goods);
	json_key(j, "payer");
	json_open(j, '{');
	json_add_text(j, "lang", lang_known(bill->lang));
	json_add_text(j, "emailAddress", "");
	json_add_text(j, "showEmail", "Y");
	json_close(j, '}');
	json_close(j, '}');
}

/* Past the name or number of this very host; NULL for any other. */
static const char *loopback_skip(const char *host)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]" };

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *rest = host + strlen(names[i]);

		if (!strncmp(host, names[i], strlen(names[i])) && strchr(":/?", *rest))
			return rest;
	}
	return NULL;
}

/* https anywhere, http on this very host (the sandbox); nothing a browser could take otherwise.
 */
static bool link_is_good(const char *url)
{
	size_t const len = strlen(url);
	const char *host = strstr(url, "://");
	size_t host_len;

	if (!host || len > LINK_MAX)
		return false;
	host += 3;
	host_len = strcspn(host, "/?#");
	for (size_t i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' || strchr("\"<>\\`", url[i]))
			return false;
	if (!host_len || memchr(host, '@', host_len))
		return false;
	if (!strncmp(url, "https://", 8))
		return true;
	return !strncmp(url, "http://", 7) && loopback_skip(host);
}

struct http_request portmone_link_request(const struct portmone *p, struct arena *a,
					  const struct portmone_bill *bill)
{
	struct str body = STR(a, PORTMONE_ASK_MAX);
	struct json_out j = JSON_OUT(&body);

	bill_write(&j, p, a, bill);
	return portmone_request(p, &body);
}

int portmone_link_read(const struct portmone *p, struct arena *a, int rc,
		       const struct http_answer *answer, const char **ret_url, const char **why)
{
	AUTO_JSON doc = { 0 };
	const struct json *said;
	const char *error;
	const char *url;

	*why = "";
	rc = portmone_answer_parse(a, rc, answer, &doc, why);
	if (rc)
		return rc;
	/* An object; the other methods answer with one in an array, so that is understood. */
	said = json_type(doc.root) == JSON_ARRAY ? json_at(doc.root, 0) : doc.root;
	error = portmone_error(p, a, said);
	if (error) {
		*why = error;
		return ERR_DENIED;
	}
	url = portmone_member(a, said, "linkPayment", "link_payment");
	if (!link_is_good(url)) {
		*why = *url ? "linkPayment is no address" : "no linkPayment";
		return ERR_DOWN;
	}
	*ret_url = url;
	return OK;
}

int portmone_link(const struct portmone *p, struct arena *a, const struct portmone_bill *bill,
		  const char **ret_url, const char **why)
{
	struct http_request const request = portmone_link_request(p, a, bill);
	struct http_answer answer = { 0 };
	int const rc = http_call(p->http, a, &request, &answer);

	return portmone_link_read(p, a, rc, &answer, ret_url, why);
}
