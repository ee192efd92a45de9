#include "tests/sandbox/telegram_format.h"

#include <openssl/rand.h>

void formatted_release(struct formatted *f)
{
	free(f->text);
	json_object_put(f->entities);
}

uint64_t format_random(void)
{
	uint64_t value = 0;

	if (RAND_bytes((unsigned char *)&value, sizeof(value)) != 1)
		abort();
	return value;
}

/* The parameter without NULs: Telegram takes control characters for spaces. */
static void param_text(struct json_object *params, const char *key, struct text *ret)
{
	struct json_object *value = json_member(params, key);

	if (value)
		text_addn(ret, json_object_get_string(value),
			  (size_t)json_object_get_string_len(value));
	for (size_t i = 0; i < ret->len; i++) {
		if (!ret->data[i])
			ret->data[i] = ' ';
	}
}

static bool parse(struct call *c, const char *raw, const char *entities_key, struct text *text,
		  struct json_object *entities)
{
	struct json_object *given = json_member(c->params, entities_key);
	const char *mode = json_string(c->params, "parse_mode");
	AUTO_TEXT why = { 0 };

	if (!mode) {
		text_add(text, raw);
		for (size_t i = 0; given && i < json_object_array_length(given); i++)
			json_object_array_add(entities,
					      json_copy(json_object_array_get_idx(given, i)));
		return true;
	}
	if (!text_is(mode, "HTML")) {
		call_refuse(c, 400, "Bad Request: the sandbox reads no parse_mode but HTML");
		return false;
	}
	if (html_parse(raw, text, entities, &why))
		return true;
	call_refuse(c, 400, "Bad Request: can't parse entities: %s", text_of(&why));
	return false;
}

bool format_text(struct call *c, const char *key, const char *entities_key, size_t max,
		 struct formatted *ret)
{
	AUTO_TEXT raw = { 0 };
	AUTO_TEXT text = { 0 };
	bool const caption = text_is(key, "caption");
	size_t count;

	param_text(c->params, key, &raw);
	ret->entities = json_object_new_array();
	if (!utf8_valid(text_of(&raw), raw.len)) {
		call_refuse(c, 400, "Bad Request: text must be encoded in UTF-8");
		return false;
	}
	if (!parse(c, text_of(&raw), entities_key, &text, ret->entities))
		return false;
	html_trim(&text, &ret->entities);
	if (!text.len && !caption) {
		call_refuse(c, 400, "Bad Request: message text is empty");
		return false;
	}
	if (utf16_len(text_of(&text)) > max) {
		call_refuse(c, 400, "Bad Request: %s",
			    caption ? "message caption is too long" : "message is too long");
		return false;
	}
	html_detect(text_of(&text), ret->entities);
	count = json_object_array_length(ret->entities);
	if (count > FORMAT_ENTITIES_MAX)
		json_object_array_del_idx(ret->entities, FORMAT_ENTITIES_MAX,
					  count - FORMAT_ENTITIES_MAX);
	ret->text = text_take(&text);
	return true;
}
