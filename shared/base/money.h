/*
 * money.h: sums are whole kopiykas.  Arithmetic that would overflow fails.
 */
#ifndef KARTKA_MONEY_H
#define KARTKA_MONEY_H

#include "shared/base/arena.h"

struct money {
	int64_t kop;
};

#define MONEY(kopiykas) ((struct money){ .kop = (kopiykas) })

/* ERR_INVALID when the product does not fit or a factor is negative. */
int money_times(struct money unit, int64_t count, struct money *ret) MUST_CHECK;

/* "249.90": as Portmone signs and reads it. */
const char *money_plain(struct arena *a, struct money m);

/* "249,90 ₴" (uk, ru) or "₴249.90" (en); whole hryvnias without decimals, thousands set apart.
 */
const char *money_show(struct arena *a, struct money m, bool sign_first);

#endif
