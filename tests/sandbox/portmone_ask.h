/* portmone_ask.h: result, return (a refund) and closeInvoice: with login and password. */
#ifndef SANDBOX_PORTMONE_ASK_H
#define SANDBOX_PORTMONE_ASK_H

#include "tests/sandbox/portmone_gateway.h"

void ask_result(struct question *q);
void ask_return(struct question *q);
void ask_close(struct question *q);

#endif
