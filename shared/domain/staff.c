#include "shared/domain/staff.h"

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

/* What somebody does to an account, with its row in the trail. */
struct change {
	const struct audit_who *who;
	const char *action;
	const char *login;
	const char *hash;
	enum role role;
	bool must_change;
	int (*apply)(struct db *db, const struct change *c, const struct staff *was);
};

int staff_read(const struct db_cell *c, struct staff *ret)
{
	*ret = (struct staff){ .id = c[0].number,
			       .login = c[1].text,
			       .has_totp = c[3].number != 0,
			       .disabled = c[4].number != 0,
			       .must_change = c[5].number != 0,
			       .created_at = c[6].number };
	return role_read(c[2].text, &ret->role) ? ERR_FAILED : OK;
}

static int change_audit(struct db *db, struct arena *a, const struct change *c,
			const struct staff *was)
{
	const char *object = arena_printf(a, "staff %s", c->login);
	const char *detail = NULL;

	if (!was)
		detail = arena_printf(a, "{\"role\":\"%s\"}", role_names[c->role]);
	else if (c->role != was->role)
		detail = arena_printf(a, "{\"role\":[\"%s\",\"%s\"]}", role_names[was->role],
				      role_names[c->role]);
	return audit_write(db, c->who, c->action, object, detail);
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
		     "INSERT INTO staff (login, password_hash, must_change, role, created_at) "
		     "VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))",
		     PARAMS(P(c->login), P(c->hash), P(c->must_change), P(role_names[c->role])),
		     NULL);
	if (rc || (rc = change_audit(db, &a, c, NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int staff_add(struct db *db, const struct audit_who *who, const struct staff_new *staff)
{
	return db_retry(db, add_work,
			&(struct change){ .who = who,
					  .action = "staff_add",
					  .login = staff->login,
					  .hash = staff->hash,
					  .role = staff->role,
					  .must_change = staff->must_change });
}

int staff_list(struct db *db, struct arena *a, struct staff **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct staff *list;
	int rc = db_query(db, a, "SELECT " STAFF_COLUMNS " FROM staff t ORDER BY t.login",
			  NO_PARAMS, &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		if ((rc = staff_read(db_row(&rows, i), &list[i])))
			return rc;
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int staff_find(struct db *db, struct arena *a, int64_t id, struct staff **ret)
{
	struct staff *staff = arena_new(a, struct staff);
	const struct db_cell *row;
	int rc = db_one(db, a, "SELECT " STAFF_COLUMNS " FROM staff t WHERE t.id = ?",
			PARAMS(P(id)), &row);

	if (!rc && !(rc = staff_read(row, staff)))
		*ret = staff;
	return rc;
}

/* ---- changes of an account that exists ---- */

static int change_work(struct db *db, void *data)
{
	struct change c = *(const struct change *)data;
	const struct db_cell *row;
	struct staff was;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_one(db, &a,
		    "SELECT " STAFF_COLUMNS " FROM staff t WHERE t.login = ? FOR UPDATE",
		    PARAMS(P(c.login)), &row);
	if (rc || (rc = staff_read(row, &was)))
		return rc;
	if (c.role == ROLE__COUNT)
		c.role = was.role;
	if ((rc = c.apply(db, &c, &was)))
		return rc;
	rc = db_exec(db, "DELETE FROM sessions WHERE staff_id = ?", PARAMS(P(was.id)), NULL);
	if (rc || (rc = change_audit(db, &a, &c, &was)))
		return rc;
	return db_tx_commit(&tx);
}

/* Two owners who put each other out at the same moment: one of them waits here. */
static int owner_stays(struct db *db, const struct staff *was)
{
	struct db_rows rows;
	AUTO_ARENA(a);
	int rc;

	if (was->role != ROLE_OWNER || was->disabled)
		return OK;
	rc = db_query(db, &a,
		      "SELECT id FROM staff WHERE role = 'owner' AND disabled_at IS NULL "
		      "ORDER BY id FOR UPDATE",
		      NO_PARAMS, &rows);
	return rc ? rc : rows.count > 1 ? OK : ERR_DENIED;
}

static int totp_reset(struct db *db, const struct change *c, const struct staff *was)
{
	UNUSED(c);
	return db_exec(db,
		       "UPDATE staff SET totp_seed = NULL, recovery_codes = NULL WHERE id = ?",
		       PARAMS(P(was->id)), NULL);
}

int staff_reset_totp(struct db *db, const struct audit_who *who, const char *login)
{
	return db_retry(db, change_work,
			&(struct change){ .who = who,
					  .action = "staff_reset_totp",
					  .login = login,
					  .role = ROLE__COUNT,
					  .apply = totp_reset });
}

static int disable(struct db *db, const struct change *c, const struct staff *was)
{
	int const rc = owner_stays(db, was);

	UNUSED(c);
	return rc ? rc
		  : db_exec_one(db,
				"UPDATE staff SET disabled_at = UTC_TIMESTAMP(6) "
				"WHERE id = ? AND disabled_at IS NULL",
				PARAMS(P(was->id)));
}

int staff_disable(struct db *db, const struct audit_who *who, const char *login)
{
	return db_retry(db, change_work,
			&(struct change){ .who = who,
					  .action = "staff_disable",
					  .login = login,
					  .role = ROLE__COUNT,
					  .apply = disable });
}

static int enable(struct db *db, const struct change *c, const struct staff *was)
{
	UNUSED(c);
	return db_exec_one(db,
			   "UPDATE staff SET disabled_at = NULL "
			   "WHERE id = ? AND disabled_at IS NOT NULL",
			   PARAMS(P(was->id)));
}

int staff_enable(struct db *db, const struct audit_who *who, const char *login)
{
	return db_retry(db, change_work,
			&(struct change){ .who = who,
					  .action = "staff_enable",
					  .login = login,
					  .role = ROLE__COUNT,
					  .apply = enable });
}

static int role_set(struct db *db, const struct change *c, const struct staff *was)
{
	int const rc = owner_stays(db, was);

	if (c->role == was->role)
		return ERR_CONFLICT;
	return rc ? rc
		  : db_exec_one(db, "UPDATE staff SET role = ? WHERE id = ?",
				PARAMS(P(role_names[c->role]), P(was->id)));
}

int staff_set_role(struct db *db, const struct audit_who *who, const char *login,
		   enum role role)
{
	return db_retry(db, change_work,
			&(struct change){ .who = who,
					  .action = "staff_role",
					  .login = login,
					  .role = role,
					  .apply = role_set });
}

static int password_give(struct db *db, const struct change *c, const struct staff *was)
{
	return db_exec_one(db,
			   "UPDATE staff SET password_hash = ?, must_change = 1 WHERE id = ?",
			   PARAMS(P(c->hash), P(was->id)));
}

int staff_give_password(struct db *db, const struct audit_who *who, const char *login,
			const char *hash)
{
	return db_retry(db, change_work,
			&(struct change){ .who = who,
					  .action = "staff_password",
					  .login = login,
					  .hash = hash,
					  .role = ROLE__COUNT,
					  .apply = password_give });
}
