/* Portmone's answers: a row is either ours and readable, or it is counted as something else. */
#include "tests/fuzz/fuzz.h"

#include "shared/base/utf8.h"
#include "shared/clients/portmone_result.h"

static const struct portmone portmone = {
	.payee_id = "1185",
	.login = "WDISHOP",
	.password = "sesame",
	.key = "opener",
};

static void check_line(const char *text)
{
	FUZZ_CHECK(utf8_valid(text, strlen(text)));
	FUZZ_CHECK(!strpbrk(text, "\r\n"));
}

static void check_words(const char *why)
{
	check_line(why);
	FUZZ_CHECK(!strstr(why, portmone.password) && !strstr(why, portmone.key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer const answer = { .status = 200, .body = { data, size } };
	struct portmone_rows rows = { .count = SIZE_MAX };
	const char *why = NULL;
	const char *url = NULL;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = portmone_result_read(&portmone, &a, "A-1", OK, &answer, &rows, &why);
	check_words(why);
	FUZZ_CHECK(rc == OK || rows.count == SIZE_MAX);
	for (size_t i = 0; !rc && i < rows.count; i++) {
		FUZZ_CHECK(rows.list[i].status < PORTMONE__COUNT);
		FUZZ_CHECK(rows.list[i].amount.kop >= 0);
		FUZZ_CHECK(*rows.list[i].bill_id && strlen(rows.list[i].bill_id) <= 64);
		check_line(rows.list[i].status_word);
		check_line(rows.list[i].receipt_url);
	}
	rc = portmone_link_read(&portmone, &a, OK, &answer, &url, &why);
	check_words(why);
	FUZZ_CHECK(rc ? !url : !strncmp(url, "http", 4));
	arena_release(&a);
	return 0;
}
