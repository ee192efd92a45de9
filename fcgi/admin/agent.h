/*
 * agent.h: a browser by the name people know it by.
 */
#ifndef KARTKA_ADMIN_AGENT_H
#define KARTKA_ADMIN_AGENT_H

#include "shared/base/arena.h"

/* "Firefox 140, Android" of a User-Agent; the text itself when it names none we know. */
const char *agent_name(struct arena *a, const char *agent);

#endif
