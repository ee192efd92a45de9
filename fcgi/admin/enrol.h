/*
 * enrol.h: a second factor is taken into use: a seed as a QR code and as text, a code that
 * proves it arrived, ten recovery codes shown once.
 */
#ifndef KARTKA_ADMIN_ENROL_H
#define KARTKA_ADMIN_ENROL_H

#include "fcgi/admin/visit.h"

/* Fill the page with the session's seed, which is made when there is none. */
int enrol_fill(struct visit *v) MUST_CHECK;

/*
 * The code that was typed.  ret_done: it is enrolled, other sessions have ended, and v->data
 * has the recovery codes; otherwise "error" says why not.
 */
int enrol_try(struct visit *v, bool *ret_done) MUST_CHECK;

#endif
