/* Forms that bring a file: what browsers send is read, everything else refused. */
#include "shared/base/str.h"
#include "shared/platform/multipart.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=xYz"
#define PART(name) "--xYz\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART                                                                              \
	"--xYz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c:\\\\a.txt\"\r\n" \
	"Content-Type: text/plain\r\n\r\n"
#define END "--xYz--\r\n"

static struct arena arena;
static struct form form;
static struct bytes file;

static int parse_bytes(const char *type, const char *body, size_t len)
{
	return multipart_parse(&arena, type, (struct bytes){ body, len }, &form, &file);
}

static int parse(const char *body)
{
	return parse_bytes(TYPE, body, strlen(body));
}

static void test_as_browsers_send(void **state)
{
	UNUSED(state);
	assert_int_equal(parse(PART("csrf") "t\r\n" FILE_PART
					    "one\r\ntwo\r\n\r\n" PART("note") "\r\n" END),
			 OK);
	assert_int_equal(form.count, 2);
	assert_string_equal(form_get(&form, "csrf"), "t");
	assert_string_equal(form_get(&form, "note"), "");
	assert_int_equal(file.len, 10);
	assert_memory_equal(file.data, "one\r\ntwo\r\n", 10);
}

static void test_no_file_chosen(void **state)
{
	UNUSED(state);
	assert_int_equal(parse(FILE_PART "\r\n" END), OK);
	assert_null(file.data);
}

/* What looks almost like the mark belongs to the content. */
static void test_near_marks(void **state)
{
	UNUSED(state);
	assert_int_equal(parse(PART("a") "\r\n--xY\r\n--xy\r\n" END), OK);
	assert_string_equal(form_get(&form, "a"), "\r\n--xY\r\n--xy");
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"--",
		"--xYz",
		"--xYz\r\n",
		PART("a") "1",				 /* cut off */
		PART("a") "1\r\n--xYz",			 /* in the mark */
		PART("a") "1\r\n--xYz\r\n",		 /* before the next part */
		"junk\r\n" PART("a") "1\r\n" END,	 /* something before */
		PART("a") "1\r\n" END "more",		 /* something behind */
		PART("a") "1\r\n" PART("a") "2\r\n" END, /* twice */
		PART("") "1\r\n" END,			 /* no name */
		PART("a") "\xff\r\n" END,		 /* no UTF-8 */
		FILE_PART "1\r\n" FILE_PART "2\r\n" END, /* two files */
		"--xYz\r\nContent-Disposition: form-data\r\n\r\n1\r\n" END,
		"--xYz\r\nX: y\r\n\r\n1\r\n" END,
		"--xYz\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" END,
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (parse(bad[i]) != ERR_INVALID)
			fail_msg("%zu is taken", i);
	assert_int_equal(parse_bytes(TYPE, PART("a") "1\0002\r\n" END,
				     strlen(PART("a")) + 5 + strlen(END)),
			 ERR_INVALID);
}

static void test_types(void **state)
{
	static const char body[] = PART("a") "1\r\n" END;
	static const char *const bad[] = {
		"",
		"text/plain",
		"multipart/form-data",
		"multipart/form-data;",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"xYz\"",
		"multipart/form-data; boundary=xYz; charset=x",
		"multipart/mixed; boundary=xYz",
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse_bytes(bad[i], body, strlen(body)), ERR_INVALID);
	assert_int_equal(parse_bytes("Multipart/Form-Data; Boundary=xYz", body, strlen(body)),
			 OK);
}

static void test_many_fields(void **state)
{
	struct str s = STR(&arena, 1 << 20);

	UNUSED(state);
	for (int i = 0; i <= FORM_FIELDS_MAX; i++)
		str_addf(&s,
			 "--xYz\r\nContent-Disposition: form-data; name=\"a%d\"\r\n\r\n1\r\n",
			 i);
	str_add(&s, END);
	assert_int_equal(parse(str_text(&s)), ERR_TOO_LONG);
	assert_int_equal(form.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_browsers_send),
		cmocka_unit_test(test_no_file_chosen),
		cmocka_unit_test(test_near_marks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_many_fields),
	};
	int failed;

	arena_init(&arena);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_release(&arena);
	return failed;
}
