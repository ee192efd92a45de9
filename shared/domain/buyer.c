#include "shared/domain/buyer.h"

#include "shared/base/str.h"
#include "shared/base/utf8.h"
#include "shared/domain/outbox.h"
#include "shared/domain/user.h"
#include "shared/platform/json.h"

enum {
	DATA_MAX = 2000, /* the column's */
	DETAIL_MAX = 16384,
};

/* ---- lists ---- */

/* In this order for line_read(). */
#define LINE_COLUMNS                                                                    \
	"id, first_name, last_name, username, lang, banned_at IS NOT NULL, blocked_at " \
	"IS NOT NULL, created_at, "

static void line_read(const struct db_cell *c, struct buyer_line *line)
{
	*line = (struct buyer_line){
		.id = c[0].number,
		.first_name = c[1].text,
		.last_name = c[2].text,
		.username = c[3].text,
		.lang = c[4].text,
		.banned = c[5].number != 0,
		.blocked = c[6].number != 0,
		.created_at = c[7].number,
		.key_at = c[8].number,
	};
}

/* Prefixes go by an index each; the few that both find are taken once. */
static int names_query(struct db *db, struct arena *a, const struct buyer_filter *f, int limit,
		       struct db_rows *ret)
{
	const char *beginning = arena_printf(a, "%s%%", db_like_escape(a, f->search));

	return db_query(
		db, a,
		"(SELECT " LINE_COLUMNS "created_at FROM users WHERE first_name LIKE ? "
		"AND (? = 0 OR banned_at IS NOT NULL) ORDER BY first_name, id LIMIT ?) UNION "
		"(SELECT " LINE_COLUMNS "created_at FROM users WHERE last_name LIKE ? "
		"AND (? = 0 OR banned_at IS NOT NULL) ORDER BY last_name, id LIMIT ?) UNION "
		"(SELECT " LINE_COLUMNS "created_at FROM users WHERE username LIKE ? "
		"AND (? = 0 OR banned_at IS NOT NULL) ORDER BY username, id LIMIT ?) LIMIT ?",
		PARAMS(P(beginning), P((int64_t)f->banned), P(limit), P(beginning),
		       P((int64_t)f->banned), P(limit), P(beginning), P((int64_t)f->banned),
		       P(limit), P(limit)),
		ret);
}

static int lines_query(struct db *db, struct arena *a, const struct buyer_filter *f, int limit,
		       struct db_rows *ret)
{
	/* The first page begins after everybody. */
	int64_t const at = f->before_at ? f->before_at : INT64_C(253370764800000000);
	int64_t const id = f->before_at ? f->before_id : INT64_MAX;

	if (f->search && f->search[0] == '@')
		return db_query(db, a,
				"SELECT " LINE_COLUMNS "created_at FROM users "
				"WHERE username = ? LIMIT ?",
				PARAMS(P(f->search + 1), P(limit)), ret);
	if (f->search)
		return names_query(db, a, f, limit, ret);
	if (f->banned)
		return db_query(db, a,
				"SELECT " LINE_COLUMNS "banned_at FROM users WHERE "
				"banned_at <= ? AND (banned_at < ? OR id < ?) "
				"ORDER BY banned_at DESC, id DESC LIMIT ?",
				PARAMS(P_TIME(at), P_TIME(at), P(id), P(limit)), ret);
	return db_query(db, a,
			"SELECT " LINE_COLUMNS "created_at FROM users WHERE "
			"created_at <= ? AND (created_at < ? OR id < ?) "
			"ORDER BY created_at DESC, id DESC LIMIT ?",
			PARAMS(P_TIME(at), P_TIME(at), P(id), P(limit)), ret);
}

int buyer_list(struct db *db, struct arena *a, const struct buyer_filter *filter, int limit,
	       struct buyer_line **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct buyer_line *lines;
	int const rc = lines_query(db, a, filter, limit, &rows);

	if (rc)
		return rc;
	lines = arena_array(a, rows.count, sizeof(*lines));
	for (size_t i = 0; i < rows.count; i++)
		line_read(db_row(&rows, i), &lines[i]);
	*ret = lines;
	*ret_count = rows.count;
	return OK;
}

/* ---- one ---- */

int buyer_facts(struct db *db, struct arena *a, int64_t id, struct buyer_facts *ret)
{
	const struct db_cell *c;
	int rc = db_one(
		db, a, "SELECT created_at, banned_at, ban_reason, note FROM users WHERE id = ?",
		PARAMS(P(id)), &c);

	if (rc)
		return rc;
	*ret = (struct buyer_facts){ .created_at = c[0].number,
				     .banned_at = c[1].number,
				     .ban_reason = c[2].text,
				     .note = c[3].text };
	rc = db_one(db, a,
		    "SELECT COUNT(*), "
		    "CAST(COALESCE(SUM(state IN ('paid', 'delivered')), 0) AS SIGNED), "
		    "CAST(COALESCE(SUM(IF(state IN ('paid', 'delivered'), total_kop, 0)), 0) "
		    "AS SIGNED), CAST(COALESCE(SUM(state = 'refunded'), 0) AS SIGNED), "
		    "MAX(paid_at) FROM orders WHERE user_id = ?",
		    PARAMS(P(id)), &c);
	if (rc)
		return rc;
	ret->orders = c[0].number;
	ret->paid = c[1].number;
	ret->spent = MONEY(c[2].number);
	ret->refunded = c[3].number;
	ret->last_paid_at = c[4].number;
	return OK;
}

/* ---- changes, each with its row in the trail ---- */

struct change {
	const struct audit_who *who;
	int64_t id;
	const char *action;
	const char *member; /* of the trail's row */
	const char *is;
	const char *wish; /* of a message */
};

static int change_audit(struct db *db, struct arena *a, const struct change *c, const char *was)
{
	struct str detail = STR(a, DETAIL_MAX);
	struct json_out j = JSON_OUT(&detail);

	json_open(&j, '{');
	if (was) {
		json_key(&j, c->member);
		json_open(&j, '[');
		json_put_text(&j, was);
		json_put_text(&j, c->is);
		json_close(&j, ']');
	} else {
		json_add_text(&j, c->member, c->is);
	}
	json_close(&j, '}');
	return audit_write(db, c->who, c->action,
			   arena_printf(a, "user %lld", (long long)c->id),
			   str_ok(&detail) ? str_text(&detail) : NULL);
}

static int note_work(struct db *db, void *data)
{
	const struct change *c = data;
	const struct db_cell *row;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) ||
	    (rc = db_one(db, &a, "SELECT note FROM users WHERE id = ? FOR UPDATE",
			 PARAMS(P(c->id)), &row)))
		return rc;
	if (!strcmp(row[0].text, c->is))
		return OK;
	if ((rc = db_exec_one(db, "UPDATE users SET note = ? WHERE id = ?",
			      PARAMS(P(c->is), P(c->id)))) ||
	    (rc = change_audit(db, &a, c, row[0].text)))
		return rc;
	return db_tx_commit(&tx);
}

int buyer_set_note(struct db *db, const struct audit_who *who, int64_t id, const char *note)
{
	return db_retry(db, note_work,
			&(struct change){ .who = who,
					  .id = id,
					  .action = "user_note",
					  .member = "note",
					  .is = note });
}

static int lang_work(struct db *db, void *data)
{
	const struct change *c = data;
	const struct db_cell *row;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) ||
	    (rc = db_one(db, &a, "SELECT lang FROM users WHERE id = ? FOR UPDATE",
			 PARAMS(P(c->id)), &row)))
		return rc;
	if (!strcmp(row[0].text, c->is))
		return OK;
	if ((rc = user_set_lang(db, c->id, c->is)) ||
	    (rc = change_audit(db, &a, c, row[0].text)))
		return rc;
	return db_tx_commit(&tx);
}

int buyer_set_lang(struct db *db, const struct audit_who *who, int64_t id, const char *lang)
{
	return db_retry(db, lang_work,
			&(struct change){ .who = who,
					  .id = id,
					  .action = "user_lang",
					  .member = "lang",
					  .is = lang });
}

/* ---- a message ---- */

static int write_work(struct db *db, void *data)
{
	const struct change *c = data;
	const struct db_cell *row;
	AUTO_ARENA(a);
	const char *fact = arena_printf(&a, "words:%s", c->wish);
	struct str text = STR(&a, 4 * DATA_MAX);
	struct json_out j = JSON_OUT(&text);
	int rc;

	json_open(&j, '{');
	json_add_text(&j, "text", c->is);
	json_close(&j, '}');
	if (!str_ok(&text) || utf8_len(str_text(&text)) > DATA_MAX)
		return ERR_INVALID;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = db_one(db, &a, "SELECT id FROM users WHERE id = ? FOR UPDATE",
					 PARAMS(P(c->id)), &row)))
		return rc;
	rc = db_one(db, &a, "SELECT id FROM outbox WHERE fact = ?", PARAMS(P(fact)), &row);
	if (rc != ERR_NOT_FOUND)
		return rc;
	if ((rc = outbox_add(db, &(struct outbox_message){ .fact = fact,
							   .kind = OUTBOX_WORDS,
							   .priority = OUTBOX_ORDERS,
							   .chat_id = c->id,
							   .data = str_text(&text) })) ||
	    (rc = change_audit(db, &a, c, NULL)))
		return rc;
	return db_tx_commit(&tx);
}

int buyer_write(struct db *db, const struct audit_who *who, int64_t id, const char *text,
		const char *wish)
{
	if (!*text || !utf8_valid(text, strlen(text)) || utf8_len(text) > BUYER_WORDS_MAX)
		return ERR_INVALID;
	return db_retry(db, write_work,
			&(struct change){ .who = who,
					  .id = id,
					  .action = "user_message",
					  .member = "text",
					  .is = text,
					  .wish = wish });
}
