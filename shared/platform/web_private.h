/*
 * web_private.h: what the files of web.h share and nobody else sees.
 */
#ifndef KARTKA_WEB_PRIVATE_H
#define KARTKA_WEB_PRIVATE_H

#include "shared/platform/web.h"

/* An empty response, status 0: a handler that sets none has a bug. */
void web_response_init(struct web_response *res, struct arena *a);

/*
 * Status line, headers and body as nginx reads them.  What failed its cap, has no status or
 * an impossible one becomes a bare 500, and res->status says so afterwards.
 */
struct bytes web_response_text(struct web_response *res, struct arena *a, bool without_body);

#endif
