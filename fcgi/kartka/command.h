/*
 * command.h: the subcommands of `kartka`.  A command is a function in a file of its
 * noun and a row in main.c's table.
 *
 *	int command_order_show(struct command_env *env, int argc, char **argv);
 *	{ "order show", "NUMBER", "what is known of an order", CONFIG_DB, command_order_show },
 *
 * A name of two words is matched before one of one word.  argv[0] is the first word after
 * the name.  `--help` is answered before the function is called.
 */
#ifndef KARTKA_COMMAND_H
#define KARTKA_COMMAND_H

#include "shared/platform/config.h"

struct command_env {
	struct arena *arena;	     /* ends with the process */
	const struct config *config; /* read as far as the row's need says */
	const struct command *self;
};

struct command {
	const char *name; /* "run", "order show" */
	const char *args; /* "NUMBER [--why TEXT]", "" without */
	const char *help; /* one line, or more below it with details */
	enum config_need need;
	int (*run)(struct command_env *env, int argc, char **argv); /* the exit status */
};

/* "kartka: …" on stderr; returns 1: return command_fail(env, "no order %s", number); */
int command_fail(const struct command_env *env, const char *fmt, ...) PRINTF(2, 3);

/* The arguments are not what the row says: its usage on stderr; returns 1. */
int command_usage(const struct command_env *env);

/*
 * Take an option out of argv.  --NAME VALUE or --NAME=VALUE: its value; a flag (no value): "".
 * NULL: it was not given.  An option that lacks its value is "" too.
 */
const char *command_option(int *argc, char **argv, const char *name);
bool command_flag(int *argc, char **argv, const char *name);

/* True when an argument that looks like an option is left: it is unknown. */
bool command_left_options(int argc, char **argv);

/* ---- the commands, each in the file of its noun ---- */

typedef int command_function(struct command_env *env, int argc, char **argv);

command_function command_run;
command_function command_config_get;
command_function command_migrate;
command_function command_status;
command_function command_check;
command_function command_doctor;
command_function command_stats_rebuild;
command_function command_admin_add;
command_function command_admin_list;
command_function command_admin_reset_2fa;
command_function command_admin_disable;
command_function command_audit_verify;
command_function command_catalog_import;
command_function command_catalog_export;
command_function command_codes_import;
command_function command_codes_count;
command_function command_order_show;
command_function command_order_settle;
command_function command_order_refund;
command_function command_order_review;
command_function command_order_resolve;
command_function command_order_dispute;
command_function command_order_replace;
command_function command_order_answer;
command_function command_keys_list;
command_function command_keys_new;
command_function command_keys_rotate;
command_function command_keys_drop;
command_function command_keys_check;
command_function command_backup;
command_function command_restore;
command_function command_webhook_set;
command_function command_webhook_info;
command_function command_webhook_delete;

#endif
