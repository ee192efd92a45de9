/* portmone_link.h: createLinkPayment: every field and the signature, byte by byte. */
#ifndef SANDBOX_PORTMONE_LINK_H
#define SANDBOX_PORTMONE_LINK_H

#include "tests/sandbox/portmone_gateway.h"

void link_create(struct question *q);

/* Fiscal lines, NULL without: their amounts are this sum.  False: refused. */
bool link_goods_check(struct question *q, struct json_object *goods, int64_t kopiykas);

#endif
