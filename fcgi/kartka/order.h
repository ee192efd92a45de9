/*
 * order.h: what the commands about one order share.
 */
#ifndef KARTKA_COMMAND_ORDER_H
#define KARTKA_COMMAND_ORDER_H

#include "fcgi/kartka/outside.h"
#include "shared/domain/decision.h"
#include "shared/domain/order.h"

/* As people type its number.  NULL: there is none, and stderr says so. */
struct order *order_named(const struct command_env *env, struct db *db, const char *typed);

/* --why TEXT out of the arguments; false: it is missing, and stderr says so. */
bool order_why(const struct command_env *env, int *argc, char **argv, const char **ret);

/* Of whoever runs the command. */
struct decision order_decision(const struct command_env *env, const char *why);

#endif
