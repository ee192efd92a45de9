#include "shared/domain/user.h"

/* In this order for user_read(). */
#define USER_COLUMNS                                                                   \
	"first_name, last_name, username, lang, lang_chosen, banned_at, ban_told_at, " \
	"blocked_at, erased_at, asked_until"

enum { ASKED = 9 }; /* the last of them: there may be a question */

static void user_read(const struct db_cell *c, struct user *u)
{
	u->first_name = c[0].text;
	u->last_name = c[1].text;
	u->username = c[2].text;
	u->lang = c[3].text;
	u->lang_chosen = c[4].number != 0;
	u->banned = !c[5].is_null;
	u->ban_told = !c[6].is_null;
	u->blocked = !c[7].is_null;
	u->erased = !c[8].is_null;
}

static int dialog_find(struct db *db, struct arena *a, struct user *u)
{
	const struct db_cell *row;
	int const rc = db_one(db, a,
			      "SELECT step, data FROM user_states "
			      "WHERE user_id = ? AND expires_at > UTC_TIMESTAMP(6)",
			      PARAMS(P(u->id)), &row);

	/* Over: from now on one look is enough again. */
	if (rc == ERR_NOT_FOUND)
		return dialog_end(db, u->id);
	if (!rc) {
		u->dialog_step = row[0].text;
		u->dialog_data = row[1].text;
	}
	return rc;
}

int user_find(struct db *db, struct arena *a, int64_t id, struct user **ret)
{
	const struct db_cell *row;
	int const rc = db_one(db, a, "SELECT " USER_COLUMNS " FROM users WHERE id = ?",
			      PARAMS(P(id)), &row);
	struct user *u;

	if (rc)
		return rc;
	u = arena_new(a, struct user);
	u->id = id;
	user_read(row, u);
	*ret = u;
	return row[ASKED].is_null ? OK : dialog_find(db, a, u);
}

static int user_insert(struct db *db, const struct user_seen *seen)
{
	int const rc = db_exec(db,
			       "INSERT INTO users (id, first_name, last_name, username, lang, "
			       "created_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6))",
			       PARAMS(P(seen->id), P(seen->first_name), P(seen->last_name),
				      P(seen->username), P(seen->lang)),
			       NULL);

	/* Two first messages at once: the other one was a moment earlier. */
	return rc == ERR_CONFLICT ? OK : rc;
}

static bool tells_something_new(const struct user *u, const struct user_seen *seen)
{
	return u->blocked || u->erased || strcmp(u->first_name, seen->first_name) != 0 ||
	       strcmp(u->last_name, seen->last_name) != 0 ||
	       strcmp(u->username, seen->username) != 0;
}

int user_meet(struct db *db, struct arena *a, const struct user_seen *seen, struct user **ret)
{
	int rc = user_find(db, a, seen->id, ret);

	if (rc == ERR_NOT_FOUND) {
		if ((rc = user_insert(db, seen)))
			return rc;
		return user_find(db, a, seen->id, ret);
	}
	if (rc || !tells_something_new(*ret, seen))
		return rc;
	rc = db_exec(
		db,
		"UPDATE users SET first_name = ?, last_name = ?, username = ?, "
		"blocked_at = NULL, erased_at = NULL WHERE id = ?",
		PARAMS(P(seen->first_name), P(seen->last_name), P(seen->username), P(seen->id)),
		NULL);
	(*ret)->first_name = seen->first_name;
	(*ret)->last_name = seen->last_name;
	(*ret)->username = seen->username;
	(*ret)->blocked = false;
	(*ret)->erased = false;
	return rc;
}

int user_set_lang(struct db *db, int64_t id, const char *lang)
{
	return db_exec(db, "UPDATE users SET lang = ?, lang_chosen = 1 WHERE id = ?",
		       PARAMS(P(lang), P(id)), NULL);
}

int user_set_blocked(struct db *db, int64_t id, bool blocked)
{
	if (!blocked)
		return db_exec(db, "UPDATE users SET blocked_at = NULL WHERE id = ?",
			       PARAMS(P(id)), NULL);
	return db_exec(db,
		       "UPDATE users SET blocked_at = UTC_TIMESTAMP(6) "
		       "WHERE id = ? AND blocked_at IS NULL",
		       PARAMS(P(id)), NULL);
}

int user_set_ban_told(struct db *db, int64_t id)
{
	return db_exec_one(db,
			   "UPDATE users SET ban_told_at = UTC_TIMESTAMP(6) "
			   "WHERE id = ? AND ban_told_at IS NULL",
			   PARAMS(P(id)));
}

int user_erase(struct db *db, int64_t id)
{
	int const rc = dialog_end(db, id);

	if (rc)
		return rc;
	return db_exec(db,
		       "UPDATE users SET first_name = '', last_name = '', username = '', "
		       "note = '', lang_chosen = 0, erased_at = UTC_TIMESTAMP(6) WHERE id = ?",
		       PARAMS(P(id)), NULL);
}

int dialog_ask(struct db *db, int64_t user_id, const char *step, const char *data, int64_t ttl)
{
	int const rc = db_exec(
		db,
		"INSERT INTO user_states (user_id, step, data, expires_at) "
		"VALUES (?, ?, ?, UTC_TIMESTAMP(6) + INTERVAL ? SECOND) "
		"ON DUPLICATE KEY UPDATE step = VALUES(step), data = VALUES(data), "
		"expires_at = VALUES(expires_at)",
		PARAMS(P(user_id), P(step), P(data), P(ttl)), NULL);

	/* Not told of, it is as if it had not been asked: the update comes again. */
	if (rc)
		return rc;
	return db_exec(db,
		       "UPDATE users SET asked_until = UTC_TIMESTAMP(6) + INTERVAL ? SECOND "
		       "WHERE id = ?",
		       PARAMS(P(ttl), P(user_id)), NULL);
}

int dialog_end(struct db *db, int64_t user_id)
{
	int const rc = db_exec(db, "UPDATE users SET asked_until = NULL WHERE id = ?",
			       PARAMS(P(user_id)), NULL);

	if (rc)
		return rc;
	return db_exec(db, "DELETE FROM user_states WHERE user_id = ?", PARAMS(P(user_id)),
		       NULL);
}

/* ---- bans ---- */

struct ban {
	const struct audit_who *who;
	int64_t id;
	const char *why; /* NULL: lifted */
};

static int ban_work(struct db *db, void *data)
{
	const struct ban *ban = data;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if (ban->why)
		rc = db_exec_one(
			db,
			"UPDATE users SET banned_at = UTC_TIMESTAMP(6), ban_reason = ?, "
			"ban_told_at = NULL WHERE id = ? AND banned_at IS NULL",
			PARAMS(P(ban->why), P(ban->id)));
	else
		rc = db_exec_one(db,
				 "UPDATE users SET banned_at = NULL, ban_reason = '', "
				 "ban_told_at = NULL WHERE id = ? AND banned_at IS NOT NULL",
				 PARAMS(P(ban->id)));
	if (!rc)
		rc = audit_write(db, ban->who, ban->why ? "user_ban" : "user_unban",
				 arena_printf(&a, "user %lld", (long long)ban->id),
				 audit_detail(&a, "why", ban->why ? ban->why : ""));
	return rc ? rc : db_tx_commit(&tx);
}

int user_ban(struct db *db, const struct audit_who *who, int64_t id, const char *why)
{
	return db_retry(db, ban_work, &(struct ban){ .who = who, .id = id, .why = why });
}

int user_unban(struct db *db, const struct audit_who *who, int64_t id)
{
	return db_retry(db, ban_work, &(struct ban){ .who = who, .id = id });
}
