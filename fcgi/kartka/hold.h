/*
 * hold.h: the private database for one command.  It runs while the shop runs; while it does
 * not, a command that needs it starts it, and stops it at its end.
 */
#ifndef KARTKA_HOLD_H
#define KARTKA_HOLD_H

#include "fcgi/kartka/outside.h"
#include "fcgi/kartka/supervise.h"

struct hold {
	bool started; /* by us: KARTKA_VAR is ours until hold_end() */
	struct supervisor supervisor;
};

/*
 * A connection, to the private database or to one's own.  With alone, the shop must not run
 * here.  NULL: it can't be had, and stderr says why.  hold_end() in any case.
 */
struct db *hold_begin(const struct command_env *env, bool alone, struct hold *hold);
void hold_end(struct hold *hold);

#endif
