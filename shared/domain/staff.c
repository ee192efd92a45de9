#include "shared/domain/staff.h"

#include "shared/domain/audit.h"

static const char *const role_names[] = {
	[ROLE_VIEWER] = "viewer",
	[ROLE_SUPPORT] = "support",
	[ROLE_MANAGER] = "manager",
	[ROLE_OWNER] = "owner",
};
_Static_assert(COUNT(role_names) == ROLE__COUNT, "a name for every role");

const char *role_name(enum role role)
{
	return role_names[role];
}

int role_read(const char *name, enum role *ret)
{
	for (size_t i = 0; i < ROLE__COUNT; i++)
		if (!strcmp(role_names[i], name)) {
			*ret = (enum role)i;
			return OK;
		}
	return ERR_INVALID;
}

bool staff_is_login(const char *login)
{
	size_t const len = strlen(login);

	return len >= 1 && len <= LOGIN_MAX &&
	       login[strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

/* What the command line does to an account, with its audit row. */
struct change {
	const char *action;
	const char *login;
	const char *hash;
	enum role role;
};

static int change_audit(struct db *db, struct arena *a, const struct change *c)
{
	return audit_add(db, &(struct audit_entry){
				     .actor = "command line",
				     .action = c->action,
				     .object = arena_printf(a, "staff %s", c->login),
				     .detail = c->hash ? arena_printf(a, "{\"role\":\"%s\"}",
								      role_names[c->role])
						       : NULL,
			     });
}

static int add_work(struct db *db, void *data)
{
	const struct change *c = data;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(db,
		     "INSERT INTO staff (login, password_hash, role, created_at) "
		     "VALUES (?, ?, ?, UTC_TIMESTAMP(6))",
		     PARAMS(P(c->login), P(c->hash), P(role_names[c->role])), NULL);
	if (rc || (rc = change_audit(db, &a, c)))
		return rc;
	return db_tx_commit(&tx);
}

int staff_add(struct db *db, const char *login, const char *hash, enum role role)
{
	return db_retry(
		db, add_work,
		&(struct change){
			.action = "staff_add", .login = login, .hash = hash, .role = role });
}

int staff_list(struct db *db, struct arena *a, struct staff **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct staff *list;
	int rc = db_query(
		db, a,
		"SELECT id, login, role, totp_seed IS NOT NULL, disabled_at IS NOT NULL, "
		"created_at FROM staff ORDER BY login",
		NO_PARAMS, &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		list[i] = (struct staff){ .id = c[0].number,
					  .login = c[1].text,
					  .has_totp = c[3].number != 0,
					  .disabled = c[4].number != 0,
					  .created_at = c[5].number };
		if (role_read(c[2].text, &list[i].role))
			return ERR_FAILED;
	}
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

static int sessions_end(struct db *db, const char *login)
{
	return db_exec(
		db,
		"DELETE s FROM sessions s JOIN staff t ON t.id = s.staff_id WHERE t.login = ?",
		PARAMS(P(login)), NULL);
}

static int login_exists(struct db *db, struct arena *a, const char *login)
{
	const struct db_cell *row;

	return db_one(db, a, "SELECT id FROM staff WHERE login = ? FOR UPDATE",
		      PARAMS(P(login)), &row);
}

static int reset_work(struct db *db, void *data)
{
	const struct change *c = data;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = login_exists(db, &a, c->login)))
		return rc;
	rc = db_exec(db,
		     "UPDATE staff SET totp_seed = NULL, recovery_codes = NULL WHERE login = ?",
		     PARAMS(P(c->login)), NULL);
	if (rc || (rc = sessions_end(db, c->login)) || (rc = change_audit(db, &a, c)))
		return rc;
	return db_tx_commit(&tx);
}

int staff_reset_totp(struct db *db, const char *login)
{
	return db_retry(db, reset_work,
			&(struct change){ .action = "staff_reset_totp", .login = login });
}

static int disable_work(struct db *db, void *data)
{
	const struct change *c = data;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = login_exists(db, &a, c->login)))
		return rc;
	rc = db_exec_one(db,
			 "UPDATE staff SET disabled_at = UTC_TIMESTAMP(6) "
			 "WHERE login = ? AND disabled_at IS NULL",
			 PARAMS(P(c->login)));
	if (rc || (rc = sessions_end(db, c->login)) || (rc = change_audit(db, &a, c)))
		return rc;
	return db_tx_commit(&tx);
}

int staff_disable(struct db *db, const char *login)
{
	return db_retry(db, disable_work,
			&(struct change){ .action = "staff_disable", .login = login });
}
