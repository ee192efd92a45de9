/* The behaviours of mustache's public specification, and what is ours: limits, the folder. */
#include "shared/platform/template.h"

#include "shared/base/limits.h"
#include "shared/platform/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

/* ---- data and partials are written as JSON here ---- */

static struct value *value_from(const struct json *v);

static int member_add(const char *name, const struct json *v, void *data)
{
	value_set(data, arena_strdup(&arena, name), value_from(v));
	return 0;
}

static struct value *value_from(const struct json *v)
{
	struct value *made;

	switch (json_type(v)) {
	case JSON_TEXT:
		return value_text(&arena, arena_strdup(&arena, json_text(v, "")));
	case JSON_INT:
		return value_int(&arena, json_int(v, 0));
	case JSON_BOOL:
		return value_bool(&arena, json_bool(v, false));
	case JSON_ARRAY:
		made = value_list(&arena);
		for (size_t i = 0; i < json_count(v); i++)
			value_push(made, value_from(json_at(v, i)));
		return made;
	case JSON_OBJECT:
		made = value_object(&arena);
		(void)json_each(v, member_add, made);
		return made;
	default:
		return NULL;
	}
}

static void parse(const char *text, struct json_doc *ret)
{
	if (json_parse((struct bytes){ text, strlen(text) }, 32, ret))
		fail_msg("not JSON: %s", text);
}

static const struct template *compile(const char *text)
{
	const struct template *t = NULL;
	struct str problem = STR(&arena, 512);

	if (template_compile(&arena, text, &t, &problem))
		fail_msg("%s: %s", text, str_text(&problem));
	return t;
}

static const struct template *find_partial(const char *name, void *data)
{
	const char *text = json_text(json_get(data, name), NULL);

	return text ? compile(text) : NULL;
}

struct rendering {
	const char *text;
	const char *data;
	const char *partials;
	const char *want;
};

static void expect(const struct rendering *c)
{
	struct str out = STR(&arena, 64 * 1024);
	AUTO_JSON data = { 0 };
	AUTO_JSON partials = { 0 };
	int rc;

	parse(c->data ? c->data : "{}", &data);
	parse(c->partials ? c->partials : "{}", &partials);
	rc = template_render(compile(c->text), value_from(data.root), find_partial,
			     partials.root, &out);
	if (rc || strcmp(str_text(&out), c->want) != 0)
		fail_msg("“%s” with %s: %s, “%s”, not “%s”", c->text, c->data, err_name(rc),
			 str_text(&out), c->want);
}

#define EXPECT_ALL(cases)                                 \
	do {                                              \
		for (size_t n = 0; n < COUNT(cases); n++) \
			expect(&(cases)[n]);              \
	} while (0)

/* ---- the specification's behaviours ---- */

static void test_interpolation(void **state)
{
	static const struct rendering cases[] = {
		{ "", NULL, NULL, "" },
		{ "no tags, {single} } braces {", NULL, NULL, "no tags, {single} } braces {" },
		{ "Вітаємо, {{name}}!\n", "{\"name\":\"Оксано\"}", NULL, "Вітаємо, Оксано!\n" },
		{ "{{x}}", "{\"x\":\"<b a=\\\"1\\\">&'\"}", NULL,
		  "&lt;b a=&quot;1&quot;&gt;&amp;&#39;" },
		{ "{{{x}}}", "{\"x\":\"<b a=\\\"1\\\">&'\"}", NULL, "<b a=\"1\">&'" },
		{ "{{&x}}", "{\"x\":\"<b a=\\\"1\\\">&'\"}", NULL, "<b a=\"1\">&'" },
		{ "{{n}} {{{n}}} {{&n}}", "{\"n\":-85}", NULL, "-85 -85 -85" },
		{ "{{yes}} {{no}}", "{\"yes\":true,\"no\":false}", NULL, "true false" },
		{ "[{{missing}}{{{missing}}}{{&missing}}{{a.b}}]", "{\"a\":{}}", NULL, "[]" },
		{ "[{{null}}]", "{\"null\":null}", NULL, "[]" },
		{ "[{{list}}{{object}}]", "{\"list\":[1],\"object\":{\"a\":1}}", NULL, "[]" },
		{ "| {{x}} {{{x}}} {{&x}} |", "{\"x\":\"-\"}", NULL, "| - - - |" },
		{ "  {{x}}\n", "{\"x\":\"-\"}", NULL, "  -\n" },
		{ "  {{{x}}}\n", "{\"x\":\"-\"}", NULL, "  -\n" },
		{ "|{{ x }}|{{{ x }}}|{{& x }}|{{\n\tx\n}}|", "{\"x\":1}", NULL, "|1|1|1|1|" },
		{ "{{x}}", "{\"x\":\"{{y}}\",\"y\":\"no\"}", NULL, "{{y}}" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

static void test_names(void **state)
{
	static const struct rendering cases[] = {
		{ "{{a.b.c}}", "{\"a\":{\"b\":{\"c\":1}}}", NULL, "1" },
		{ "{{{a.b}}}{{&a.b}}", "{\"a\":{\"b\":\"<\"}}", NULL, "<<" },
		{ "[{{a.b.c}}]", "{\"a\":{\"b\":1},\"c\":2,\"b\":{\"c\":3}}", NULL, "[]" },
		{ "[{{#a}}{{b.c}}{{/a}}]", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"wrong\"}}", NULL,
		  "[]" },
		{ "{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"x\":1},\"b\":{\"c\":1}}", NULL, "1" },
		{ "{{#a.b}}{{c}}{{d}}{{/a.b}}", "{\"a\":{\"b\":{\"c\":1}},\"d\":2}", NULL,
		  "12" },
		{ "{{#a.x}}no{{/a.x}}{{^a.x}}yes{{/a.x}}", "{\"a\":{}}", NULL, "yes" },
		{ "{{.}}", "\"<x>\"", NULL, "&lt;x&gt;" },
		{ "{{{.}}} {{&.}} {{.}}", "\"<\"", NULL, "< < &lt;" },
		{ "{{.}}", "7", NULL, "7" },
		{ "{{same}}", "{\"same\":1,\"same\":2}", NULL, "2" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

static void test_sections(void **state)
{
	static const struct rendering cases[] = {
		{ "[{{#x}}yes{{/x}}]", "{\"x\":true}", NULL, "[yes]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":false}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":null}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":[]}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":\"\"}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":0}", NULL, "[]" },
		{ "[{{#x}}yes{{/x}}]", "{\"x\":{}}", NULL, "[yes]" },
		{ "[{{#x}}{{.}}{{/x}}]", "{\"x\":\"t\"}", NULL, "[t]" },
		{ "[{{#x}}{{.}}{{/x}}]", "{\"x\":5}", NULL, "[5]" },
		{ "{{#o}}{{a}}{{b}}{{/o}}{{b}}", "{\"o\":{\"a\":1,\"b\":2},\"b\":3}", NULL,
		  "123" },
		{ "{{#l}}{{n}};{{/l}}", "{\"l\":[{\"n\":1},{\"n\":2}]}", NULL, "1;2;" },
		{ "{{#l}}({{.}}){{/l}}", "{\"l\":[1,\"<\",true]}", NULL, "(1)(&lt;)(true)" },
		{ "{{#l}}({{{.}}}{{&.}}){{/l}}", "{\"l\":[\"<\"]}", NULL, "(<<)" },
		{ "{{#l}}{{#.}}{{.}},{{/.}};{{/l}}", "{\"l\":[[1,2],[3]]}", NULL, "1,2,;3,;" },
		{ "{{#.}}{{n}}{{/.}}", "[{\"n\":1},{\"n\":2}]", NULL, "12" },
		{ "{{#x}}1{{/x}}{{y}}{{#x}}2{{/x}}", "{\"x\":true,\"y\":\"-\"}", NULL, "1-2" },
		{ "{{#x}}A{{#x}}B{{/x}}C{{/x}}", "{\"x\":true}", NULL, "ABC" },
		{ "{{#x}}A{{#x}}B{{/x}}C{{/x}}", "{\"x\":false}", NULL, "" },
		{ "{{#x}}A{{^y}}B{{/y}}C{{/x}}", "{\"x\":1}", NULL, "ABC" },
		{ "{{#a}}{{#b}}{{#c}}{{x}}{{y}}{{z}}{{/c}}{{/b}}{{/a}}",
		  "{\"a\":{\"x\":1},\"b\":{\"y\":2},\"c\":{\"z\":3}}", NULL, "123" },
		{ "|{{# x }}={{/ x }}|", "{\"x\":true}", NULL, "|=|" },
		{ " {{#x}}y{{/x}}\n {{#x}}z{{/x}}\n", "{\"x\":true}", NULL, " y\n z\n" },
		{ " | {{#x}} {{! note }}\n {{/x}} | \n", "{\"x\":true}", NULL, " |  \n  | \n" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

static void test_inverted(void **state)
{
	static const struct rendering cases[] = {
		{ "[{{^x}}none{{/x}}]", "{\"x\":false}", NULL, "[none]" },
		{ "[{{^x}}none{{/x}}]", "{}", NULL, "[none]" },
		{ "[{{^x}}none{{/x}}]", "{\"x\":[]}", NULL, "[none]" },
		{ "[{{^x}}none{{/x}}]", "{\"x\":\"\"}", NULL, "[none]" },
		{ "[{{^x}}none{{/x}}]", "{\"x\":true}", NULL, "[]" },
		{ "[{{^x}}none{{/x}}]", "{\"x\":[0]}", NULL, "[]" },
		{ "[{{^x}}none{{/x}}]", "{\"x\":{}}", NULL, "[]" },
		{ "{{#x}}a{{/x}}{{^x}}b{{/x}}", "{\"x\":[1,1]}", NULL, "aa" },
		{ "{{^x}}A{{^x}}B{{/x}}C{{/x}}", "{}", NULL, "ABC" },
		{ "{{^a.b}}none{{/a.b}}", "{\"a\":{\"b\":1}}", NULL, "" },
		{ "| A |\n{{^x}}\n| B |\n{{/x}}\n| C |\n", "{}", NULL,
		  "| A |\n| B |\n| C |\n" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

/* A tag alone on its line takes the line with it; one that writes a value does not. */
static void test_standalone(void **state)
{
	static const struct rendering cases[] = {
		{ "a\n{{#x}}\nb\n{{/x}}\nc\n", "{\"x\":true}", NULL, "a\nb\nc\n" },
		{ "a\n  {{#x}}  \nb\n\t{{/x}}\t\nc\n", "{\"x\":true}", NULL, "a\nb\nc\n" },
		{ "a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", "{\"x\":true}", NULL, "a\r\nb\r\nc" },
		{ "  {{#x}}\nb\n{{/x}}", "{\"x\":true}", NULL, "b\n" },
		{ "{{#x}}\nb\n  {{/x}}", "{\"x\":true}", NULL, "b\n" },
		{ "a{{#x}}\nb\n{{/x}}\n", "{\"x\":true}", NULL, "a\nb\n" },
		{ "{{#x}} b\n{{/x}}c\n", "{\"x\":true}", NULL, " b\nc\n" },
		{ "{{#x}}{{#x}}\nb\n{{/x}}{{/x}}\n", "{\"x\":true}", NULL, "\nb\n\n" },
		{ "a\n  {{v}}\nb\n", "{\"v\":1}", NULL, "a\n  1\nb\n" },
		{ "a\n  {{{v}}}\nb\n{{&v}}\n", "{\"v\":1}", NULL, "a\n  1\nb\n1\n" },
		{ "a\n{{! note }}\nb", NULL, NULL, "a\nb" },
		{ "a\n  {{! two\n  lines }}  \nb", NULL, NULL, "a\nb" },
		{ "a\r\n{{! note }}\r\nb", NULL, NULL, "a\r\nb" },
		{ "  {{! note }}\nb", NULL, NULL, "b" },
		{ "b\n  {{! note }}", NULL, NULL, "b\n" },
		{ "a {{! note }}\nb", NULL, NULL, "a \nb" },
		{ "a{{! note }}b", NULL, NULL, "ab" },
		{ "{{! {{x} }}|", NULL, NULL, "|" },
		{ "a\n{{=| |=}}\n|v|", "{\"v\":1}", NULL, "a\n1" },
		{ "{{#l}}\n- {{.}}\n{{/l}}\n", "{\"l\":[1,2]}", NULL, "- 1\n- 2\n" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

static void test_delimiters(void **state)
{
	static const struct rendering cases[] = {
		{ "{{=<% %>=}}(<%v%>)", "{\"v\":1}", NULL, "(1)" },
		{ "{{= | | =}}(|v|)|={{ }}=|{{v}}", "{\"v\":1}", NULL, "(1)1" },
		{ "{{=| |=}}{{v}}|#x||v||/x|", "{\"x\":true,\"v\":1}", NULL, "{{v}}1" },
		{ "{{#x}}{{=[ ]=}}[v][/x][v]", "{\"x\":true,\"v\":1}", NULL, "11" },
		{ "{{=[ ]=}}[>p][v]", "{\"v\":1}", "{\"p\":\"[v]{{v}}\"}", "[v]11" },
		{ "{{>p}}{{v}}", "{\"v\":1}", "{\"p\":\"{{=[ ]=}}[v]\"}", "11" },
		{ "{{=<< >>=}}<<{v}>><<&v>>", "{\"v\":\"<\"}", NULL, "<<" },
		{ "| {{=@ @=}} |", NULL, NULL, "|  |" },
		{ "{{=@   @=}}\n@v@", "{\"v\":1}", NULL, "1" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

static void test_partials(void **state)
{
	static const struct rendering cases[] = {
		{ "[{{>p}}]", NULL, "{\"p\":\"from p\"}", "[from p]" },
		{ "[{{>missing}}]", NULL, NULL, "[]" },
		{ "{{>p}}", "{\"v\":1}", "{\"p\":\"*{{v}}*\"}", "*1*" },
		{ "{{#l}}{{>p}}{{/l}}", "{\"l\":[{\"v\":1},{\"v\":2}]}", "{\"p\":\"{{v}};\"}",
		  "1;2;" },
		{ "{{>tree}}", "{\"v\":1,\"l\":[{\"v\":2,\"l\":[]}]}",
		  "{\"tree\":\"{{v}}<{{#l}}{{>tree}}{{/l}}>\"}", "1<2<>>" },
		{ "| {{> p }} |", NULL, "{\"p\":\"\\t|\\t\"}", "| \t|\t |" },
		{ "  {{v}}  {{>p}}\n", "{\"v\":\"|\"}", "{\"p\":\">\\n>\"}", "  |  >\n>\n" },
		{ "|\r\n{{>p}}\r\n|", NULL, "{\"p\":\">\"}", "|\r\n>|" },
		{ "  {{>p}}\n>", NULL, "{\"p\":\">\\n>\"}", "  >\n  >>" },
		{ ">\n  {{>p}}", NULL, "{\"p\":\">\\n>\"}", ">\n  >\n  >" },
		/* a line of the partial is indented, a line of the data is not */
		{ "\\\n {{>p}}\n/\n", "{\"v\":\"<\\n-\"}", "{\"p\":\"|\\n{{{v}}}\\n|\\n\"}",
		  "\\\n |\n <\n-\n |\n/\n" },
		{ " {{>p}}\n", "{\"x\":true}", "{\"p\":\"{{#x}}\\na\\n{{/x}}\\nb\\n\"}",
		  " a\n b\n" },
		{ " {{>p}}\n", "{\"x\":true}", "{\"p\":\"{{#x}}a{{/x}}b\\n\"}", " ab\n" },
		{ " {{>p}}\n", "{\"l\":[1,2]}", "{\"p\":\"{{#l}}\\n{{.}}\\n{{/l}}\\n\"}",
		  " 1\n 2\n" },
		{ " {{>p}}\n", NULL, "{\"p\":\"a\\n\\nb\\n\"}", " a\n\n b\n" },
		{ " {{>p}}\n", NULL, "{\"p\":\"a\\n\\t{{>q}}\\nb\\n\",\"q\":\"1\\n2\\n\"}",
		  " a\n \t1\n \t2\n b\n" },
		{ " {{>p}}\n", NULL, "{\"p\":\"{{>q}}\\n\",\"q\":\"1\\n\"}", " 1\n" },
		{ "{{>web/head}}", NULL, "{\"web/head\":\"h\"}", "h" },
	};

	UNUSED(state);
	EXPECT_ALL(cases);
}

/* ---- what is refused, and where it is said to be ---- */

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *problem;
	} cases[] = {
		{ "{{", "line 1: {{ is not closed" },
		{ "a\nb{{x}", "line 2: {{ is not closed" },
		{ "{{{x}}", "line 1: {{ is not closed" },
		{ "{{! note", "line 1: {{ is not closed" },
		{ "{{=[ ]=}}\n[x", "line 2: [ is not closed" },
		{ "{{#a}}\n{{#b}}\n{{/b}}\n", "line 4: a is not closed" },
		{ "{{#a}}\n{{/b}}", "line 2: a is not closed here" },
		{ "{{#a}}{{#b}}{{/a}}{{/b}}", "line 1: b is not closed here" },
		{ "\n\n{{/a}}", "line 3: a is closed but was not opened" },
		{ "{{}}", "line 1:  is no name" },
		{ "{{ }}", "line 1:  is no name" },
		{ "{{a b}}", "line 1: a b is no name" },
		{ "{{a.}}", "line 1: a. is no name" },
		{ "{{.a}}", "line 1: .a is no name" },
		{ "{{a..b}}", "line 1: a..b is no name" },
		{ "{{#a<b}}{{/a<b}}", "line 1: a<b is no name" },
		{ "{{$a}}", "line 1: $a is no name" },
		{ "{{>}}", "line 1:  is no name" },
		{ "{{>*a}}", "line 1: *a is no name" },
		{ "{{=}}", "line 1: {{ is not closed" },
		{ "{{==}}", "line 1: = is to set two delimiters" },
		{ "{{= =}}", "line 1: = is to set two delimiters" },
		{ "{{=a=}}", "line 1: = is to set two delimiters" },
		{ "{{=a b c=}}", "line 1: = is to set two delimiters" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str problem = STR(&arena, 512);
		const struct template *t = NULL;

		assert_int_equal(template_compile(&arena, cases[i].text, &t, &problem),
				 ERR_INVALID);
		assert_string_equal(str_text(&problem), cases[i].problem);
		assert_null(t);
	}
}

static const char *nested(int depth)
{
	struct str s = STR(&arena, 64 * 1024);

	for (int i = 0; i < depth; i++)
		str_add(&s, "{{#x}}");
	str_add(&s, "deep");
	for (int i = 0; i < depth; i++)
		str_add(&s, "{{/x}}");
	return str_text(&s);
}

/* A partial that calls itself, n times, as `find` finds it. */
static const struct template *find_itself(const char *name, void *data)
{
	UNUSED(name);
	return data;
}

static void test_limits(void **state)
{
	const struct template *chain = compile("{{>p}}");
	const struct template *doubling = compile("{{>p}}{{>p}}");
	struct str out = STR(&arena, 64 * 1024);
	struct str problem = STR(&arena, 512);
	const struct template *t;
	struct rendering const deepest = { nested(TEMPLATE_DEPTH_MAX), "{\"x\":true}", NULL,
					   "deep" };

	UNUSED(state);
	expect(&deepest);
	assert_int_equal(template_compile(&arena, nested(TEMPLATE_DEPTH_MAX + 1), &t, &problem),
			 ERR_INVALID);
	assert_string_equal(str_text(&problem), "line 1: x is nested too deep");
	assert_int_equal(
		template_render(chain, NULL, find_itself, (void *)(uintptr_t)chain, &out),
		ERR_TOO_LONG);
	assert_int_equal(
		template_render(doubling, NULL, find_itself, (void *)(uintptr_t)doubling, &out),
		ERR_TOO_LONG);
	out = STR(&arena, 9);
	assert_int_equal(template_render(compile("0123456789"), NULL, NULL, NULL, &out),
			 ERR_TOO_LONG);
	out = STR(&arena, 10);
	assert_int_equal(template_render(compile("0123456789{{>p}}"), NULL, NULL, NULL, &out),
			 OK);
}

/* Lists in lists in lists come to an end, although nothing is written. */
static void test_steps(void **state)
{
	struct value *list = value_list(&arena);
	struct value *data = value_object(&arena);
	struct str out = STR(&arena, 64);

	UNUSED(state);
	for (int i = 0; i < 300; i++)
		value_push(list, value_int(&arena, i));
	value_set(data, "l", list);
	assert_int_equal(
		template_render(compile("{{#l}}{{#l}}{{/l}}{{/l}}"), data, NULL, NULL, &out),
		OK);
	assert_int_equal(template_render(compile("{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}"), data,
					 NULL, NULL, &out),
			 ERR_TOO_LONG);
}

/* ---- the folder ---- */

static char dir[] = "/tmp/kartka-template-XXXXXX";

static const char *const names[] = { "page.mustache", "web/head.mustache", "web/notes.txt",
				     ".hidden.mustache", "bad.mustache" };

static void file_write(const char *name, const char *text)
{
	FILE *f = fopen(arena_printf(&arena, "%s/%s", dir, name), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void folder_remove(void)
{
	for (size_t i = 0; i < COUNT(names); i++)
		(void)unlink(arena_printf(&arena, "%s/%s", dir, names[i]));
	(void)rmdir(arena_printf(&arena, "%s/web", dir));
	(void)rmdir(dir);
}

static void expect_problem(const char *text, const char *want)
{
	struct str problem = STR(&arena, 512);
	struct templates *all = NULL;

	file_write("bad.mustache", text);
	assert_int_equal(templates_load(&arena, dir, &all, &problem), ERR_INVALID);
	assert_string_equal(str_text(&problem), arena_printf(&arena, "%s/%s", dir, want));
	assert_null(all);
}

static void test_folder(void **state)
{
	struct value *data = value_object(&arena);
	struct str problem = STR(&arena, 512);
	struct str out = STR(&arena, 4096);
	struct templates *all = NULL;

	UNUSED(state);
	assert_non_null(mkdtemp(dir));
	assert_int_equal(mkdir(arena_printf(&arena, "%s/web", dir), 0700), 0);
	file_write("page.mustache", "  {{>web/head}}\n<p>{{text}}</p>\n");
	file_write("web/head.mustache", "<h1>{{title}}</h1>\n");
	file_write("web/notes.txt", "{{not a template");
	file_write(".hidden.mustache", "{{not a template");
	assert_int_equal(templates_load(&arena, dir, &all, &problem), OK);
	value_set_text(data, "title", "Так & ні");
	value_set_text(data, "text", "1 < 2");
	assert_int_equal(templates_render(all, "page", data, &out), OK);
	assert_string_equal(str_text(&out), "  <h1>Так &amp; ні</h1>\n<p>1 &lt; 2</p>\n");
	assert_int_equal(templates_render(all, "web/head", data, &out), OK);
	assert_int_equal(templates_render(all, "head", data, &out), ERR_NOT_FOUND);
	assert_int_equal(templates_render(all, "web/notes", data, &out), ERR_NOT_FOUND);
	expect_problem("\n{{x", "bad.mustache: line 2: {{ is not closed");
	expect_problem("{{>web/foot}}", "bad.mustache: there is no partial web/foot");
	expect_problem("\xFF", "bad.mustache: is not UTF-8");
	folder_remove();
	assert_int_equal(templates_load(&arena, dir, &all, &problem), ERR_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interpolation), cmocka_unit_test(test_names),
		cmocka_unit_test(test_sections),      cmocka_unit_test(test_inverted),
		cmocka_unit_test(test_standalone),    cmocka_unit_test(test_delimiters),
		cmocka_unit_test(test_partials),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),	      cmocka_unit_test(test_steps),
		cmocka_unit_test(test_folder),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
