/*
 * catalog_form.h: what the forms of categories and values share.  What somebody else changed
 * in the meantime is noticed: a form carries the version it was begun from.
 */
#ifndef KARTKA_ADMIN_CATALOG_FORM_H
#define KARTKA_ADMIN_CATALOG_FORM_H

#include "fcgi/admin/fields.h"
#include "shared/domain/catalog_change.h"

#define CATALOG "/admin/catalog"

/* One line as typed, cleaned and cut. */
const char *typed_line(struct visit *v, const char *name, size_t max);
/* "title_uk" of "title". */
const char *lang_name(struct visit *v, const char *name, int lang);

/* Typed titles; the first is needed. */
void titles_typed(struct visit *v, const char *ret[CATALOG_LANGS]);
void slug_check(struct visit *v, const char *slug);
/* A whole number up to max; nothing typed is 0. */
void number_typed(struct visit *v, const char *name, int64_t max, int64_t *ret);
/* The version that the form was begun from; a forged one is merely stale. */
int64_t version_typed(struct visit *v);

/* What became of a save that was not done, beside the field it is about; 409. */
void edit_refused(struct visit *v, enum edit_result result);

extern const struct field slug_field;
extern const struct field title_field;

#endif
