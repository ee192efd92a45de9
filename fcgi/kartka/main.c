/*
 * kartka: the operator's command, and with `run` the supervisor that holds everything
 * together in the foreground.
 */
#include "fcgi/kartka/command.h"
#include "fcgi/kartka/outside.h"

#include "shared/base/version.h"

#include <stdarg.h>

/* clang-format off */
static const struct command commands[] = {
	{ "run", "[--stop-with-parent] [OPTION…]",
	  "start everything in the foreground, until SIGINT or SIGTERM\n\n"
	  "  --stop-with-parent     end when the parent does, or when make above it is interrupted\n"
	  "  --also NAME=COMMAND    keep a further command alive (several times)\n"
	  "  --needs-port KEY=ADDR  an address one of them listens on: it must be free\n"
	  "  --after-migrate CMD    run once the database's schema is there\n"
	  "  --after-ready CMD      run once /readyz says 200\n"
	  "  --ready LINE           what is printed then",
	  CONFIG_SERVE, command_run },
	{ "config get", "KEY", "a setting's value, as the programs see it",
	  CONFIG_BASE, command_config_get },

	{ "migrate", "[--dry-run]", "bring the database's schema up to date", CONFIG_DB, command_migrate },
	{ "status", "", "what runs, what waits: workers, messages, orders", CONFIG_DB, command_status },
	{ "check", "", "look for anything that must never be: exit 1 names it", CONFIG_DB, command_check },
	{ "stats rebuild", "", "count every day's sales anew, for the panel's first page\n\n"
	  "  The worker counts them by itself: this is for orders that were changed by other hands.\n"
	  "  Interrupted, the worker goes on with it.",
	  CONFIG_DB, command_stats_rebuild },
	{ "doctor", "", "try every setting against the real thing, and say what to mend",
	  CONFIG_BASE, command_doctor },

	{ "admin add", "LOGIN --role owner|manager|support|viewer --password-stdin",
	  "a new administrator; the password is the first line of the standard input",
	  CONFIG_DB, command_admin_add },
	{ "admin list", "", "the administrators", CONFIG_DB, command_admin_list },
	{ "admin reset-2fa", "LOGIN", "the next sign-in enrols a second factor anew",
	  CONFIG_DB, command_admin_reset_2fa },
	{ "admin disable", "LOGIN", "no sign-in any more; all sessions end", CONFIG_DB,
	  command_admin_disable },

	{ "audit verify", "[SEAL]",
	  "is the trail as it was written: exit 1 when a row was altered, removed or cut off\n\n"
	  "  SEAL: one that the administrators' chats were told of at the end of a day: it must be\n"
	  "  in the chain, or all of it was made anew.",
	  CONFIG_DB, command_audit_verify },

	{ "catalog import", "FILE.json", "make or update categories and values by their slugs; - is the standard input\n\n"
	  "  {\"categories\":[{\"slug\":\"steam\",\"title\":{\"uk\":\"…\",\"en\":\"…\",\"ru\":\"…\"},\"values\":[\n"
	  "    {\"slug\":\"steam-100\",\"title\":{…},\"price\":\"100.00\",\"instruction\":{…}}]}]}\n\n"
	  "  Needed: slug ([a-z0-9_-]{1,62}), title.uk, price (0.01 to 999999.99).  Optional: position,\n"
	  "  max_per_order, max_per_day, pattern (a regular expression for codes), picture, hidden.",
	  CONFIG_DB, command_catalog_import },
	{ "catalog export", "", "the catalogue in the form that import takes", CONFIG_DB, command_catalog_export },

	{ "codes import", "VALUE_SLUG FILE [--batch NAME] [--dry-run]",
	  "put codes on the shelf; waiting orders are filled at once; - is the standard input\n\n"
	  "  One code a line, or CSV when the first line is `code` or begins `code,` or `code;` (then\n"
	  "  serial, expires).  UTF-8.  Codes that are in the file twice or were ever known are counted\n"
	  "  and skipped, so running an interrupted import again goes on where it ended.",
	  CONFIG_DB, command_codes_import },
	{ "codes count", "[VALUE_SLUG]", "codes of each value by state; of one value, by batch too", CONFIG_DB, command_codes_count },

	{ "order show", "NUMBER", "what is known of an order", CONFIG_DB, command_order_show },
	{ "order settle", "NUMBER", "ask Portmone about an order now, and settle it by the answer",
	  CONFIG_SERVE, command_order_settle },

	{ "order refund", "NUMBER [--amount 50.00] [--why TEXT]",
	  "give an order's money back through Portmone: all of it, or a part\n\n"
	  "  All of it ends the order: its codes become defective.  The worker does it, once, and the buyer is told;\n"
	  "  `order show` says how it stands.  The text stays in the audit trail, and goes to Portmone.",
	  CONFIG_DB, command_order_refund },
	{ "order review", "[NUMBER]", "payments that did not fit and wait for a decision, of one order or of all",
	  CONFIG_DB, command_order_review },
	{ "order resolve", "NUMBER --payment ID deliver|refund|dismiss [--amount 50.00] --why TEXT",
	  "decide about a payment of `order review`\n\n"
	  "  deliver   take it for the order's payment, though it is not the sum\n"
	  "  refund    give it back through Portmone; of a surplus, what is too much\n"
	  "  dismiss   do nothing with it",
	  CONFIG_DB, command_order_resolve },
	{ "order dispute", "NUMBER keep|lift --why TEXT",
	  "decide about an order whose money was taken back\n\n"
	  "  keep   the money stays gone, and the buyer opens no new orders\n"
	  "  lift   it was in order: the order is what it was, or refunded if all its money went back",
	  CONFIG_DB, command_order_dispute },
	{ "order replace", "NUMBER [--code 2|all] [--why TEXT]",
	  "another code in the place of one that does not work; the buyer gets it as a message\n\n"
	  "  Without --code: the one that was complained of, or the order's only one.  The old one becomes defective;\n"
	  "  `codes count VALUE_SLUG` shows how many of each batch did.",
	  CONFIG_DB, command_order_replace },
	{ "order answer", "NUMBER --text TEXT", "write to the buyer about the order, in the case that is open or a new one",
	  CONFIG_DB, command_order_answer },

	{ "keys list", "", "the keys of codes, and how many codes each opens", CONFIG_DB, command_keys_list },
	{ "keys new", "", "make a new key for codes: known to the shop once it is restarted, not in use yet",
	  CONFIG_DB, command_keys_new },
	{ "keys rotate", "", "encrypt every code anew with the new key, while the shop sells\n\n"
	  "  Refuses while a process of the shop that opens codes does not know the key.  Run again, it goes on\n"
	  "  where it ended.  Codes that do not open are named and left alone; exit 1 then.",
	  CONFIG_DB, command_keys_rotate },
	{ "keys drop", "ID", "forget an old key; refuses while any code needs it", CONFIG_DB, command_keys_drop },
	{ "keys check", "", "see that every code opens: exit 1 names those that do not", CONFIG_DB, command_keys_check },

	{ "backup", "FILE [--passphrase-stdin]",
	  "one consistent copy of the database and the keys, while the shop sells\n\n"
	  "  The passphrase seals the keys: KARTKA_BACKUP_PASSPHRASE, or the first line of the standard input.\n"
	  "  Codes in the copy are encrypted with the keys; names and orders are not.",
	  CONFIG_DB, command_backup },
	{ "restore", "FILE [--passphrase-stdin] [--replace] [--dry-run] [--secrets]",
	  "bring a shop back from a backup: into an empty database; the shop must not run\n\n"
	  "  --replace  drop what the database holds\n"
	  "  --dry-run  change nothing, see that the file is whole and the passphrase is its own\n"
	  "  --secrets  change nothing, show the keys as lines for .env: they must be set with a database of one's own",
	  CONFIG_BASE, command_restore },

	{ "webhook set", "", "tell Telegram where the shop is; commands and descriptions in each language",
	  CONFIG_SERVE, command_webhook_set },
	{ "webhook info", "", "what Telegram says of the webhook", CONFIG_SERVE, command_webhook_info },
	{ "webhook delete", "", "Telegram keeps updates to itself", CONFIG_SERVE, command_webhook_delete },
};
/* clang-format on */

/* ---- what commands use ---- */

int command_fail(const struct command_env *env, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "kartka%s%s: ", env->self ? " " : "", env->self ? env->self->name : "");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

static void usage_line(FILE *to, const struct command *c)
{
	fprintf(to, "usage: kartka %s%s%s\n", c->name, *c->args ? " " : "", c->args);
}

int command_usage(const struct command_env *env)
{
	usage_line(stderr, env->self);
	return 1;
}

static void argument_drop(int *argc, char **argv, int i)
{
	memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof(*argv));
	--*argc;
}

const char *command_option(int *argc, char **argv, const char *name)
{
	size_t const len = strlen(name);

	for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		const char *arg = argv[i];
		const char *value;

		if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, name, len) != 0)
			continue;
		if (arg[2 + len] == '=') {
			argument_drop(argc, argv, i);
			return arg + 2 + len + 1;
		}
		if (arg[2 + len])
			continue;
		argument_drop(argc, argv, i);
		if (i >= *argc)
			return "";
		value = argv[i];
		argument_drop(argc, argv, i);
		return value;
	}
	return NULL;
}

bool command_flag(int *argc, char **argv, const char *name)
{
	for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++)
		if (!strncmp(argv[i], "--", 2) && !strcmp(argv[i] + 2, name)) {
			argument_drop(argc, argv, i);
			return true;
		}
	return false;
}

bool command_left_options(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (argv[i][0] == '-' && argv[i][1])
			return true;
	return false;
}

/* ---- the table at work ---- */

/* How many arguments the name takes up; 0: it is another command. */
static int name_matches(const struct command *c, int argc, char **argv)
{
	const char *blank = strchr(c->name, ' ');
	size_t const first = blank ? (size_t)(blank - c->name) : strlen(c->name);

	if (argc < 1 || strlen(argv[0]) != first || strncmp(c->name, argv[0], first) != 0)
		return 0;
	if (!blank)
		return 1;
	return argc > 1 && !strcmp(blank + 1, argv[1]) ? 2 : 0;
}

static const struct command *command_find(int argc, char **argv, int *ret_words)
{
	const struct command *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; i < COUNT(commands); i++) {
		int const words = name_matches(&commands[i], argc, argv);

		if (words > *ret_words) {
			*ret_words = words;
			found = &commands[i];
		}
	}
	return found;
}

/* All commands, or those that begin with a word; false when there are none. */
static bool commands_show(FILE *to, const char *word)
{
	size_t const len = word ? strlen(word) : 0;
	bool any = false;

	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if (word &&
		    (strncmp(c->name, word, len) != 0 || (c->name[len] && c->name[len] != ' ')))
			continue;
		if (!any)
			fputs("usage: kartka COMMAND …; each one explains itself with "
			      "--help\n\n",
			      to);
		any = true;
		fprintf(to, "  %s%s%s\n      %.*s\n", c->name, *c->args ? " " : "", c->args,
			(int)strcspn(c->help, "\n"), c->help);
	}
	return any;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int no_such_command(int argc, char **argv)
{
	if (!argc) {
		commands_show(stderr, NULL);
		return 1;
	}
	if (!strcmp(argv[0], "help")) {
		if (!commands_show(stdout, argc > 1 ? argv[1] : NULL))
			commands_show(stdout, NULL);
		return 0;
	}
	if (!strcmp(argv[0], "--version")) {
		printf("kartka %s\n", version_text());
		return 0;
	}
	if (wants_help(argc, argv) && (argv[0][0] == '-' || commands_show(stdout, argv[0]))) {
		if (argv[0][0] == '-')
			commands_show(stdout, NULL);
		return 0;
	}
	if (!commands_show(stderr, argv[0]))
		fprintf(stderr, "kartka: there is no command %s; see kartka --help\n", argv[0]);
	return 1;
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct config config = { 0 };
	struct str problem = STR(&arena, 8192);
	struct command_env env = { .arena = &arena, .config = &config };
	int words;
	int status;

	secrets_keep();
	arena_init(&arena);
	argc--;
	argv++;
	env.self = command_find(argc, argv, &words);
	if (!env.self)
		return no_such_command(argc, argv);
	argc -= words;
	argv += words;
	if (wants_help(argc, argv)) {
		usage_line(stdout, env.self);
		printf("\n%s\n", env.self->help);
		return 0;
	}
	if (config_load(&arena, env.self->need, &config, &problem)) {
		fprintf(stderr, "kartka: %s\n", str_text(&problem));
		status = 1;
	} else {
		status = env.self->run(&env, argc, argv);
	}
	if (fflush(stdout) || ferror(stdout))
		status = status ? status : command_fail(&env, "the output can't be written");
	outside_end();
	arena_release(&arena);
	return status;
}
