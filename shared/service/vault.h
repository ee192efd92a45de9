/*
 * vault.h: the keys for codes, from the configuration.
 */
#ifndef KARTKA_VAULT_H
#define KARTKA_VAULT_H

#include "shared/domain/code.h"
#include "shared/platform/config.h"

void vault_fill(const struct config *c, struct code_vault *ret);

#endif
