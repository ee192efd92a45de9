#include "shared/service/delivery.h"

#include "shared/base/clock.h"
#include "shared/domain/payment.h"
#include "shared/domain/stock.h"
#include "shared/service/button.h"

enum {
	CAPTION_MAX = 1024, /* UTF-16 units of a document's text, as Telegram counts */
	COPY_ROW = 5,	    /* keys to copy a code, side by side */
	FILE_MAX = 256 * 1024,
	YEARS_9000 = 9000 - 1970,
};

/* "9999-12-31" stands for codes that don't expire. */
#define NEVER_AT (INT64_C(31556952) * YEARS_9000 * CLOCK_SECOND)

struct delivery {
	struct arena *a;
	const struct order *order;
	enum lang lang;
	const char *title;
	const char *instruction; /* "" without */
	const char *receipt_url; /* "" without */
	const struct stock_code *codes;
	const char **plain; /* the codes in clear text, by slot */
	size_t count;
	int slot; /* only this one, in another's place; 0: all */
};

/* ---- what is delivered ---- */

static int codes_open(struct db *db, const struct code_vault *vault, struct delivery *d)
{
	struct stock_code *codes;
	int rc = stock_of_order(db, d->a, d->order->id, &codes, &d->count);

	if (rc)
		return rc;
	if (!d->count || d->count != (size_t)d->order->quantity)
		return ERR_CONFLICT;
	if (d->slot) {
		for (size_t i = 0; i < d->count; i++)
			if (codes[i].slot == d->slot)
				codes[0] = codes[i];
		d->count = 1;
		if (codes[0].slot != d->slot)
			return ERR_CONFLICT;
	}
	d->codes = codes;
	d->plain = arena_array(d->a, d->count, sizeof(*d->plain));
	for (size_t i = 0; !rc && i < d->count; i++)
		rc = code_open(d->a, vault, codes[i].value_id, &codes[i].sealed, &d->plain[i]);
	return rc;
}

int delivery_receipt(struct db *db, struct arena *a, const struct order *order,
		     const char **ret)
{
	struct payment *payments;
	size_t count;
	int const rc = payment_list_of_order(db, a, order->id, &payments, &count);

	if (rc)
		return rc;
	*ret = "";
	for (size_t i = 0; i < count; i++)
		if (payments[i].applied)
			*ret = payments[i].receipt_url;
	return OK;
}

const char *delivery_title(struct arena *a, const struct catalog *catalog,
			   const struct card_value *value, enum lang lang)
{
	const struct category *category = value ? catalog_category(catalog, value->category_id)
						: NULL;

	if (!value)
		return "?";
	if (!category)
		return value->title[lang];
	return i18n_plain(a, lang, "notice.title",
			  I18N_ARGS(A("category", category->title[lang]),
				    A("value", value->title[lang])));
}

/* ---- the text ---- */

/* " · № 77 · до 31.12.2028", as far as there is something to say. */
static void code_remarks(const struct delivery *d, size_t i, bool html, struct str *to)
{
	const struct stock_code *code = &d->codes[i];
	const char *(*phrase)(struct arena *, enum lang, const char *,
			      const struct i18n_arg *) = html ? i18n_html : i18n_plain;

	if (*code->serial) {
		str_add(to, " · ");
		str_add(to, phrase(d->a, d->lang, "notice.serial",
				   I18N_ARGS(A("serial", code->serial))));
	}
	if (code->expires_at < NEVER_AT) {
		str_add(to, " · ");
		str_add(to, phrase(d->a, d->lang, "notice.until",
				   I18N_ARGS(A("date", clock_date(d->a, code->expires_at)))));
	}
}

static void codes_add(const struct delivery *d, struct str *to)
{
	for (size_t i = 0; i < d->count; i++) {
		str_add(to, "\n<code>");
		str_add_html(to, d->plain[i]);
		str_add(to, "</code>");
		code_remarks(d, i, true, to);
	}
}

static void ending_add(const struct delivery *d, bool instruction, struct str *to)
{
	if (instruction && *d->instruction) {
		str_add(to, "\n\n");
		str_add(to, TR(d->a, d->lang, "notice.instruction", A("text", d->instruction)));
	}
	str_add(to, "\n\n");
	str_add(to, TR(d->a, d->lang, "notice.order", A("order", d->order->number),
		       A("title", d->title)));
	if (*d->receipt_url) {
		str_add(to, "\n");
		str_add(to, TR(d->a, d->lang, "notice.receipt", A("url", d->receipt_url)));
	}
}

static bool codes_fit(const struct delivery *d)
{
	size_t bytes = 0;

	for (size_t i = 0; i < d->count; i++)
		bytes += strlen(d->plain[i]);
	return d->count <= INLINE_CODES_MAX && bytes <= INLINE_CODES_BYTES;
}

/* The codes in the message itself.  False: they don't fit. */
static bool text_draw(const struct delivery *d, struct message *to)
{
	struct str s = STR(d->a, TELEGRAM_HTML_MAX);

	if (!codes_fit(d))
		return false;
	str_add(&s, d->slot ? TR0(d->lang, "notice.replaced")
			    : TR(d->a, d->lang, "notice.delivered", N("n", (int64_t)d->count)));
	codes_add(d, &s);
	ending_add(d, true, &s);
	if (!str_ok(&s) || message_text_len(str_text(&s)) > TELEGRAM_TEXT_MAX)
		return false;
	to->html = str_text(&s);
	return true;
}

/* ---- the file ---- */

static int file_draw(const struct delivery *d, struct message *to)
{
	struct str file = STR(d->a, FILE_MAX);
	struct str caption = STR(d->a, TELEGRAM_HTML_MAX);
	size_t head;

	for (size_t i = 0; i < d->count; i++) {
		str_add(&file, d->plain[i]);
		code_remarks(d, i, false, &file);
		str_add(&file, "\r\n");
	}
	str_add(&caption,
		TR(d->a, d->lang, "notice.delivered_file", N("n", (int64_t)d->count)));
	head = caption.len;
	ending_add(d, true, &caption);
	if (message_text_len(str_text(&caption)) > CAPTION_MAX) {
		/* The instruction goes where there is room for it. */
		str_cut(&caption, head);
		ending_add(d, false, &caption);
		str_add(&file, "\r\n");
		str_add(&file, i18n_plain(d->a, d->lang, "notice.instruction",
					  I18N_ARGS(A("text", d->instruction))));
		str_add(&file, "\r\n");
	}
	if (!str_ok(&file) || !str_ok(&caption))
		return ERR_TOO_LONG;
	to->html = str_text(&caption);
	to->file_name = arena_printf(d->a, "%s.txt", d->order->number);
	to->file = (struct bytes){ file.data, file.len };
	return OK;
}

/* ---- the keys ---- */

static void copy_keys_add(const struct delivery *d, struct keyboard *k)
{
	if (d->count == 1) {
		keyboard_row(d->a, k);
		keyboard_copy(d->a, k, TR0(d->lang, "notice.copy"), d->plain[0]);
		return;
	}
	for (size_t i = 0; i < d->count; i++) {
		if (i % COPY_ROW == 0)
			keyboard_row(d->a, k);
		keyboard_copy(d->a, k,
			      i18n_plain(d->a, d->lang, "notice.code",
					 I18N_ARGS(N("n", (int64_t)i + 1))),
			      d->plain[i]);
	}
}

static void keys_add(const struct delivery *d, const struct card_value *value,
		     struct keyboard *k)
{
	keyboard_row(d->a, k);
	keyboard_data(d->a, k, TR0(d->lang, "notice.problem"), BUTTON_PROBLEM,
		      (long long)d->order->id);
	/* In a new message: an edit would take the codes away. */
	if (value && !value->hidden)
		keyboard_data(d->a, k, TR0(d->lang, "notice.buy_more"), BUTTON_BUY_MORE,
			      (long long)value->id);
}

static int draw(struct db *db, const struct code_vault *vault, struct catalog *catalog,
		struct delivery *d, struct message *ret)
{
	const struct order *order = d->order;
	struct message message = { 0 };
	const struct card_value *value;
	int rc;

	d->instruction = "";
	d->receipt_url = "";
	if ((rc = catalog_refresh_for(catalog, db, order->value_id, clock_monotonic_ms())) ||
	    (rc = codes_open(db, vault, d)) ||
	    (rc = delivery_receipt(db, d->a, order, &d->receipt_url)))
		return rc;
	value = catalog_value(catalog, order->value_id);
	d->title = delivery_title(d->a, catalog, value, d->lang);
	if (value)
		d->instruction = value->instruction[d->lang];
	if (text_draw(d, &message))
		copy_keys_add(d, &message.buttons);
	else if ((rc = file_draw(d, &message)))
		return rc;
	keys_add(d, value, &message.buttons);
	*ret = message;
	return OK;
}

int delivery_message(struct db *db, struct arena *a, const struct code_vault *vault,
		     struct catalog *catalog, const struct order *order, enum lang lang,
		     struct message *ret)
{
	struct delivery d = { .a = a, .order = order, .lang = lang };

	return draw(db, vault, catalog, &d, ret);
}

int delivery_replacement(struct db *db, struct arena *a, const struct code_vault *vault,
			 struct catalog *catalog, const struct order *order, enum lang lang,
			 int slot, struct message *ret)
{
	struct delivery d = { .a = a, .order = order, .lang = lang, .slot = slot };

	return draw(db, vault, catalog, &d, ret);
}
