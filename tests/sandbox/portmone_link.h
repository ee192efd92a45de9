/* portmone_link.h: createLinkPayment: every field and the signature, byte by byte. */
#ifndef SANDBOX_PORTMONE_LINK_H
#define SANDBOX_PORTMONE_LINK_H

#include "tests/sandbox/portmone_gateway.h"

void link_create(struct question *q);

#endif
