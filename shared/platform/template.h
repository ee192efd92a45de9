/*
 * template.h: mustache (the public specification's interpolation, sections, inverted,
 * comments, partials, delimiters; no lambdas).  {{x}} escapes HTML; {{{x}}} and {{&x}} do not.
 * A section is left out when its value is missing, false, 0, "" or an empty list.
 * Names are [A-Za-z0-9_-], joined by dots; those of partials are paths.
 */
#ifndef KARTKA_TEMPLATE_H
#define KARTKA_TEMPLATE_H

#include "shared/base/str.h"

struct template; /* compiled, immutable, lives as long as its arena */

/* ERR_INVALID: unclosed tag or section, or no name; `problem` says which and in which line. */
int template_compile(struct arena *a, const char *text, const struct template **ret,
		     struct str *problem) MUST_CHECK;

/* ---- data: a tree of values, built in an arena ---- */
struct value;
struct value *value_object(struct arena *a);
struct value *value_list(struct arena *a);
struct value *value_text(struct arena *a, const char *text); /* the text is borrowed */
struct value *value_int(struct arena *a, int64_t n);
struct value *value_bool(struct arena *a, bool b);
void value_set(struct value *object, const char *name, struct value *v); /* name is borrowed */
void value_set_text(struct value *object, const char *name, const char *text);
void value_set_int(struct value *object, const char *name, int64_t n);
void value_set_bool(struct value *object, const char *name, bool b);
void value_push(struct value *list, struct value *v);

/* Finds a partial by name; NULL renders as nothing. */
typedef const struct template *template_find(const char *name, void *data);

/*
 * ERR_TOO_LONG: the result passes out's cap, partials nest deeper than TEMPLATE_DEPTH_MAX,
 * or it takes more than TEMPLATE_STEPS_MAX.
 */
int template_render(const struct template *t, const struct value *data, template_find *find,
		    void *find_data, struct str *out) MUST_CHECK;

/* ---- a folder of *.mustache files: names are paths without the ending ---- */
struct templates;
/* Every partial must be there.  ERR_INVALID / ERR_FAILED: `problem` names the file. */
int templates_load(struct arena *a, const char *dir, struct templates **ret,
		   struct str *problem) MUST_CHECK;
/* ERR_NOT_FOUND: no such template. */
int templates_render(const struct templates *all, const char *name, const struct value *data,
		     struct str *out) MUST_CHECK;

#endif
