/*
 * settings.h: what the pages of settings share.
 */
#ifndef KARTKA_ADMIN_SETTINGS_H
#define KARTKA_ADMIN_SETTINGS_H

#include "fcgi/admin/catalog_form.h"
#include "shared/domain/policy.h"

#define SETTINGS "/admin/settings"

/* A text's three languages as a field of its name: form/tabs. */
void words_field_add(struct visit *v, enum policy_text text, const struct policy_edit *edit);
/* As typed, cleaned; what is too long is said at the field. */
void words_typed(struct visit *v, enum policy_text text, struct policy_edit *edit);

/* Stored and told, or the form once more with what is wrong or stale. */
int settings_saved(struct visit *v, enum policy_section section, const struct policy_edit *edit,
		   const char *back, int (*show)(struct visit *v, const struct policy_edit *e));

#endif
