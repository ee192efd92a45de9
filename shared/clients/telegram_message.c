#include "shared/clients/telegram_message.h"

#include "shared/base/utf8.h"
#include "shared/clients/telegram_private.h"

#include <stdarg.h>

enum {
	KEYS_MAX = 100,	       /* buttons under one message, says Telegram */
	ROWS_FIRST = 4,	       /* most keyboards have no more */
	CALL_MAX = 256 * 1024, /* of JSON: the text and its keys, all of it escaped */
};

/* ---- keyboards ---- */

/* Room for 4, 8, 16, … rows; those beyond KEYBOARD_ROWS_MAX are only counted. */
void keyboard_row(struct arena *a, struct keyboard *k)
{
	size_t const row = sizeof(*k->rows);
	size_t const n = k->count++;

	if (n >= KEYBOARD_ROWS_MAX)
		return;
	if (!n)
		k->rows = arena_array(a, ROWS_FIRST, row);
	else if (n >= ROWS_FIRST && !(n & (n - 1)))
		k->rows = arena_grow(a, k->rows, n * row, 2 * n * row);
}

static void button_add(struct arena *a, struct keyboard *k, struct button b)
{
	struct keyboard_row *row;

	if (!k->count)
		keyboard_row(a, k);
	if (k->count > KEYBOARD_ROWS_MAX)
		return;
	row = &k->rows[k->count - 1];
	if (row->count < KEYBOARD_ROW_MAX)
		row->buttons[row->count] = b;
	row->count++;
}

void keyboard_data(struct arena *a, struct keyboard *k, const char *text, const char *data_fmt,
		   ...)
{
	struct button b = { .kind = BUTTON_DATA, .text = text };
	char data[TELEGRAM_CALLBACK_MAX + 2]; /* one more than may be: seen when written */
	va_list args;

	va_start(args, data_fmt);
	if (vsnprintf(data, sizeof(data), data_fmt, args) < 0)
		data[0] = '\0';
	va_end(args);
	b.value = arena_strdup(a, data);
	button_add(a, k, b);
}

void keyboard_url(struct arena *a, struct keyboard *k, const char *text, const char *url)
{
	button_add(a, k, (struct button){ .kind = BUTTON_URL, .text = text, .value = url });
}

void keyboard_copy(struct arena *a, struct keyboard *k, const char *text, const char *copied)
{
	if (*copied && utf8_utf16_len(copied) <= TELEGRAM_COPY_MAX)
		button_add(
			a, k,
			(struct button){ .kind = BUTTON_COPY, .text = text, .value = copied });
}

void keyboard_reply(struct arena *a, struct keyboard *k, const char *text)
{
	button_add(a, k, (struct button){ .kind = BUTTON_REPLY, .text = text });
}

/* ---- the length of the text ---- */

/* Past a tag, its closing bracket included; a '>' in an attribute's quotes does not end it. */
static const char *tag_skip(const char *p)
{
	char quote = '\0';

	for (; *p; p++) {
		if (quote && *p == quote)
			quote = '\0';
		else if (quote)
			continue;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (*p == '>')
			return p + 1;
	}
	return p;
}

/* Of the entities that Telegram decodes (these four and numbers); 0 when it is none. */
static size_t entity_len(const char *p, uint32_t *ret)
{
	static const struct {
		const char *text;
		uint32_t c;
	} named[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' } };
	const char *digits;
	size_t len;
	bool hex;

	for (size_t i = 0; i < COUNT(named); i++) {
		*ret = named[i].c;
		if (!strncmp(p, named[i].text, strlen(named[i].text)))
			return strlen(named[i].text);
	}
	if (p[1] != '#')
		return 0;
	hex = p[2] == 'x' || p[2] == 'X';
	digits = p + (hex ? 3 : 2);
	len = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	if (!len || len > 7 || digits[len] != ';')
		return 0;
	*ret = (uint32_t)strtoul(digits, NULL, hex ? 16 : 10);
	return *ret && *ret <= 0x10FFFF ? (size_t)(digits + len + 1 - p) : 0;
}

/* The units of the text, and whether there is anything but blanks in it. */
static size_t text_measure(const char *html, bool *ret_visible)
{
	const char *p = html;
	size_t units = 0;

	*ret_visible = false;
	while (*p) {
		unsigned char const byte = (unsigned char)*p;
		uint32_t c = byte;
		size_t len;

		if (byte == '<') {
			p = tag_skip(p);
			continue;
		}
		len = byte == '&' ? entity_len(p, &c) : 0;
		if (len) {
			units += c >= 0x10000 ? 2 : 1;
		} else {
			units += (byte & 0xC0) != 0x80;
			units += byte >= 0xF0;
		}
		*ret_visible = *ret_visible || c > ' ';
		p += len ? len : 1;
	}
	return units;
}

size_t message_text_len(const char *html)
{
	bool visible;

	return text_measure(html, &visible);
}

int message_text_check(const char *html, size_t max)
{
	bool visible;
	size_t const units = text_measure(html ? html : "", &visible);

	if (!visible)
		return ERR_INVALID;
	return units > max || strlen(html) > TELEGRAM_HTML_MAX ? ERR_TOO_LONG : OK;
}

/* ---- writing ---- */

/* Which keys may stand where, and what the member of their value is called. */
static const struct {
	bool inlined;
	const char *member;
} kinds[] = {
	[BUTTON_DATA] = { true, "callback_data" },
	[BUTTON_URL] = { true, "url" },
	[BUTTON_COPY] = { true, "copy_text" },
	[BUTTON_REPLY] = { false, NULL },
};

static int button_check(const struct button *b, bool inlined)
{
	if (!b->text || !*b->text || kinds[b->kind].inlined != inlined)
		return ERR_INVALID;
	if (inlined && (!b->value || !*b->value))
		return ERR_INVALID;
	if (b->kind == BUTTON_DATA && strlen(b->value) > TELEGRAM_CALLBACK_MAX)
		return ERR_TOO_LONG;
	return OK;
}

static int keyboard_check(const struct keyboard *k, bool inlined)
{
	size_t total = 0;
	int rc = OK;

	if (k->count > KEYBOARD_ROWS_MAX)
		return ERR_TOO_LONG;
	for (size_t i = 0; i < k->count; i++) {
		total += k->rows[i].count;
		if (k->rows[i].count > KEYBOARD_ROW_MAX || total > KEYS_MAX)
			return ERR_TOO_LONG;
		for (size_t n = 0; !rc && n < k->rows[i].count; n++)
			rc = button_check(&k->rows[i].buttons[n], inlined);
	}
	return rc;
}

static void button_write(struct json_out *j, const struct button *b)
{
	const char *member = kinds[b->kind].member;

	json_open(j, '{');
	json_add_text(j, "text", b->text);
	if (b->kind == BUTTON_COPY) {
		json_key(j, member);
		json_open(j, '{');
		json_add_text(j, "text", b->value);
		json_close(j, '}');
	} else if (member) {
		json_add_text(j, member, b->value);
	}
	json_close(j, '}');
}

static void keyboard_write(struct json_out *j, const char *member, const struct keyboard *k)
{
	json_key(j, member);
	json_open(j, '[');
	for (size_t i = 0; i < k->count; i++) {
		if (!k->rows[i].count)
			continue;
		json_open(j, '[');
		for (size_t n = 0; n < k->rows[i].count; n++)
			button_write(j, &k->rows[i].buttons[n]);
		json_close(j, ']');
	}
	json_close(j, ']');
}

bool message_has_markup(const struct message *m)
{
	return m->buttons.count || (!m->edit_id && (m->menu.count || m->menu_remove));
}

int message_markup_write(struct json_out *j, const struct message *m)
{
	bool const inlined = m->buttons.count || m->edit_id;
	const struct keyboard *k = inlined ? &m->buttons : &m->menu;
	int const rc = keyboard_check(k, inlined);

	if (rc)
		return rc;
	json_open(j, '{');
	if (inlined) {
		keyboard_write(j, "inline_keyboard", k);
	} else if (k->count) {
		keyboard_write(j, "keyboard", k);
		json_add_bool(j, "resize_keyboard", true);
		json_add_bool(j, "is_persistent", true);
	} else {
		json_add_bool(j, "remove_keyboard", true);
	}
	json_close(j, '}');
	return OK;
}

static void preview_write(struct json_out *j, const char *url)
{
	json_key(j, "link_preview_options");
	json_open(j, '{');
	if (url && *url) {
		json_add_text(j, "url", url);
		json_add_bool(j, "show_above_text", true);
	} else {
		json_add_bool(j, "is_disabled", true);
	}
	json_close(j, '}');
}

int message_write(struct arena *a, const struct message *m, bool with_method, struct bytes *ret)
{
	struct str s = STR(a, CALL_MAX);
	struct json_out j = JSON_OUT(&s);
	int rc = m->file_name ? ERR_INVALID : message_text_check(m->html, TELEGRAM_TEXT_MAX);

	if (rc)
		return rc;
	json_open(&j, '{');
	if (with_method)
		json_add_text(&j, "method", message_method(m));
	json_add_int(&j, "chat_id", m->chat_id);
	if (m->edit_id)
		json_add_int(&j, "message_id", m->edit_id);
	json_add_text(&j, "text", m->html);
	json_add_text(&j, "parse_mode", "HTML");
	preview_write(&j, m->preview_url);
	if (message_has_markup(m)) {
		json_key(&j, "reply_markup");
		rc = message_markup_write(&j, m);
		if (rc)
			return rc;
	}
	json_close(&j, '}');
	if (!str_ok(&s))
		return ERR_TOO_LONG;
	*ret = (struct bytes){ s.data, s.len };
	return OK;
}

const char *message_method(const struct message *m)
{
	if (m->file_name)
		return "sendDocument";
	return m->edit_id ? "editMessageText" : "sendMessage";
}
