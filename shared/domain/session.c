#include "shared/domain/session.h"

static const char *const stage_names[] = {
	[SESSION_PASSWORD] = "password",
	[SESSION_FULL] = "full",
};

/* Alive, of an account that may sign in; ? ? ?: SESSION_HALF_S, SESSION_IDLE_S, _LONGEST_S. */
#define ALIVE                                                               \
	"s.seen_at > UTC_TIMESTAMP(6) - INTERVAL IF(s.stage = 'password', " \
	"?, ?) SECOND AND s.created_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND"
#define ALIVE_PARAMS P(SESSION_HALF_S), P(SESSION_IDLE_S), P(SESSION_LONGEST_S)

#define SESSION_COLUMNS                                                                \
	"s.id, s.stage, s.created_at, s.seen_at, s.stepped_up_at IS NOT NULL AND "     \
	"s.stepped_up_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND, s.address, s.agent, " \
	"s.totp_seed, s.flash"

static void session_read(struct arena *a, const struct db_cell *c, struct session *ret)
{
	*ret = (struct session){
		.id = c[0].number,
		.stage = strcmp(c[1].text, stage_names[SESSION_FULL]) ? SESSION_PASSWORD
								      : SESSION_FULL,
		.created_at = c[2].number,
		.seen_at = c[3].number,
		.stepped_up = c[4].number != 0,
		.address = arena_strndup(a, c[5].text, c[5].len),
		.agent = c[6].text,
		.flash = c[8].text,
	};
	if (!c[7].is_null)
		ret->totp_seed = (struct bytes){ c[7].text, c[7].len };
}

void session_hash(struct bytes token, unsigned char ret[CRYPTO_SHA256])
{
	crypto_sha256(token, ret);
}

static struct bytes hash_bytes(const unsigned char *hash)
{
	return (struct bytes){ hash, CRYPTO_SHA256 };
}

struct opening {
	const unsigned char *hash;
	const struct session_new *session;
};

static int session_insert(struct db *db, const struct opening *o)
{
	const struct session_new *s = o->session;

	return db_exec(db,
		       "INSERT INTO sessions (token_hash, staff_id, stage, address, agent, "
		       "created_at, seen_at, stepped_up_at) VALUES (?, ?, ?, ?, ?, "
		       "UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), IF(?, UTC_TIMESTAMP(6), NULL))",
		       PARAMS(P(hash_bytes(o->hash)), P(s->staff_id), P(stage_names[s->stage]),
			      P(s->address), P(s->agent), P(s->stepped_up)),
		       NULL);
}

static int open_work(struct db *db, void *data)
{
	const struct opening *o = data;
	const struct session_new *s = o->session;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	if (s->replaces &&
	    (rc = db_exec_one(db, "DELETE FROM sessions WHERE id = ? AND staff_id = ?",
			      PARAMS(P(s->replaces), P(s->staff_id)))))
		return rc;
	/* Those that have ended are of no use to anybody. */
	rc = db_exec(db,
		     "DELETE FROM sessions WHERE staff_id = ? AND "
		     "(created_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND OR "
		     "seen_at < UTC_TIMESTAMP(6) - INTERVAL ? SECOND)",
		     PARAMS(P(s->staff_id), P(SESSION_LONGEST_S), P(SESSION_IDLE_S)), NULL);
	if (rc || (rc = session_insert(db, o)))
		return rc;
	if (s->who && (rc = audit_write(db, s->who, "sign_in", "session", NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int session_open(struct db *db, const unsigned char hash[CRYPTO_SHA256],
		 const struct session_new *session)
{
	return db_retry(db, open_work, &(struct opening){ hash, session });
}

/* Written at most once a minute: a page is one read. */
static int session_seen(struct db *db, int64_t id)
{
	return db_exec(db,
		       "UPDATE sessions SET seen_at = UTC_TIMESTAMP(6) WHERE id = ? "
		       "AND seen_at < UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE",
		       PARAMS(P(id)), NULL);
}

int session_find(struct db *db, struct arena *a, const unsigned char hash[CRYPTO_SHA256],
		 struct session **ret)
{
	const struct db_cell *row;
	struct session *s;
	int rc = db_one(db, a,
			"SELECT " SESSION_COLUMNS ", " STAFF_COLUMNS ", s.seen_at < "
			"UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE FROM sessions s "
			"JOIN staff t ON t.id = s.staff_id WHERE s.token_hash = ? "
			"AND t.disabled_at IS NULL AND " ALIVE,
			PARAMS(P(SESSION_STEP_UP_S), P(hash_bytes(hash)), ALIVE_PARAMS), &row);

	if (rc)
		return rc;
	s = arena_new(a, struct session);
	session_read(a, row, s);
	if ((rc = staff_read(row + 9, &s->staff)))
		return rc;
	if (row[9 + STAFF_COLUMN_COUNT].number && s->stage == SESSION_FULL &&
	    (rc = session_seen(db, s->id)))
		return rc;
	*ret = s;
	return OK;
}

int session_step_up(struct db *db, int64_t id, const unsigned char hash[CRYPTO_SHA256])
{
	return db_exec_one(db,
			   "UPDATE sessions SET token_hash = ?, "
			   "stepped_up_at = UTC_TIMESTAMP(6) WHERE id = ? AND stage = 'full'",
			   PARAMS(P(hash_bytes(hash)), P(id)));
}

int session_list(struct db *db, struct arena *a, int64_t staff_id, struct session **ret,
		 size_t *ret_count)
{
	struct db_rows rows;
	struct session *list;
	int const rc = db_query(db, a,
				"SELECT " SESSION_COLUMNS " FROM sessions s "
				"WHERE s.staff_id = ? AND s.stage = 'full' AND " ALIVE
				" ORDER BY s.seen_at DESC, s.id DESC LIMIT 100",
				PARAMS(P(SESSION_STEP_UP_S), P(staff_id), ALIVE_PARAMS), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		session_read(a, db_row(&rows, i), &list[i]);
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

int session_end(struct db *db, int64_t staff_id, int64_t id)
{
	int const rc = db_exec_one(db, "DELETE FROM sessions WHERE id = ? AND staff_id = ?",
				   PARAMS(P(id), P(staff_id)));

	return rc == ERR_CONFLICT ? ERR_NOT_FOUND : rc;
}

int session_end_others(struct db *db, int64_t staff_id, int64_t keep_id)
{
	return db_exec(db, "DELETE FROM sessions WHERE staff_id = ? AND id <> ?",
		       PARAMS(P(staff_id), P(keep_id)), NULL);
}

int session_set_flash(struct db *db, int64_t id, const char *flash)
{
	return db_exec(db, "UPDATE sessions SET flash = ? WHERE id = ?",
		       PARAMS(P(flash), P(id)), NULL);
}

int session_set_seed(struct db *db, int64_t id, struct bytes sealed)
{
	return db_exec(db, "UPDATE sessions SET totp_seed = ? WHERE id = ?",
		       PARAMS(P(sealed), P(id)), NULL);
}
