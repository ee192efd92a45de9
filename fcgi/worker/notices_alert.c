/*
 * What administrators are told: rows of OUTBOX_ALERT.  Their data is {"what": word, …}: the
 * phrase is notice.alert.<word>, and the other members are its places; "kop" is {{amount}}.
 */
#include "fcgi/worker/notices.h"

enum { ARGS_MAX = 24 };

struct arguments {
	struct i18n_arg list[ARGS_MAX + 1]; /* ends in a nameless one */
	size_t count;
};

static void argument_add(struct arguments *args, struct i18n_arg arg)
{
	if (args->count < ARGS_MAX)
		args->list[args->count++] = arg;
}

/* A member of the row's words is a place of the phrase. */
static int member_add(const char *name, const struct json *v, void *data)
{
	if (json_type(v) == JSON_TEXT)
		argument_add(data, A(name, json_text(v, "")));
	else if (json_type(v) == JSON_INT)
		argument_add(data, N(name, json_int(v, 0)));
	return 0;
}

/* The row's phrase; NULL when we have none for it. */
static const char *alert_key(const struct notice *n)
{
	const char *what = json_text(json_get(n->data, "what"), "");
	const char *key = arena_printf(n->a, "notice.alert.%s", what);

	/* i18n gives back the key itself when it has no such phrase. */
	return i18n_text(n->lang, key) != key ? key : NULL;
}

int notice_alert_draw(const struct notice *n, struct message *ret)
{
	const char *key = alert_key(n);
	struct arguments args = { 0 };

	if (!key) {
		/* Of a newer version of the shop: better told raw than not at all. */
		key = "notice.alert.other";
		argument_add(&args, A("data", json_print(n->a, n->data)));
		argument_add(&args, A("what", json_text(json_get(n->data, "what"), "?")));
	}
	(void)json_each(n->data, member_add, &args);
	argument_add(&args, A("title", n->title));
	if (json_type(json_get(n->data, "kop")) == JSON_INT)
		argument_add(&args,
			     A("amount", i18n_money(n->a, n->lang,
						    json_int(json_get(n->data, "kop"), 0))));
	if (n->order) {
		argument_add(&args, A("order", n->order->number));
		argument_add(&args, N("quantity", n->order->quantity));
		argument_add(&args, A("total", i18n_money(n->a, n->lang, n->order->total.kop)));
	}
	ret->html = i18n_html(n->a, n->lang, key, args.list);
	return OK;
}
