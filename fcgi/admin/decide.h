/*
 * decide.h: what the pages on which somebody decides about money and codes share: the reason,
 * the sum, and what came of it in words.
 */
#ifndef KARTKA_ADMIN_DECIDE_H
#define KARTKA_ADMIN_DECIDE_H

#include "fcgi/admin/fields.h"
#include "shared/domain/order_refund.h"
#include "shared/domain/order_replace.h"

extern const struct field why_field;

/* The reason as typed; without one the field says so. */
const char *why_typed(struct visit *v);
/* "" is all of it, 0. */
struct money amount_typed(struct visit *v);

/* By whoever is signed in; a wish of its own. */
struct decision decision_typed(struct visit *v, const char *why);

/* Phrases. */
const char *refund_words(enum refund_result result);
const char *replace_words(enum replace_result result);

#endif
