/* A notification in any form: what is kept can stand in a question and in a log. */
#include "tests/fuzz/fuzz.h"

#include "shared/clients/portmone_notify.h"
#include "shared/platform/form.h"

/* The first byte of the input chooses one of them. */
static const char *const types[] = {
	"application/json",
	"text/xml",
	"application/x-www-form-urlencoded",
	"application/xml; charset=utf-8",
	"text/plain",
};

static void check_id(const char *text, size_t max)
{
	FUZZ_CHECK(strlen(text) <= max);
	FUZZ_CHECK(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789_-") == strlen(text));
}

static void check(struct arena *a, const char *type, struct bytes body)
{
	struct notification *n = arena_new(a, struct notification);
	const char *answer_type;
	const char *answer;

	n->count = SIZE_MAX;
	if (notification_read(a, type, body, n)) {
		FUZZ_CHECK(n->count == SIZE_MAX);
	} else {
		FUZZ_CHECK(n->count <= NOTIFY_BILLS_MAX);
		for (size_t i = 0; i < n->count; i++) {
			FUZZ_CHECK(*n->bills[i].order_number);
			check_id(n->bills[i].order_number, 120);
			check_id(n->bills[i].bill_id, 64);
		}
	}
	answer = notification_answer(a, n->form, true, 0, &answer_type);
	FUZZ_CHECK(*answer == (n->form == NOTIFY_XML ? '<' : '{'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	if (!size)
		return 0;
	arena_init(&a);
	check(&a, types[data[0] % COUNT(types)], (struct bytes){ data + 1, size - 1 });
	/* A form whose field is well encoded: the XML inside it is reached. */
	if (data[0] % COUNT(types) == 1) {
		const char *text = arena_strndup(&a, (const char *)data + 1, size - 1);
		const char *form = arena_printf(&a, "data=%s", form_encode(&a, text));

		check(&a, types[2], (struct bytes){ form, strlen(form) });
	}
	arena_release(&a);
	return 0;
}
