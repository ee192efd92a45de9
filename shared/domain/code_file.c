#include "shared/domain/code_file.h"

#include "shared/base/utf8.h"

static const char *const fault_names[] = {
	[IMPORT_FAULT_NONE] = "none",	  [IMPORT_FAULT_LENGTH] = "length",
	[IMPORT_FAULT_TEXT] = "text",	  [IMPORT_FAULT_COLUMNS] = "columns",
	[IMPORT_FAULT_EXPIRY] = "expiry", [IMPORT_FAULT_PATTERN] = "pattern",
};
_Static_assert(COUNT(fault_names) == IMPORT_FAULT__COUNT, "a name for every fault");

enum { COLUMNS_MAX = 3, SERIAL_MAX = 100 };

/* Stands for half a character: no UTF-8 has it. */
#define NOT_UTF8 ((char)0xff)

const char *import_fault_name(enum import_fault fault)
{
	return fault_names[fault];
}

void code_file_init(struct code_file *f, code_line_taker *take, void *data)
{
	memset(f, 0, sizeof(*f));
	f->take = take;
	f->data = data;
}

/* ---- one line ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without blanks at both ends, in place. */
static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		text[--len] = '\0';
	return text;
}

/* A header decides what the file is; it is no code itself. */
static char separator_of(const char *first)
{
	char word[5] = "";

	for (size_t i = 0; i < 4 && first[i]; i++)
		word[i] = (char)(first[i] >= 'A' && first[i] <= 'Z' ? first[i] - 'A' + 'a'
								    : first[i]);
	if (strcmp(word, "code") != 0)
		return 0;
	if (first[4] == ';')
		return ';';
	return first[4] == ',' || !first[4] ? ',' : 0;
}

/*
 * Take the next field off *rest, in place.  *rest is NULL after the last one.  False: the
 * quotes make no sense.
 */
static bool field_next(char **rest, char separator, char **ret)
{
	char *from = *rest;
	char *to;

	while (is_blank(*from))
		from++;
	if (*from != '"') {
		char *end = strchr(from, separator);

		*rest = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		*ret = trim(from);
		return true;
	}
	*ret = to = ++from;
	for (;; from++) {
		if (!*from)
			return false;
		if (*from == '"' && from[1] != '"')
			break;
		from += *from == '"';
		*to++ = *from;
	}
	from++;
	*to = '\0';
	while (is_blank(*from))
		from++;
	if (*from && *from != separator)
		return false;
	*rest = *from ? from + 1 : NULL;
	*ret = trim(*ret);
	return true;
}

static enum import_fault columns_read(char *text, char separator, struct code_line *line)
{
	char *columns[COLUMNS_MAX] = { "", "", "" };
	size_t n = 0;
	char *rest = text;
	char *field;

	while (rest) {
		if (!field_next(&rest, separator, &field))
			return IMPORT_FAULT_COLUMNS;
		if (n < COLUMNS_MAX)
			columns[n] = field;
		else if (*field)
			return IMPORT_FAULT_COLUMNS;
		n++;
	}
	line->code = columns[0];
	line->serial = columns[1];
	line->expires = columns[2];
	return utf8_len(line->serial) > SERIAL_MAX ? IMPORT_FAULT_COLUMNS : IMPORT_FAULT_NONE;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static enum import_fault code_check(const char *code)
{
	if (has_control(code))
		return IMPORT_FAULT_TEXT;
	if (utf8_len(code) > CODE_MAX || !code[strspn(code, " -")])
		return IMPORT_FAULT_LENGTH;
	return IMPORT_FAULT_NONE;
}

static int line_end(struct code_file *f)
{
	struct code_line line = { .number = f->line, .serial = "", .expires = "" };
	char *text = f->text;
	size_t len = f->len;
	bool const first = !f->started;

	f->started = true;
	f->len = 0;
	if (first && len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	text[len] = '\0';
	if (f->too_long) {
		f->too_long = false;
		line.fault = IMPORT_FAULT_LENGTH;
		return f->take(&line, f->data);
	}
	if (!utf8_valid(text, len)) {
		line.fault = IMPORT_FAULT_TEXT;
		return f->take(&line, f->data);
	}
	text = trim(text);
	if (!*text)
		return OK;
	if (first && (f->separator = separator_of(text)))
		return OK;
	line.code = text;
	if (f->separator)
		line.fault = columns_read(text, f->separator, &line);
	if (!line.fault)
		line.fault = code_check(line.code);
	return f->take(&line, f->data);
}

/* ---- the stream ---- */

static int char_feed(struct code_file *f, char c)
{
	bool const ends = c == '\n' || c == '\r';

	if (c == '\n' && f->after_cr) {
		f->after_cr = false;
		return OK;
	}
	f->after_cr = c == '\r';
	if (ends) {
		f->line++;
		return line_end(f);
	}
	if (f->len < CODE_LINE_MAX) {
		f->text[f->len++] = c;
		return OK;
	}
	f->too_long = true;
	return OK;
}

static int point_feed(struct code_file *f, uint32_t point)
{
	/* How much goes into the first byte, and what marks its length. */
	int const more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const unsigned char marks[] = { 0, 0xc0, 0xe0, 0xf0 };
	int rc = char_feed(f, (char)(marks[more] | point >> (6 * more)));

	for (int i = more - 1; !rc && i >= 0; i--)
		rc = char_feed(f, (char)(0x80 | (point >> (6 * i) & 0x3f)));
	return rc;
}

static int unit_feed(struct code_file *f, uint16_t unit)
{
	uint16_t const high = f->high;

	f->high = 0;
	if (high && unit >= 0xdc00 && unit <= 0xdfff)
		return point_feed(f, 0x10000u + ((high - 0xd800u) << 10) + (unit - 0xdc00u));
	if (high) {
		int const rc = char_feed(f, NOT_UTF8);

		if (rc)
			return rc;
	}
	if (unit >= 0xd800 && unit <= 0xdbff) {
		f->high = unit;
		return OK;
	}
	return unit >= 0xdc00 && unit <= 0xdfff ? char_feed(f, NOT_UTF8) : point_feed(f, unit);
}

/* The file's first two bytes say what it is. */
static int encoding_find(struct code_file *f, unsigned char second)
{
	bool const little = f->first == 0xff && second == 0xfe;
	bool const big = f->first == 0xfe && second == 0xff;
	int rc;

	f->has_first = false;
	f->encoding = little ? TEXT_UTF16LE : big ? TEXT_UTF16BE : TEXT_UTF8;
	if (little || big)
		return OK;
	rc = char_feed(f, (char)f->first);
	return rc ? rc : char_feed(f, (char)second);
}

static int byte_feed(struct code_file *f, unsigned char byte)
{
	if (f->encoding == TEXT_UTF8)
		return char_feed(f, (char)byte);
	if (!f->has_first) {
		f->first = byte;
		f->has_first = true;
		return OK;
	}
	if (f->encoding == TEXT_UNKNOWN)
		return encoding_find(f, byte);
	f->has_first = false;
	return unit_feed(f, f->encoding == TEXT_UTF16LE ? (uint16_t)(byte << 8 | f->first)
							: (uint16_t)(f->first << 8 | byte));
}

int code_file_feed(struct code_file *f, struct bytes part)
{
	const unsigned char *text = part.data;
	int rc = OK;

	for (size_t i = 0; !rc && i < part.len; i++)
		rc = byte_feed(f, text[i]);
	return rc;
}

/* Half of something at the end: of a file of one byte it is the whole. */
static int rest_feed(struct code_file *f)
{
	if (f->encoding == TEXT_UNKNOWN && f->has_first)
		return char_feed(f, (char)f->first);
	return f->has_first || f->high ? char_feed(f, NOT_UTF8) : OK;
}

int code_file_end(struct code_file *f)
{
	int rc = rest_feed(f);

	if (!rc && (f->len || f->too_long)) {
		f->line++;
		rc = line_end(f);
	}
	explicit_bzero(f->text, sizeof(f->text));
	return rc;
}
