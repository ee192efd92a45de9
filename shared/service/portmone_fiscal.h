/*
 * portmone_fiscal.h: the line of the fiscal receipt (PORTMONE_GOODS): what was bought, and
 * what goes back.  Its sum is the bill's, or the refund's, to the kopiyka.
 */
#ifndef KARTKA_PORTMONE_FISCAL_H
#define KARTKA_PORTMONE_FISCAL_H

#include "shared/clients/portmone_link.h"
#include "shared/domain/catalog.h"
#include "shared/domain/refund_send.h"

const struct portmone_goods *portmone_fiscal_bill(struct arena *a,
						  const struct catalog *catalog,
						  const struct order *order);

/* The bill's own line when all goes back; else so many codes, or a part of the price. */
const struct portmone_goods *portmone_fiscal_refund(struct arena *a,
						    const struct catalog *catalog,
						    const struct refund_order *refund);

#endif
