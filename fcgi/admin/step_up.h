/*
 * step_up.h: the second factor anew (the password where there is none), for what must not be
 * done from a browser that somebody left open.  Good for SESSION_STEP_UP_S; the session's
 * cookie changes with it.
 */
#ifndef KARTKA_ADMIN_STEP_UP_H
#define KARTKA_ADMIN_STEP_UP_H

#include "fcgi/admin/visit.h"

/*
 * Before a page that asks for it.  A form goes on as it was typed once the factor is entered:
 * it comes back to the same row with everything in it.  ret_done: an answer is made, the page
 * is not to run.
 */
int step_up_ask(struct visit *v, bool *ret_done) MUST_CHECK;

#endif
