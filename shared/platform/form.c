#include "shared/platform/form.h"

#include "shared/base/parse.h"
#include "shared/base/str.h"
#include "shared/base/utf8.h"

/* From p up to end, decoded.  ERR_INVALID: a bad escape, a NUL, broken UTF-8. */
static int part_decode(struct arena *a, const char *p, const char *end, const char **ret)
{
	char *text = arena_alloc(a, (size_t)(end - p) + 1);
	size_t len = 0;

	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			char digits[3] = "";

			if (end - p > 2)
				memcpy(digits, p + 1, 2);
			if (parse_hex(digits, &c, 1))
				return ERR_INVALID;
			p += 2;
		}
		text[len++] = (char)c;
	}
	if (!utf8_valid(text, len))
		return ERR_INVALID;
	*ret = text;
	return OK;
}

/* The field from p up to end, which is not empty. */
static int field_add(struct arena *a, const char *p, const char *end, struct form *form)
{
	const char *equals = memchr(p, '=', (size_t)(end - p));
	const char *name;
	const char *value;

	if (form->count == FORM_FIELDS_MAX)
		return ERR_TOO_LONG;
	if (part_decode(a, p, equals ? equals : end, &name) ||
	    part_decode(a, equals ? equals + 1 : end, end, &value) || form_get(form, name))
		return ERR_INVALID;
	form->names[form->count] = name;
	form->values[form->count++] = value;
	return OK;
}

int form_parse(struct arena *a, struct bytes text, struct form *ret)
{
	const char *p = text.len ? text.data : "";
	const char *const end = p + text.len;

	ret->count = 0;
	while (p < end) {
		const char *stop = memchr(p, '&', (size_t)(end - p));
		int rc = OK;

		stop = stop ? stop : end;
		if (stop > p) /* browsers make "a=1&&b=2" of nothing, but people type it */
			rc = field_add(a, p, stop, ret);
		if (rc) {
			ret->count = 0;
			return rc;
		}
		p = stop < end ? stop + 1 : end;
	}
	return OK;
}

const char *form_get(const struct form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (!strcmp(form->names[i], name))
			return form->values[i];
	return NULL;
}

const char *form_encode(struct arena *a, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	struct str s = STR(a, strlen(text) * 3);

	while (*text) {
		size_t const len = strspn(text, plain);

		str_addn(&s, text, len);
		text += len;
		if (*text)
			str_addf(&s, "%%%02X", (unsigned char)*text++);
	}
	return str_text(&s);
}
