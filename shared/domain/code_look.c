#include "shared/domain/code_look.h"

int code_find(struct db *db, struct arena *a, int64_t id, struct code_row **ret)
{
	const struct db_cell *c;
	struct code_row *row;
	int const rc = db_one(
		db, a,
		"SELECT c.id, c.value_id, v.slug, c.batch_id, b.name, c.state, "
		"o.number, "
		"c.serial, c.expires_at, c.expires_at < '9999-12-01', c.sold_at, c.key_id, "
		"c.ciphertext, c.fingerprint FROM card_codes c "
		"JOIN card_values v ON v.id = c.value_id JOIN code_batches b ON b.id = "
		"c.batch_id "
		"LEFT JOIN orders o ON o.id = c.order_id WHERE c.id = ?",
		PARAMS(P(id)), &c);

	if (rc)
		return rc;
	row = arena_new(a, struct code_row);
	*row = (struct code_row){
		.id = c[0].number,
		.value_id = c[1].number,
		.value_slug = c[2].text,
		.batch_id = c[3].number,
		.batch = c[4].text,
		.state = c[5].text,
		.order_number = c[6].text,
		.serial = c[7].text,
		.expires_at = c[8].number,
		.expires = c[9].number != 0,
		.sold_at = c[10].number,
		.sealed = { .key_id = c[11].number, .ciphertext = { c[12].text, c[12].len } },
	};
	if (c[13].len != sizeof(row->sealed.fingerprint))
		return ERR_FAILED;
	memcpy(row->sealed.fingerprint, c[13].text, c[13].len);
	*ret = row;
	return OK;
}

int code_find_by_text(struct db *db, struct arena *a, const struct code_vault *vault,
		      const char *typed, int64_t *ret_id)
{
	unsigned char fingerprint[CRYPTO_SHA256];
	const struct db_cell *row;
	int rc;

	code_fingerprint(vault, typed, fingerprint);
	rc = db_one(db, a, "SELECT id FROM card_codes WHERE fingerprint = ?",
		    PARAMS(P(((struct bytes){ fingerprint, sizeof(fingerprint) }))), &row);
	if (!rc)
		*ret_id = row[0].number;
	return rc;
}

static int code_audit(struct db *db, struct arena *a, const struct audit_who *who,
		      const char *action, int64_t id, const char *why)
{
	return audit_write(db, who, action, arena_printf(a, "code %lld", (long long)id),
			   audit_detail(a, "why", why));
}

int code_reveal(struct db *db, struct arena *a, const struct code_vault *vault,
		const struct audit_who *who, int64_t id, const char *why, const char **ret)
{
	struct code_row *row;
	int rc;

	/* First the trail: nobody sees a code without a trace. */
	if ((rc = code_find(db, a, id, &row)) ||
	    (rc = code_audit(db, a, who, "code_reveal", id, why)))
		return rc;
	return code_open(a, vault, row->value_id, &row->sealed, ret);
}

struct taking {
	const struct audit_who *who;
	int64_t id;
	bool defective;
	int64_t count;
};

static int take_off_work(struct db *db, void *data)
{
	const struct taking *t = data;
	AUTO_ARENA(a);
	int rc;

	DB_TX(tx, db);
	if ((rc = tx.rc))
		return rc;
	rc = db_exec_one(db,
			 "UPDATE card_codes SET state = ? WHERE id = ? AND state = 'available'",
			 PARAMS(P(t->defective ? "defective" : "withdrawn"), P(t->id)));
	if (rc ||
	    (rc = code_audit(db, &a, t->who, t->defective ? "code_defective" : "code_withdraw",
			     t->id, "")))
		return rc;
	return db_tx_commit(&tx);
}

int code_take_off(struct db *db, const struct audit_who *who, int64_t id, bool defective)
{
	return db_retry(db, take_off_work,
			&(struct taking){ .who = who, .id = id, .defective = defective });
}
