/*
 * kartka backup FILE: one consistent copy of everything that the shop is, while it sells.
 */
#include "fcgi/kartka/backup.h"

#include "fcgi/kartka/backup_file.h"
#include "fcgi/kartka/hold.h"
#include "fcgi/kartka/place.h"
#include "shared/base/clock.h"
#include "shared/domain/migration.h"
#include "shared/domain/setting.h"
#include "shared/platform/password.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, ARGUMENTS_MAX = 24, HOUR_S = 3600, DAY_S = 86400 };

/* ---- what restore needs as well ---- */

const char *backup_passphrase(const struct command_env *env, bool from_stdin)
{
	const char *given = getenv("KARTKA_BACKUP_PASSPHRASE");
	char *line = arena_alloc(env->arena, PASSWORD_MAX * 4 + 3);

	/* Whoever pipes one in means it. */
	if (from_stdin || (!given && !isatty(STDIN_FILENO))) {
		if (fgets(line, PASSWORD_MAX * 4 + 3, stdin)) {
			line[strcspn(line, "\r\n")] = '\0';
			given = line;
		} else if (from_stdin) {
			command_fail(env, "no passphrase on the standard input");
			return NULL;
		}
	}
	if (!given) {
		command_fail(env, "a passphrase is needed, by --passphrase-stdin or in "
				  "KARTKA_BACKUP_PASSPHRASE");
		return NULL;
	}
	if (password_acceptable(given)) {
		command_fail(env, "the passphrase must have %d to %d characters", PASSWORD_MIN,
			     PASSWORD_MAX);
		return NULL;
	}
	return given;
}

const char *backup_age(struct arena *a, int64_t made_at)
{
	int64_t const seconds = (clock_now() - made_at) / CLOCK_SECOND;

	if (seconds < HOUR_S)
		return arena_printf(a, "%lld min", (long long)(seconds < 0 ? 0 : seconds / 60));
	if (seconds < 2 * DAY_S)
		return arena_printf(a, "%lld h", (long long)(seconds / HOUR_S));
	return arena_printf(a, "%lld days", (long long)(seconds / DAY_S));
}

bool backup_tool(const struct command_env *env, const struct db *db, const char *const *names,
		 const char *const *arguments, struct backup_tool *ret)
{
	const char **argv = arena_array(env->arena, ARGUMENTS_MAX, sizeof(*argv));
	const char *program = NULL;
	const char *options;
	size_t n = 0;

	for (size_t i = 0; names[i] && !program; i++)
		program = place_program(env->arena, names[i]);
	if (!program) {
		command_fail(env, "%s is not installed (make deps)", names[0]);
		return false;
	}
	db_client_options(db, env->arena, &options, &ret->database);
	ret->options = child_file("options", options);
	if (ret->options < 0) {
		command_fail(env, "memfd_create: %s", strerror(errno));
		return false;
	}
	argv[n++] = program;
	argv[n++] = arena_printf(env->arena, "--defaults-file=/proc/self/fd/%d", ret->options);
	for (; *arguments; arguments++)
		argv[n++] = *arguments;
	argv[n++] = ret->database;
	ret->argv = argv;
	return true;
}

const char *backup_gzip(const struct command_env *env)
{
	const char *program = place_program(env->arena, "gzip");

	if (!program)
		command_fail(env, "gzip is not installed");
	return program;
}

/* ---- the dump ---- */

/* What comes out of the pipe into the file. */
static const char *dump_store(struct arena *a, int from, struct backup_writer *w)
{
	char *piece = arena_alloc(a, PIECE);
	const char *why = NULL;
	ssize_t n;

	while (!why && (n = read(from, piece, PIECE)) != 0) {
		if (n > 0)
			why = backup_add(w, (struct bytes){ piece, (size_t)n });
		else if (errno != EINTR)
			why = strerror(errno);
	}
	return why;
}

/* mariadb-dump → gzip → the file.  NULL, or why not. */
static const char *dump_make(struct arena *a, const struct backup_tool *tool, const char *gzip,
			     struct backup_writer *w)
{
	const char *const gzip_argv[] = { gzip, "-c", "-n", NULL };
	struct child dump = { .pid = 0 };
	struct child packer = { .pid = 0 };
	const char *why;
	const char *dump_why;
	const char *packer_why;
	int plain[2];
	int packed[2];

	if (pipe2(plain, O_CLOEXEC) || pipe2(packed, O_CLOEXEC) ||
	    !child_start(tool->argv, -1, plain[1], tool->options, &dump) ||
	    !child_start(gzip_argv, plain[0], packed[1], -1, &packer))
		return strerror(errno);
	close(plain[0]);
	close(plain[1]);
	close(packed[1]);
	why = dump_store(a, packed[0], w);
	close(packed[0]);
	/* Each ends by itself when its pipe is closed. */
	dump_why = child_end(a, &dump);
	packer_why = child_end(a, &packer);
	return why ? why : dump_why ? dump_why : packer_why;
}

static int dump(const struct command_env *env, const struct db *db, struct backup_writer *w)
{
	static const char *const names[] = { "mariadb-dump", "mysqldump", NULL };
	static const char *const arguments[] = {
		/* One moment of the whole database, while everybody goes on. */
		"--single-transaction",
		"--skip-lock-tables",
		"--quick",
		"--hex-blob",
		"--skip-dump-date",
		"--default-character-set=utf8mb4",
		"--max-allowed-packet=64M",
		NULL,
	};
	const char *gzip = backup_gzip(env);
	struct backup_tool tool;
	const char *why;

	if (!gzip || !backup_tool(env, db, names, arguments, &tool))
		return 1;
	why = dump_make(env->arena, &tool, gzip, w);
	close(tool.options);
	return why ? command_fail(env, "the database can't be copied: %s", why) : 0;
}

/* ---- the secrets ---- */

/* As they are after the dump: no code in it has a key that is not among them. */
static int note_fill(const struct command_env *env, struct db *db, struct backup_note *note)
{
	struct str problem = STR(env->arena, 4096);
	struct migration_list list;

	if (migration_status(db, env->arena, config_share_path(env->arena, "sql/migrations"),
			     &list, &problem))
		return command_fail(env, "%s", str_text(&problem));
	note->schema = "";
	for (size_t i = 0; i < list.count; i++)
		if (list.list[i].applied_at)
			note->schema = list.list[i].name;
	for (size_t i = 0; i < BACKUP_SECRETS; i++)
		if (config_get(env->arena, backup_secrets[i], &note->secrets[i]) ||
		    !*note->secrets[i])
			return command_fail(env, "%s: is missing", backup_secrets[i]);
	return 0;
}

static int backup(const struct command_env *env, struct db *db, const char *path,
		  const char *passphrase)
{
	struct backup_note note = { .made_at = clock_now() };
	struct backup_writer w;
	const char *why = backup_begin(env->arena, path, &w);
	int rc;

	if (why)
		return command_fail(env, "%s: %s", path, why);
	if (dump(env, db, &w) || note_fill(env, db, &note)) {
		backup_give_up(&w);
		return 1;
	}
	why = backup_finish(env->arena, &w, passphrase, &note);
	if (why) {
		backup_give_up(&w);
		return command_fail(env, "%s: %s", path, why);
	}
	rc = setting_backup_note(db, note.made_at);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%s: the database and the keys; keep the passphrase elsewhere\n", path);
	return 0;
}

int command_backup(struct command_env *env, int argc, char **argv)
{
	bool const from_stdin = command_flag(&argc, argv, "passphrase-stdin");
	const char *passphrase;
	struct hold hold;
	struct db *db;
	int status = 1;

	if (argc != 1 || command_left_options(argc, argv))
		return command_usage(env);
	passphrase = backup_passphrase(env, from_stdin);
	if (!passphrase)
		return 1;
	db = hold_begin(env, false, &hold);
	if (db)
		status = backup(env, db, argv[0], passphrase);
	outside_end();
	hold_end(&hold);
	return status;
}
