/* README.md and .env.example tell of every setting, with its default, and of no other. */
#include "shared/base/base.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "shared/base/file.h"
#include "shared/platform/config.h"

enum { PAGE_MAX = 256 * 1024 };

static struct arena arena;

static const char *page_read(const char *name)
{
	struct bytes text;

	assert_int_equal(file_read(&arena, config_share_path(&arena, name), PAGE_MAX, &text),
			 OK);
	return text.data;
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part))) {
		text++;
		n++;
	}
	return n;
}

static void expect_line(const char *page, const char *line)
{
	if (!strstr(page, line))
		fail_msg("there is no line%s", line);
}

/* "| `KEY` | `default` |", a dash where there is none. */
static void test_readme(void **state)
{
	const char *readme = page_read("README.md");
	const char *table = strstr(readme, "\n| setting | default |");
	size_t n = 0;

	UNUSED(state);
	assert_non_null(table);
	table = arena_strndup(&arena, table, (size_t)(strstr(table, "\n\n") - table));
	for (; config_about(n); n++) {
		const struct config_about *about = config_about(n);
		const char *fallback = "–";

		if (about->fallback)
			fallback = arena_printf(&arena, "`%s`", about->fallback);
		expect_line(table,
			    arena_printf(&arena, "\n| `%s` | %s |", about->key, fallback));
	}
	assert_int_equal(count_of(table, "\n| `"), n);
}

/* "#KEY=default": copied as it is, it changes nothing. */
static void test_example(void **state)
{
	const char *example = page_read(".env.example");
	size_t n = 0;

	UNUSED(state);
	for (; config_about(n); n++) {
		const struct config_about *about = config_about(n);

		expect_line(example, arena_printf(&arena, "\n#%s=%s\n", about->key,
						  about->fallback ? about->fallback : ""));
	}
	/* Words follow a blank, settings don't; and all of it is a comment. */
	assert_int_equal(count_of(example, "\n#") - count_of(example, "\n# "), n);
	assert_int_equal(count_of(example, "\n"),
			 1 + count_of(example, "\n#") + count_of(example, "\n\n"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readme),
		cmocka_unit_test(test_example),
	};
	int failed;

	arena_init(&arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}
