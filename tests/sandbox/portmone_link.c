#include "tests/sandbox/portmone_link.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "tests/sandbox/portmone_book.h"
#include "tests/sandbox/text.h"
#include "tests/sandbox/world.h"

enum {
	ORDER_MAX = 120,
	DESCRIPTION_MAX = 255,
	ATTRIBUTE5_MAX = 500,
	SIGNATURE_LEN = 64,
	MONTH_SECONDS = 31 * 24 * 3600,
};

/* Every field that a request was ever seen to carry; "*": any of that block. */
static const struct {
	const char *block; /* "": the outermost */
	const char *fields;
} known[] = {
	{ "", " method payee order token payer paymentTypes priorityPaymentTypes goods "
	      "installmentPlan "
	      "autopayment style shipping id " },
	{ "payee",
	  " payeeId login dt signature shopSiteId appleMerchantName appleMerchantLabel " },
	{ "order",
	  " description shopOrderNumber billAmount attribute1 attribute2 attribute3 attribute4 "
	  "attribute5 successUrl failureUrl preauthFlag billCurrency expTime encoding " },
	{ "token", " tokenFlag returnToken token cardMask otherPaymentMethods " },
	{ "payer", " lang emailAddress showEmail " },
};

static bool fields_known(struct question *q, const char *block, struct json_object *o)
{
	const char *fields = "";

	for (size_t i = 0; i < COUNT(known); i++) {
		if (text_is(known[i].block, block))
			fields = known[i].fields;
	}
	json_object_object_foreach (o, name, value) {
		AUTO_TEXT word = { 0 };

		(void)value;
		text_addf(&word, " %s ", name);
		if (strstr(fields, word.data))
			continue;
		question_refuse(q, "20", "there is no field %s%s%s", block, *block ? "." : "",
				name);
		return false;
	}
	return true;
}

static bool blocks_check(struct question *q)
{
	static const struct {
		const char *name;
		bool needed;
	} blocks[] = {
		{ "payee", true }, { "order", true }, { "token", false }, { "payer", false }
	};

	if (!fields_known(q, "", q->body))
		return false;
	for (size_t i = 0; i < COUNT(blocks); i++) {
		struct json_object *block = json_member(q->body, blocks[i].name);

		if (!block && !blocks[i].needed)
			continue;
		if (!json_object_is_type(block, json_type_object)) {
			question_refuse(q, "20", "%s must be an object", blocks[i].name);
			return false;
		}
		if (!fields_known(q, blocks[i].name, block))
			return false;
	}
	return true;
}

/* ---- the payee and the signature ---- */

static int two_digits(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

/* YYYYMMDDhhmmss */
static bool dt_valid(const char *dt)
{
	return strlen(dt) == 14 && strspn(dt, "0123456789") == 14 && two_digits(dt) >= 20 &&
	       two_digits(dt + 4) >= 1 && two_digits(dt + 4) <= 12 && two_digits(dt + 6) >= 1 &&
	       two_digits(dt + 6) <= 31 && two_digits(dt + 8) < 24 &&
	       two_digits(dt + 10) < 60 && two_digits(dt + 12) < 60;
}

static void add_upper(struct text *t, const char *s)
{
	for (; *s; s++)
		text_addc(t, (char)(*s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s));
}

static void add_hex(struct text *t, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text_addf(t, "%02X", (unsigned char)bytes[i]);
}

static bool signature_right(const char *signature, const char *dt, const char *order,
			    const char *amount)
{
	AUTO_TEXT message = { 0 };
	AUTO_TEXT expected = { 0 };
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	add_upper(&message, options.payee);
	add_upper(&message, dt);
	add_hex(&message, order, strlen(order));
	add_upper(&message, amount);
	add_hex(&message, options.login, strlen(options.login));
	HMAC(EVP_sha256(), options.key, (int)strlen(options.key),
	     (const unsigned char *)message.data, message.len, mac, &len);
	add_hex(&expected, (const char *)mac, len);
	return strlen(signature) == SIGNATURE_LEN &&
	       CRYPTO_memcmp(signature, expected.data, SIGNATURE_LEN) == 0;
}

static bool payee_check(struct question *q, const char *order, const char *amount)
{
	struct json_object *payee = json_member(q->body, "payee");
	const char *id = question_text(payee, "payeeId");
	const char *login = json_string(payee, "login");
	const char *dt = json_string(payee, "dt");
	const char *signature = json_string(payee, "signature");

	if (!text_is(id, options.payee))
		question_refuse(q, "15", "payee.payeeId is not ours");
	else if (!text_is(login, options.login))
		question_refuse(q, "15", "payee.login is not ours");
	else if (!dt || !dt_valid(dt))
		question_refuse(q, "16", "payee.dt must be YYYYMMDDhhmmss");
	else if (!signature || !signature_right(signature, dt, order, amount))
		question_refuse(q, "17", "payee.signature is wrong");
	else
		return true;
	return false;
}

/* ---- the order ---- */

static bool address_valid(const char *url)
{
	return url && (text_begins(url, "https://") || text_begins(url, "http://")) &&
	       strlen(url) < 2048 && !strpbrk(url, " \"<>\n\r\t");
}

/* Absent, empty, or one of the words. */
static bool word_fits(const char *value, const char *words)
{
	AUTO_TEXT word = { 0 };

	if (!value || !*value)
		return true;
	text_addf(&word, " %s ", value);
	return strstr(words, word.data);
}

static bool order_check(struct question *q, struct bill *ret)
{
	struct json_object *order = json_member(q->body, "order");
	const char *amount = question_text(order, "billAmount");
	const char *seconds = question_text(order, "expTime");
	const char *attribute5 = question_text(order, "attribute5");

	ret->order = json_string(order, "shopOrderNumber");
	ret->description = json_string(order, "description");
	ret->success_url = json_string(order, "successUrl");
	ret->failure_url = json_string(order, "failureUrl");
	if (!ret->order || !*ret->order || utf8_count(ret->order) > ORDER_MAX)
		question_refuse(q, "21",
				"order.shopOrderNumber must be a text of 1-120 characters");
	else if (!amount || !book_money_read(amount, &ret->kopiykas))
		question_refuse(q, "22",
				"order.billAmount must be hryvnias above 0, like 100.00");
	else if (!payee_check(q, ret->order, amount))
		return false;
	else if (!ret->description || !*ret->description ||
		 utf8_count(ret->description) > DESCRIPTION_MAX)
		question_refuse(q, "23",
				"order.description must be a text of 1-255 characters");
	else if (!address_valid(ret->success_url) || !address_valid(ret->failure_url))
		question_refuse(q, "24",
				"order.successUrl and failureUrl must be web addresses");
	else if (seconds && *seconds &&
		 (!number_read(seconds, &ret->seconds) || ret->seconds < 1 ||
		  ret->seconds > MONTH_SECONDS))
		question_refuse(q, "25", "order.expTime must be seconds");
	else if (!text_is(json_string(order, "billCurrency"), "UAH"))
		question_refuse(q, "26", "order.billCurrency must be UAH here");
	else if (!word_fits(json_string(order, "preauthFlag"), " N "))
		question_refuse(q, "27", "order.preauthFlag must be N here");
	else if (!word_fits(json_string(order, "encoding"), " UTF-8 utf-8 "))
		question_refuse(q, "28", "order.encoding must be UTF-8");
	else if (attribute5 && strlen(attribute5) > ATTRIBUTE5_MAX)
		question_refuse(q, "29", "order.attribute5 is too long");
	else
		return true;
	return false;
}

bool link_goods_check(struct question *q, struct json_object *goods, int64_t kopiykas)
{
	int64_t sum = 0;

	if (!goods)
		return true;
	if (!json_object_is_type(goods, json_type_array)) {
		question_refuse(q, "30", "goods must be an array");
		return false;
	}
	for (size_t i = 0; i < json_object_array_length(goods); i++) {
		struct json_object *line = json_object_array_get_idx(goods, i);
		const char *amount = question_text(line, "amount");
		int64_t value;

		if (!question_text(line, "name") || !question_text(line, "price") ||
		    !question_text(line, "quantity") || !amount ||
		    !book_money_read(amount, &value)) {
			question_refuse(q, "30", "goods need name, price, quantity and amount");
			return false;
		}
		sum += value;
	}
	if (sum == kopiykas)
		return true;
	question_refuse(q, "30", "goods must add up to the amount");
	return false;
}

void link_create(struct question *q)
{
	struct bill bill = { .base_url = q->base_url };
	const char *lang = json_string(json_member(q->body, "payer"), "lang");
	AUTO_JSON *attributes = json_object_new_object();
	AUTO_TEXT url = { 0 };
	char name[40];
	char key[] = "attribute1";

	if (q->form) {
		question_refuse(q, "20", "createLinkPayment is asked for in JSON");
		return;
	}
	if (!blocks_check(q) || !order_check(q, &bill) ||
	    !link_goods_check(q, json_member(q->body, "goods"), bill.kopiykas))
		return;
	if (!word_fits(lang, " uk en ru ")) {
		question_refuse(q, "31", "payer.lang must be uk, en or ru");
		return;
	}
	for (; key[9] <= '5'; key[9]++) {
		const char *value = question_text(json_member(q->body, "order"), key);

		json_put_string(attributes, key, value && *value ? value : NULL);
	}
	bill.attributes = attributes;
	bill.lang = lang && *lang ? lang : "uk";
	book_bill_add(&bill, name, &url);
	q->answer = json_object_new_object();
	json_put_string(q->answer, "linkPayment", url.data);
	json_put_string(q->answer, "errorCode", "0");
	json_put_string(q->answer, "error", "");
}
