/* What is read as JSON can be walked, and written so that it is read as the same. */
#include "tests/fuzz/fuzz.h"

#include "shared/base/utf8.h"
#include "shared/platform/json.h"

enum { DEPTH = 64 };

static void write_value(struct arena *a, struct json_out *j, const struct json *v);

struct writing {
	struct arena *a;
	struct json_out *j;
};

static int write_member(const char *name, const struct json *v, void *data)
{
	const struct writing *w = data;

	json_key(w->j, name);
	write_value(w->a, w->j, v);
	return 0;
}

static void write_value(struct arena *a, struct json_out *j, const struct json *v)
{
	struct writing w = { a, j };

	switch (json_type(v)) {
	case JSON_OBJECT:
		json_open(j, '{');
		FUZZ_CHECK(!json_each(v, write_member, &w));
		json_close(j, '}');
		break;
	case JSON_ARRAY:
		json_open(j, '[');
		for (size_t i = 0; i < json_count(v); i++)
			write_value(a, j, json_at(v, i));
		json_close(j, ']');
		break;
	case JSON_TEXT:
		FUZZ_CHECK(strlen(json_text(v, "")) <= json_bytes(v).len);
		FUZZ_CHECK(utf8_valid(json_text(v, ""), strlen(json_text(v, ""))));
		json_put_text(j, json_text(v, NULL));
		break;
	case JSON_INT:
		FUZZ_CHECK(json_int(v, 1) == json_int(v, 2));
		json_put_int(j, json_int(v, 0));
		break;
	case JSON_DOUBLE:
		FUZZ_CHECK(json_int(v, 1) != json_int(v, 2)); /* never through a double */
		json_put_raw(j, json_scalar(a, v, NULL));
		break;
	case JSON_BOOL:
		json_put_bool(j, json_bool(v, false));
		break;
	default:
		FUZZ_CHECK(json_type(v) == JSON_NULL);
		json_put_null(j);
	}
}

static const char *written(struct arena *a, struct bytes text)
{
	struct str s = STR(a, 16 * text.len + 64);
	struct json_out j = JSON_OUT(&s);
	AUTO_JSON doc = { 0 };

	if (json_parse(text, DEPTH, &doc))
		return NULL;
	write_value(a, &j, doc.root);
	FUZZ_CHECK(str_ok(&s));
	return str_text(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;
	const char *once;
	const char *twice;

	arena_init(&a);
	once = written(&a, (struct bytes){ data, size });
	if (once) {
		twice = written(&a, (struct bytes){ once, strlen(once) });
		FUZZ_CHECK(twice && !strcmp(once, twice));
	}
	arena_release(&a);
	return 0;
}
