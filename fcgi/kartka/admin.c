#include "fcgi/kartka/outside.h"

#include "shared/base/clock.h"
#include "shared/domain/staff.h"
#include "shared/platform/password.h"

/* The first line of the standard input; NULL: it can't be a password. */
static const char *password_read(const struct command_env *env)
{
	char *line = arena_alloc(env->arena, PASSWORD_MAX * 4 + 3);

	if (!fgets(line, PASSWORD_MAX * 4 + 3, stdin)) {
		command_fail(env, "no password on the standard input");
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	if (password_acceptable(line)) {
		command_fail(env, "the password must have %d to %d characters", PASSWORD_MIN,
			     PASSWORD_MAX);
		return NULL;
	}
	return line;
}

int command_admin_add(struct command_env *env, int argc, char **argv)
{
	const char *role_word = command_option(&argc, argv, "role");
	bool const from_stdin = command_flag(&argc, argv, "password-stdin");
	const char *password;
	const char *hash;
	enum role role;
	struct db *db;
	int rc;

	if (argc != 1 || !role_word || !from_stdin)
		return command_usage(env);
	if (!staff_is_login(argv[0]))
		return command_fail(env, "a login is [a-z0-9._-]{1,%d}", LOGIN_MAX);
	if (role_read(role_word, &role))
		return command_fail(env, "a role is owner, manager, support or viewer");
	password = password_read(env);
	db = password ? outside_db(env) : NULL;
	if (!db)
		return 1;
	if (password_hash(env->arena, password, &hash))
		return command_fail(env, "the password can't be hashed");
	rc = staff_add(db, AUDIT_COMMAND_LINE,
		       &(struct staff_new){ .login = argv[0], .hash = hash, .role = role });
	if (rc == ERR_CONFLICT)
		return command_fail(env, "there is an administrator %s already", argv[0]);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%s is %s\n", argv[0], role_name(role));
	return 0;
}

int command_admin_list(struct command_env *env, int argc, char **argv)
{
	struct staff *staff;
	struct db *db;
	size_t count;
	int rc;

	UNUSED(argv);
	if (argc)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = staff_list(db, env->arena, &staff, &count);
	if (rc)
		return outside_db_failed(env, db, rc);
	for (size_t i = 0; i < count; i++)
		printf("%-24s %-8s %s%s\n", staff[i].login, role_name(staff[i].role),
		       staff[i].has_totp ? "second factor" : "no second factor yet",
		       staff[i].disabled ? ", disabled" : "");
	return 0;
}

typedef int staff_change(struct db *db, const struct audit_who *who, const char *login);

static int staff_do(struct command_env *env, int argc, char **argv, staff_change *change,
		    const char *done)
{
	struct db *db;
	int rc;

	if (argc != 1)
		return command_usage(env);
	db = outside_db(env);
	if (!db)
		return 1;
	rc = change(db, AUDIT_COMMAND_LINE, argv[0]);
	if (rc == ERR_NOT_FOUND)
		return command_fail(env, "there is no administrator %s", argv[0]);
	if (rc == ERR_CONFLICT)
		return command_fail(env, "%s is disabled already", argv[0]);
	if (rc == ERR_DENIED)
		return command_fail(env, "%s is the last owner", argv[0]);
	if (rc)
		return outside_db_failed(env, db, rc);
	printf("%s: %s\n", argv[0], done);
	return 0;
}

int command_admin_reset_2fa(struct command_env *env, int argc, char **argv)
{
	return staff_do(env, argc, argv, staff_reset_totp,
			"the next sign-in enrols a second factor anew");
}

int command_admin_disable(struct command_env *env, int argc, char **argv)
{
	return staff_do(env, argc, argv, staff_disable, "disabled, all sessions ended");
}
