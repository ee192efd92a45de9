/*
 * ask.h: asking Portmone about orders whose time has come, several at once.  What the
 * answer means is decided by the domain; one order's trouble never stops the others.
 */
#ifndef KARTKA_ASK_H
#define KARTKA_ASK_H

#include "fcgi/worker/worker.h"

int ask_run(struct worker *w, struct arena *a, const char *lease_data) MUST_CHECK;

#endif
