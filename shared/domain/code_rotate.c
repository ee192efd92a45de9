#include "shared/domain/code_rotate.h"

#include "shared/base/crash.h"
#include "shared/domain/code_key.h"

struct rotated {
	int64_t id;
	int64_t old_key_id;
	struct code_sealed sealed;
};

struct batch {
	const struct code_vault_key *key;
	const struct rotated *rows;
	size_t count;
	int64_t changed;
};

/* A row that somebody else has sealed anew meanwhile is not ours to change. */
static int batch_work(struct db *db, void *data)
{
	struct batch *batch = data;
	struct db_result result;
	int rc;

	batch->changed = 0;
	DB_TX(tx, db);
	if ((rc = tx.rc) || (rc = code_key_use(db, batch->key)))
		return rc;
	for (size_t i = 0; i < batch->count; i++) {
		const struct rotated *r = &batch->rows[i];

		rc = db_exec(db,
			     "UPDATE card_codes SET ciphertext = ?, key_id = ? "
			     "WHERE id = ? AND key_id = ?",
			     PARAMS(P(r->sealed.ciphertext), P(r->sealed.key_id), P(r->id),
				    P(r->old_key_id)),
			     &result);
		if (rc)
			return rc;
		batch->changed += (int64_t)result.affected;
	}
	CRASH_POINT("keys.before_commit");
	return db_tx_commit(&tx);
}

static int row_open(struct arena *a, const struct code_vault *vault, const struct db_cell *c,
		    const char **ret)
{
	struct code_sealed old = { .key_id = c[2].number,
				   .ciphertext = { c[3].text, c[3].len } };

	if (c[4].len != sizeof(old.fingerprint))
		return ERR_DENIED;
	memcpy(old.fingerprint, c[4].text, sizeof(old.fingerprint));
	return code_open(a, vault, c[1].number, &old, ret);
}

static int batch_read(struct db *db, struct arena *a, const struct code_vault *vault,
		      bool look_only, const struct code_rotation *rotation, struct db_rows *ret)
{
	int64_t const last = vault->keys[vault->count - 1].id;

	return db_query(
		db, a,
		"SELECT id, value_id, key_id, ciphertext, fingerprint FROM card_codes "
		"WHERE id > ? AND (key_id <> ? OR ?) ORDER BY id LIMIT ?",
		PARAMS(P(rotation->after_id), P(last), P((int64_t)look_only), P(ROTATE_BATCH)),
		ret);
}

int code_rotate_next(struct db *db, const struct code_vault *vault, bool look_only,
		     struct code_rotation *rotation)
{
	struct code_rotation next = *rotation;
	struct batch batch = { .key = &vault->keys[vault->count - 1] };
	struct rotated *rows;
	AUTO_ARENA(a);
	struct db_rows found;
	int rc = batch_read(db, &a, vault, look_only, rotation, &found);

	if (rc)
		return rc;
	next.over = found.count < ROTATE_BATCH;
	next.bad_count = 0;
	rows = arena_array(&a, found.count, sizeof(*rows));
	for (size_t i = 0; i < found.count; i++) {
		const struct db_cell *c = db_row(&found, i);
		const char *plain;

		next.after_id = c[0].number;
		if (row_open(&a, vault, c, &plain)) {
			next.bad_ids[next.bad_count++] = c[0].number;
			continue;
		}
		if (look_only)
			continue;
		rows[batch.count] = (struct rotated){ .id = c[0].number,
						      .old_key_id = c[2].number };
		memcpy(rows[batch.count].sealed.fingerprint, c[4].text, CRYPTO_SHA256);
		code_seal_again(&a, vault, c[1].number, plain, &rows[batch.count++].sealed);
	}
	batch.rows = rows;
	if (batch.count && (rc = db_retry(db, batch_work, &batch)))
		return rc;
	next.sealed += batch.changed;
	next.unreadable += (int64_t)next.bad_count;
	*rotation = next;
	return OK;
}
