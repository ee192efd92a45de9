/*
 * sign_in.h: sessions begin, change their cookie and end.
 */
#ifndef KARTKA_ADMIN_SIGN_IN_H
#define KARTKA_ADMIN_SIGN_IN_H

#include "fcgi/admin/visit.h"

/* The password was right, the second factor is still to come. */
int sign_in_half(struct visit *v, const struct staff *staff) MUST_CHECK;
/* Signed in; in place of the half-way session, if there is one.  with_code: stepped up too. */
int sign_in_full(struct visit *v, const struct staff *staff, bool with_code) MUST_CHECK;
/* The factor was entered anew: another cookie for the same session. */
int sign_in_step_up(struct visit *v) MUST_CHECK;
/* This browser's session ends. */
int sign_in_end(struct visit *v) MUST_CHECK;

#endif
