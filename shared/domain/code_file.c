#include "shared/domain/code_file.h"

#include "shared/base/utf8.h"

static const char *const fault_names[] = {
	[IMPORT_FAULT_NONE] = "none",	  [IMPORT_FAULT_LENGTH] = "length",
	[IMPORT_FAULT_TEXT] = "text",	  [IMPORT_FAULT_COLUMNS] = "columns",
	[IMPORT_FAULT_EXPIRY] = "expiry", [IMPORT_FAULT_PATTERN] = "pattern",
};
_Static_assert(COUNT(fault_names) == IMPORT_FAULT__COUNT, "a name for every fault");

enum { COLUMNS_MAX = 3, SERIAL_MAX = 100 };

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

int code_file_feed(struct code_file *f, struct bytes part)
{
	const char *text = part.data;
	int rc = OK;

	for (size_t i = 0; !rc && i < part.len; i++)
		rc = char_feed(f, text[i]);
	return rc;
}

int code_file_end(struct code_file *f)
{
	int rc = OK;

	if (f->len || f->too_long) {
		f->line++;
		rc = line_end(f);
	}
	explicit_bzero(f->text, sizeof(f->text));
	return rc;
}
