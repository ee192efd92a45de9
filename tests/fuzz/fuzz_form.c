/* A form that is taken has names once each, clean text, and comes back as it was encoded. */
#include "tests/fuzz/fuzz.h"

#include "shared/base/str.h"
#include "shared/base/utf8.h"
#include "shared/platform/form.h"

static const char *encoded(struct arena *a, const struct form *form)
{
	struct str s = STR(a, 1 << 20);

	for (size_t i = 0; i < form->count; i++)
		str_addf(&s, "%s%s=%s", i ? "&" : "", form_encode(a, form->names[i]),
			 form_encode(a, form->values[i]));
	FUZZ_CHECK(str_ok(&s));
	return str_text(&s);
}

static void check(struct arena *a, const struct form *form)
{
	const char *text = encoded(a, form);
	struct form again;

	FUZZ_CHECK(form_parse(a, (struct bytes){ text, strlen(text) }, &again) == OK);
	FUZZ_CHECK(again.count == form->count);
	for (size_t i = 0; i < form->count; i++) {
		const char *value = form->values[i];

		FUZZ_CHECK(form_get(form, form->names[i]) == value);
		FUZZ_CHECK(utf8_valid(value, strlen(value)));
		FUZZ_CHECK(!strcmp(again.names[i], form->names[i]));
		FUZZ_CHECK(!strcmp(again.values[i], value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form form;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = form_parse(&a, (struct bytes){ data, size }, &form);
	if (!rc)
		check(&a, &form);
	else
		FUZZ_CHECK(!form.count);
	arena_release(&a);
	return 0;
}
