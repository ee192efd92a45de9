/*
 * code_mask.h: codes out of what people write: a complaint is kept in clear text, the code it
 * is about must not be.
 */
#ifndef KARTKA_CODE_MASK_H
#define KARTKA_CODE_MASK_H

#include "shared/domain/code.h"
#include "shared/domain/order.h"

/* Each code of the order's that stands in the text, however set apart, becomes "•••". */
int code_mask(struct db *db, struct arena *a, const struct code_vault *vault,
	      const struct order *order, const char *text, const char **ret) MUST_CHECK;

#endif
