#include "shared/domain/staging.h"

#include "shared/base/limits.h"
#include "shared/base/str.h"
#include "shared/domain/order_fill.h"

enum { SWEEP_ROWS = 2000, BAD_LINES_MAX = 2000 };

/* ---- reading one ---- */

/* In this order for staging_read(). */
#define STAGING_COLUMNS                                                                      \
	"id, value_id, staff_id, batch, supplier, cost_kop, state, total, known, repeated, " \
	"bad, bad_lines, moved, added, filled, created_at"

static const char *const state_names[] = {
	[STAGING_READING] = "reading",
	[STAGING_PREVIEW] = "preview",
	[STAGING_CONFIRMED] = "confirmed",
	[STAGING_DONE] = "done",
};

static int staging_read(const struct db_cell *c, struct staging *s)
{
	size_t state = 0;

	while (state < COUNT(state_names) && strcmp(state_names[state], c[6].text) != 0)
		state++;
	if (state == COUNT(state_names))
		return ERR_FAILED;
	*s = (struct staging){
		.id = c[0].number,
		.value_id = c[1].number,
		.staff_id = c[2].number,
		.batch = c[3].text,
		.supplier = c[4].text,
		.cost = MONEY(c[5].number),
		.state = (enum staging_state)state,
		.total = c[7].number,
		.known = c[8].number,
		.repeated = c[9].number,
		.bad = c[10].number,
		.bad_lines = c[11].text,
		.moved = c[12].number,
		.added = c[13].number,
		.filled = c[14].number,
		.created_at = c[15].number,
	};
	return OK;
}

int staging_find(struct db *db, struct arena *a, int64_t id, struct staging **ret)
{
	const struct db_cell *row;
	struct staging *s;
	int rc = db_one(db, a, "SELECT " STAGING_COLUMNS " FROM stagings WHERE id = ?",
			PARAMS(P(id)), &row);

	if (rc)
		return rc;
	s = arena_new(a, struct staging);
	if ((rc = staging_read(row, s)))
		return rc;
	*ret = s;
	return OK;
}

int staging_list(struct db *db, struct arena *a, int64_t value_id, int limit,
		 struct staging **ret, size_t *ret_count)
{
	struct db_rows rows;
	struct staging *list;
	int rc = db_query(db, a,
			  "SELECT " STAGING_COLUMNS " FROM stagings WHERE value_id = ? AND "
			  "state IN ('preview', 'confirmed') ORDER BY id DESC LIMIT ?",
			  PARAMS(P(value_id), P(limit)), &rows);

	if (rc)
		return rc;
	list = arena_array(a, rows.count, sizeof(*list));
	for (size_t i = 0; i < rows.count; i++)
		if ((rc = staging_read(db_row(&rows, i), &list[i])))
			return rc;
	*ret = list;
	*ret_count = rows.count;
	return OK;
}

/* ---- the first step ---- */

static int staging_insert(struct db *db, const struct audit_who *who,
			  const struct staging_new *upload, int64_t *ret_id)
{
	struct db_result result;
	int const rc = db_exec(
		db,
		"INSERT INTO stagings (value_id, staff_id, batch, supplier, cost_kop, "
		"state, created_at) VALUES (?, ?, ?, ?, ?, 'reading', "
		"UTC_TIMESTAMP(6))",
		PARAMS(P(upload->value_id), P(who->staff_id), P(upload->batch),
		       P(upload->supplier), P(upload->cost)),
		&result);

	if (!rc)
		*ret_id = result.insert_id;
	return rc;
}

static const char *bad_lines_text(struct arena *a, const struct import_report *r)
{
	struct str s = STR(a, BAD_LINES_MAX);

	for (int64_t i = 0; i < r->bad && i < IMPORT_BAD_SHOWN; i++)
		str_addf(&s, "%s%lld:%s", i ? "," : "", (long long)r->bad_lines[i].line,
			 import_fault_name(r->bad_lines[i].fault));
	return str_text(&s);
}

static int report_store(struct db *db, int64_t id, const struct import_report *r)
{
	AUTO_ARENA(a);

	return db_exec_one(
		db,
		"UPDATE stagings SET state = 'preview', total = ?, known = ?, "
		"repeated = ?, bad = ?, bad_lines = ? WHERE id = ? AND state = 'reading'",
		PARAMS(P(r->added + r->known), P(r->known), P(r->repeated), P(r->bad),
		       P(bad_lines_text(&a, r)), P(id)));
}

int staging_make(struct db *db, const struct code_vault *vault, const struct audit_who *who,
		 const struct staging_new *upload, int64_t *ret_id)
{
	struct import_options options = { .value_id = upload->value_id };
	struct import_report report;
	struct stock_import *import;
	int rc = staging_insert(db, who, upload, &options.staging_id);

	if (rc)
		return rc;
	if ((rc = stock_import_begin(db, vault, &options, &import)))
		return rc;
	rc = stock_import_feed(import, upload->file);
	if (!rc)
		rc = stock_import_end(import, &report);
	stock_import_free(import);
	if (!rc)
		rc = report_store(db, options.staging_id, &report);
	if (!rc)
		*ret_id = options.staging_id;
	return rc;
}

/* ---- the second ---- */

struct choice {
	const struct audit_who *who;
	int64_t id;
};

static int own_preview(struct db *db, struct arena *a, const struct choice *d,
		       struct staging **ret)
{
	const struct db_cell *row;
	int rc = db_one(db, a,
			"SELECT id FROM stagings WHERE id = ? AND staff_id = ? FOR UPDATE",
			PARAMS(P(d->id), P(d->who->staff_id)), &row);

	return rc ? rc : staging_find(db, a, d->id, ret);
}

static int upload_audit(struct db *db, struct arena *a, const struct choice *d,
			const char *action, const struct staging *s)
{
	return audit_write(db, d->who, action, arena_printf(a, "upload %lld", (long long)d->id),
			   arena_printf(a, "{\"value\":%lld,\"codes\":%lld}",
					(long long)s->value_id, (long long)s->total));
}

static int confirm_work(struct db *db, void *data)
{
	const struct choice *d = data;
	AUTO_ARENA(a);
	struct staging *s;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = own_preview(db, &a, d, &s)))
		return rc;
	rc = db_exec_one(
		db,
		"UPDATE stagings SET state = 'confirmed' WHERE id = ? AND state = 'preview'",
		PARAMS(P(d->id)));
	if (!rc)
		rc = db_exec(
			db,
			"INSERT INTO code_batches (value_id, name, supplier, cost_kop, "
			"created_at) "
			"VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE id = id",
			PARAMS(P(s->value_id), P(s->batch), P(s->supplier), P(s->cost)), NULL);
	if (rc || (rc = upload_audit(db, &a, d, "codes_upload", s)))
		return rc;
	return db_tx_commit(&tx);
}

int staging_confirm(struct db *db, const struct audit_who *who, int64_t id)
{
	return db_retry(db, confirm_work, &(struct choice){ .who = who, .id = id });
}

static int discard_work(struct db *db, void *data)
{
	const struct choice *d = data;
	AUTO_ARENA(a);
	struct staging *s;
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = own_preview(db, &a, d, &s)))
		return rc;
	/* The sweep takes its codes away piece by piece. */
	rc = db_exec_one(db,
			 "UPDATE stagings SET state = 'reading', created_at = '2000-01-01' "
			 "WHERE id = ? AND state = 'preview'",
			 PARAMS(P(d->id)));
	if (rc || (rc = upload_audit(db, &a, d, "codes_upload_discarded", s)))
		return rc;
	return db_tx_commit(&tx);
}

int staging_discard(struct db *db, const struct audit_who *who, int64_t id)
{
	return db_retry(db, discard_work, &(struct choice){ .who = who, .id = id });
}

/* ---- to the shelf ---- */

struct moving {
	int64_t value_id; /* 0: there was nothing to do */
	int64_t staging_id;
	bool more;
};

/* One run of places in the file, all in the caller's transaction. */
static int chunk_move(struct db *db, const struct staging *s, int64_t to, int64_t *ret_added)
{
	struct db_result result;
	int rc = db_exec(db,
			 "INSERT INTO card_codes (value_id, batch_id, ciphertext, key_id, "
			 "fingerprint, serial, expires_at, state) "
			 "SELECT ?, b.id, c.ciphertext, c.key_id, c.fingerprint, c.serial, "
			 "c.expires_at, 'available' FROM staged_codes c JOIN code_batches b "
			 "ON b.value_id = ? AND b.name = ? "
			 "WHERE c.staging_id = ? AND c.seq > ? AND c.seq <= ? "
			 "ON DUPLICATE KEY UPDATE serial = card_codes.serial",
			 PARAMS(P(s->value_id), P(s->value_id), P(s->batch), P(s->id),
				P(s->moved), P(to)),
			 &result);

	if (rc)
		return rc;
	*ret_added = (int64_t)result.affected;
	return db_exec(db,
		       "DELETE FROM staged_codes WHERE staging_id = ? AND seq > ? AND seq <= ?",
		       PARAMS(P(s->id), P(s->moved), P(to)), NULL);
}

static int move_work(struct db *db, void *data)
{
	struct moving *m = data;
	AUTO_ARENA(a);
	const struct db_cell *row;
	struct staging *s;
	int64_t added;
	int64_t to;
	int rc;

	*m = (struct moving){ .more = false };
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_one(
		db, &a,
		"SELECT id FROM stagings WHERE state = 'confirmed' ORDER BY created_at LIMIT 1 "
		"FOR UPDATE SKIP LOCKED",
		NO_PARAMS, &row);
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	if ((rc = staging_find(db, &a, row[0].number, &s)))
		return rc;
	to = s->moved + IMPORT_CHUNK < s->total ? s->moved + IMPORT_CHUNK : s->total;
	if ((rc = chunk_move(db, s, to, &added)))
		return rc;
	rc = db_exec(db,
		     "UPDATE stagings SET moved = ?, added = added + ?, "
		     "state = IF(? >= total, 'done', state), "
		     "ended_at = IF(? >= total, UTC_TIMESTAMP(6), NULL) "
		     "WHERE id = ? AND state = 'confirmed'",
		     PARAMS(P(to), P(added), P(to), P(to), P(s->id)), NULL);
	if (rc)
		return rc;
	m->value_id = s->value_id;
	m->staging_id = s->id;
	m->more = true;
	return db_tx_commit(&tx);
}

int staging_move(struct db *db, bool *ret)
{
	struct moving m;
	int filled;
	int rc = db_retry(db, move_work, &m);

	*ret = false;
	if (rc || !m.value_id)
		return rc;
	*ret = m.more;
	/* Who has paid already comes before everybody else. */
	if ((rc = order_fill_waiting(db, m.value_id, &filled)) || !filled)
		return rc;
	return db_exec(db, "UPDATE stagings SET filled = filled + ? WHERE id = ?",
		       PARAMS(P(filled), P(m.staging_id)), NULL);
}

struct sweeping {
	bool more;
};

static int sweep_work(struct db *db, void *data)
{
	struct sweeping *s = data;
	AUTO_ARENA(a);
	const struct db_cell *row;
	struct db_result result;
	int rc;

	s->more = false;
	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	/* One that is being confirmed at this moment is its owner's. */
	rc = db_one(db, &a,
		    "SELECT id FROM stagings WHERE state IN ('reading', 'preview') AND "
		    "created_at < UTC_TIMESTAMP(6) - INTERVAL ? HOUR LIMIT 1 "
		    "FOR UPDATE SKIP LOCKED",
		    PARAMS(P(STAGING_HOURS)), &row);
	if (rc)
		return rc == ERR_NOT_FOUND ? OK : rc;
	/* Nobody confirms it from here on. */
	rc = db_exec(db,
		     "UPDATE stagings SET state = 'reading' WHERE id = ? AND state = 'preview'",
		     PARAMS(P(row[0].number)), NULL);
	if (!rc)
		rc = db_exec(db, "DELETE FROM staged_codes WHERE staging_id = ? LIMIT ?",
			     PARAMS(P(row[0].number), P(SWEEP_ROWS)), &result);
	if (!rc && !result.affected)
		rc = db_exec(db, "DELETE FROM stagings WHERE id = ? AND state = 'reading'",
			     PARAMS(P(row[0].number)), NULL);
	s->more = !rc;
	return rc ? rc : db_tx_commit(&tx);
}

int staging_sweep(struct db *db, bool *ret)
{
	struct sweeping sweeping;
	int const rc = db_retry(db, sweep_work, &sweeping);

	*ret = !rc && sweeping.more;
	return rc;
}
