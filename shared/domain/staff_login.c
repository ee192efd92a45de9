#include "shared/domain/staff_login.h"

#define SECRET_COLUMNS \
	STAFF_COLUMNS ", t.password_hash, t.totp_seed, t.totp_step, t.recovery_codes"

static struct bytes cell_bytes(const struct db_cell *c)
{
	return c->is_null ? (struct bytes){ NULL, 0 } : (struct bytes){ c->text, c->len };
}

static int secrets_read(struct arena *a, const struct db_cell *row, struct staff_secrets **ret)
{
	const struct db_cell *c = row + STAFF_COLUMN_COUNT;
	struct staff_secrets *s = arena_new(a, struct staff_secrets);
	int const rc = staff_read(row, &s->staff);

	if (rc)
		return rc;
	s->password_hash = c[0].text;
	s->totp_seed = cell_bytes(&c[1]);
	s->totp_step = c[2].number;
	s->recovery = cell_bytes(&c[3]);
	*ret = s;
	return OK;
}

int staff_secrets_by_login(struct db *db, struct arena *a, const char *login,
			   struct staff_secrets **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT " SECRET_COLUMNS " FROM staff t "
			      "WHERE t.login = ? AND t.disabled_at IS NULL",
			      PARAMS(P(login)), &row);

	return rc ? rc : secrets_read(a, row, ret);
}

int staff_secrets(struct db *db, struct arena *a, int64_t id, struct staff_secrets **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT " SECRET_COLUMNS " FROM staff t "
			      "WHERE t.id = ? AND t.disabled_at IS NULL",
			      PARAMS(P(id)), &row);

	return rc ? rc : secrets_read(a, row, ret);
}

int staff_use_step(struct db *db, int64_t id, int64_t step)
{
	return db_exec_one(db, "UPDATE staff SET totp_step = ? WHERE id = ? AND totp_step < ?",
			   PARAMS(P(step), P(id), P(step)));
}

/* ---- changes by the account itself ---- */

struct own_change {
	const struct audit_who *who;
	struct bytes was;
	struct bytes left;
	const struct staff_totp *totp;
	const char *hash;
	int64_t keep_id;
};

static int others_end(struct db *db, const struct own_change *c)
{
	return db_exec(db, "DELETE FROM sessions WHERE staff_id = ? AND id <> ?",
		       PARAMS(P(c->who->staff_id), P(c->keep_id)), NULL);
}

static int own_audit(struct db *db, const struct own_change *c, const char *action)
{
	AUTO_ARENA(a);

	return audit_write(db, c->who, action, arena_printf(&a, "staff %s", c->who->actor),
			   NULL);
}

static int recovery_work(struct db *db, void *data)
{
	const struct own_change *c = data;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec_one(
		db, "UPDATE staff SET recovery_codes = ? WHERE id = ? AND recovery_codes = ?",
		PARAMS(P(c->left), P(c->who->staff_id), P(c->was)));
	if (rc || (rc = own_audit(db, c, "recovery_code_used")))
		return rc;
	return db_tx_commit(&tx);
}

int staff_use_recovery(struct db *db, const struct audit_who *who, struct bytes was,
		       struct bytes left)
{
	return db_retry(db, recovery_work,
			&(struct own_change){ .who = who, .was = was, .left = left });
}

static int enrol_work(struct db *db, void *data)
{
	const struct own_change *c = data;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(db,
		     "UPDATE staff SET totp_seed = ?, totp_step = ?, recovery_codes = ? "
		     "WHERE id = ?",
		     PARAMS(P(c->totp->seed), P(c->totp->step), P(c->totp->recovery),
			    P(c->who->staff_id)),
		     NULL);
	if (rc || (rc = others_end(db, c)) || (rc = own_audit(db, c, "second_factor_enrolled")))
		return rc;
	return db_tx_commit(&tx);
}

int staff_enrol(struct db *db, const struct audit_who *who, const struct staff_totp *totp,
		int64_t keep_id)
{
	return db_retry(db, enrol_work,
			&(struct own_change){ .who = who, .totp = totp, .keep_id = keep_id });
}

static int password_work(struct db *db, void *data)
{
	const struct own_change *c = data;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec(db, "UPDATE staff SET password_hash = ?, must_change = 0 WHERE id = ?",
		     PARAMS(P(c->hash), P(c->who->staff_id)), NULL);
	if (rc || (rc = others_end(db, c)) || (rc = own_audit(db, c, "password_changed")))
		return rc;
	return db_tx_commit(&tx);
}

int staff_change_password(struct db *db, const struct audit_who *who, const char *hash,
			  int64_t keep_id)
{
	return db_retry(db, password_work,
			&(struct own_change){ .who = who, .hash = hash, .keep_id = keep_id });
}
