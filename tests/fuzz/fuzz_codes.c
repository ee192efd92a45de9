/*
 * A codes file says the same wherever its bytes are cut, and what it calls a code can stand in
 * the stock.  The input's first byte is the number of cuts, the next ones are how far apart.
 */
#include "tests/fuzz/fuzz.h"

#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/base/utf8.h"
#include "shared/domain/code_file.h"

enum { CUTS_MAX = 64, STORY_MAX = 4 << 20 };

struct reading {
	struct str story; /* every line as it was told */
	int64_t line;
};

static void check_text(const char *text)
{
	FUZZ_CHECK(utf8_valid(text, strlen(text)));
	FUZZ_CHECK(!strchr(text, '\n') && !strchr(text, '\r'));
}

static int line_take(const struct code_line *line, void *data)
{
	struct reading *r = data;

	FUZZ_CHECK(line->number > r->line);
	FUZZ_CHECK(line->fault < IMPORT_FAULT__COUNT && *import_fault_name(line->fault));
	r->line = line->number;
	str_addf(&r->story, "%lld %d\n", (long long)line->number, (int)line->fault);
	if (line->fault)
		return OK;
	check_text(line->code);
	check_text(line->serial);
	check_text(line->expires);
	FUZZ_CHECK(utf8_len(line->code) <= CODE_MAX && line->code[strspn(line->code, " -")]);
	FUZZ_CHECK(*line->code != ' ' && line->code[strlen(line->code) - 1] != ' ');
	for (const char *c = line->code; *c; c++)
		FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
	str_addf(&r->story, "%s\n%s\n%s\n", line->code, line->serial, line->expires);
	return OK;
}

/* cuts: how long the pieces are, in turn; none: one piece. */
static const char *read_in_pieces(struct arena *a, struct bytes file, struct bytes cuts)
{
	struct reading r = { .story = STR(a, STORY_MAX) };
	struct bytes piece;
	struct code_file f;
	size_t done = 0;

	code_file_init(&f, line_take, &r);
	for (size_t i = 0; done < file.len; i++) {
		size_t size = cuts.len ? ((const uint8_t *)cuts.data)[i % cuts.len] : file.len;

		/* A piece of nothing is a piece too; but the last cut must get on. */
		if (cuts.len && i >= cuts.len && !size)
			size = 1;
		if (size > file.len - done)
			size = file.len - done;
		piece = (struct bytes){ (const char *)file.data + done, size };
		FUZZ_CHECK(!code_file_feed(&f, piece));
		done += size;
	}
	FUZZ_CHECK(!code_file_end(&f));
	FUZZ_CHECK(str_ok(&r.story));
	return str_text(&r.story);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes cuts;
	struct bytes file;
	struct arena a;

	if (!size)
		return 0;
	cuts = (struct bytes){ data + 1, data[0] % CUTS_MAX };
	if (cuts.len > size - 1)
		cuts.len = size - 1;
	file = (struct bytes){ data + 1 + cuts.len, size - 1 - cuts.len };
	arena_init(&a);
	FUZZ_CHECK(!strcmp(read_in_pieces(&a, file, cuts),
			   read_in_pieces(&a, file, (struct bytes){ NULL, 0 })));
	arena_release(&a);
	return 0;
}
