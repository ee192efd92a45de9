#include "shared/domain/code_key.h"

enum { FINGERPRINT_ID = 0 }; /* keys of CODE_KEYS are numbered from 1 */

void code_key_check(const struct code_vault_key *key, unsigned char ret[CODE_KEY_CHECK])
{
	static const char constant[] = "kartka code key";
	unsigned char mac[CRYPTO_SHA256];

	crypto_hmac(key->key, sizeof(key->key),
		    (struct bytes){ constant, sizeof(constant) - 1 }, mac);
	memcpy(ret, mac, CODE_KEY_CHECK);
}

static bool is_same(const struct db_cell *cell, const struct code_vault_key *key)
{
	unsigned char check[CODE_KEY_CHECK];

	code_key_check(key, check);
	return crypto_same((struct bytes){ cell->text, cell->len },
			   (struct bytes){ check, sizeof(check) });
}

static int row_add(struct db *db, const struct code_vault_key *key)
{
	unsigned char check[CODE_KEY_CHECK];

	code_key_check(key, check);
	return db_exec(db,
		       "INSERT INTO code_keys (id, check_value, created_at) "
		       "VALUES (?, ?, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE id = id",
		       PARAMS(P(key->id), P(((struct bytes){ check, sizeof(check) }))), NULL);
}

/* Shared, so that chunks of codes don't wait for each other, only a drop for them. */
#define ROW_SHARE                                                                 \
	"SELECT check_value, dropped_at IS NOT NULL FROM code_keys WHERE id = ? " \
	"LOCK IN SHARE MODE"

int code_key_use(struct db *db, const struct code_vault_key *key)
{
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc = db_one(db, &a, ROW_SHARE, PARAMS(P(key->id)), &row);

	if (rc == ERR_NOT_FOUND && !(rc = row_add(db, key)))
		rc = db_one(db, &a, ROW_SHARE, PARAMS(P(key->id)), &row);
	if (rc)
		return rc;
	return !is_same(&row[0], key) || row[1].number ? ERR_DENIED : OK;
}

int code_key_use_fingerprint(struct db *db, const struct code_vault *vault)
{
	struct code_vault_key key = { .id = FINGERPRINT_ID };
	int rc;

	memcpy(key.key, vault->fingerprint_key, sizeof(key.key));
	rc = code_key_use(db, &key);
	crypto_wipe(&key, sizeof(key));
	return rc;
}

int code_key_is_there(struct db *db, const struct code_vault *vault, int64_t id, bool *ret)
{
	const struct code_vault_key *key = code_vault_find(vault, id);
	AUTO_ARENA(a);
	const struct db_cell *row;
	int const rc = db_one(db, &a, "SELECT check_value FROM code_keys WHERE id = ?",
			      PARAMS(P(id)), &row);

	if (rc && rc != ERR_NOT_FOUND)
		return rc;
	*ret = !rc && key && is_same(&row[0], key);
	return OK;
}

/* ---- out of use ---- */

struct dropping {
	const struct code_vault_key *key;
	int64_t codes;
};

static int drop_work(struct db *db, void *data)
{
	struct dropping *dropping = data;
	int64_t const id = dropping->key->id;
	AUTO_ARENA(a);
	const struct db_cell *row;
	int rc;

	DB_TX(tx, db);
	/* Whoever seals with it has committed when this goes on, or comes after it. */
	if ((rc = tx.rc) || (rc = row_add(db, dropping->key)) ||
	    (rc = db_exec(db, "UPDATE code_keys SET dropped_at = UTC_TIMESTAMP(6) WHERE id = ?",
			  PARAMS(P(id)), NULL)) ||
	    (rc = db_one(db, &a,
			 "SELECT (SELECT COUNT(*) FROM card_codes WHERE key_id = ?) + "
			 "(SELECT COUNT(*) FROM staged_codes WHERE key_id = ?)",
			 PARAMS(P(id), P(id)), &row)))
		return rc;
	dropping->codes = row[0].number;
	return dropping->codes ? OK : db_tx_commit(&tx);
}

int code_key_drop(struct db *db, const struct code_vault_key *key, int64_t *ret)
{
	struct dropping dropping = { .key = key };
	int const rc = db_retry(db, drop_work, &dropping);

	if (!rc)
		*ret = dropping.codes;
	return rc;
}

/* ---- all of them ---- */

int code_key_list(struct db *db, struct arena *a, struct code_key **ret, size_t *ret_count)
{
	struct code_key *keys;
	struct db_rows rows;
	int const rc = db_query(
		db, a,
		"SELECT k.id, CAST(COALESCE(c.codes, 0) AS SIGNED), k.dropped_at IS NOT NULL, "
		"k.check_value FROM code_keys k LEFT JOIN (SELECT key_id, COUNT(*) AS codes "
		"FROM card_codes GROUP BY key_id) c ON c.key_id = k.id WHERE k.id > 0 UNION "
		"ALL "
		"SELECT key_id, COUNT(*), 0, NULL FROM card_codes WHERE NOT EXISTS "
		"(SELECT 1 FROM code_keys k WHERE k.id = key_id) GROUP BY key_id ORDER BY 1",
		NO_PARAMS, &rows);

	if (rc)
		return rc;
	keys = arena_array(a, rows.count, sizeof(*keys));
	for (size_t i = 0; i < rows.count; i++) {
		const struct db_cell *c = db_row(&rows, i);

		keys[i] = (struct code_key){
			.id = c[0].number,
			.codes = c[1].number,
			.dropped = c[2].number,
			.used = !c[3].is_null && c[3].len == CODE_KEY_CHECK,
		};
		if (keys[i].used)
			memcpy(keys[i].check, c[3].text, CODE_KEY_CHECK);
	}
	*ret = keys;
	*ret_count = rows.count;
	return OK;
}
