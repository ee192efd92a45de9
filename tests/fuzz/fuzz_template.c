/*
 * Any text is compiled or refused with words, and rendered within its limits.  The input
 * up to the first NUL is the page, the rest a partial called p, which may call both.
 */
#include "tests/fuzz/fuzz.h"

#include "shared/platform/template.h"

enum { OUT_MAX = 64 * 1024 };

struct pair {
	const struct template *page;
	const struct template *partial;
};

static const struct template *find(const char *name, void *data)
{
	const struct pair *pair = data;

	if (!strcmp(name, "page"))
		return pair->page;
	return strcmp(name, "p") ? NULL : pair->partial;
}

static struct value *data_make(struct arena *a)
{
	struct value *data = value_object(a);
	struct value *inner = value_object(a);
	struct value *list = value_list(a);

	value_set_text(data, "x", "<b>&\n\"'");
	value_set_int(data, "n", INT64_MIN);
	value_set_bool(data, "t", true);
	value_set_bool(data, "f", false);
	value_set(inner, "o", data); /* a ring: names may be as long as they like */
	value_set(data, "o", inner);
	value_push(list, value_text(a, ""));
	value_push(list, inner);
	value_push(list, list);
	value_set(data, "l", list);
	return data;
}

static const struct template *compile(struct arena *a, const char *text)
{
	struct str problem = STR(a, OUT_MAX);
	const struct template *t = NULL;
	int const rc = template_compile(a, text, &t, &problem);

	FUZZ_CHECK(!rc == !!t && !rc == !problem.len);
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pair pair;
	struct arena a;
	const char *text;

	arena_init(&a);
	text = arena_strndup(&a, (const char *)data, size);
	pair.page = compile(&a, text);
	pair.partial = strlen(text) < size ? compile(&a, text + strlen(text) + 1) : NULL;
	if (pair.page) {
		struct str out = STR(&a, OUT_MAX);
		int const rc = template_render(pair.page, data_make(&a), find, &pair, &out);

		FUZZ_CHECK(rc == OK || rc == ERR_TOO_LONG);
		FUZZ_CHECK(out.len <= OUT_MAX);
	}
	arena_release(&a);
	return 0;
}
