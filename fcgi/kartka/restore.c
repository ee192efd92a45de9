/*
 * kartka restore FILE: a backup in the place of an empty database, so that a shop works
 * again.  Nothing is changed before the whole file was read and found to be what it was.
 */
#include "fcgi/kartka/backup.h"

#include "fcgi/kartka/backup_file.h"
#include "fcgi/kartka/hold.h"
#include "shared/base/clock.h"
#include "shared/domain/audit.h"
#include "shared/domain/lease.h"
#include "shared/domain/migration.h"
#include "shared/domain/schema.h"
#include "shared/domain/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* ---- the keys ---- */

static int secrets_show(const struct backup_file *file)
{
	for (size_t i = 0; i < BACKUP_SECRETS; i++)
		printf("%s=%s\n", backup_secrets[i], file->note.secrets[i]);
	return 0;
}

/* Every key of the backup is among those that are in force. */
static bool keys_contain(const char *have, const char *needed)
{
	while (*needed) {
		size_t const len = strcspn(needed, ",");
		const char *at = have;
		bool found = false;

		for (; *at && !found; at += strcspn(at, ",") + (strchr(at, ',') != NULL))
			found = !strncmp(at, needed, len) && (!at[len] || at[len] == ',');
		if (!found)
			return false;
		needed += len + (needed[len] == ',');
	}
	return true;
}

/* Who has the words of Telegram's webhook, tells Telegram again: no reason to refuse. */
static bool is_enough(const char *name, const char *have, const char *needed)
{
	if (!strcmp(name, "WEBHOOK_SECRET"))
		return true;
	if (!strcmp(name, "CODE_KEYS"))
		return keys_contain(have, needed);
	return !strcmp(have, needed);
}

/*
 * Those that are given in the environment or in a file stay what they are, so they must be
 * what the backup needs.  Looked at before anything is changed.
 */
static int secrets_check(const struct command_env *env, const struct backup_file *file)
{
	for (size_t i = 0; i < BACKUP_SECRETS; i++) {
		const char *name = backup_secrets[i];
		const char *have = "";
		bool given = false;

		if (config_get(env->arena, name, &have) ||
		    config_is_given(env->arena, name, &given))
			return command_fail(env, "%s: can't be read", name);
		if (given && !is_enough(name, have, file->note.secrets[i]))
			return command_fail(env,
					    "%s: is not the backup's: kartka restore FILE "
					    "--secrets shows that",
					    name);
	}
	return 0;
}

static int secrets_store(const struct command_env *env, const struct backup_file *file)
{
	for (size_t i = 0; i < BACKUP_SECRETS; i++) {
		int const rc = config_secret_store(env->arena, env->config, backup_secrets[i],
						   file->note.secrets[i]);

		if (rc && rc != ERR_DENIED)
			return command_fail(env, "KARTKA_VAR: %s/secrets.json: %s",
					    env->config->var, strerror(errno));
	}
	return 0;
}

/* ---- the database ---- */

static const char *load_run(struct arena *a, const struct backup_tool *tool, const char *gzip,
			    const struct backup_file *file)
{
	const char *const gzip_argv[] = { gzip, "-c", "-d", NULL };
	struct child unpacker = { .pid = 0 };
	struct child client = { .pid = 0 };
	const char *why;
	const char *client_why;
	const char *unpacker_why;
	int packed[2];
	int plain[2];

	if (pipe2(packed, O_CLOEXEC) || pipe2(plain, O_CLOEXEC) ||
	    !child_start(gzip_argv, packed[0], plain[1], -1, &unpacker) ||
	    !child_start(tool->argv, plain[0], -1, tool->options, &client))
		return strerror(errno);
	close(packed[0]);
	close(plain[0]);
	close(plain[1]);
	why = backup_copy(file, packed[1]);
	close(packed[1]);
	unpacker_why = child_end(a, &unpacker);
	client_why = child_end(a, &client);
	/* The database's own words say most. */
	return client_why ? client_why : unpacker_why ? unpacker_why : why;
}

static int load(const struct command_env *env, struct db *db, const struct backup_file *file)
{
	static const char *const names[] = { "mariadb", "mysql", NULL };
	static const char *const arguments[] = {
		"--batch",
		"--default-character-set=utf8mb4",
		"--max-allowed-packet=64M",
		NULL,
	};
	const char *gzip = backup_gzip(env);
	struct backup_tool tool;
	const char *why;
	int rc;

	if (!gzip || !backup_tool(env, db, names, arguments, &tool))
		return 1;
	rc = schema_drop(db);
	if (rc)
		return outside_db_failed(env, db, rc);
	why = load_run(env->arena, &tool, gzip, file);
	close(tool.options);
	return why ? command_fail(env,
				  "the database could not be filled: %s; what is there is not "
				  "whole: run it again with --replace",
				  why)
		   : 0;
}

/* May the backup take this database's place? */
static int database_check(const struct command_env *env, struct db *db, bool replace)
{
	int workers = 0;
	bool empty;
	int rc = schema_is_empty(db, &empty);

	if (rc)
		return outside_db_failed(env, db, rc);
	/* Without the table there is none. */
	if (!env->config->db_is_private && !worker_alive(db, &workers) && workers)
		return command_fail(env, "the shop is running: stop it first");
	if (!empty && !replace)
		return command_fail(env, "the database is not empty: with --replace all that "
					 "is in it is lost");
	return 0;
}

/* ---- the whole ---- */

static int schema_check(const struct command_env *env, const struct backup_file *file)
{
	const char *name = arena_printf(env->arena, "sql/migrations/%s.sql", file->note.schema);

	if (access(config_share_path(env->arena, name), R_OK))
		return command_fail(env,
				    "it was made by a newer version of the shop (schema %s): "
				    "update this one first",
				    file->note.schema);
	return 0;
}

static int finish(struct command_env *env, struct db *db, const struct backup_file *file)
{
	struct str problem = STR(env->arena, 4096);
	struct migration_list list;
	char *none[] = { NULL };
	int rc;

	if (secrets_store(env, file))
		return 1;
	if (migration_run(env->config->db_url, env->arena,
			  config_share_path(env->arena, "sql/migrations"), &list, &problem))
		return command_fail(env, "%s", str_text(&problem));
	rc = setting_backup_note(db, file->note.made_at);
	if (!rc)
		rc = audit_write(db, AUDIT_COMMAND_LINE, "restore", "backup",
				 arena_printf(env->arena, "{\"made_at\":\"%s\"}",
					      clock_iso(env->arena, file->note.made_at)));
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("restored, as it was %s ago (%s)\n", backup_age(env->arena, file->note.made_at),
	       clock_iso(env->arena, file->note.made_at));
	puts("what was sold since then is on the shelf again, and what was paid is not known "
	     "of: see to that before you sell");
	return command_check(env, 0, none);
}

static int restore(struct command_env *env, const struct backup_file *file, bool replace)
{
	struct str problem = STR(env->arena, 4096);
	struct config *config = arena_new(env->arena, struct config);
	struct hold hold;
	struct db *db;
	int status = 1;

	if (schema_check(env, file) || secrets_check(env, file))
		return 1;
	/* With the private database this makes what of secrets.json is not there. */
	if (config_load(env->arena, CONFIG_DB, config, &problem))
		return command_fail(env, "%s%s", str_text(&problem),
				    "; kartka restore FILE --secrets shows the backup's");
	env->config = config;
	(void)signal(SIGPIPE, SIG_IGN); /* a program that ends early is no reason to */
	db = hold_begin(env, true, &hold);
	if (db && !database_check(env, db, replace) && !load(env, db, file))
		status = finish(env, db, file);
	outside_end();
	hold_end(&hold);
	return status;
}

int command_restore(struct command_env *env, int argc, char **argv)
{
	bool const from_stdin = command_flag(&argc, argv, "passphrase-stdin");
	bool const dry_run = command_flag(&argc, argv, "dry-run");
	bool const replace = command_flag(&argc, argv, "replace");
	bool const secrets = command_flag(&argc, argv, "secrets");
	struct backup_file file;
	const char *passphrase;
	const char *why;

	/* Into an empty database it can't go wrong, and --replace says what it does. */
	(void)command_flag(&argc, argv, "yes");
	if (argc != 1 || command_left_options(argc, argv))
		return command_usage(env);
	passphrase = backup_passphrase(env, from_stdin);
	if (!passphrase)
		return 1;
	why = backup_open(env->arena, argv[0], passphrase, &file);
	if (why)
		return command_fail(env, "%s: %s", argv[0], why);
	if (secrets)
		return secrets_show(&file);
	if (dry_run) {
		printf("%s is whole, %s old\n", argv[0],
		       backup_age(env->arena, file.note.made_at));
		return 0;
	}
	return restore(env, &file, replace);
}
